package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// recording is a store that lists what is written about refusals.
type recording struct {
	bot.Store
	mu      sync.Mutex
	entries []bot.Audit
	fail    error
}

func (r *recording) Record(_ context.Context, e bot.Effects) error {
	a := e.Audit
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, a)
	return r.fail
}

// details are the entries in words, and then none.
func (r *recording) details() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, a := range r.entries {
		if a.Result != bot.ResultDenied {
			list = append(list, a.Result)
		}
		list = append(list, string(a.Actor)+" "+a.Action+" "+a.Detail)
	}
	r.entries = nil
	return list
}

// crowd is a bot with limits whose commands count what was done, on a clock that stands still.
type crowd struct {
	*bottest.Installation
	store *recording
	done  atomic.Int64
}

var usual = engine.Limits{
	Rooms: engine.Limit{Burst: 5, PerMinute: 6}, Changes: engine.Limit{PerMinute: 60}, Uncounted: []string{"cli"},
}

func newCrowd(t testing.TB, limits engine.Limits) *crowd {
	store := storagetest.Open(t, sqlite(t))
	people := bottest.People("test")
	for i := range people {
		people[i].Accounts = append(people[i].Accounts, bot.Account{Platform: "cli", User: string(people[i].ID)})
	}
	for n := range 50 {
		id := fmt.Sprintf("p%d", n)
		people = append(people, bot.Person{
			ID: bot.PersonID(id), Name: id, Roles: []string{"responder"}, Active: true,
			Accounts: []bot.Account{{Platform: "test", User: id}},
		})
	}
	if err := store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	c := &crowd{store: &recording{Store: store}}
	grants := bot.Grants{"responder": {"thing.*"}, "guest": {"thing.see"}}
	c.Installation = bottest.Install(t, engine.Options{Store: c.store, Limits: limits, Grants: grants})
	do := func(context.Context, *bot.Call) (bot.Reply, error) {
		c.done.Add(1)
		return bot.Answer(bot.Say("carried out")), nil
	}
	conflict := func(context.Context, *bot.Call) (bot.Reply, error) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "It is closed.")
	}
	text := []bot.Param{{Name: "text", Kind: bot.TextParam, Form: true, Bare: true, Required: true}}
	command := func(verb string, h bot.Handler) bot.Command {
		return bot.Command{
			Name: "thing." + verb, Permission: "thing." + verb, Summary: "do " + verb, Example: "/thing " + verb, Handle: h,
		}
	}
	open, see, say := command("open", do), command("see", do), command("say", do)
	open.OpensRoom, see.Reads, say.Params, say.Title = true, true, text, "Say it"
	c.Bot.Use(bot.Capability{
		Noun:     bot.Noun{Name: "thing", Summary: "for tests"},
		Commands: []bot.Command{open, command("do", do), see, say, command("closed", conflict)},
	})
	return c
}

func (c *crowd) says(platform, who, text string) bot.Reply {
	return c.Bot.Receive(context.Background(), bot.Request{
		Key: c.Key(), From: bot.Account{Platform: platform, User: who}, Text: text,
	})
}

// passes counts how many of so many requests are carried out, and returns what the first refused one is told.
func (c *crowd) passes(platform, who, text string, times int) (n int, refusal string) {
	for range times {
		r := c.says(platform, who, text)
		switch {
		case r.Status == bot.Done:
			n++
		case refusal == "" && r.Form == nil:
			refusal = r.Message.Plain(time.UTC)
		}
	}
	return n, refusal
}

func TestLimitsPerPerson(t *testing.T) {
	type step struct {
		after          time.Duration
		platform, who  string
		text           string
		times, carried int
		refusal        string
	}
	const rooms, changes = "/thing open", "/thing do"
	for name, steps := range map[string][]step{
		"rooms": {
			{0, "test", "dan", rooms, 7, 5, "try again in 10 seconds"},
			{0, "test", "ben", rooms, 7, 5, "try again in 10 seconds"}, // another person
			{9 * time.Second, "test", "dan", rooms, 1, 0, "try again in 1 second."},
			{time.Second, "test", "dan", rooms, 2, 1, "try again in 10 seconds"},
			{2 * time.Minute, "test", "dan", rooms, 9, 5, "try again in 10 seconds"},
		},
		"changes": {
			{0, "test", "dan", changes, 62, 60, "try again in 1 second."},
			{10 * time.Second, "test", "dan", changes, 12, 10, "try again in 1 second."},
		},
		"rooms are changes, too": {
			{0, "test", "dan", changes, 57, 57, ""},
			{0, "test", "dan", rooms, 5, 3, "try again in 1 second."},
			{2 * time.Second, "test", "dan", rooms, 5, 2, "try again in 8 seconds"}, // what was refused took no room
		},
		"a room that is refused is no change": {
			{0, "test", "dan", rooms, 55, 5, "try again in 10 seconds"},
			{0, "test", "dan", changes, 60, 55, "try again in 1 second."},
		},
		"reading":           {{0, "test", "dan", "/thing see", 200, 200, ""}},
		"programs":          {{0, "cli", "dan", rooms, 100, 100, ""}, {0, "test", "dan", rooms, 5, 5, ""}},
		"opening a form":    {{0, "test", "dan", "/thing say", 100, 0, ""}, {0, "test", "dan", changes, 60, 60, ""}},
		"without the right": {{0, "test", "gus", changes, 100, 0, "You may not do this"}},
		"what a handler refuses": {
			{0, "test", "dan", "/thing closed", 60, 0, "It is closed."},
			{0, "test", "dan", changes, 1, 0, "try again in 1 second."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, usual)
			for _, s := range steps {
				c.Clock.Move(s.after)
				n, refusal := c.passes(s.platform, s.who, s.text, s.times)
				if n != s.carried || !strings.Contains(refusal, s.refusal) || s.refusal == "" && refusal != "" {
					t.Errorf("%+v: %d carried out, %q", s, n, refusal)
				}
			}
		})
	}
}

// A refusal is one of the kind that keeps a form open: what was typed is not lost.
func TestALimitIsToldPrivately(t *testing.T) {
	c := newCrowd(t, engine.Limits{Changes: engine.Limit{PerMinute: 1}})
	c.passes("test", "dan", "/thing do", 1)
	r := c.says("test", "dan", "/thing do")
	want := "You have done this many times in a short time, so nothing was done. Please try again in 60 seconds."
	if r.Status != bot.Unready || r.Kind != bot.Unavailable || r.Message.Plain(time.UTC) != want || c.done.Load() != 1 {
		t.Errorf("%+v, %d done", r, c.done.Load())
	}
	if got := c.store.details(); len(got) != 0 {
		t.Errorf("audited: %v", got)
	}
}

// A second delivery gets the answer of the first, however many were refused meanwhile.
func TestARepeatedKeyIsAnsweredBeyondTheLimit(t *testing.T) {
	c := newCrowd(t, usual)
	c.passes("test", "dan", "/thing open", 6)
	c.store.Store = answering{c.store.Store, "once"}
	first := bot.Request{Key: "once", From: bot.Account{Platform: "test", User: "dan"}, Text: "/thing open"}
	for range 100 {
		if r := c.Bot.Receive(t.Context(), first); r.Status != bot.Done {
			t.Fatalf("%+v", r)
		}
	}
}

// answering is a store that has the answer to one action.
type answering struct {
	bot.Store
	key string
}

func (a answering) Answered(ctx context.Context, key string) (*bot.Reply, error) {
	if key == a.key {
		r := bot.Answer(bot.Say("as before"))
		return &r, nil
	}
	return a.Store.Answered(ctx, key)
}

func TestNoLimits(t *testing.T) {
	c := newCrowd(t, engine.Limits{})
	if n, refusal := c.passes("test", "dan", "/thing open", 200); n != 200 {
		t.Errorf("%d: %s", n, refusal)
	}
}

// Somebody who floods is refused, and 49 others who work at the same time are all served.
func TestOneFloodsAndTheOthersWork(t *testing.T) {
	c := newCrowd(t, usual)
	var all sync.WaitGroup
	var flooded, served atomic.Int64
	all.Go(func() {
		for range 500 {
			if c.says("test", "p0", "/thing do").Status == bot.Done {
				flooded.Add(1)
			}
		}
	})
	for n := 1; n < 50; n++ {
		all.Go(func() {
			for range 10 {
				if c.says("test", fmt.Sprintf("p%d", n), "/thing do").Status == bot.Done {
					served.Add(1)
				}
			}
		})
	}
	all.Wait()
	if flooded.Load() != 60 || served.Load() != 490 {
		t.Errorf("%d of whoever floods and %d of the others were carried out", flooded.Load(), served.Load())
	}
}

func TestTheIdleAreForgotten(t *testing.T) {
	c := newCrowd(t, usual)
	for n := range 50 {
		c.says("test", fmt.Sprintf("p%d", n), "/thing do")
	}
	if n := c.Bot.Counted(); n != 50 {
		t.Errorf("%d people are counted", n)
	}
	c.passes("test", "p0", "/thing open", 5)
	c.Clock.Move(45 * time.Second)
	c.passes("test", "p1", "/thing open", 5)
	c.Clock.Move(20 * time.Second)
	c.says("test", "dan", "/thing do")
	if n := c.Bot.Counted(); n != 2 { // p1 has not all rooms again yet
		t.Errorf("%d people are counted after a minute", n)
	}
	if n, _ := c.passes("test", "p1", "/thing open", 5); n != 2 {
		t.Errorf("somebody who was not idle may open %d rooms", n)
	}
}

func TestEqualDenialsAreOneEntryWithACount(t *testing.T) {
	c := newCrowd(t, usual)
	gus := "gus thing.do You may not do this: thing.do needs one of the roles admin, responder. Ask an administrator, " +
		"or somebody who has one."
	other := strings.ReplaceAll(gus, "thing.do", "thing.open")
	mia := strings.Replace(gus, "gus", "mia", 1)
	expect := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, c.store.details()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	c.passes("test", "gus", "/thing do", 1)
	expect("at once", gus)
	if _, refusal := c.passes("test", "gus", "/thing do", 99); !strings.HasPrefix(refusal, "You may not do this") {
		t.Errorf("told: %s", refusal)
	}
	expect("99 more")
	c.passes("test", "gus", "/thing open", 1)
	c.passes("test", "mia", "/thing do", 2)
	expect("others", other, mia)
	c.Clock.Move(59 * time.Second)
	c.passes("test", "gus", "/thing do", 1)
	c.Bot.FlushDenials(t.Context())
	expect("in the last second")
	c.Clock.Move(time.Second)
	c.Bot.FlushDenials(t.Context())
	got := c.store.details()
	if len(got) == 2 && strings.HasPrefix(got[0], "mia") {
		got[0], got[1] = got[1], got[0]
	}
	if diff := cmp.Diff(
		[]string{gus + " (100 more times since 14:02:00 UTC)", mia + " (once more since 14:02:00 UTC)"}, got,
	); diff != "" {
		t.Error(diff)
	}
	c.Bot.FlushDenials(t.Context())
	expect("twice")
	c.passes("test", "gus", "/thing do", 3)
	expect("a new minute", gus)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := c.Bot.Run(stopped); err != nil {
		t.Fatal(err)
	}
	expect("at the stop", gus+" (2 more times since 14:03:00 UTC)")
}

// The next refusal of anybody writes what is over, also where no schedules run. A log that cannot be written stops
// nobody's refusal.
func TestDenialsWithoutSchedules(t *testing.T) {
	c := newCrowd(t, usual)
	c.passes("test", "gus", "/thing do", 3)
	c.Clock.Move(time.Minute)
	c.store.details()
	c.store.fail = errors.New("read only")
	if _, refusal := c.passes("test", "mia", "/thing do", 1); !strings.HasPrefix(refusal, "You may not do this") {
		t.Errorf("told: %s", refusal)
	}
	if got := c.store.details(); len(got) != 2 || !strings.Contains(got[0], "2 more times") ||
		!strings.HasPrefix(got[1], "mia") {
		t.Errorf("%q", got)
	}
}

// Whoever makes ever new kinds of refusals fills the log, for each is told, but not the memory.
func TestManyKindsOfDenials(t *testing.T) {
	written, kept := engine.DenyMany(10_050)
	if written != 10_050 || kept > 10_000 {
		t.Errorf("%d entries, %d kinds are remembered", written, kept)
	}
}

// BenchmarkOneFloods is how long 49 people wait for their answers while one more asks fifty times a second, against how
// long they wait without that one, as the ratio of the 99th percentiles.
func BenchmarkOneFloods(b *testing.B) {
	p99 := func(flood bool) time.Duration {
		c := newCrowd(b, usual)
		stop := make(chan struct{})
		var flooding, working sync.WaitGroup
		if flood {
			flooding.Go(func() {
				t := time.NewTicker(20 * time.Millisecond)
				defer t.Stop()
				for {
					select {
					case <-stop:
						return
					case <-t.C:
						c.says("test", "p0", "/thing do")
					}
				}
			})
		}
		took := make([][]time.Duration, 49)
		for n := range took {
			working.Go(func() {
				t := time.NewTicker(time.Second)
				defer t.Stop()
				for range 10 {
					<-t.C
					start := time.Now()
					c.says("test", fmt.Sprintf("p%d", n+1), "/thing do")
					took[n] = append(took[n], time.Since(start))
				}
			})
		}
		working.Wait()
		close(stop)
		flooding.Wait()
		all := slices.Sorted(slices.Values(slices.Concat(took...)))
		return all[len(all)*99/100]
	}
	for b.Loop() {
		alone, flooded := p99(false), p99(true)
		b.ReportMetric(flooded.Seconds()*1000, "p99-ms")
		b.ReportMetric(flooded.Seconds()/alone.Seconds(), "p99-ratio")
	}
}
