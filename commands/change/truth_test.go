package change_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/incident/response"
)

// running is a change that dan has requested and started.
func running(w *world) string {
	w.t.Helper()
	w.ok("dan", `/change emergency Fail over service=wiki why="The wiki is down for everybody"`)
	return "CHG-1"
}

func TestARollbackIsToldForGood(t *testing.T) {
	each(t, func(w *world) {
		id := running(w)
		says := func(when string, want ...string) {
			w.t.Helper()
			for name, text := range map[string]string{"card": w.card(id), "list": w.ok("dan", "/change list all"), "details": w.ok("dan", "/change show "+id)} {
				for _, part := range want {
					if !strings.Contains(text, part) {
						w.t.Errorf("%s: the %s does not say %q:\n%s", when, name, part, text)
					}
				}
			}
		}
		w.ok("dan", "/change rollback "+id+" Replicas do not follow")
		says("under way", "Replicas do not follow")
		w.ok("dan", "/change done "+id)
		says("done", "Rolled back: Replicas do not follow")
		w.ok("dan", "/change review "+id+" outcome=failed The runbook was for the old version")
		says("reviewed", "Rolled back: Replicas do not follow")
		if card := w.card(id); !strings.Contains(card, "Review: The runbook was for the old version") {
			t.Errorf("the review is not on the card:\n%s", card)
		}
		w.verify()
	})
}

// Earlier records hold the reason as their note only.
func TestARollbackOfAnEarlierRecordIsToldToo(t *testing.T) {
	c := &change.Change{Outcome: policy.RolledBack, OutcomeNote: "Replicas do not follow"}
	if why, back := c.WentBack(); !back || why != "Replicas do not follow" {
		t.Errorf("went back %v: %q", back, why)
	}
	if why, back := (&change.Change{Outcome: policy.Success, OutcomeNote: "Fine"}).WentBack(); back {
		t.Errorf("a success went back: %q", why)
	}
}

// The incident's channel hears of it at once, in one line, and its card shows it.
func TestAnIncidentShowsTheChangesThatAreLinkedToItAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.ok("dan", "/incident declare Wiki is down sev2 service=billing")
		room := "inc-1-wiki-is-down"
		shows := func(want ...string) {
			w.t.Helper()
			card := w.chat.In(room)[0].Message.Plain(time.UTC)
			for _, part := range want {
				if !strings.Contains(card, part) {
					w.t.Errorf("the card does not say %q:\n%s", part, card)
				}
			}
		}
		heard := func(want string, times int) {
			w.t.Helper()
			n := 0
			for _, m := range w.chat.In(room)[1:] {
				if strings.Contains(m.Message.Plain(time.UTC), want) {
					n++
				}
			}
			if n != times {
				w.t.Errorf("the channel heard %q %d times, want %d", want, n, times)
			}
		}
		w.ok("dan", "/change emergency Fail over service=wiki incident=INC-1")
		shows("to fix it: CHG-1 Fail over (under way since 25 Nov 14:02 UTC")
		heard("CHG-1 is to fix this. — @Dan Weber", 1)
		w.ok("dan", "/change done CHG-1")
		shows("to fix it: CHG-1 Fail over (done 25 Nov 14:02 UTC")
		w.ok("dan", "/change link CHG-1 INC-1 caused")
		shows("caused it: CHG-1")
		heard("CHG-1 caused this. — @Dan Weber", 1)
		w.ok("dan", "/change link CHG-1 INC-1 unrelated")
		heard("CHG-1 is not related. — @Dan Weber", 1)
		if card := w.chat.In(room)[0].Message.Plain(time.UTC); strings.Contains(card, "CHG-1") {
			t.Errorf("the card still shows what is not related:\n%s", card)
		}
		w.verify()
	})
}

// A link to an incident that does not exist harms nothing.
func TestALinkToNoIncidentTellsNobody(t *testing.T) {
	each(t, func(w *world) {
		w.ok("dan", "/change emergency Fail over service=wiki incident=INC-7")
		w.verify()
	})
}

// Each place once: two platforms attached, an account on both, one message on each.
func TestPeopleAreToldOfAChangeOnceInEachPlace(t *testing.T) {
	each(t, func(w *world) {
		people := bottest.People("test")
		for n, p := range people {
			people[n].Accounts = append(p.Accounts, bot.Account{Platform: "other", User: string(p.ID)})
		}
		if err := w.store.SyncPeople(context.Background(), people, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		other := bottest.NewRecorder()
		other.Platform = "other"
		w.bot.Attach(other)
		id := running(w)
		w.ok("ana", "/change rollback "+id+" Replicas do not follow")
		for _, chat := range []*bottest.Recorder{w.chat, other} {
			n := 0
			for _, m := range chat.In("@dan") {
				if strings.Contains(m.Message.Plain(time.UTC), "Rolls back: Replicas do not follow") {
					n++
				}
			}
			if n != 1 {
				t.Errorf("on %s dan was told %d times, want once", chat.Platform, n)
			}
		}
	})
}

var _ response.Changes = near{}
