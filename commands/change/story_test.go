package change_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

func TestARiskyChangeFromRequestToReview(t *testing.T) {
	each(t, func(w *world) {
		id := w.request("dan", "novelty=first data=no tested=no backout-tested=no")
		c := w.get(id)
		if c.State != change.Pending || c.Risk.Level != change.High || len(c.Needs.Stages) != 2 {
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
		if c := w.get(id); c.State != change.Closed || c.Outcome != change.RolledBack {
			w.t.Error(c.State, c.Outcome)
		}
		w.verify()
	})
}

func TestButtonsCarryAChangeThrough(t *testing.T) {
	each(t, func(w *world) {
		r := w.send("dan", bot.Request{Shortcut: "change.new"})
		if r.Form == nil || len(r.Form.Inputs) != 5 {
			w.t.Fatalf("%+v", r)
		}
		r = w.send("dan", bot.Request{Token: r.Form.Token, Values: map[string]string{"title": "Update the wiki", "service": "wiki", "env": "prod", "why": "Security fixes", "plan": "apt upgrade"}})
		if r.Status != bot.Done || !strings.Contains(plain(r), "Still missing: start, end") {
			w.t.Fatal(plain(r))
		}
		r = w.send("dan", bot.Request{Token: action(r, "Window and backout").Token})
		r = w.send("dan", bot.Request{Token: r.Form.Token, Values: map[string]string{"start": "tomorrow 22:00", "end": "30m", "backout": "Restore the snapshot"}})
		if !strings.Contains(plain(r), "Nothing is missing") {
			w.t.Fatal(plain(r))
		}
		risk := w.send("dan", bot.Request{Token: action(r, "Risk").Token})
		if len(risk.Form.Inputs) != 5 {
			w.t.Fatal(risk.Form)
		}
		r = w.send("dan", bot.Request{Token: risk.Form.Token, Values: map[string]string{"users": "none", "tested": "yes", "backout-tested": "yes", "systems": "one", "novelty": "routine"}})
		r = w.send("dan", bot.Request{Token: action(r, "Submit").Token})
		if r.Status != bot.Done {
			w.t.Fatal(plain(r))
		}
		if c := w.get("CHG-1"); c.Risk.Level != change.Low || c.State != change.Pending {
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
