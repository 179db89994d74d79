package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// reminded is an installation in which incidents, changes and reports have things that are due.
type reminded struct{ *storagetest.Installation }

func newReminded(t *testing.T, url string) reminded {
	t.Helper()
	w := reminded{storagetest.Install(t, url, engine.Options{})}
	w.Place = bot.Conversation{Platform: "test", Channel: "ops"}
	services := bot.ServicesOf(bot.Service{ID: "portal", Name: "Portal", Tier: 1, Owners: []bot.PersonID{"dan"}})
	w.Bot.Use(response.New(w.Store.Incidents(), w.Bot, response.Options{Clock: w.Clock, Services: services}).Capability())
	changes := control.New(w.Store.Changes(), w.Bot, control.Options{
		Services: services, People: w.Store.People, Clock: w.Clock, Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
	})
	if err := changes.LoadPolicy(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Bot.Use(changes.Capability())
	w.Bot.Use(report.New(w.Store.Reports(), w.Bot, report.Options{Clock: w.Clock, Services: services}).Capability())
	w.Bot.Use(due.New(w.Store.Reminders(), w.Bot, due.Options{
		People: w.Store.People, Services: services, Clock: w.Clock, Channel: "ops",
	}).Capability())
	return w
}

// rebuilt fails the test if what is due is not what the things themselves say: then it would be written anew, and
// looked at.
func (w reminded) rebuilt() {
	w.T.Helper()
	w.Wait(0) // all that is new is looked at
	if err := w.Bot.RebuildDues(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	next, err := w.Store.Reminders().NextLook(w.T.Context())
	if err != nil || !next.After(w.Clock.Now()) {
		w.T.Errorf("something was written anew: %s, %v", next, err)
	}
}

// reminders are the messages of the ledger to somebody.
func (w reminded) reminders(who string) []bottest.Recorded {
	var list []bottest.Recorded
	for _, m := range w.Chat.In("@" + who) {
		if strings.HasPrefix(m.Key, "ops.due/") {
			list = append(list, m)
		}
	}
	return list
}

// last fails the test unless somebody was reminded so often, and of all parts the last time.
func (w reminded) last(who string, n int, parts ...string) bottest.Recorded {
	w.T.Helper()
	list := w.reminders(who)
	if len(list) != n || n == 0 {
		w.T.Fatalf("%s was reminded %d times, want %d: %+v", who, len(list), n, list)
	}
	w.Contains(bottest.Render(list[n-1].Message), parts...)
	return list[n-1]
}

func TestWhatIsDueIsRemindedOf(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newReminded(t, url)
		w.Do("ana", "/incident declare Portal answers 502 sev2 service=portal")
		w.Do("ana", "/incident lead me INC-1")
		w.Do("ana", "/incident task INC-1 Call the vendor @ben due 30m")
		w.Do("ana", "/incident task INC-1 Check the disk @dan due 30m")
		w.Wait(29 * time.Minute)
		if n := len(w.reminders("ben")); n != 0 {
			t.Errorf("reminded %d times before it is due", n)
		}
		w.Wait(time.Minute)
		task := w.last(
			"ben", 1, "INC-1 task 1 is due", "[Done] incident.done", "[Reassign] incident.owner", "[Open] incident.show",
		)
		w.Done(w.Click("dan", "Done", w.last("dan", 1, "INC-1 task 2 is due")))
		form := w.Click("ben", "Reassign", task)
		w.Done(w.Submit("ben", form.Form, map[string]string{"person": "dan"}))
		w.Wait(30 * time.Minute)
		w.last("dan", 2, "INC-1 task 1 is overdue", "Nobody has acted")
		w.last("ana", 1, "INC-1 task 1 is overdue", "@Dan Weber", "Nobody has acted") // who leads

		w.Do("ana", "/incident followup INC-1 Add an alert @ben due 2027-01-15 12:00")
		w.Wait(time.Minute)
		w.rebuilt()
		w.Do("ana", "/incident resolve INC-1 Rolled back")
		w.Wait(time.Minute)
		w.rebuilt()
		w.WaitUntil(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)) // Tuesday, nine o'clock in Berlin
		w.last("ana", 2, "INC-1 is due", "review of Portal answers 502", "[Write the review] incident.review")

		w.Do("dan", `/change emergency Restart it service=portal why="The portal is down for all of Europe"`)
		w.Wait(time.Minute)
		w.rebuilt()
		w.WaitUntil(time.Date(2026, 12, 6, 7, 0, 0, 0, time.UTC))
		w.WaitUntil(time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC))
		w.last(
			"dan", 3, "CHG-1 review is overdue", "post-implementation review of Restart it", "[Write the review] change.review",
		)

		review := w.last("dan", 3, "[Reassign] change.assign")
		form = w.Click("dan", "Reassign", review)
		w.Done(w.Submit("dan", form.Form, map[string]string{"person": "mia"}))
		w.Refused("ben", "/change assign CHG-1 @ben", "Only", "can give its review away")
		w.Wait(time.Hour)
		w.rebuilt()

		w.Do("mia", "/report run weekly")
		w.Wait(time.Minute)
		w.Do("mia", `/report action R-1 Alert on the pool owner=@ben due="2026-12-18 17:00"`)
		w.Wait(time.Hour)
		w.rebuilt()
		w.WaitUntil(time.Date(2026, 12, 15, 9, 0, 0, 0, time.UTC))
		action := w.last("ben", 2, "R-1 action 1 is due", "Alert on the pool", "[Done] report.done", "[Open] report.details")
		form = w.Click("ben", "Reassign", action)
		w.Done(w.Submit("ben", form.Form, map[string]string{"person": "dan"}))
		w.Refused("ben", "/report assign R-1 1 @dan", "owns R-1 action 1 already")
		w.Do("dan", "/report done R-1 1")
		w.WaitUntil(time.Date(2026, 12, 18, 17, 0, 0, 0, time.UTC))
		w.last("ben", 2)
		w.Verify()
	})
}

// What people are told looks as it should on every platform, and nothing of it is lost.
func TestRemindersLookAsTheyShouldEverywhere(t *testing.T) {
	w := newReminded(t, storagetest.SQLite(t))
	w.Do("ana", "/incident declare Portal answers 502 sev3 service=portal")
	w.Do("ana", "/incident lead me INC-1")
	w.Do("ana", "/incident task INC-1 Call the vendor @dan due 30m")
	var samples []sample
	keep := func(name string, m *bot.Message) {
		samples = append(samples, sample{kind: "reminder", name: name, parts: []bot.Message{*m}})
	}
	w.Wait(30 * time.Minute)
	moment := w.last("dan", 1)
	keep("moment", &moment.Message)
	w.Wait(30 * time.Minute)
	raised := w.last("ana", 1)
	keep("raised", &raised.Message)
	today := value.DayOf(w.Clock.Now())
	var contracts []bot.Due
	w.Bot.Use(bot.Capability{
		Noun: bot.Noun{Name: "contract", Summary: "contracts"},
		Dues: func(context.Context) ([]bot.Due, error) { return contracts, nil },
	})
	save := func(n int) {
		contracts = nil
		e := bot.Effects{Audit: bot.Audit{
			Action: "test.do", Object: "CTR-1", Result: bot.ResultDone, At: w.Clock.Now(), Source: "test",
		}}
		for k := range n {
			id := fmt.Sprintf("CTR-%d", k+1)
			args := map[string]string{"incident": "INC-1", "number": "1"}
			contracts = append(contracts, bot.Due{
				Object: id, What: "notice", Name: id + " notice", On: today.Add(k - 1),
				Owner:    []bot.PersonID{"ben", "eve"}[k%7/6],
				Text:     "decide whether the contract with Northwind goes on for another twelve months",
				Done:     &bot.Action{Label: "Done", Command: "incident.done", Args: args},
				Reassign: &bot.Action{Label: "Reassign", Command: "incident.owner", Args: args},
				Open:     &bot.Action{Label: "Open", Command: "incident.show", Args: map[string]string{"incident": "INC-1"}},
			})
		}
		e.Dues = contracts
		if err := w.Store.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	save(1)
	keep("list-mine", w.Do("ben", "/ops due me").Message)
	save(31)
	w.WaitUntil(time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC))
	w.Wait(time.Minute)
	for _, who := range []string{"ben", "mia"} {
		m := w.last(who, 1)
		keep("many-"+who, &m.Message)
	}
	keep("list", w.Do("mia", "/ops due").Message)
	keep("snoozed", w.Do("ben", "/ops due-snooze CTR-7 days=3").Message)
	store := storagetest.WithPeople(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), web.Platform)
	chat := web.New(web.Options{
		Name: "Northwind Ops", URL: "http://localhost", Store: store.Chat(), People: store.People, Clock: bottest.NewClock(),
		Visitors: web.NewPersonas(store.People, ""),
	})
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			bottest.Golden(t, s.file(""), bottest.Render(s.parts[0]))
			inSlackGolden(t, s)
			inDiscordGolden(t, s)
			inWebGolden(t, chat, s)
		})
	}
}
