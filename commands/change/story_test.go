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
			w.t.Fatalf("%s %s %d %+v", c.State, c.Risk.Level, c.Risk.Score, c.Needs.Stages)
		}
		w.no("dan", "/change approve "+id+" r1", "You requested CHG-1")
		w.no("ben", "/change approve "+id, "name the revision that you looked at")
		w.no("chloe", "/change approve "+id+" r1", "not the turn")
		w.ok("ben", "/change approve "+id+" r1 looks fine")
		w.no("ben", "/change approve "+id+" r1 stage=approval", "each person counts once")
		w.state(id, change.Pending)
		w.ok("chloe", "/change approve "+id+" r1")
		w.state(id, change.Approved)
		if card := w.card(id); !strings.Contains(card, "Scheduled") || !strings.Contains(card, "@Ben Okafor") {
			w.t.Error(card)
		}
		w.no("dan", "/change start "+id, "Its window opens")
		w.openWindow()
		if card := w.card(id); !strings.Contains(card, "Ready") {
			w.t.Error(card)
		}
		w.no("ben", "/change start "+id, "carried out by @dan")
		w.ok("dan", "/change start "+id)
		w.no("dan", "/change start "+id, "under way")
		w.ok("dan", "/change rollback "+id+" Replicas do not follow")
		w.ok("dan", "/change done "+id)
		w.state(id, change.Review)
		w.no("dan", "/change review "+id+" outcome=success All fine", "It was rolled back")
		w.ok("dan", "/change review "+id+" outcome=rolled_back The new size has another kernel")
		if c := w.get(id); c.State != change.Closed || c.Outcome != policy.RolledBack {
			w.t.Error(c.State, c.Outcome)
		}
		w.verify()
	})
}

func TestButtonsCarryAChangeThrough(t *testing.T) {
	each(t, func(w *world) {
		r := w.send("dan", bot.Request{Shortcut: "change.new"})
		if r.Form == nil || len(r.Form.Inputs) != 18 {
			w.t.Fatalf("%+v", r)
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
			w.t.Errorf("marked as required: %s", got)
		}
		maps.Copy(values, map[string]string{"title": "Update the wiki", "service": "wiki", "env": "prod", "why": "Security fixes", "start": "2026-11-26T21:00:00Z", "end": "30m", "backout": "Restore the snapshot",
			"users": "none", "tested": "yes", "backout-tested": "yes", "systems": "one", "novelty": "routine"})
		r = w.send("dan", bot.Request{Token: r.Form.Token, Values: values})
		if r.Form == nil || inputNamed(r.Form, "plan").Error == "" {
			w.t.Fatalf("nothing says that the plan is needed: %s", plain(r))
		}
		values["plan"] = "apt upgrade"
		r = w.send("dan", bot.Request{Token: r.Form.Token, Values: values})
		if r.Status != bot.Done {
			w.t.Fatal(plain(r))
		}
		if c := w.get("CHG-1"); c.Risk.Level != policy.Low || c.State != change.Pending {
			w.t.Fatal(c.Risk, c.State)
		}
		if told := w.told("chloe"); len(told) != 1 || !strings.Contains(told[0], "Your decision is needed") {
			w.t.Error(told)
		}
		if r = w.press("chloe", "Approve"); r.Status != bot.Done || !strings.Contains(plain(r), "is approved") {
			w.t.Fatal(plain(r))
		}
		w.openWindow()
		if r = w.press("dan", "Start"); r.Status != bot.Done {
			w.t.Fatal(plain(r))
		}
		if r = w.press("dan", "Done"); r.Status != bot.Done {
			w.t.Fatal(plain(r))
		}
		if r = w.press("dan", "It works"); r.Status != bot.Done {
			w.t.Fatal(plain(r))
		}
		w.state("CHG-1", change.Closed)
		w.verify()
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

// A draft is completed in one form, which shows what it has.
func TestADraftIsCompletedInOneForm(t *testing.T) {
	each(t, func(w *world) {
		r := w.say("dan", "/change new title=\"Update the wiki\" service=wiki env=prod why=\"Security fixes\"")
		edit := w.send("dan", bot.Request{Token: action(r, "Edit").Token})
		if edit.Form == nil || inputNamed(edit.Form, "title").Value != "Update the wiki" || inputNamed(edit.Form, "start").Kind != bot.TimeInput {
			w.t.Fatalf("%+v", edit)
		}
		r = w.send("dan", bot.Request{Token: edit.Form.Token, Values: map[string]string{"plan": "apt upgrade", "start": "tomorrow 22:00", "end": "30m", "outage": "none"}})
		if !strings.Contains(plain(r), "Nothing is missing") || action(r, "Submit").Command == "" {
			w.t.Fatal(plain(r))
		}
		// The time is the same however a picker spells it, so nothing is changed by it.
		edit = w.send("dan", bot.Request{Token: action(r, "Edit").Token})
		start := inputNamed(edit.Form, "start")
		if start.Time.IsZero() {
			w.t.Fatalf("a picker cannot show %q", start.Value)
		}
		before := w.get("CHG-1")
		r = w.send("dan", bot.Request{Token: edit.Form.Token, Values: map[string]string{"start": start.Time.UTC().Format(time.RFC3339), "why": "Security fixes of May"}})
		if c := w.get("CHG-1"); r.Status != bot.Done || c.Window != before.Window || c.Why != "Security fixes of May" {
			w.t.Errorf("%s: %+v, before %+v", plain(r), c.Window, before.Window)
		}
	})
}

// Whoever has no vote is told when they press the button, not after they filled in its form.
func TestWhoHasNoVoteIsRefusedBeforeTheForm(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "novelty=first data=no tested=no backout-tested=no")
		for who, want := range map[string]string{"dan": "You requested " + id, "mia": "These can"} {
			for _, label := range []string{"Approve", "Reject", "Ask"} {
				if r := w.press(who, label); r.Form != nil || r.Status != bot.Refused || !strings.Contains(plain(r), want) {
					w.t.Errorf("%s presses %s: %s %s", who, label, r.Status, plain(r))
				}
			}
		}
		if r := w.press("chloe", "Approve"); r.Form != nil || !strings.Contains(plain(r), "not the turn") {
			w.t.Errorf("whose turn has not come gets %s", plain(r))
		}
		r := w.press("ben", "Approve")
		if r.Form == nil || len(r.Form.Intro) == 0 {
			w.t.Fatalf("who can vote gets %s", plain(r))
		}
		if r = w.send("ben", bot.Request{Token: r.Form.Token, Values: map[string]string{"comment": "looks fine"}}); r.Status != bot.Done {
			w.t.Error(plain(r))
		}
	})
}

// A vote given on the card is seen there; one given on what somebody was sent alone is not, so they are told.
func TestAVoteIsAcknowledgedWhereNoCardShowsIt(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", lowRisk)
		var card, ask bottest.Recorded
		for _, m := range w.chat.Messages() {
			switch {
			case strings.HasPrefix(m.Key, bot.CardKey("change", id, "test")):
				card = m
			case strings.HasPrefix(m.Ref.Channel, "@") && len(m.Message.Actions) > 0:
				ask = m
			}
		}
		who := strings.TrimPrefix(ask.Ref.Channel, "@")
		token := w.button("Approve").Token
		if r := w.send(who, bot.Request{Token: token, Place: ask.Ref.Conversation, On: ask.Ref.ID}); r.Status != bot.Done || r.Shown {
			w.t.Errorf("on what %s was sent: %s %v %s", who, r.Status, r.Shown, plain(r))
		}
		if r := w.send(who, bot.Request{Text: "/change withdraw " + id + " I looked at another one", Place: card.Ref.Conversation, On: card.Ref.ID}); r.Status != bot.Done || !r.Shown {
			w.t.Errorf("on the card: %s %v %s", r.Status, r.Shown, plain(r))
		}
	})
}

func action(r bot.Reply, label string) bot.Action {
	if r.Message != nil {
		for _, a := range r.Message.Actions {
			if a.Label == label {
				return a
			}
		}
	}
	return bot.Action{Token: "no button " + label}
}

func TestAnEmergencyStartsAtOnceAndOwesItsApproval(t *testing.T) {
	each(t, func(w *world) {
		w.no("mia", "/change emergency Fail over to the standby service=billing-db why=\"Checkout is down for all of Europe\"", "may not start an emergency")
		w.no("dan", "/change emergency Fail over to the standby service=billing-db why=\"broken\"", "at least 20 characters")
		w.ok("dan", "/change emergency Fail over to the standby service=billing-db why=\"Checkout is down for all of Europe\"")
		c := w.get("CHG-1")
		if c.State != change.Implementing || len(c.Duties) != 2 {
			w.t.Fatal(c.State, c.Duties)
		}
		w.ok("dan", "/change done CHG-1")
		w.ok("dan", "/change verify CHG-1 ok")
		w.state("CHG-1", change.Review)
		w.ok("dan", "/change review CHG-1 outcome=success The standby took over in a minute")
		w.state("CHG-1", change.Review) // the approval is still owed
		w.wait(5 * 24 * time.Hour)
		if told := strings.Join(w.told("dan"), "\n"); !strings.Contains(told, "approval afterwards is overdue") {
			w.t.Error(told)
		}
		w.no("dan", "/change approve CHG-1 r1", "You requested")
		w.ok("ben", "/change approve CHG-1 r1")
		w.ok("chloe", "/change approve CHG-1 r1")
		w.state("CHG-1", change.Closed)
		w.verify()
	})
}
