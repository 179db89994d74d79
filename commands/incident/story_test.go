package incident_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is an installation with incidents.
type world struct{ *storagetest.Installation }

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	return newWorldOf(t, url,
		bot.Service{ID: "payments", Name: "Payments", Owners: []bot.PersonID{"ben"}},
		bot.Service{ID: "web", Name: "Web shop"})
}

func newWorldOf(t *testing.T, url string, services ...bot.Service) *world {
	t.Helper()
	w := &world{storagetest.Install(t, url, engine.Options{})}
	o := response.Options{Clock: w.Clock, Services: bot.ServicesOf(services...)}
	w.Bot.Use(response.New(w.Store.Incidents(), w.Bot, o).Capability())
	return w
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) { f(newWorld(t, url)) })
}

func (w *world) get(id string) *incident.Incident {
	w.T.Helper()
	i, err := w.Store.Incidents().Get(context.Background(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return i
}

const room = "inc-1-checkout-returns-502"

func TestFromDeclareToClosed(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2 service=payments")
		i := w.get("INC-1")
		if i.Lead != "" || i.Reporter != "dan" || i.Severity != incident.SEV2 || i.State != incident.Investigating {
			t.Fatalf("declared: %+v", i)
		}
		card := w.Chat.In(room)
		if len(card) != 1 || !card[0].Pinned {
			t.Fatalf("card: %+v", card)
		}
		if got := strings.Join(w.Chat.Members(room), " "); got != "ben dan" {
			t.Errorf("invited %q", got)
		}
		if len(w.Chat.In("incidents")) != 1 {
			t.Errorf("broadcast: %+v", w.Chat.In("incidents"))
		}
		w.Clock.Move(3 * time.Minute)
		w.Done(w.Click("ana", "Take lead", card...))
		w.Clock.Move(5 * time.Minute)
		w.In(room).Do("ana", "/incident update Rolled back release 42")
		w.In(room).Do("ana", "/incident status monitoring errors are falling")
		w.In(room).Do("dan", "/incident note restarted web at 15:04")
		w.In(room).Do("dan", "/incident task Check the database @ben due 30m")
		w.In(room).Do("ben", "/incident done 1")
		w.Clock.Move(20 * time.Minute)
		form := w.Click("ana", "Resolve", w.Chat.In(room)[:1]...)
		if form.Form == nil {
			t.Fatalf("resolve opens a form, got %s", bottest.Text(form))
		}
		bad := w.Submit("ana", form.Form, map[string]string{"summary": "short"})
		if bad.Form == nil || bad.Form.Inputs[0].Error == "" || bad.Form.Inputs[0].Value != "short" {
			t.Fatalf("field error: %+v", bad)
		}
		w.Done(w.Submit("ana", bad.Form, map[string]string{"summary": "Rolled back release 42"}))
		i = w.get("INC-1")
		if i.State != incident.Review || i.Resolution == "" || i.Times.Resolved.IsZero() || i.Mitigated.IsZero() {
			t.Fatalf("resolved: %+v", i)
		}
		if r := w.In(room).Type("ana", "/incident close"); r.Status != bot.Refused {
			t.Errorf("close before the review: %s", bottest.Text(r))
		}
		w.In(room).Do("ana", `/incident review happened="A release broke the login." publish=yes`)
		w.In(room).Do("ana", "/incident close")
		if i = w.get("INC-1"); i.State != incident.Closed {
			t.Errorf("closed: %s", i.State)
		}
		review := bottest.Text(w.Do("mia", "/incident export INC-1"))
		w.Contains(review, "A release broke the login.", "Check the database")
		for _, m := range w.Chat.In(room) {
			t.Log(bottest.Render(m.Message))
		}
		w.Verify()
	})
}

// What is in More has a token that fits a menu, and does what the button would do.
func TestMoreCarriesItsActions(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		card := w.Chat.In(room)[0]
		_, more := card.Message.Offer()
		if len(more) < 5 {
			t.Fatalf("More holds %+v", more)
		}
		for _, a := range more {
			if a.Token == "" || len(a.Token) > bot.MaxMoreToken {
				t.Errorf("%s has the token %q", a.Label, a.Token)
			}
		}
		form := w.Click("ana", "Impact over", w.Chat.In(room)[:1]...)
		if form.Form == nil || form.Form.Title != "Impact is over" {
			t.Fatalf("nobody is asked whether they are sure: %s", bottest.Text(form))
		}
		w.Done(w.Submit("ana", form.Form, map[string]string{"at": ""}))
		if w.get("INC-1").Mitigated.IsZero() {
			t.Error("the impact goes on")
		}
	})
}

// Where the card is seen, it is enough that it shows what was done; elsewhere people are told.
func TestAnAcknowledgementIsShortWhereTheCardIsSeen(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Do("dan", "/incident declare The search is slow sev3")
		in := bot.Conversation{Platform: "test", Channel: room}
		card := w.Chat.In(room)[0]
		for _, c := range []struct {
			name  string
			r     bot.Request
			shown bool
		}{
			{
				"pressed on the card",
				bot.Request{Token: w.Button("Take lead", w.Chat.In(room)[:1]...).Token, Place: in, On: card.Ref.ID}, true,
			},
			{"typed in its channel", bot.Request{Text: "/incident status identified", Place: in}, true},
			{
				"typed elsewhere",
				bot.Request{
					Text: "/incident status INC-1 monitoring", Place: bot.Conversation{Platform: "test", Channel: "general"},
				},
				false,
			},
			{"about another incident", bot.Request{Text: "/incident status INC-2 identified", Place: in}, false},
			{"only the timeline shows it", bot.Request{Text: "/incident note Restarted the web servers", Place: in}, false},
			{"refused", bot.Request{Text: "/incident status INC-9 identified", Place: in}, false},
		} {
			if r := w.Send("ana", c.r); r.Shown != c.shown {
				t.Errorf("%s: shown is %v (%s)", c.name, r.Shown, bottest.Text(r))
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
		w := newWorldOf(t, url, services...)
		for n := range 30 {
			w.Do("dan", fmt.Sprintf("/incident declare Number %d is broken service=svc-%03d anyway=yes", n, n))
		}
		declare := w.Send("dan", bot.Request{Shortcut: "incident.declare"})
		in := bottest.InputOf(declare.Form, "service")
		if !in.Search || len(in.Options) != bot.MaxOptions || !strings.Contains(in.Help, "There are 240") {
			t.Fatalf("%+v", in)
		}
		dan, ben := bot.Account{Platform: "test", User: "dan"}, bot.Account{Platform: "test", User: "ben"}
		find := func(from bot.Account, token, input, words string) string {
			found, err := w.Bot.Options(context.Background(), from, token, input, words)
			var values []string
			for _, o := range found {
				values = append(values, o.Value)
			}
			return fmt.Sprintf("%s %v", strings.Join(values, ","), err)
		}
		if got := find(
			dan, declare.Form.Token, "service", "23",
		); got != "svc-023,svc-123,svc-223,svc-230,svc-231,svc-232,svc-233,svc-234,svc-235,svc-236,svc-237,svc-238,svc-239 <nil>" {
			t.Errorf("found %s", got)
		}
		for name, got := range map[string]string{
			"somebody else": find(ben, declare.Form.Token, "service", "23"),
			"no such form":  find(dan, "made-up", "service", "23"), "no choice": find(dan, declare.Form.Token, "title", ""),
		} {
			w.Run(name, func(t *testing.T) {
				if got != " "+bot.ErrNoSuch.Error() {
					t.Errorf("%s finds %s", name, got)
				}
			})
		}
		w.Done(w.Submit("dan", declare.Form, map[string]string{
			"title": "The last one is broken", "service": "svc-239", "severity": "sev3",
		}))
		resolve := w.Send("dan", bot.Request{Shortcut: "incident.resolve"})
		if in := bottest.InputOf(resolve.Form, "incident"); !in.Search {
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
