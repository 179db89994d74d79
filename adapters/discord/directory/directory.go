// Package directory knows who is who and which channel is which in the guilds that are served: what Discord says of
// ourselves, of members, roles and channels, remembered for as long as that may be relied on.
package directory

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// Platform is the name of this platform.
const Platform = "discord"

// Memory keeps who we are by a token, of which it gets a hash, so that people are served after a start while Discord
// does not answer. *storage.Store has it.
type Memory interface {
	// KeptIdentity is what was kept, or bot.ErrNoSuch.
	KeptIdentity(ctx context.Context, platform, credential string) (string, error)
	// KeepIdentity replaces what was kept; "" forgets it.
	KeepIdentity(ctx context.Context, platform, credential, data string, at time.Time) error
}

// Options say whose directory it is.
type Options struct {
	API    *rest.Client
	Token  string
	Guilds []string // that are served; empty: the only one that the bot is in
	Memory Memory   // nil: Discord is asked at each start
	Log    *slog.Logger
	Now    func() time.Time
}

// Reader reads the directory. It is safe for concurrent use.
type Reader struct {
	o      Options
	asking singleflight.Group
	people profiles

	mu       sync.Mutex
	self     *Self
	channels map[string]knownChannels // by guild
	roles    map[string]knownRoles
}

// New makes a Reader. It asks nothing yet.
func New(o Options) *Reader {
	return &Reader{
		o: o, people: profiles{now: o.Now}, channels: map[string]knownChannels{}, roles: map[string]knownRoles{},
	}
}

// get makes a call that reads.
func (r *Reader) get(ctx context.Context, out any, query, route string, args ...string) error {
	return r.o.API.Do(ctx, rest.Call{Method: "GET", Route: route, Args: args, Query: query}, out)
}

// once lets callers that ask for the same at the same time share one answer. Each waits as long as its own ctx lets it;
// the question goes on for the others.
func once[T any](
	ctx context.Context, g *singleflight.Group, key string, do func(context.Context) (T, error),
) (T, error) {
	answer := g.DoChan(key, func() (any, error) { return do(context.WithoutCancel(ctx)) })
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case a := <-answer:
		if a.Err != nil {
			return none, a.Err
		}
		got, _ := a.Val.(T)
		return got, nil
	}
}

// Conversation is a channel of a guild.
func Conversation(guild, channel string) bot.Conversation {
	return bot.Conversation{Platform: Platform, Workspace: guild, Channel: channel}
}
