package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// Self is who we are in Discord.
type Self struct {
	Application string   `json:"application"`
	User        string   `json:"user"`   // of the bot
	Guilds      []string `json:"guilds"` // that are served
	Reads       bool     `json:"reads"`  // the words of messages: the intent for them is on
	Members     bool     `json:"members"`
}

// Serves reports whether a guild is served.
func (s *Self) Serves(guild string) bool { return slices.Contains(s.Guilds, guild) }

// Flags of an application.
//
// Source: https://discord.com/developers/docs/resources/application#application-object-application-flags
const (
	membersFlag        = 1 << 14
	membersLimitedFlag = 1 << 15
	contentFlag        = 1 << 18
	contentLimitedFlag = 1 << 19
)

// ErrSeveral is why nothing is served: the bot is in several guilds, or in none, and nobody said which are ours.
var ErrSeveral = errors.New("which guild is served is not clear")

// Whoami is who we are. Until Discord has said so it is what was kept of an earlier start.
func (r *Reader) Whoami(ctx context.Context) (*Self, error) {
	if s := r.Known(); s != nil {
		return s, nil
	}
	return once(ctx, &r.asking, "self", func(ctx context.Context) (*Self, error) {
		s, err := r.ask(ctx)
		if err == nil {
			r.keep(ctx, s)
			return s, nil
		}
		if errors.Is(err, ErrSeveral) {
			return nil, err
		}
		kept := r.kept(ctx)
		if kept == nil {
			return nil, err
		}
		r.o.Log.Warn("Discord does not say who we are; what it said before is used", "error", r.o.API.Redact(err))
		return kept, nil
	})
}

// Known is who we are, nil as long as nobody has asked.
func (r *Reader) Known() *Self {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.self
}

// Renew asks Discord anew who we are: the guilds that we are in may have changed.
func (r *Reader) Renew(ctx context.Context) (*Self, error) {
	s, err := r.ask(ctx)
	if err == nil {
		r.keep(ctx, s)
	}
	return s, err
}

func (r *Reader) ask(ctx context.Context) (*Self, error) {
	var app struct {
		ID    string `json:"id"`
		Flags int    `json:"flags"`
	}
	if err := r.get(ctx, &app, "", "applications/@me"); err != nil {
		return nil, err
	}
	var me payload.User
	if err := r.get(ctx, &me, "", "users/@me"); err != nil {
		return nil, err
	}
	s := &Self{
		Application: app.ID, User: me.ID, Guilds: r.o.Guilds, Reads: app.Flags&(contentFlag|contentLimitedFlag) != 0,
		Members: app.Flags&(membersFlag|membersLimitedFlag) != 0,
	}
	if len(s.Guilds) > 0 {
		return s, nil
	}
	var in []struct{ ID, Name string }
	if err := r.get(ctx, &in, "limit=200", "users/@me/guilds"); err != nil {
		return nil, err
	}
	switch len(in) {
	case 0:
		return nil, fmt.Errorf(
			"%w: the bot is in no guild; invite it with the address that watchbell discord invite prints", ErrSeveral,
		)
	case 1:
		s.Guilds = []string{in[0].ID}
		return s, nil
	}
	var names []string
	for _, g := range in {
		names = append(names, g.ID+" ("+g.Name+")")
	}
	return nil, fmt.Errorf(
		"%w: the bot is in %d guilds; set DISCORD_GUILDS to the ids of those that this Watchbell serves, out of: %s",
		ErrSeveral, len(in), strings.Join(names, ", "),
	)
}

func (r *Reader) credential() string {
	sum := sha256.Sum256([]byte("watchbell/discord/" + r.o.Token + "/" + strings.Join(r.o.Guilds, ",")))
	return hex.EncodeToString(sum[:])
}

func (r *Reader) keep(ctx context.Context, s *Self) {
	r.mu.Lock()
	r.self = s
	r.mu.Unlock()
	if r.o.Memory == nil {
		return
	}
	data, err := json.Marshal(s)
	if err == nil {
		err = r.o.Memory.KeepIdentity(ctx, Platform, r.credential(), string(data), r.o.Now())
	}
	if err != nil {
		r.o.Log.Warn("who we are in Discord was not kept", "error", err)
	}
}

func (r *Reader) kept(ctx context.Context) *Self {
	if r.o.Memory == nil {
		return nil
	}
	data, err := r.o.Memory.KeptIdentity(ctx, Platform, r.credential())
	if err != nil {
		if !errors.Is(err, bot.ErrNoSuch) {
			r.o.Log.Warn("who we are in Discord was not read", "error", err)
		}
		return nil
	}
	var s Self
	if json.Unmarshal([]byte(data), &s) != nil {
		return nil
	}
	return &s
}
