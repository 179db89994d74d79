package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// whole is a bot with all that people use. It runs in the test, on a clock that the test moves.
type whole struct {
	store   *storage.Store
	bot     *engine.Bot
	changes *control.Service
	clock   *bottest.Clock
	log     *logBuffer
}

// shop is a configuration with a service.
const shop = `
people:
  - {id: ben, name: Ben Okafor}
services:
  - {id: web, name: Web shop, owners: [ben], tier: 1, slo: 99.9}
`

func newWhole(t *testing.T, url string, people []bot.Person) *whole {
	t.Helper()
	w := &whole{store: storagetest.Open(t, url), clock: bottest.NewClock(), log: &logBuffer{}}
	if err := w.store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	warnings := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w.bot = engine.New(engine.Options{Store: w.store, Clock: w.clock, Log: warnings})
	a := appOn(t, w.store, w.bot, w.clock, shop)
	services := a.services.Services
	w.bot.Use(
		response.New(w.store.Incidents(), w.bot, response.Options{Clock: w.clock, Services: services}).Capability(),
	)
	w.changes = control.New(w.store.Changes(), w.bot, control.Options{
		Clock: w.clock, People: w.store.People, Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
		Services: services,
	})
	if err := w.changes.LoadPolicy(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.bot.Use(w.changes.Capability())
	a.duties = oncall.New(w.store.OnCall(), w.bot, oncall.Options{
		People: w.store.People, Handover: report.HandoverJob, Clock: w.clock,
	})
	w.bot.Use(a.duties.Capability())
	w.bot.Use(
		report.New(w.store.Reports(), w.bot, report.Options{
			Clock: w.clock, Duty: duty{a}, Address: "https://watchbell.example.com", Services: services,
		}).Capability(),
	)
	w.bot.Use(due.New(w.store.Reminders(), w.bot, due.Options{
		People: w.store.People, Services: services, Clock: w.clock, Channel: "incidents",
	}).Capability())
	if err := a.useRegisters(); err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs an adapter until the test ends.
func (w *whole) run(t *testing.T, p bot.Platform) {
	t.Helper()
	w.bot.Attach(p)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, w.bot.Receive) }()
	t.Cleanup(func() { cancel(); <-done })
}

// settleOn runs the jobs that are due, and those that wait a moment for their turn on a platform.
func (w *whole) settleOn(t *testing.T) {
	t.Helper()
	for range 4 {
		if _, err := w.bot.RunDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.clock.Move(3 * time.Second)
	}
}

// timed is a workspace whose bot runs in the test.
type timed struct {
	*workspace
	*whole
}

// onTime runs a story by both ways in.
func onTime(t *testing.T, story func(t *testing.T, w *timed)) {
	t.Run("socket", func(t *testing.T) { t.Parallel(); story(t, newTimed(t, false)) })
	t.Run("http", func(t *testing.T) { t.Parallel(); story(t, newTimed(t, true)) })
}

// slackIDs are the accounts of people in the fake workspace.
var slackIDs = map[bot.PersonID]string{
	"chloe": "U0CHLOE", "ana": "U0ANA", "ben": "U0BEN", "dan": "U0DAN", "mia": "U0MIA",
}

func newTimed(t *testing.T, http bool) *timed {
	t.Helper()
	people := bottest.People(slack.Platform)
	for i, p := range people {
		if id := slackIDs[p.ID]; id != "" {
			people[i].Accounts = []bot.Account{{Platform: slack.Platform, Workspace: "T0FAKE", User: id}}
		}
	}
	return newTimedOn(t, http, newWhole(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), people))
}

// newTimedOn puts a bot into a fake workspace.
func newTimedOn(t *testing.T, http bool, all *whole) *timed {
	t.Helper()
	fake := slackfake.Start(t, slackfake.Options{Team: "T0FAKE"})
	var members []string
	for _, p := range bottest.People(slack.Platform) {
		if id := slackIDs[p.ID]; id != "" {
			fake.AddUser(slackfake.User{ID: id, Name: string(p.ID), RealName: p.Name, TZ: "Europe/Berlin"})
			members = append(members, id)
		}
	}
	w := &timed{
		workspace: &workspace{installation: &installation{t: t}, fake: fake, server: &server{log: all.log}}, whole: all,
	}
	w.general, w.all = fake.AddChannel("general", members...), fake.AddChannel("incidents", members...)
	fake.AddChannel("changes", members...)
	o := slack.Options{
		BotToken: "xoxb-fake", APIURL: fake.API(), Core: w.bot,
		Commands:  []string{"incident", "change", "report", "oncall", "ops"},
		Reactions: map[string]string{"pushpin": "incident.note"}, Retry: 50 * time.Millisecond,
	}
	if http {
		o.SigningSecret = "fake-secret"
	} else {
		o.AppToken = "xapp-fake"
	}
	a := slack.New(o)
	if http {
		fake.SetAppURL(serving(t, a.Handler()))
	}
	w.run(t, a)
	w.until("Slack is reached", func() bool { return a.Health() == nil && (http || fake.Sockets() == 2) })
	return w
}

// serving serves a handler until the test ends, and returns where.
func serving(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// settle runs the jobs that are due, and those that wait a moment for their turn in Slack.
func (w *timed) settle() { w.t.Helper(); w.settleOn(w.t) }

// tells types a command and waits for its answer.
func (w *timed) tells(user, channel, text, answer string) {
	w.t.Helper()
	w.command(user, channel, text)
	w.sees(channel, user, answer)
	w.settle()
}

// From the first word to the archived channel, with everything that time brings.
func TestSlackLifeOfAnIncident(t *testing.T) { onTime(t, lifeOfAnIncident) }

func lifeOfAnIncident(t *testing.T, w *timed) {
	w.tells("U0DAN", w.general, "declare Checkout returns 502 sev2 service=web", "Declared INC-1")
	c := w.opens("inc-1-checkout-returns-502")
	if len(c.Bookmarks) != 1 || !strings.HasPrefix(c.Bookmarks[0].Link, "https://northwind.slack.com/archives/"+c.ID) ||
		!slices.Contains(c.Members, "U0BEN") {
		t.Errorf("%+v", c)
	}
	w.clock.Move(6 * time.Minute)
	w.settle()
	nobody := w.sees(c.ID, "", "Nobody leads INC-1 yet")

	var both sync.WaitGroup
	for _, user := range []string{"U0ANA", "U0BEN"} {
		both.Go(func() {
			action, choice := actionOf(nobody, "Take lead")
			if _, err := w.fake.Click(user, c.ID, nobody.TS, "lead-"+user, action, choice); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	w.until("one of the two leads, and the other is told who", func() bool {
		return strings.Count(w.said(c.ID), "is already lead of INC-1") == 1
	})
	w.settle()
	if strings.Contains(w.said(c.ID), "You are lead of INC-1") {
		t.Error("who leads is told what the channel shows")
	}
	lead := "U0ANA"
	if !strings.Contains(blockText(w.card(c).Blocks), "Lead: <@U0ANA>") {
		lead = "U0BEN"
	}

	w.clock.Move(time.Hour)
	w.settle()
	w.sees(c.ID, "", "an update on INC-1 was due")
	w.tells(lead, c.ID, "update Rolled back, error rate is falling", "Update #1 of INC-1 is out")
	w.tells(lead, c.ID, "task Check the database @dan due 30m", "Task 1 of INC-1")
	w.tells(lead, c.ID, "handover @dan", "is asked")
	w.tells("U0DAN", c.ID, "accept", "You lead INC-1 now")
	w.tells("U0DAN", c.ID, "pause waiting for the vendor until tomorrow 09:00", "is paused until")
	w.tells("U0DAN", c.ID, "resume", "goes on")
	w.tells("U0DAN", c.ID, "mitigate", "impact of INC-1 is over")
	w.tells("U0DAN", c.ID, "resolve Rolled back release 42", "INC-1 is resolved")
	w.tells("U0DAN", c.ID, "review happened=\"A release broke it\" contributing=\"No canary\" publish=yes", "is published")
	w.tells("U0DAN", c.ID, "close", "INC-1 is closed")
	w.command("U0DAN", c.ID, "export")
	w.sees(c.ID, "U0DAN", "A release broke it")
	for _, verb := range []string{"help", "help declare", "list all", "show INC-1", "timeline", "tasks", "lisst"} {
		w.command("U0MIA", w.general, verb)
	}
	w.sees(w.general, "U0MIA", "Did you mean")
	if err := w.fake.OpenHome("U0DAN", ""); err != nil {
		t.Fatal(err)
	}
	w.until("the Home tab", func() bool { return w.fake.Home("U0DAN") != nil })
	w.clock.Move(8 * 24 * time.Hour)
	w.settle()
	if now, _ := w.fake.Channel(c.ID); !now.Archived {
		t.Error("the channel is not archived a week after the end")
	}
	w.tells("U0DAN", w.general, "declare Search is slow sev3 anyway=yes", "Declared INC-2")
	w.tells("U0DAN", w.general, "lead me INC-2", "You are lead of INC-2")
	w.modals("incident.")
	keepPayloads(t, w.fake)
}

// modals opens every form that has one, to look at.
func (w *timed) modals(noun string) {
	w.t.Helper()
	for _, c := range w.bot.Tree().Commands() {
		if c.Title == "" || !strings.HasPrefix(c.Name, noun) || nothingFor(w.t, c) {
			continue
		}
		if _, err := w.fake.GlobalShortcut("U0DAN", w.key(), "global:"+c.Name); err != nil {
			w.t.Fatal(err)
		}
		w.until("the form of "+c.Name, func() bool {
			v := w.fake.View("U0DAN")
			words, _ := v["title"].(map[string]any)
			return v != nil && words["text"] == c.Title
		})
	}
}

// nothingFor reports whether there is nothing that a command could be used on, so that its form would have nothing to
// choose from.
func nothingFor(t *testing.T, c *bot.Command) bool {
	t.Helper()
	for _, p := range c.Params {
		if p.Kind != bot.RefParam || !p.Required || p.Options == nil {
			continue
		}
		o, err := p.Options(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return len(o) == 0
	}
	return false
}

// actionOf finds the button with a label, or the entry of More, and what Slack sends when somebody uses it.
func actionOf(m slackfake.Message, label string) (action, choice string) {
	is := func(v any) bool { words, ok := v.(map[string]any); return ok && words["text"] == label }
	for _, block := range m.Blocks {
		for _, e := range objects(block["elements"]) {
			if is(e["text"]) {
				return fmt.Sprint(e["action_id"]), ""
			}
			for _, o := range objects(e["options"]) {
				if is(o["text"]) {
					return fmt.Sprint(e["action_id"]), fmt.Sprint(o["value"])
				}
			}
		}
	}
	return "", ""
}

// What is said to the bot alone, and what comes twice.
func TestSlackDirectAndRepeated(t *testing.T) { onTime(t, directAndRepeated) }

func directAndRepeated(t *testing.T, w *timed) {
	direct := w.fake.Direct("U0DAN")
	for range 2 { // Slack delivers the event twice
		if _, err := w.fake.Say("U0DAN", direct, "", "direct", "declare Checkout returns 502 sev2"); err != nil {
			t.Fatal(err)
		}
	}
	w.sees(direct, "", "Declared INC-1")
	w.settle()
	if _, ok := w.room("inc-2-"); ok {
		t.Error("declared twice")
	}
	c := w.opens("inc-1-")
	ts, err := w.fake.Say("U0ANA", c.ID, "", "", "It began at noon")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.fake.React("U0DAN", c.ID, ts, "reaction", "pushpin"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.fake.React("U0DAN", c.ID, ts, "", "tada"); err != nil {
		t.Fatal(err)
	}
	w.sees(c.ID, "U0DAN", "On the timeline of INC-1")
	w.settle()
	w.tells("U0DAN", c.ID, "timeline", "Ana Ruiz: It began at noon")
	if n := strings.Count(w.said(c.ID), "<@U0DAN>: Ana Ruiz: It began at noon"); n != 1 {
		t.Errorf("on the timeline %d times:\n%s", n, w.said(c.ID))
	}
}

// A modal that was open while somebody else changed the same thing says so, keeps what was typed, and overwrites only
// when it is sent again.
func TestSlackLateForm(t *testing.T) { onTime(t, lateForm) }

func lateForm(t *testing.T, w *timed) {
	w.tells("U0DAN", w.general, "declare Checkout returns 502 sev2", "Declared INC-1")
	c := w.opens("inc-1-")
	w.command("U0ANA", c.ID, "edit")
	w.until("the form opens", func() bool { return w.fake.View("U0ANA") != nil })
	w.tells("U0DAN", c.ID, "edit title=\"Checkout returns 502 in Europe\"", "is changed")
	w.modal("U0ANA", "Edit the incident", map[string]string{"title": "Checkout is broken", "impact": "one shop"})
	w.until("the modal tells of the conflict", func() bool {
		v := w.fake.View("U0ANA")
		return v != nil &&
			strings.Contains(
				blockText(objects(v["blocks"])), "While the form was open, this was changed to \"Checkout returns 502 in Europe\"",
			)
	})
	w.modal("U0ANA", "Edit the incident", nil) // what was typed is still in it
	w.sees(c.ID, "U0ANA", "INC-1 is changed")
	w.settle()
	if got := blockText(w.card(c).Blocks); !strings.Contains(got, "Checkout is broken") ||
		!strings.Contains(got, "one shop") {
		t.Errorf("the card: %s", got)
	}
}
