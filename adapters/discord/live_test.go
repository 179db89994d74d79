package discord_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// plain is a core that carries everything out at once and keeps nothing.
type plain struct {
	discord.Core
	panics atomic.Bool
	keep   func(bot.Incoming) // is shown what comes in
	rooms  []bot.Conversation
	// so often the rooms are not told
	noRooms atomic.Int64

	mu   sync.Mutex
	done map[string]bool // keys that were carried out
}

func (p *plain) OpenRooms(context.Context, string) ([]bot.Conversation, error) {
	if p.noRooms.Add(-1) >= 0 {
		return nil, errors.New("the database does not answer")
	}
	return p.rooms, nil
}

func (p *plain) CarriedOut(_ context.Context, key string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[key], nil
}

func (*plain) Installation(context.Context) (string, error) { return "one", nil }

func (*plain) PersonOf(_ context.Context, a bot.Account) (bot.PersonID, error) {
	if a.User == dan {
		return "dan", nil
	}
	return "", bot.ErrNoSuch
}

func (*plain) ZoneOf(context.Context, bot.PersonID) (*time.Location, error) { return time.UTC, nil }

func (*plain) AccountOf(context.Context, bot.PersonID, string) (bot.Account, bool, error) {
	return account(dan), true, nil
}

func (p *plain) Take(ctx context.Context, _ string, in bot.Incoming) {
	if p.panics.CompareAndSwap(true, false) {
		panic("on purpose")
	}
	if p.keep != nil {
		p.keep(in)
	}
	r := in.Do(ctx)
	p.mu.Lock()
	if p.done == nil {
		p.done = map[string]bool{}
	}
	p.done[in.Key()] = r.Status == bot.Done
	p.mu.Unlock()
	in.Answer(ctx, r)
}

// live is an adapter that runs.
type live struct {
	*bare
	core *plain
	stop func()

	mu   sync.Mutex
	came []bot.Request
	say  func(bot.Request) bot.Reply
}

// newLive starts an adapter by the gateway. The clock of the fake is the real one.
func newLive(t *testing.T, o discordfake.Options, set ...func(*discord.Options)) *live {
	t.Helper()
	l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
	o.Guild = guild
	if o.Patience == 0 {
		o.Patience = 5 * time.Second
	}
	l.fake = discordfake.Start(t, o)
	l.fake.AddUser(discordfake.User{ID: dan, Name: "dan", GlobalName: "Dan Weber"})
	l.channel = l.fake.AddChannel(guild, "general")
	l.run(t, set...)
	return l
}

func (l *live) receive(_ context.Context, r bot.Request) bot.Reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came = append(l.came, r)
	if l.say != nil {
		return l.say(r)
	}
	return bot.Answer(bot.Say("heard"))
}

// requests are what came in so far.
func (l *live) requests() []bot.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]bot.Request(nil), l.came...)
}

func (l *live) run(t *testing.T, set ...func(*discord.Options)) {
	t.Helper()
	layout := probesLayout(t)
	fast := func(o *discord.Options) {
		o.Now, o.Core, o.Layout, o.Retry, o.Deaf = nil, l.core, layout, 20*time.Millisecond, 200*time.Millisecond
	}
	l.again(t, append([]func(*discord.Options){fast}, set...)...)
	adapter := l.Adapter
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- adapter.Run(ctx, l.receive) }()
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(l.stop)
}

// open waits until the gateway is open and the commands are there.
func (l *live) open(t *testing.T) {
	t.Helper()
	eventually(t, "the adapter is well", func() bool { return l.Health() == nil && l.fake.Connected() == 1 })
}

// works says something by a command, and waits until it came.
func (l *live) works(t *testing.T, key string) {
	t.Helper()
	if _, err := l.fake.Command(
		dan, l.channel, key, "probe", discordfake.Sub("more", discordfake.Opt("do", "echo")),
	); err != nil {
		t.Errorf("%s: %v", key, err)
	}
}

// probesLayout is how the suite's commands are laid out.
func probesLayout(t testing.TB) *command.Layout {
	t.Helper()
	layout, err := command.New(t.Context(), probes().Nouns(), probes().Commands())
	if err != nil {
		t.Fatal(err)
	}
	return layout
}
