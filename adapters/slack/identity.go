package slack

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

// identity is who we are in Slack.
type identity struct {
	workspace, team, user, bot string
	teams                      []string // that the app was added to, where it is installed for a whole organisation
}

// posted reports whether a message is by our own bot. Slack names the bot of each message that an app posted, and of some its user too.
func (id *identity) posted(botID, user string) bool {
	if botID != "" && id.bot != "" {
		return botID == id.bot
	}
	return user != "" && user == id.user
}

// Memory keeps who we are by a token, of which it gets a hash, so that people are served after a start while Slack does not answer.
// *storage.Store has it.
type Memory interface {
	// KeptIdentity is what was kept, or bot.ErrNoSuch.
	KeptIdentity(ctx context.Context, platform, credential string) (string, error)
	// KeepIdentity replaces what was kept; "" forgets it.
	KeepIdentity(ctx context.Context, platform, credential, data string, at time.Time) error
}

// keptIdentity is an identity as it is stored.
type keptIdentity struct {
	Workspace string `json:"workspace"`
	Team      string `json:"team"`
	User      string `json:"user"`
	Bot       string `json:"bot"`

	Teams []string `json:"teams,omitempty"`
}

// credential names the bot token without telling it. Another token has another name, so that what is kept of one never stands for another.
func (a *Adapter) credential() string {
	sum := sha256.Sum256([]byte("watchbell/slack/" + a.o.BotToken))
	return hex.EncodeToString(sum[:])
}

// whoami is who we are: as Slack said since the start, or as it said to an earlier one. Otherwise it asks Slack.
func (a *Adapter) whoami(ctx context.Context) (*identity, error) {
	if id := a.self.Load(); id != nil {
		return id, nil
	}
	if id := a.recall(ctx); id != nil {
		a.self.CompareAndSwap(nil, id)
		if !a.refused.Load() { // Slack may have said so meanwhile
			return id, nil
		}
		a.self.CompareAndSwap(id, nil)
	}
	return a.introduce(ctx)
}

// recall reads who we are from the database, nil when it is not known there or Slack refuses the token.
func (a *Adapter) recall(ctx context.Context) *identity {
	if a.o.Memory == nil || a.refused.Load() {
		return nil
	}
	data, err := a.o.Memory.KeptIdentity(ctx, Platform, a.credential())
	var kept keptIdentity
	if err == nil {
		err = json.Unmarshal([]byte(data), &kept)
	}
	if err != nil {
		if !errors.Is(err, bot.ErrNoSuch) {
			a.log.Warn("who we are in Slack was not read", "error", err)
		}
		return nil
	}
	return &identity{workspace: kept.Workspace, team: kept.Team, user: kept.User, bot: kept.Bot, teams: kept.Teams}
}

// introduce asks Slack who we are, and keeps it. A token that Slack refuses is nobody's any more, whatever was kept.
func (a *Adapter) introduce(ctx context.Context) (*identity, error) {
	return once(ctx, &a.asking, "auth.test", func(ctx context.Context) (*identity, error) {
		var r *slack.AuthTestResponse
		err := a.api.Call(ctx, func(ctx context.Context) (err error) { r, err = a.api.AuthTestContext(ctx); return err }, "auth.test")
		if webapi.Revoked(err) {
			a.refused.Store(true)
			a.self.Store(nil)
			a.remember(ctx, nil)
		}
		if err != nil {
			return nil, err
		}
		id := &identity{workspace: cmp.Or(r.EnterpriseID, r.TeamID), team: r.TeamID, user: r.UserID, bot: r.BotID}
		if err := a.addTeams(ctx, id); err != nil {
			return nil, err
		}
		a.refused.Store(false)
		a.self.Store(id)
		a.remember(ctx, id)
		return id, nil
	})
}

// addTeams asks which workspaces of our organisation the app was added to: one, or with an installation for the whole organisation several,
// of which the first stands for it where a call has to name one. An answer that says nothing leaves us with the one of the token.
func (a *Adapter) addTeams(ctx context.Context, id *identity) error {
	if id.workspace == id.team && !strings.HasPrefix(id.team, "E") {
		return nil
	}
	var teams []slack.Team
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		teams, _, err = a.api.ListTeamsContext(ctx, slack.ListTeamsParameters{Limit: 1000})
		return err
	}, "auth.teams.list")
	var answered slack.StatusCodeError
	if err != nil && webapi.Code(err) == "" && !errors.As(err, &answered) {
		return err
	}
	if err != nil {
		a.log.Warn("the workspaces of the organisation were not listed", "error", a.api.Redact(err))
	}
	for _, t := range teams {
		id.teams = append(id.teams, t.ID)
	}
	if !strings.HasPrefix(id.team, "T") && len(id.teams) > 0 {
		id.team = id.teams[0]
	}
	return nil
}

// remember keeps who we are for the next start, or forgets it.
func (a *Adapter) remember(ctx context.Context, id *identity) {
	if a.o.Memory == nil {
		return
	}
	data := ""
	if id != nil {
		raw, _ := json.Marshal(keptIdentity{id.workspace, id.team, id.user, id.bot, id.teams}) // strings only
		data = string(raw)
	}
	if err := a.o.Memory.KeepIdentity(ctx, Platform, a.credential(), data, a.o.Now()); err != nil {
		a.log.Warn("who we are in Slack was not kept", "error", err)
	}
}
