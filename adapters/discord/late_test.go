package discord_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage"
)

// acted is how something that somebody does goes out.
type acted struct {
	ack discordfake.Ack
	err error
}

var everyKind = []string{"command", "click", "submission"}

// doing lets somebody do something that takes long, and returns how Discord was answered.
func (h *harness) doing(t *testing.T, kind string) <-chan acted {
	t.Helper()
	var do func() (discordfake.Ack, error)
	switch kind {
	case "command":
		do = func() (discordfake.Ack, error) { return h.types("dan", "", "slow") }
	case "click":
		m := h.button(t, bot.Action{Label: "Slow", Command: "thing.slow"})
		do = func() (discordfake.Ack, error) { return h.press(t, "dan", m, "Slow") }
	case "submission":
		if _, err := h.types("dan", "", "ask"); err != nil {
			t.Fatal(err)
		}
		do = func() (discordfake.Ack, error) {
			return h.fake.Submit(h.users["dan"], "", map[string]string{"what": "typed"})
		}
	}
	result := make(chan acted, 1)
	go func() {
		ack, err := do()
		result <- acted{ack, err}
	}()
	return result
}

// What takes long is kept, then put off, and answered in its place when it is done.
func TestLateAnswers(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		for _, kind := range everyKind {
			t.Run(kind, func(t *testing.T) {
				wait := &patience{}
				h := world{http: http, engine: func(o *engine.Options) { o.Timer = wait.start }}.start(t)
				got := h.doing(t, kind)
				if kind == "submission" {
					// the command that opened the form is over
					eventually(t, "the modal is open", func() bool { return h.fake.Modal(h.users["dan"]) != nil })
				}
				wait.end(t)
				if a := <-got; a.err != nil || a.ack.Type != discordfake.Deferred || a.ack.Message.Only != h.users["dan"] {
					t.Errorf("acknowledged with %+v, %v", a.ack, a.err)
				}
				if n := h.kept(t); n != 1 {
					t.Errorf("%d in the inbox", n)
				}
				h.gate <- struct{}{}
				if m := h.sees(t, "dan", "slowly done"); m.Only != h.users["dan"] {
					t.Errorf("everybody sees it: %+v", m)
				}
				eventually(t, "the inbox is empty", func() bool { return h.kept(t) == 0 })
			})
		}
	})
}

// Where the inbox takes nothing people are told to repeat, and when it was done all the same they are told that.
func TestLateWithoutAnInbox(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		for _, kind := range everyKind {
			t.Run(kind, func(t *testing.T) {
				wait, store := &patience{}, &brokenInbox{}
				h := world{http: http, engine: func(o *engine.Options) {
					store.Store = o.Store.(*storage.Store)
					o.Store, o.Timer = store, wait.start
				}}.start(t)
				store.fails.Store(1)
				got := h.doing(t, kind)
				wait.end(t)
				if a := <-got; a.err != nil || !strings.Contains(plainly(a.ack), "Not recorded. Please repeat.") {
					t.Errorf("acknowledged with %q, %v", plainly(a.ack), a.err)
				}
				h.gate <- struct{}{}
				h.sees(t, "dan", "slowly done")
			})
		}
	})
}

// Discord shows a failure when the answer comes too late or does not arrive. What was done is told another way:
// directly, or by a mention to somebody who takes no direct messages.
func TestAnAnswerThatDiscordDoesNotTake(t *testing.T) {
	for _, closed := range []bool{false, true} {
		for _, kind := range []string{"command", "submission"} {
			t.Run(map[bool]string{false: "open ", true: "closed "}[closed]+kind, func(t *testing.T) {
				h := world{}.start(t)
				h.fake.AddUser(discordfake.User{ID: h.users["dan"], Name: "dan", GlobalName: "Dan Weber", ClosedDMs: closed})
				do := func() (discordfake.Ack, error) { return h.types("dan", "", "see", discordfake.Opt("why", "it is red")) }
				if kind == "submission" {
					if _, err := h.types("dan", "", "do"); err != nil {
						t.Fatal(err)
					}
					do = func() (discordfake.Ack, error) {
						return h.fake.Submit(h.users["dan"], "", map[string]string{"what": "it is red"})
					}
				}
				h.fake.Break(discordfake.Fault{
					Method: "POST", Route: "/interactions/{id}/{token}/callback", Code: 10062, Times: 1,
				})
				refused := make(chan error, 1)
				go func() { _, err := do(); refused <- err }()
				if closed {
					m := h.sees(t, "dan", "only you may read")
					if m.Only != "" || len(m.Pings) != 1 || m.Pings[0] != h.users["dan"] {
						t.Errorf("%+v", m)
					}
				} else {
					h.wasTold(t, "dan", "it is red")
				}
				h.fake.GiveUp()
				if err := <-refused; err == nil {
					t.Error("Discord was answered")
				}
			})
		}
	}
}

// When the answer to a late answer is that the interaction is over, it comes directly too.
func TestAnAnswerAfterTheInteractionIsOver(t *testing.T) {
	wait := &patience{}
	h := world{http: true, engine: func(o *engine.Options) { o.Timer = wait.start }}.start(t)
	got := h.doing(t, "command")
	wait.end(t)
	<-got
	h.fake.Break(discordfake.Fault{Method: "PATCH", Status: 401, Code: 50027, Message: "Invalid Webhook Token"})
	h.gate <- struct{}{}
	h.wasTold(t, "dan", "slowly done")
	if err := h.adapter.Health(); err != nil {
		t.Error(err)
	}
}

// No job repeats an answer, so it waits a little when Discord puts it off, wherever it goes.
func TestAnAnswerThatIsPutOff(t *testing.T) {
	for name, fault := range map[string]discordfake.Fault{
		"in its place": {Method: "PATCH"}, "directly": {Method: "POST", Route: "/users/@me/channels"},
	} {
		t.Run(name, func(t *testing.T) {
			wait := &patience{}
			h := world{engine: func(o *engine.Options) { o.Timer = wait.start }}.start(t)
			got := h.doing(t, "command")
			wait.end(t)
			<-got
			fault.Status, fault.RetryAfter, fault.Times = 429, 10*time.Millisecond, 2
			h.fake.Break(fault)
			if name == "directly" {
				h.fake.Break(discordfake.Fault{Method: "PATCH", Code: 10015})
			}
			h.gate <- struct{}{}
			if name == "directly" {
				h.wasTold(t, "dan", "slowly done")
				return
			}
			h.sees(t, "dan", "slowly done")
			if list := h.directly("dan"); len(list) > 0 {
				t.Errorf("told %v", list)
			}
		})
	}
}

// The answer to an acknowledgement that was lost changes nothing: it is sent again, and Discord says that it has it.
func TestAnAcknowledgementWhoseAnswerIsLost(t *testing.T) {
	h := world{}.start(t)
	h.fake.Break(discordfake.Fault{
		Method: "POST", Route: "/interactions/{id}/{token}/callback", Lost: true, Times: 1,
	})
	ack, err := h.types("dan", "", "see", discordfake.Opt("why", "once"))
	if err != nil || !strings.Contains(plainly(ack), "once") {
		t.Errorf("%q, %v", plainly(ack), err)
	}
	eventually(t, "it is sent again", func() bool {
		return len(h.fake.Calls("POST", "/interactions/{id}/{token}/callback")) == 2
	})
	if list := h.directly("dan"); len(list) > 0 {
		t.Errorf("told %v", list)
	}
}

// What a process that died had kept, another one answers.
func TestAnotherProcessAnswers(t *testing.T) {
	wait := &patience{}
	h := world{http: true, engine: func(o *engine.Options) { o.Timer = wait.start }}.start(t)
	got := h.doing(t, "command")
	wait.end(t)
	<-got
	raw := ""
	if err := h.store.SQL().QueryRow("SELECT back FROM inbox").Scan(&raw); err != nil {
		t.Fatal(err)
	}
	in, err := h.adapter.Resume(raw)
	if err != nil {
		t.Fatal(err)
	}
	in.Late(t.Context(), bot.Answer(bot.Say("resumed")))
	h.sees(t, "dan", "resumed")
	for _, bad := range []string{"", "{", "[]", `"x"`} {
		if _, err := h.adapter.Resume(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
