package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// Self is who we are in Slack.
type Self struct {
	Workspace string // as accounts and conversations name it: the organisation's id if there is one, else the team's
	Team      string // where a call has to name one
	User, Bot string
	teams     []string // that the app was added to, where it is installed for a whole organisation
}

// Posted reports whether a message is by our own bot. Slack names the bot of each message that an app posted, and of
// some its user too.
func (id *Self) Posted(botID, user string) bool {
	if botID != "" && id.Bot != "" {
		return botID == id.Bot
	}
	return user != "" && user == id.User
}

// Memory keeps who we are by a token, of which it gets a hash, so that people are served after a start while Slack does
// not answer. *storage.Store has it.
type Memory interface {
	// KeptIdentity is what was kept, or bot.ErrNoSuch.
	KeptIdentity(ctx context.Context, platform, credential string) (string, error)
	// KeepIdentity replaces what was kept; "" forgets it.
	KeepIdentity(ctx context.Context, platform, credential, data string, at time.Time) error
}

// keptSelf is a Self as it is stored.
type keptSelf struct {
	Workspace string `json:"workspace"`
	Team      string `json:"team"`
	User      string `json:"user"`
	Bot       string `json:"bot"`

	Teams []string `json:"teams,omitempty"`
}

// credential names the bot token without telling it. Another token has another name, so that what is kept of one never
// stands for another.
func (r *Reader) credential() string {
	sum := sha256.Sum256([]byte("watchbell/slack/" + r.o.Token))
	return hex.EncodeToString(sum[:])
}

// Whoami is who we are: as Slack said since the start, or as it said to an earlier one. Otherwise it asks Slack.
func (r *Reader) Whoami(ctx context.Context) (*Self, error) {
	if id := r.self.Load(); id != nil {
		return id, nil
	}
	if id := r.recall(ctx); id != nil {
		r.self.CompareAndSwap(nil, id)
		if !r.refused.Load() { // Slack may have said so meanwhile
			return id, nil
		}
		r.self.CompareAndSwap(id, nil)
	}
	return r.introduce(ctx)
}

// Known is who we are as far as that is known without asking anybody, else nil.
func (r *Reader) Known() *Self { return r.self.Load() }

// recall reads who we are from the database, nil when it is not known there or Slack refuses the token.
func (r *Reader) recall(ctx context.Context) *Self {
	if r.o.Memory == nil || r.refused.Load() {
		return nil
	}
	data, err := r.o.Memory.KeptIdentity(ctx, Platform, r.credential())
	var kept keptSelf
	if err == nil {
		err = json.Unmarshal([]byte(data), &kept)
	}
	if err != nil {
		if !errors.Is(err, bot.ErrNoSuch) {
			r.o.Log.Warn("who we are in Slack was not read", "error", err)
		}
		return nil
	}
	return &Self{Workspace: kept.Workspace, Team: kept.Team, User: kept.User, Bot: kept.Bot, teams: kept.Teams}
}

// introduce asks Slack who we are, and keeps it. A token that Slack refuses is nobody's any more, whatever was kept.
func (r *Reader) introduce(ctx context.Context) (*Self, error) {
	return once(ctx, &r.asking, "auth.test", func(ctx context.Context) (*Self, error) {
		var answer *slack.AuthTestResponse
		err := r.o.API.Call(ctx, func(ctx context.Context) (err error) {
			answer, err = r.o.API.AuthTestContext(ctx)
			return err
		}, "auth.test")
		if webapi.Revoked(err) {
			r.refused.Store(true)
			r.self.Store(nil)
			r.remember(ctx, nil)
		}
		if err != nil {
			return nil, err
		}
		id := &Self{
			Workspace: cmp.Or(answer.EnterpriseID, answer.TeamID), Team: answer.TeamID, User: answer.UserID, Bot: answer.BotID,
		}
		if err := r.addTeams(ctx, id); err != nil {
			return nil, err
		}
		r.refused.Store(false)
		r.self.Store(id)
		r.remember(ctx, id)
		return id, nil
	})
}

// addTeams asks which workspaces of our organisation the app was added to: one, or with an installation for the whole
// organisation several, of which the first stands for it where a call has to name one. An answer that says nothing
// leaves us with the one of the token.
func (r *Reader) addTeams(ctx context.Context, id *Self) error {
	if id.Workspace == id.Team && !strings.HasPrefix(id.Team, "E") {
		return nil
	}
	var teams []slack.Team
	err := r.o.API.Call(ctx, func(ctx context.Context) (err error) {
		teams, _, err = r.o.API.ListTeamsContext(ctx, slack.ListTeamsParameters{Limit: 1000})
		return err
	}, "auth.teams.list")
	var answered slack.StatusCodeError
	if err != nil && webapi.Code(err) == "" && !errors.As(err, &answered) {
		return err
	}
	if err != nil {
		r.o.Log.Warn("the workspaces of the organisation were not listed", "error", r.o.API.Redact(err))
	}
	for _, t := range teams {
		id.teams = append(id.teams, t.ID)
	}
	if !strings.HasPrefix(id.Team, "T") && len(id.teams) > 0 {
		id.Team = id.teams[0]
	}
	return nil
}

// remember keeps who we are for the next start, or forgets it.
func (r *Reader) remember(ctx context.Context, id *Self) {
	if r.o.Memory == nil {
		return
	}
	data := ""
	if id != nil {
		raw, _ := json.Marshal(keptSelf{id.Workspace, id.Team, id.User, id.Bot, id.teams}) // strings only
		data = string(raw)
	}
	if err := r.o.Memory.KeepIdentity(ctx, Platform, r.credential(), data, r.o.Now()); err != nil {
		r.o.Log.Warn("who we are in Slack was not kept", "error", err)
	}
}
