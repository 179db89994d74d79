package change_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

func TestARiskyChangeFromRequestToReview(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "novelty=first data=no tested=no backout-tested=no")
		c := w.get(id)
		if c.State != change.Pending || c.Risk.Level != policy.High || len(c.Needs.Stages) != 2 {
			w.T.Fatalf("%s %s %d %+v", c.State, c.Risk.Level, c.Risk.Score, c.Needs.Stages)
		}
		w.Refused("dan", "/change approve "+id+" r1", "You requested CHG-1")
		w.Refused("ben", "/change approve "+id, "name the revision that you looked at")
		w.Refused("chloe", "/change approve "+id+" r1", "not the turn")
		w.Do("ben", "/change approve "+id+" r1 looks fine")
		w.Refused("ben", "/change approve "+id+" r1 stage=approval", "each person counts once")
		w.state(id, change.Pending)
		w.Do("chloe", "/change approve "+id+" r1")
		w.state(id, change.Approved)
		if card := w.card(id); !strings.Contains(card, "Scheduled") || !strings.Contains(card, "@Ben Okafor") {
			w.T.Error(card)
		}
		w.Refused("dan", "/change start "+id, "Its window opens")
		w.openWindow()
		if card := w.card(id); !strings.Contains(card, "Ready") {
			w.T.Error(card)
		}
		w.Refused("ben", "/change start "+id, "carried out by @dan")
		w.Do("dan", "/change start "+id)
		w.Refused("dan", "/change start "+id, "under way")
		w.Do("dan", "/change rollback "+id+" Replicas do not follow")
		w.Do("dan", "/change done "+id)
		w.state(id, change.Review)
		w.Refused("dan", "/change review "+id+" outcome=success All fine", "It was rolled back")
		w.Do("dan", "/change review "+id+" outcome=rolled_back The new size has another kernel")
		if c := w.get(id); c.State != change.Closed || c.Outcome != policy.RolledBack {
			w.T.Error(c.State, c.Outcome)
		}
		w.Verify()
	})
}

func TestButtonsCarryAChangeThrough(t *testing.T) {
	each(t, func(w *world) {
		r := w.Send("dan", bot.Request{Shortcut: "change.new"})
		if r.Form == nil || len(r.Form.Inputs) != 18 {
			w.T.Fatalf("%+v", r)
		}
		values := map[string]string{}
		var marked []string
		for _, in := range r.Form.Inputs {
			values[in.Name] = in.Value
			if in.Required {
				marked = append(marked, in.Name)
			}
		}
		if got := strings.Join(marked, " "); got != "title service env why plan start end" {
			w.T.Errorf("marked as required: %s", got)
		}
		maps.Copy(values, map[string]string{
			"title": "Update the wiki", "service": "wiki", "env": "prod", "why": "Security fixes",
			"start": "2026-11-26T21:00:00Z", "end": "30m", "backout": "Restore the snapshot",
			"users": "none", "tested": "yes", "backout-tested": "yes", "systems": "one", "novelty": "routine",
		})
		r = w.Submit("dan", r.Form, values)
		if r.Form == nil || bottest.InputOf(r.Form, "plan").Error == "" {
			w.T.Fatalf("nothing says that the plan is needed: %s", bottest.Text(r))
		}
		values["plan"] = "apt upgrade"
		r = w.Submit("dan", r.Form, values)
		if r.Status != bot.Done {
			w.T.Fatal(bottest.Text(r))
		}
		if c := w.get("CHG-1"); c.Risk.Level != policy.Low || c.State != change.Pending {
			w.T.Fatal(c.Risk, c.State)
		}
		if told := w.Told("chloe"); len(told) != 1 || !strings.Contains(told[0], "Your decision is needed") {
			w.T.Error(told)
		}
		if r = w.Click("chloe", "Approve"); r.Status != bot.Done || !strings.Contains(bottest.Text(r), "is approved") {
			w.T.Fatal(bottest.Text(r))
		}
		w.openWindow()
		w.Done(w.Click("dan", "Start"))
		w.Done(w.Click("dan", "Done"))
		w.Done(w.Click("dan", "It works"))
		w.state("CHG-1", change.Closed)
		w.Verify()
	})
}

// A draft is completed in one form, which shows what it has.
func TestADraftIsCompletedInOneForm(t *testing.T) {
	each(t, func(w *world) {
		r := w.Type("dan", "/change new title=\"Update the wiki\" service=wiki env=prod why=\"Security fixes\"")
		edit := w.Send("dan", bot.Request{Token: bottest.ActionOf(r.Message, "Edit").Token})
		if edit.Form == nil || bottest.InputOf(edit.Form, "title").Value != "Update the wiki" ||
			bottest.InputOf(edit.Form, "start").Kind != bot.TimeInput {
			w.T.Fatalf("%+v", edit)
		}
		r = w.Submit("dan", edit.Form, map[string]string{
			"plan": "apt upgrade", "start": "tomorrow 22:00", "end": "30m", "outage": "none",
		})
		if !strings.Contains(bottest.Text(r), "Nothing is missing") || bottest.ActionOf(r.Message, "Submit").Command == "" {
			w.T.Fatal(bottest.Text(r))
		}
		// The time is the same however a picker spells it, so nothing is changed by it.
		edit = w.Send("dan", bot.Request{Token: bottest.ActionOf(r.Message, "Edit").Token})
		start := bottest.InputOf(edit.Form, "start")
		if start.Time.IsZero() {
			w.T.Fatalf("a picker cannot show %q", start.Value)
		}
		before := w.get("CHG-1")
		r = w.Submit("dan", edit.Form, map[string]string{
			"start": start.Time.UTC().Format(time.RFC3339), "why": "Security fixes of May",
		})
		if c := w.get("CHG-1"); r.Status != bot.Done || c.Window != before.Window || c.Why != "Security fixes of May" {
			w.T.Errorf("%s: %+v, before %+v", bottest.Text(r), c.Window, before.Window)
		}
	})
}

// Whoever has no vote is told when they press the button, not after they filled in its form.
func TestWhoHasNoVoteIsRefusedBeforeTheForm(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "novelty=first data=no tested=no backout-tested=no")
		for who, want := range map[string]string{"dan": "You requested " + id, "mia": "These can"} {
			for _, label := range []string{"Approve", "Reject", "Ask"} {
				w.Run(who+" presses "+label, func(t *testing.T) {
					if r := w.Click(who, label); r.Form != nil || r.Status != bot.Refused || !strings.Contains(bottest.Text(r), want) {
						w.T.Errorf("%s presses %s: %s %s", who, label, r.Status, bottest.Text(r))
					}
				})
			}
		}
		if r := w.Click("chloe", "Approve"); r.Form != nil || !strings.Contains(bottest.Text(r), "not the turn") {
			w.T.Errorf("whose turn has not come gets %s", bottest.Text(r))
		}
		r := w.Click("ben", "Approve")
		if r.Form == nil || len(r.Form.Intro) == 0 {
			w.T.Fatalf("who can vote gets %s", bottest.Text(r))
		}
		if r = w.Submit("ben", r.Form, map[string]string{"comment": "looks fine"}); r.Status != bot.Done {
			w.T.Error(bottest.Text(r))
		}
	})
}

// A vote given on the card is seen there; one given on what somebody was sent alone is not, so they are told.
func TestAVoteIsAcknowledgedWhereNoCardShowsIt(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		var card, ask bottest.Recorded
		for _, m := range w.Chat.Messages() {
			switch {
			case strings.HasPrefix(m.Key, bot.CardKey("change", id, "test")):
				card = m
			case strings.HasPrefix(m.Ref.Channel, "@") && len(m.Message.Actions) > 0:
				ask = m
			}
		}
		who := strings.TrimPrefix(ask.Ref.Channel, "@")
		token := w.Button("Approve").Token
		if r := w.Send(who, bot.Request{Token: token, Place: ask.Ref.Conversation, On: ask.Ref.ID}); r.Status != bot.Done ||
			r.Shown {
			w.T.Errorf("on what %s was sent: %s %v %s", who, r.Status, r.Shown, bottest.Text(r))
		}
		if r := w.Send(who, bot.Request{
			Text: "/change withdraw " + id + " I looked at another one", Place: card.Ref.Conversation, On: card.Ref.ID,
		}); r.Status != bot.Done || !r.Shown {
			w.T.Errorf("on the card: %s %v %s", r.Status, r.Shown, bottest.Text(r))
		}
	})
}

func TestAnEmergencyStartsAtOnceAndOwesItsApproval(t *testing.T) {
	each(t, func(w *world) {
		w.Refused(
			"mia", "/change emergency Fail over to the standby service=billing-db why=\"Checkout is down for all of Europe\"",
			"may not start an emergency",
		)
		w.Refused(
			"dan", "/change emergency Fail over to the standby service=billing-db why=\"broken\"", "at least 20 characters",
		)
		w.Do(
			"dan", "/change emergency Fail over to the standby service=billing-db why=\"Checkout is down for all of Europe\"",
		)
		c := w.get("CHG-1")
		if c.State != change.Implementing || len(c.Duties) != 2 {
			w.T.Fatal(c.State, c.Duties)
		}
		w.Do("dan", "/change done CHG-1")
		w.Do("dan", "/change verify CHG-1 ok")
		w.state("CHG-1", change.Review)
		w.Do("dan", "/change review CHG-1 outcome=success The standby took over in a minute")
		w.state("CHG-1", change.Review) // the approval is still owed
		w.Wait(5 * 24 * time.Hour)
		if told := strings.Join(w.Told("dan"), "\n"); !strings.Contains(told, "approval afterwards is overdue") {
			w.T.Error(told)
		}
		w.Refused("dan", "/change approve CHG-1 r1", "You requested")
		w.Do("ben", "/change approve CHG-1 r1")
		w.Do("chloe", "/change approve CHG-1 r1")
		w.state("CHG-1", change.Closed)
		w.Verify()
	})
}
