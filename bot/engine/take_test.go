package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
)

// inbox is a store that keeps requests in memory.
type inbox struct {
	bot.Store
	mu    sync.Mutex
	rows  map[string]bot.Kept
	owner map[string]string
	fails error
}

func newInbox() *inbox { return &inbox{rows: map[string]bot.Kept{}, owner: map[string]string{}} }

// left is how many requests are kept.
func (s *inbox) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// works makes the store take what it refused before.
func (s *inbox) works() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = nil
}

func (s *inbox) Keep(_ context.Context, c bot.Claim, k bot.Kept) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.rows[k.Key]; ok || s.fails != nil {
		return false, s.fails
	}
	s.rows[k.Key], s.owner[k.Key] = k, c.Owner
	return true, nil
}

// ClaimKept gives everything, as if every lease were over.
func (s *inbox) ClaimKept(_ context.Context, c bot.Claim) (list []bot.Kept, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, k := range s.rows {
		k.Attempt++
		s.rows[key], s.owner[key] = k, c.Owner
		list = append(list, k)
	}
	return list, nil
}

func (s *inbox) ExtendKept(_ context.Context, c bot.Claim, keys []string) (mine []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if s.owner[key] == c.Owner {
			mine = append(mine, key)
		}
	}
	return mine, nil
}

func (s *inbox) DropKept(_ context.Context, owner, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner[key] == owner {
		delete(s.rows, key)
		delete(s.owner, key)
	}
	return nil
}

// errand is something that came in. It writes down what happens to it.
type errand struct {
	key  string
	do   func() bot.Reply
	mu   sync.Mutex
	seen []string
}

func (e *errand) note(what string, r bot.Reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Message != nil {
		what += " " + strings.TrimSpace(r.Message.Plain(time.UTC))
	}
	e.seen = append(e.seen, what)
}

func (e *errand) Key() string                           { return e.key }
func (e *errand) Back() string                          { return "back of " + e.key }
func (e *errand) Do(context.Context) bot.Reply          { return e.do() }
func (e *errand) Answer(_ context.Context, r bot.Reply) { e.note("answer", r) }
func (e *errand) Late(_ context.Context, r bot.Reply)   { e.note("late", r) }
func (e *errand) Hold(_ context.Context, kept bool) {
	if kept {
		e.note("kept", bot.Reply{})
	} else {
		e.note("not kept", bot.Reply{})
	}
}

// resumer is a platform that goes on with what is kept.
type resumer struct {
	bot.Platform
	in *errand
}

func (resumer) Name() string                          { return "test" }
func (p resumer) Resume(string) (bot.Incoming, error) { return p.in, nil }

var (
	fine    = bot.Answer(bot.Say("done"))
	unready = bot.Reply{Status: bot.Unready}
)

func TestTake(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		reply bot.Reply
		fails error
		want  []string
		left  int // rows
	}{
		{"in time", 2300 * time.Millisecond, fine, nil, []string{"answer done"}, 0},
		{"in time, without an inbox", time.Second, fine, errors.New("down"), []string{"answer done"}, 0},
		{"not carried out", time.Second, unready, nil, []string{"answer"}, 0},
		{"late", 2500 * time.Millisecond, fine, nil, []string{"kept", "late done"}, 0},
		{"late and not carried out", 3 * time.Second, unready, nil, []string{"kept"}, 1},
		{"late, without an inbox", 3 * time.Second, fine, errors.New("down"), []string{"not kept", "late done"}, 0},
		{"late, without an inbox, not carried out", 3 * time.Second, unready, errors.New("down"), []string{"not kept"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newInbox()
				store.fails = c.fails
				b := engine.New(engine.Options{Store: store})
				in := &errand{key: "k", do: func() bot.Reply { time.Sleep(c.takes); return c.reply }}
				b.Take(t.Context(), "test", in)
				if !slices.Equal(in.seen, c.want) || store.left() != c.left {
					t.Errorf("%q, %d rows left; want %q, %d", in.seen, store.left(), c.want, c.left)
				}
			})
		})
	}
}

func TestTakeMoreThanTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := engine.New(engine.Options{
			Store: newInbox(), Waiting: 3, Serving: 1, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		var order []int
		var list []*errand
		for n := range 5 {
			in := &errand{
				key: string(rune('a' + n)),
				do:  func() bot.Reply { order = append(order, n); time.Sleep(time.Second); return fine },
			}
			list = append(list, in)
			go b.Take(t.Context(), "test", in)
			synctest.Wait()
		}
		for n, in := range list[3:] {
			if len(in.seen) != 1 || !strings.Contains(in.seen[0], "busy") ||
				!strings.Contains(in.seen[0], "Nothing was recorded. Please repeat in a moment.") {
				t.Errorf("request %d beyond the bound was told %q", n, in.seen)
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("carried out in the order %v", order)
		}
		if want := []string{"kept", "late done"}; !slices.Equal(list[2].seen, want) {
			t.Errorf("who waited for two others was told %q, want %q", list[2].seen, want)
		}
		if strings.Count(log.String(), "too many wait") != 1 {
			t.Errorf("the log: %s", &log)
		}
		in := &errand{key: "later", do: func() bot.Reply { return fine }}
		if b.Take(t.Context(), "test", in); !slices.Equal(in.seen, []string{"answer done"}) {
			t.Errorf("when there is room again: %q", in.seen)
		}
	})
}

func TestTakeSurvivesFaults(t *testing.T) {
	b := engine.New(engine.Options{Store: newInbox(), Waiting: 1})
	for range 2 { // the first gives its place back
		in := &errand{key: "k", do: func() bot.Reply { panic("a fault") }}
		if b.Take(t.Context(), "test", in); len(in.seen) != 1 || !strings.Contains(in.seen[0], "may not have been recorded") {
			t.Errorf("%q", in.seen)
		}
	}
}

// What a process kept is carried out by another when the first shows no sign of life, and answered by one of them only.
func TestTakeIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newInbox()
		first := engine.New(engine.Options{Store: store, Lease: time.Second})
		frozen := &errand{key: "k", do: func() bot.Reply { time.Sleep(time.Minute); return fine }}
		go first.Take(t.Context(), "test", frozen)
		time.Sleep(10 * time.Second)
		again := &errand{key: "k", do: func() bot.Reply { return fine }}
		second := engine.New(engine.Options{Store: store})
		second.Attach(resumer{in: again})
		for range 2 {
			if _, err := second.ResumeKept(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(frozen.seen, []string{"kept"}) || !slices.Equal(again.seen, []string{"late done"}) ||
			store.left() != 0 {
			t.Errorf("the first %q, the second %q, rows %v", frozen.seen, again.seen, store.rows)
		}
	})
}

// A kept request that fails for reasons of ours is tried again, and in the end its person is told.
func TestKeptRequestsAreTriedAgain(t *testing.T) {
	store := newInbox()
	b := engine.New(engine.Options{Store: store})
	left := 3
	in := &errand{key: "k", do: func() bot.Reply {
		if left--; left > 0 {
			return unready
		}
		return fine
	}}
	b.Attach(resumer{in: in})
	if _, err := store.Keep(t.Context(), bot.Claim{Owner: "dead"}, bot.Kept{Key: "k", Platform: "test"}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := b.ResumeKept(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(in.seen, []string{"late done"}) || store.left() != 0 {
		t.Errorf("%q, rows %v", in.seen, store.rows)
	}
	in.seen, in.do = nil, func() bot.Reply { return bot.Reply{Status: bot.Unready, Message: fine.Message} }
	if _, err := store.Keep(t.Context(), bot.Claim{Owner: "dead"}, bot.Kept{Key: "k", Platform: "test"}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := b.ResumeKept(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(in.seen) != 1 || store.left() != 0 {
		t.Errorf("one that always fails: %q, rows %v", in.seen, store.rows)
	}
}

// The twin of a request, delivered while the first still takes long, is put off too and does not answer a second time.
func TestTakeTwins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := engine.New(engine.Options{Store: newInbox()})
		var twins [2]*errand
		for n := range twins {
			twins[n] = &errand{key: "k", do: func() bot.Reply { time.Sleep(5 * time.Second); return fine }}
			go b.Take(t.Context(), "test", twins[n])
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(twins[0].seen, []string{"kept", "late done"}) || !slices.Equal(twins[1].seen, []string{"kept"}) {
			t.Errorf("%q and %q", twins[0].seen, twins[1].seen)
		}
	})
}

// A second delivery is kept where the first could not be: what the first leaves behind must not take that away.
func TestTakeTwinOfOneThatWasNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newInbox()
		store.fails = errors.New("down")
		b := engine.New(engine.Options{Store: store})
		first := &errand{key: "k", do: func() bot.Reply { time.Sleep(10 * time.Second); return fine }}
		second := &errand{key: "k", do: func() bot.Reply { time.Sleep(20 * time.Second); return fine }}
		go b.Take(t.Context(), "test", first)
		time.Sleep(3 * time.Second)
		store.works()
		go b.Take(t.Context(), "test", second)
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if store.left() != 1 {
			t.Errorf("what the second delivery kept is gone")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(first.seen, []string{"not kept", "late done"}) ||
			!slices.Equal(second.seen, []string{"kept", "late done"}) || store.left() != 0 {
			t.Errorf("%q and %q, rows %v", first.seen, second.seen, store.rows)
		}
	})
}
