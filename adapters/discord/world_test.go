package discord_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world says how a bot with the adapter is made.
type world struct {
	http   bool
	engine func(*engine.Options)
	fake   func(*discordfake.Options)
	set    func(*discord.Options)
}

// start makes the adapter in front of a bot with one capability, and a fake Discord.
func (w world) start(t *testing.T) *harness {
	t.Helper()
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	if err := store.SyncPeople(t.Context(), discordPeople(), bottest.Start); err != nil {
		t.Fatal(err)
	}
	var fake []func(*discordfake.Options)
	if w.fake != nil {
		fake = append(fake, w.fake)
	}
	h := newHarness(t, store, w.http, fake...)
	h.log, h.set, h.gate = &testLog{}, w.set, make(chan struct{}, 10)
	h.things(w.engine)
	h.start(t, h.core.Receive)
	h.core.Attach(h.adapter)
	t.Cleanup(func() {
		for range cap(h.gate) { // nothing waits any more
			select {
			case h.gate <- struct{}{}:
			default:
			}
		}
		h.stop()
	})
	return h
}

// things makes the bot that has the capability, for a process of its own.
func (h *harness) things(set func(*engine.Options)) {
	o := engine.Options{
		Store: h.store, Grants: bot.Grants{"responder": {"thing.*"}, "incident-lead": {"thing.*"}, "guest": {"thing.see"}},
		Patience: time.Minute,
	}
	if set != nil {
		set(&o)
	}
	h.core = engine.New(o)
	field := func(name string) bot.Param { return bot.Param{Name: name, Kind: bot.TextParam, Form: true} }
	must := bot.Param{Name: "what", Kind: bot.TextParam, Form: true, Required: true, Help: "Anything."}
	who := bot.Param{Name: "who", Kind: bot.PersonParam, Form: true}
	file := bot.Param{Name: "file", Kind: bot.FileParam, Form: true, Max: 1000, Help: "A text."}
	say := func(_ context.Context, c *bot.Call) (bot.Reply, error) {
		words := []string{c.Text("what"), c.Text("why"), string(c.Who("who").ID), string(c.Files["file"].Data)}
		for n := range 6 {
			words = append(words, c.Text("f"+string(rune('1'+n))))
		}
		return bot.Answer(bot.Say("done: ", strings.Join(words, "/"), " by ", c.Person.Name)), nil
	}
	slow := func(context.Context, *bot.Call) (bot.Reply, error) {
		<-h.gate
		return bot.Answer(bot.Say("slowly done")), nil
	}
	var long []bot.Param
	for n := range 6 {
		long = append(long, field("f"+string(rune('1'+n))))
	}
	command := func(verb, title string, handle bot.Handler, params ...bot.Param) bot.Command {
		return bot.Command{
			Name: "thing." + verb, Permission: "thing." + verb, Summary: verb + " it", Example: "/thing " + verb, Title: title,
			Params: params, Handle: handle, Common: true,
		}
	}
	see := command("see", "", say, bot.Param{Name: "why", Kind: bot.TextParam, Bare: true})
	see.Reads = true
	do := command("do", "Do the thing", say, bot.Param{Name: "why", Kind: bot.TextParam, Bare: true}, must, who)
	do.Shortcut, do.Reaction = "Do it", "pushpin"
	note := command("note", "", func(_ context.Context, c *bot.Call) (bot.Reply, error) {
		return bot.Answer(bot.Say("noted")), nil
	}, bot.Param{Name: "text", Kind: bot.TextParam, Bare: true})
	change := func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
		if h.conflicts.Add(-1) >= 0 {
			return bot.Reply{}, bot.Errorf(bot.Conflict, "Ana changed it meanwhile.").About("what")
		}
		return say(ctx, c)
	}
	early := command("early", "A person first", say, append([]bot.Param{who}, long...)...)
	early.Asks = true
	h.core.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		see, do, command("slow", "", slow), command("ask", "Ask", slow, must),
		command("long", "A long form", say, slices.Concat(long, []bot.Param{must, who})...),
		early, command("change", "Change it", change, must),
		command("attach", "Attach", say, must, who, file), note,
	}})
	h.tree = h.core.Tree()
}

func (h *harness) sees(t *testing.T, user, part string) discordfake.Message {
	t.Helper()
	var found discordfake.Message
	eventually(t, user+" sees "+part, func() bool {
		for _, m := range h.fake.Shown(h.users[user], h.channel) {
			if strings.Contains(looktest.Plain(componentsOf(m)), part) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// types is a slash command of a verb with its options.
func (h *harness) types(user, key, verb string, options ...discordfake.Option) (discordfake.Ack, error) {
	return h.fake.Command(h.users[user], h.channel, key, "thing", discordfake.Sub(verb, options...))
}

// press presses a button of a message that somebody sees.
func (h *harness) press(t *testing.T, user string, m discordfake.Message, label string, values ...string) (
	discordfake.Ack, error,
) {
	t.Helper()
	id, entry := idOf(componentsOf(m), label)
	if id == "" {
		t.Fatalf("no button %q in %s", label, looktest.Plain(componentsOf(m)))
	}
	if entry != "" {
		values = []string{entry}
	}
	return h.fake.Click(h.users[user], m.Channel, m.ID, "", id, values...)
}

// plainly is what an acknowledgement shows, in words.
func plainly(a discordfake.Ack) string { return looktest.Plain(componentsOf(a.Message)) }

// button posts a message with one button.
func (h *harness) button(t *testing.T, a bot.Action) discordfake.Message {
	t.Helper()
	m := bot.Message{Sections: []bot.Section{bot.Para("press")}, Actions: []bot.Action{a}}
	ref, err := h.core.Post(t.Context(), "thing.button/"+a.Label, "", h.Place(), m)
	if err != nil {
		t.Fatal(err)
	}
	posted, _ := h.fake.Message(h.channel, ref.ID)
	return posted
}

func byBothWays(t *testing.T, f func(t *testing.T, http bool)) {
	t.Run("gateway", func(t *testing.T) { t.Parallel(); f(t, false) })
	t.Run("http", func(t *testing.T) { t.Parallel(); f(t, true) })
}

// patience is the timer of a bot, which goes off when a test says so.
type patience struct {
	mu      sync.Mutex
	waiting map[int]func()
	count   int
}

func (p *patience) start(_ time.Duration, do func()) (stop func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[int]func(){}
	}
	p.count++
	n := p.count
	p.waiting[n] = do
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		_, was := p.waiting[n]
		delete(p.waiting, n)
		return was
	}
}

// end ends the patience with what is under way, once something is.
func (p *patience) end(t *testing.T) {
	t.Helper()
	var due []func()
	eventually(t, "a request is under way", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for n, do := range p.waiting {
			due = append(due, do)
			delete(p.waiting, n)
		}
		return len(due) > 0
	})
	for _, do := range due {
		do()
	}
}

// brokenInbox is a store whose inbox fails a number of times.
type brokenInbox struct {
	*storage.Store
	fails atomic.Int64
}

func (s *brokenInbox) Keep(ctx context.Context, c bot.Claim, k bot.Kept) (bool, error) {
	if s.fails.Add(-1) >= 0 {
		return false, errors.New("the inbox is broken")
	}
	return s.Store.Keep(ctx, c, k)
}

func (h *harness) kept(t *testing.T) int {
	t.Helper()
	var n int
	if err := h.store.SQL().QueryRow("SELECT count(*) FROM inbox").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// directly are the words that a user was written to alone.
func (h *harness) directly(user string) []string {
	var list []string
	for _, m := range h.fake.Messages(h.fake.Direct(h.users[user])) {
		list = append(list, looktest.Plain(componentsOf(m)))
	}
	return list
}

func (h *harness) wasTold(t *testing.T, user, part string) {
	t.Helper()
	eventually(t, user+" is told "+part, func() bool {
		return slices.ContainsFunc(h.directly(user), func(text string) bool { return strings.Contains(text, part) })
	})
}
