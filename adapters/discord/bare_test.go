package discord_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// installed is a core that knows its installation, and is asked nothing else.
type installed struct{ discord.Core }

func (installed) Installation(context.Context) (string, error) { return "one", nil }

// clock is moved by tests, for the adapter and the fake together.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bare is an adapter that does not run, in front of a fake Discord: things go out, and nothing comes in.
type bare struct {
	*discord.Adapter
	fake    *discordfake.Server
	clock   *clock
	channel string
	log     *testLog
}

func newBare(t *testing.T, o discordfake.Options, set ...func(*discord.Options)) *bare {
	t.Helper()
	b := &bare{clock: newClock(), log: &testLog{}}
	o.Guild, o.Now = guild, b.clock.now
	b.fake = discordfake.Start(t, o)
	b.fake.AddUser(discordfake.User{ID: dan, Name: "dan", GlobalName: "Dan Weber"})
	b.channel = b.fake.AddChannel(guild, "general")
	b.again(t, set...)
	return b
}

// again makes the adapter as a new process does.
func (b *bare) again(t *testing.T, set ...func(*discord.Options)) {
	t.Helper()
	o := discord.Options{
		Token: b.fake.Token(), APIURL: b.fake.URL(), Core: installed{}, Now: b.clock.now, Log: b.log.logger(),
	}
	for _, s := range set {
		s(&o)
	}
	var err error
	if b.Adapter, err = discord.New(o); err != nil {
		t.Fatal(err)
	}
}

const dan = "200000000000000013"

func (b *bare) place() bot.Conversation {
	return bot.Conversation{Platform: discord.Platform, Workspace: guild, Channel: b.channel}
}

// attempt is the context of a job: of its first attempt, or of one that may have been carried out before.
func attempt(t *testing.T, again bool) context.Context {
	return bot.WithDelivery(t.Context(), bot.Delivery{Again: again, Urgency: bot.Now})
}

func account(user string) bot.Account {
	return bot.Account{Platform: discord.Platform, Workspace: guild, User: user}
}

// there are the messages in a channel that nobody deleted and Discord did not make.
func (b *bare) there(channel string) []discordfake.Message {
	var list []discordfake.Message
	for _, m := range b.fake.Messages(channel) {
		if !m.Deleted && m.Type == 0 {
			list = append(list, m)
		}
	}
	return list
}

// means is what a job does about an error.
func means(err error) string {
	var wait *bot.RetryAfterError
	var never *bot.PermanentError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, bot.ErrRefused):
		return "refused"
	case errors.Is(err, bot.ErrGone):
		return "gone"
	case errors.As(err, &wait):
		return "wait"
	case errors.As(err, &never):
		return "never"
	}
	return err.Error()
}
