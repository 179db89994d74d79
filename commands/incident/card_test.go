package incident_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
)

// sample is an incident in the middle of its life.
func sample() *incident.Incident {
	at := bottest.Start
	policy := incident.DefaultPolicy()
	i := incident.Declare(42, incident.Declaration{
		Title: "Checkout returns 502", Severity: incident.SEV2, Services: []string{"payments", "web"}, By: "dan",
		Source: "web",
	}, at, policy)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ana := incident.Actor{Person: "ana"}
	must(i.Assign(ana, incident.LeadRole, "ana", at.Add(2*time.Minute)))
	must(i.Assign(ana, incident.CommsRole, "mia", at.Add(3*time.Minute)))
	must(i.Tell(ana, incident.Report{
		Text: "A bad release. Rolling back.", Impact: new("One order in three fails."), Status: incident.Identified,
	}, at.Add(10*time.Minute), policy))
	_, err := i.AddTask(
		ana, incident.Task{Text: "Check the database", Owner: "ben", Due: at.Add(time.Hour)}, at.Add(11*time.Minute),
	)
	must(err)
	i.Version = 5
	return i
}

func resolved() *incident.Incident {
	i := sample()
	at := bottest.Start
	if err := i.Mitigate(incident.Actor{Person: "ana"}, at.Add(20*time.Minute), at.Add(21*time.Minute)); err != nil {
		panic(err)
	}
	if err := i.Resolve(
		incident.Actor{Person: "ana"}, incident.Outcome{Summary: "Rolled back release 42"}, at.Add(37*time.Minute),
	); err != nil {
		panic(err)
	}
	i.BeginReview(at.Add(37 * time.Minute))
	return i
}

func TestCards(t *testing.T) {
	paused, cancelled, fresh := sample(), sample(), incident.Declare(7, incident.Declaration{
		Title: strings.Repeat("A very long title ", 11), By: "dan",
	}, bottest.Start, incident.DefaultPolicy())
	ana := incident.Actor{Person: "ana"}
	if err := paused.Pause(
		ana, bottest.Start.Add(18*time.Hour), "waiting for the vendor", bottest.Start.Add(time.Hour),
	); err != nil {
		t.Fatal(err)
	}
	if err := cancelled.Cancel(ana, "False alarm", bottest.Start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	closed := resolved()
	closed.Write(ana, incident.Written{Happened: "A release broke the payment client."}, bottest.Start.Add(2*time.Hour))
	closed.Publish(ana, bottest.Start.Add(2*time.Hour))
	if err := closed.Close(ana, bottest.Start.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	room := bot.Conversation{Platform: "web", Channel: "7"}
	for name, m := range map[string]bot.Message{
		"card-fresh": incident.Card(fresh), "card-active": incident.Card(sample()), "card-paused": incident.Card(paused),
		"card-review": incident.Card(resolved()), "card-cancelled": incident.Card(cancelled),
		"card-closed":      incident.Card(closed),
		"broadcast-active": incident.Broadcast(sample(), &room), "broadcast-resolved": incident.Broadcast(resolved(), nil),
		"tasks": incident.TasksMessage(closed), "welcome": incident.Welcome(sample(), bottest.Start.Add(time.Hour)),
		"timeline": incident.TimelineMessage(closed, closed.Fresh()),
		"catchup":  incident.Catchup(closed, closed.Fresh(), bottest.Start.Add(4*time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			bottest.Golden(t, name, bottest.Render(m))
			if len(m.Line()) == 0 {
				t.Errorf("%s has no line for notifications", name)
			}
		})
	}
}

// A card has three buttons and More: the first is the best next step, and whatever is in More can ask for what it
// needs.
func TestTheFirstButtonIsTheBestNextStep(t *testing.T) {
	fresh, unknown, paused, cancelled := sample(), sample(), sample(), sample()
	fresh.Lead, unknown.Severity = "", incident.Unknown
	ana := incident.Actor{Person: "ana"}
	if err := errors.Join(
		paused.Pause(ana, bottest.Start.Add(18*time.Hour), "waiting for the vendor", bottest.Start.Add(time.Hour)),
		cancelled.Cancel(ana, "False alarm", bottest.Start.Add(time.Hour)),
	); err != nil {
		t.Fatal(err)
	}
	commands := map[string]bot.Command{}
	for _, c := range response.New(nil, nil, response.Options{}).Capability().Commands {
		commands[c.Name] = c
	}
	for _, c := range []struct {
		name, buttons string
		incident      *incident.Incident
	}{
		{"nobody leads", "Take lead, Give update, Change severity", fresh},
		{"somebody leads", "Give update, Resolve, Task", sample()},
		{"nobody knows how bad it is", "Give update, Change severity, Task", unknown},
		{"paused", "Resume, Note, Task", paused},
		{"in review", "Write the review, Add follow-up, Post-mortem", resolved()},
		{"cancelled", "Timeline, Reopen", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			buttons, more := incident.Card(c.incident).Offer()
			var labels []string
			for _, a := range buttons {
				labels = append(labels, a.Label)
			}
			if got := strings.Join(labels, ", "); got != c.buttons {
				t.Errorf("buttons %s, want %s", got, c.buttons)
			}
			for _, a := range more {
				if a.Choose != "" || a.Confirm != "" || len(a.Options) > 0 {
					t.Errorf("%s asks something inside of a menu: %+v", a.Label, a)
				}
				if a.Form && commands[a.Command].Title == "" {
					t.Errorf("%s has no form", a.Label)
				}
			}
			for n, a := range incident.Card(c.incident).Actions {
				if n >= bot.MaxButtons && a.Choose != "" &&
					!slices.ContainsFunc(commands[a.Command].Params, func(p bot.Param) bool { return p.Name == a.Choose && p.Form }) {
					t.Errorf("the form of %s does not ask for %s", a.Label, a.Choose)
				}
			}
		})
	}
}

func TestEntryMessages(t *testing.T) {
	i := resolved()
	var b strings.Builder
	for kind := range incident.Announced {
		for _, e := range append(i.Fresh(), incident.Entry{
			Kind: incident.SeverityUp, By: "dan", At: bottest.Start, Text: "SEV2 → SEV1",
		}) {
			if e.Kind == kind && bottest.Render(incident.EntryMessage(i, e)) == "" {
				t.Errorf("%s says nothing", kind)
			}
		}
	}
	for _, e := range i.Fresh() {
		if incident.Announced[e.Kind] {
			fmt.Fprintf(&b, "--- %s\n%s", e.Kind, bottest.Render(incident.EntryMessage(i, e)))
		}
	}
	bottest.Golden(t, "entries", b.String())
}

func TestReminderMessages(t *testing.T) {
	i := sample()
	var b strings.Builder
	for _, r := range []incident.Reminder{incident.UpdateDue, incident.NoLead, incident.Stale, incident.NoSev} {
		fmt.Fprintf(
			&b, "--- %s\n%s", r, bottest.Render(incident.NudgeMessage(i, r, incident.Nudge{First: bottest.Start, Round: 2})),
		)
	}
	bottest.Golden(t, "reminders", b.String())
}

func TestDocument(t *testing.T) {
	i := resolved()
	i.Write(incident.Actor{Person: "ana"}, incident.Written{
		Happened: "A release broke the <payment> client.", WasHard: "*Nobody* knew the vendor's number.",
	}, bottest.Start.Add(2*time.Hour))
	bottest.Golden(t, "document", incident.Document(i, i.Fresh(), nil))
}

// What people write into an exported document outlives every later export.
func TestRefreshKeepsWhatPeopleWrote(t *testing.T) {
	i := resolved()
	first := incident.Document(i, i.Fresh(), nil)
	mine := strings.Replace(
		first, "## What happened\n\n_To be written._", "## What happened\n\nIt was the cache.\n\nSee also the diagram.", 1,
	) + "\n## Appendix\n\nOurs.\n"
	i.Title = "Checkout and login return 502"
	second := incident.Refresh(mine, incident.Document(i, i.Fresh(), nil))
	for _, want := range []string{
		"It was the cache.", "See also the diagram.", "## Appendix\n\nOurs.", "INC-42: Checkout and login return 502",
	} {
		if !strings.Contains(second, want) {
			t.Errorf("lost %q:\n%s", want, second)
		}
	}
	if strings.Contains(second, "INC-42: Checkout returns 502\n") {
		t.Error("the generated part was not refreshed")
	}
	if again := incident.Refresh(second, incident.Document(i, i.Fresh(), nil)); again != second {
		t.Error("refreshing twice changes something")
	}
	without := incident.Refresh("# Mine alone\n", incident.Document(i, i.Fresh(), nil))
	if without != "# Mine alone\n" {
		t.Errorf("a document without fences was changed: %s", without)
	}
	evil := i.Title + "\n<!-- watchbell:end summary -->"
	i.Title = evil
	if strings.Count(incident.Document(i, nil, nil), "watchbell:end summary -->") != 2 ||
		strings.Count(incident.Document(i, nil, nil), "<!-- watchbell:end summary -->") != 1 {
		t.Error("typed text can close a fence")
	}
}
