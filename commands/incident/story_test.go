package incident_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is a whole bot with incidents on a real database, a recording platform and a clock that stands still.
type world struct {
	t     *testing.T
	bot   *bot.Bot
	store *storage.Store
	chat  *bottest.Recorder
	clock *bottest.Clock
	n     int
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	return newWorldOf(t, url, []bot.Service{{ID: "payments", Name: "Payments", Owners: []bot.PersonID{"ben"}}, {ID: "web", Name: "Web shop"}})
}

func newWorldOf(t *testing.T, url string, services []bot.Service) *world {
	t.Helper()
	w := &world{t: t, store: storagetest.WithPeople(t, url, "test"), chat: bottest.NewRecorder(), clock: bottest.NewClock()}
	w.bot = bot.New(bot.Options{Store: w.store, Clock: w.clock})
	w.bot.Attach(w.chat)
	w.bot.Use(response.New(w.store.Incidents(), w.bot, response.Options{
		Clock:    w.clock,
		Services: bot.ServicesOf(services...),
	}).Capability())
	return w
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { f(newWorld(t, url)) })
}

func (w *world) key() string { w.n++; return fmt.Sprintf("key-%d", w.n) }

// send carries out a request of somebody and then all jobs that are due.
func (w *world) send(who string, r bot.Request) bot.Reply {
	w.t.Helper()
	r.From = bot.Account{Platform: "test", User: who}
	if r.Key == "" {
		r.Key = w.key()
	}
	reply := w.bot.Receive(context.Background(), r)
	w.settle()
	return reply
}

func (w *world) settle() {
	w.t.Helper()
	if _, err := w.bot.RunDue(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) say(who, text string) bot.Reply {
	w.t.Helper()
	return w.send(who, bot.Request{Text: text})
}

func (w *world) in(channel, who, text string) bot.Reply {
	w.t.Helper()
	return w.send(who, bot.Request{Text: text, Place: bot.Conversation{Platform: "test", Channel: channel}})
}

// done fails the test unless the reply says that something was done.
func (w *world) done(r bot.Reply) bot.Reply {
	w.t.Helper()
	if r.Status != bot.Done {
		w.t.Fatalf("status %s: %s", r.Status, text(r))
	}
	return r
}

func text(r bot.Reply) string {
	if r.Message == nil {
		return fmt.Sprintf("form %+v", r.Form)
	}
	return r.Message.Plain(time.UTC)
}

func (w *world) get(id string) *incident.Incident {
	w.t.Helper()
	i, err := w.store.Incidents().Get(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func (w *world) verify() {
	w.t.Helper()
	if _, err := w.store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
		w.t.Errorf("audit: %v", err)
	}
	dead, err := w.store.DeadJobs(context.Background(), 10)
	if err != nil || len(dead) > 0 {
		w.t.Errorf("dead jobs: %+v %v", dead, err)
	}
}

// button finds the action with a label on the newest message that has one.
func (w *world) button(messages []bottest.Recorded, label string) bot.Action {
	w.t.Helper()
	for n := len(messages) - 1; n >= 0; n-- {
		for _, a := range messages[n].Message.Actions {
			if a.Label == label {
				return a
			}
		}
	}
	w.t.Fatalf("no button %q", label)
	return bot.Action{}
}

const room = "inc-1-checkout-returns-502"

func TestFromDeclareToClosed(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2 service=payments"))
		i := w.get("INC-1")
		if i.Lead != "" || i.Reporter != "dan" || i.Severity != incident.SEV2 || i.State != incident.Investigating {
			t.Fatalf("declared: %+v", i)
		}
		card := w.chat.In(room)
		if len(card) != 1 || !card[0].Pinned {
			t.Fatalf("card: %+v", card)
		}
		if got := strings.Join(w.chat.Members(room), " "); got != "ben dan" {
			t.Errorf("invited %q", got)
		}
		if len(w.chat.In("incidents")) != 1 {
			t.Errorf("broadcast: %+v", w.chat.In("incidents"))
		}
		w.clock.Move(3 * time.Minute)
		w.done(w.send("ana", bot.Request{Token: w.button(card, "Take lead").Token}))
		w.clock.Move(5 * time.Minute)
		w.done(w.in(room, "ana", "/incident update Rolled back release 42"))
		w.done(w.in(room, "ana", "/incident status monitoring errors are falling"))
		w.done(w.in(room, "dan", "/incident note restarted web at 15:04"))
		w.done(w.in(room, "dan", "/incident task Check the database @ben due 30m"))
		w.done(w.in(room, "ben", "/incident done 1"))
		w.clock.Move(20 * time.Minute)
		form := w.send("ana", bot.Request{Token: w.button(w.chat.In(room)[:1], "Resolve").Token})
		if form.Form == nil {
			t.Fatalf("resolve opens a form, got %s", text(form))
		}
		bad := w.send("ana", bot.Request{Token: form.Form.Token, Values: map[string]string{"summary": "short"}})
		if bad.Form == nil || bad.Form.Inputs[0].Error == "" || bad.Form.Inputs[0].Value != "short" {
			t.Fatalf("field error: %+v", bad)
		}
		w.done(w.send("ana", bot.Request{Token: bad.Form.Token, Values: map[string]string{"summary": "Rolled back release 42"}}))
		i = w.get("INC-1")
		if i.State != incident.Review || i.Resolution == "" || i.Times.Resolved.IsZero() || i.Mitigated.IsZero() {
			t.Fatalf("resolved: %+v", i)
		}
		if r := w.in(room, "ana", "/incident close"); r.Status != bot.Refused {
			t.Errorf("close before the review: %s", text(r))
		}
		w.done(w.in(room, "ana", `/incident review happened="A release broke the login." publish=yes`))
		w.done(w.in(room, "ana", "/incident close"))
		if i = w.get("INC-1"); i.State != incident.Closed {
			t.Errorf("closed: %s", i.State)
		}
		r := w.done(w.say("mia", "/incident export INC-1"))
		if !strings.Contains(text(r), "A release broke the login.") || !strings.Contains(text(r), "Check the database") {
			t.Errorf("post-mortem: %s", text(r))
		}
		for _, m := range w.chat.In(room) {
			t.Log(bottest.Render(m.Message))
		}
		w.verify()
	})
}

// What is in More has a token that fits a menu, and does what the button would do.
func TestMoreCarriesItsActions(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2"))
		card := w.chat.In(room)[0]
		_, more := card.Message.Offer()
		if len(more) < 5 {
			t.Fatalf("More holds %+v", more)
		}
		for _, a := range more {
			if a.Token == "" || len(a.Token) > bot.MaxMoreToken {
				t.Errorf("%s has the token %q", a.Label, a.Token)
			}
		}
		form := w.send("ana", bot.Request{Token: w.button(w.chat.In(room)[:1], "Impact over").Token})
		if form.Form == nil || form.Form.Title != "Impact is over" {
			t.Fatalf("nobody is asked whether they are sure: %s", text(form))
		}
		w.done(w.send("ana", bot.Request{Token: form.Form.Token, Values: map[string]string{"at": ""}}))
		if w.get("INC-1").Mitigated.IsZero() {
			t.Error("the impact goes on")
		}
	})
}

// Where the card is seen, it is enough that it shows what was done; elsewhere people are told.
func TestAnAcknowledgementIsShortWhereTheCardIsSeen(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev2"))
		w.done(w.say("dan", "/incident declare The search is slow sev3"))
		in := bot.Conversation{Platform: "test", Channel: room}
		card := w.chat.In(room)[0]
		for _, c := range []struct {
			name  string
			r     bot.Request
			shown bool
		}{
			{"pressed on the card", bot.Request{Token: w.button(w.chat.In(room)[:1], "Take lead").Token, Place: in, On: card.Ref.ID}, true},
			{"typed in its channel", bot.Request{Text: "/incident status identified", Place: in}, true},
			{"typed elsewhere", bot.Request{Text: "/incident status INC-1 monitoring", Place: bot.Conversation{Platform: "test", Channel: "general"}}, false},
			{"about another incident", bot.Request{Text: "/incident status INC-2 identified", Place: in}, false},
			{"only the timeline shows it", bot.Request{Text: "/incident note Restarted the web servers", Place: in}, false},
			{"refused", bot.Request{Text: "/incident status INC-9 identified", Place: in}, false},
		} {
			if r := w.send("ana", c.r); r.Shown != c.shown {
				t.Errorf("%s: shown is %v (%s)", c.name, r.Shown, text(r))
			}
		}
	})
}

// A form lists a few choices and finds the others by what somebody types; only whoever opened it may look.
func TestMoreThan25ChoicesAreFoundByTyping(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		var services []bot.Service
		for n := range 240 {
			services = append(services, bot.Service{ID: fmt.Sprintf("svc-%03d", n), Name: fmt.Sprintf("Service %03d", n)})
		}
		w := newWorldOf(t, url, services)
		for n := range 30 {
			w.done(w.say("dan", fmt.Sprintf("/incident declare Number %d is broken service=svc-%03d anyway=yes", n, n)))
		}
		declare := w.send("dan", bot.Request{Shortcut: "incident.declare"})
		in := inputNamed(declare.Form, "service")
		if !in.Search || len(in.Options) != bot.MaxOptions || !strings.Contains(in.Help, "There are 240") {
			t.Fatalf("%+v", in)
		}
		dan, ben := bot.Account{Platform: "test", User: "dan"}, bot.Account{Platform: "test", User: "ben"}
		find := func(from bot.Account, token, input, words string) string {
			found, err := w.bot.Options(context.Background(), from, token, input, words)
			var values []string
			for _, o := range found {
				values = append(values, o.Value)
			}
			return fmt.Sprintf("%s %v", strings.Join(values, ","), err)
		}
		if got := find(dan, declare.Form.Token, "service", "23"); got != "svc-023,svc-123,svc-223,svc-230,svc-231,svc-232,svc-233,svc-234,svc-235,svc-236,svc-237,svc-238,svc-239 <nil>" {
			t.Errorf("found %s", got)
		}
		for name, got := range map[string]string{
			"somebody else": find(ben, declare.Form.Token, "service", "23"), "no such form": find(dan, "made-up", "service", "23"), "no choice": find(dan, declare.Form.Token, "title", ""),
		} {
			if got != " "+bot.ErrNoSuch.Error() {
				t.Errorf("%s finds %s", name, got)
			}
		}
		w.done(w.send("dan", bot.Request{Token: declare.Form.Token, Values: map[string]string{"title": "The last one is broken", "service": "svc-239", "severity": "sev3"}}))
		resolve := w.send("dan", bot.Request{Shortcut: "incident.resolve"})
		if in := inputNamed(resolve.Form, "incident"); !in.Search {
			t.Errorf("%+v", in)
		}
		if got := find(dan, resolve.Form.Token, "incident", "number 3 "); got != "INC-4 <nil>" {
			t.Errorf("found by title: %s", got)
		}
		if got := find(dan, resolve.Form.Token, "incident", "inc-900"); got != "INC-900 <nil>" {
			t.Errorf("found by id: %s", got)
		}
	})
}

func inputNamed(f *bot.Form, name string) bot.Input {
	for _, in := range f.Inputs {
		if in.Name == name {
			return in
		}
	}
	return bot.Input{}
}
