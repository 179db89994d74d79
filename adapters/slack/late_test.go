package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
)

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

func byBothWays(t *testing.T, f func(t *testing.T, http bool)) {
	t.Run("socket", func(t *testing.T) { t.Parallel(); f(t, false) })
	t.Run("http", func(t *testing.T) { t.Parallel(); f(t, true) })
}

// acted is how something that somebody does goes out.
type acted struct {
	ack slackfake.Ack
	err error
}

// doing lets somebody do something that takes long, and returns how Slack was answered.
func (h *harness) doing(t *testing.T, kind string) <-chan acted {
	t.Helper()
	result := make(chan acted, 1)
	start := func(do func() (slackfake.Ack, error)) {
		go func() {
			ack, err := do()
			result <- acted{ack, err}
		}()
	}
	switch kind {
	case "command":
		start(func() (slackfake.Ack, error) { return h.fake.Command("dan", h.channel, "", "/thing", "slow") })
	case "click":
		m := bot.Message{
			Sections: []bot.Section{bot.Para("press")}, Actions: []bot.Action{{Label: "Slow", Command: "thing.slow"}},
		}
		ref, err := h.core.Post(context.Background(), "thing.button", "", h.Place(), m)
		if err != nil {
			t.Fatal(err)
		}
		id := ""
		for _, m := range h.fake.Messages(h.channel) {
			if m.TS == ref.ID {
				id, _ = actionID(m.Blocks, "Slow")
			}
		}
		start(func() (slackfake.Ack, error) { return h.fake.Click("dan", h.channel, ref.ID, "", id, "") })
	case "submission":
		h.Type(t, "dan", "", "/thing ask")
		start(func() (slackfake.Ack, error) { return h.fake.Submit("dan", "", map[string]string{"what": "typed"}) })
	case "mention":
		start(func() (slackfake.Ack, error) {
			_, err := h.fake.Say("dan", h.channel, "", "", "<@"+h.fake.BotUser()+"> thing slow")
			return slackfake.Ack{}, err
		})
	}
	return result
}

var everyKind = []string{"command", "click", "submission", "mention"}

// What takes long is kept, then acknowledged, and answered when it is done.
func TestLateAnswers(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		for _, kind := range everyKind {
			t.Run(kind, func(t *testing.T) {
				wait := &patience{}
				h := newWorld(t, http, func(o *engine.Options) { o.Timer = wait.start })
				got := h.doing(t, kind)
				wait.end(t)
				if a := <-got; a.err != nil || kind == "click" && a.ack.Body != "" {
					t.Errorf("acknowledged with %+v", a)
				}
				if n := h.kept(t); n != 1 {
					t.Errorf("%d in the inbox", n)
				}
				switch kind {
				case "command":
					h.sees(t, "dan", "Your request is safe")
				case "submission":
					h.sees(t, "dan", "One moment …")
				}
				h.gate <- struct{}{}
				h.sees(t, "dan", "slowly done")
				eventually(t, "the inbox is empty", func() bool { return h.kept(t) == 0 })
			})
		}
	})
}

// Where the inbox takes nothing people are told to repeat, and Slack is not told that anything was taken.
func TestLateWithoutAnInbox(t *testing.T) {
	byBothWays(t, func(t *testing.T, byHTTP bool) {
		for _, kind := range everyKind {
			t.Run(kind, func(t *testing.T) {
				wait, store := &patience{}, &brokenInbox{}
				h := newWorld(t, byHTTP, func(o *engine.Options) {
					store.Store = o.Store.(*storage.Store)
					o.Store, o.Timer = store, wait.start
				})
				store.fails.Store(1)
				got := h.doing(t, kind)
				wait.end(t)
				if kind == "click" || kind == "mention" {
					h.fake.GiveUp()
				}
				if kind == "mention" {
					wait.end(t) // Slack delivers it again, and then it is kept
					if a := <-got; a.err != nil {
						t.Error(a.err)
					}
					want := []int{0, http.StatusOK}
					if byHTTP {
						want[0] = http.StatusServiceUnavailable
					}
					var acks []int
					for _, ack := range h.fake.Acks() {
						acks = append(acks, ack.Status)
					}
					if !slices.Equal(acks, want) {
						t.Errorf("acknowledged with %v, want %v", acks, want)
					}
					h.gate <- struct{}{}
					h.gate <- struct{}{}
					h.sees(t, "dan", "slowly done")
					h.stop()
					if n := h.count("dan", "slowly done"); n != 1 {
						t.Errorf("answered %d times", n)
					}
					return
				}
				a := <-got
				switch refused := a.err != nil || a.ack.Status != http.StatusOK; {
				case kind == "submission":
					errors, _ := h.fake.View("dan")["errors"].(map[string]any)
					if fmt.Sprint(errors["what"]) != "Not recorded. Please repeat." {
						t.Errorf("beside the input: %v", errors)
					}
				case refused != (kind == "click"):
					t.Errorf("acknowledged with %+v", a)
				default:
					h.sees(t, "dan", "Not recorded. Please repeat.")
				}
				h.gate <- struct{}{}
				h.sees(t, "dan", "slowly done") // it was recorded all the same
			})
		}
	})
}

func (h *harness) count(user, part string) (n int) {
	for _, s := range h.Sees(nil, user) {
		n += strings.Count(s.Text, part)
	}
	return n
}

// What was acknowledged by a process that died is carried out by the next, and answered once, even when the first one
// was only frozen.
func TestLateAndKilled(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		for _, kind := range everyKind {
			t.Run(kind, func(t *testing.T) {
				wait := &patience{}
				h := newWorld(t, http, func(o *engine.Options) { o.Timer, o.Lease = wait.start, time.Nanosecond })
				got := h.doing(t, kind)
				wait.end(t)
				if a := <-got; a.err != nil {
					t.Fatal(a.err)
				}
				next := &harness{
					store: h.store, fake: h.fake, http: http, channel: h.channel, typed: map[string]map[string]string{}, others: 2,
				}
				next.things()
				next.start(t, next.core.Receive)
				defer func() { next.stop() }()
				next.core.Attach(next.adapter)
				next.gate <- struct{}{}
				if n, err := next.core.ResumeKept(t.Context()); n != 1 || err != nil {
					t.Fatalf("%d taken over: %v", n, err)
				}
				h.sees(t, "dan", "slowly done")
				h.gate <- struct{}{}
				h.stop()
				if n := h.count("dan", "slowly done"); n != 1 {
					t.Errorf("answered %d times", n)
				}
				if n := h.kept(t); n != 0 {
					t.Errorf("%d in the inbox", n)
				}
			})
		}
	})
}

// Beyond the bound people are told at once, and nothing is taken.
func TestTooManyWait(t *testing.T) {
	byBothWays(t, func(t *testing.T, byHTTP bool) {
		h := newWorld(t, byHTTP, func(o *engine.Options) { o.Waiting, o.Patience = 1, time.Hour })
		first := h.doing(t, "command")
		<-h.started
		ack, err := h.fake.Command("ana", h.channel, "", "/thing", "see it")
		if err != nil || !strings.Contains(ack.Body, "busy") ||
			!strings.Contains(ack.Body, "Nothing was recorded. Please repeat in a moment.") {
			t.Errorf("beyond the bound: %+v %v", ack, err)
		}
		h.fake.SetPatience(time.Second) // what has no acknowledgement is waited for
		if a := <-h.doing(t, "click"); a.err == nil && a.ack.Status != http.StatusServiceUnavailable {
			t.Errorf("a click was acknowledged: %+v", a)
		}
		h.sees(t, "dan", "busy")
		if a := <-h.doing(t, "mention"); a.err == nil {
			t.Error("a mention was acknowledged")
		}
		for n, ack := range h.fake.Acks() {
			if byHTTP && ack.Status != http.StatusServiceUnavailable || !byHTTP && ack.Status != 0 {
				t.Errorf("delivery %d: %+v", n, ack)
			}
		}
		h.gate <- struct{}{}
		if a := <-first; !byHTTP && a.err == nil && !strings.Contains(a.ack.Body, "slowly done") {
			t.Errorf("the first: %+v", a)
		}
	})
}

// An event that could not be carried out is delivered again by Slack, and not taken for a repetition of something done.
func TestEventsThatFailAreTakenAgain(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := newWorld(t, http)
		h.stop()
		h.fake.SetPatience(2 * time.Second) // what has no acknowledgement is waited for
		var tries atomic.Int64
		h.start(t, func(ctx context.Context, r bot.Request) bot.Reply {
			if tries.Add(1) < 3 {
				return bot.Reply{Status: bot.Unready}
			}
			return h.core.Receive(ctx, r)
		})
		if _, err := h.fake.Say("dan", h.channel, "", "again", "<@"+h.fake.BotUser()+"> thing see it"); err != nil {
			t.Fatal(err)
		}
		h.sees(t, "dan", "seen: it")
		if err := h.fake.Event("again", nil); err != nil { // once more, after it was answered
			t.Fatal(err)
		}
		h.stop()
		if n := h.count("dan", "seen: it"); n != 1 || tries.Load() < 3 {
			t.Errorf("answered %d times after %d tries", n, tries.Load())
		}
	})
}

// What is too long for a socket's acknowledgement arrives all the same.
func TestLongAnswers(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := newWorld(t, http)
		ack, err := h.fake.Command("dan", h.channel, "", "/thing", "tell")
		if err != nil || (ack.Body == "") == http {
			t.Errorf("%d bytes in the acknowledgement: %v", len(ack.Body), err)
		}
		h.sees(t, "dan", "漢字です")
		h.Type(t, "dan", "", "/thing refuse")
		h.Submit(t, "dan", "", map[string]string{"what": "x"})
		eventually(t, "the modal says why", func() bool {
			view := h.fake.View("dan")
			return view != nil && strings.Contains(text(list(view["blocks"])), "漢字です")
		})
	})
}

func TestOddDeliveries(t *testing.T) {
	byBothWays(t, func(t *testing.T, byHTTP bool) {
		h := newWorld(t, byHTTP)
		team, dan := map[string]any{"id": workspace}, map[string]any{"id": "dan", "team_id": workspace}
		for name, c := range map[string]struct {
			kind    string
			payload map[string]any
		}{
			"a submission without a view": {
				"interactive", map[string]any{"type": "view_submission", "team": team, "user": dan, "view": nil},
			},
			"a submission without a state": {
				"interactive",
				map[string]any{"type": "view_submission", "team": team, "user": dan, "view": map[string]any{"id": "V1"}},
			},
			"a click on nothing": {
				"interactive", map[string]any{"type": "block_actions", "team": team, "user": dan, "actions": nil},
			},
			"a click of no team": {
				"interactive", map[string]any{"type": "block_actions", "team": nil, "user": dan, "actions": []any{nil}},
			},
			"a closed modal": {
				"interactive", map[string]any{"type": "view_closed", "team": team, "user": dan, "view": nil},
			},
			"a shortcut of nobody's": {
				"interactive", map[string]any{"type": "shortcut", "team": team, "user": dan, "callback_id": "other"},
			},
			"a look at the certificate": {"slash_commands", map[string]any{"ssl_check": "1", "token": "old"}},
			"an event that we do not know": {
				"events_api",
				map[string]any{
					"type": "event_callback", "team_id": workspace, "event_id": "E1", "event": map[string]any{"type": "new"},
				},
			},
			"an event of nothing": {
				"events_api", map[string]any{"type": "event_callback", "team_id": workspace, "event_id": "E2", "event": nil},
			},
			"a message that nobody wrote": {
				"events_api",
				map[string]any{
					"type": "event_callback", "team_id": workspace, "event_id": "E3",
					"event": map[string]any{"type": "message", "channel_type": "im"},
				},
			},
			"a message that somebody edits": {
				"events_api",
				map[string]any{
					"type": "event_callback", "team_id": workspace, "event_id": "E4",
					"event": map[string]any{"type": "message", "subtype": "message_changed", "channel_type": "im"},
				},
			},
		} {
			t.Run(name, func(t *testing.T) {
				if ack, err := h.fake.Deliver(c.kind, c.payload); err != nil || ack.Status != http.StatusOK ||
					c.kind == "slash_commands" && ack.Body != "" {
					t.Errorf("%+v %v", ack, err)
				}
			})
		}
		if byHTTP {
			response, err := http.Get("http://" + h.addr + "/slack/commands?ssl_check=1")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("asked for the certificate: %s", response.Status)
			}
		}
		direct := h.fake.Direct("dan")
		file := map[string]any{
			"type": "message", "subtype": "file_share", "channel": direct, "channel_type": "im", "user": "dan", "text": "",
			"ts": "1.2", "files": []any{map[string]any{"id": "F1"}},
		}
		if err := h.fake.Event("", file); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a file is answered", func() bool {
			return slices.ContainsFunc(h.fake.Messages(direct), func(m slackfake.Message) bool {
				return strings.Contains(text(m.Blocks), "does nothing with a file")
			})
		})
	})
}
