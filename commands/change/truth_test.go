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
	w.T.Helper()
	w.Do("dan", `/change emergency Fail over service=wiki why="The wiki is down for everybody"`)
	return "CHG-1"
}

func TestARollbackIsToldForGood(t *testing.T) {
	each(t, func(w *world) {
		id := running(w)
		says := func(when string, want ...string) {
			w.T.Helper()
			for name, text := range map[string]string{
				"card": w.card(id), "list": bottest.Text(w.Do("dan", "/change list all")),
				"details": bottest.Text(w.Do("dan", "/change show "+id)),
			} {
				for _, part := range want {
					if !strings.Contains(text, part) {
						w.T.Errorf("%s: the %s does not say %q:\n%s", when, name, part, text)
					}
				}
			}
		}
		w.Do("dan", "/change rollback "+id+" Replicas do not follow")
		says("under way", "Replicas do not follow")
		w.Do("dan", "/change done "+id)
		says("done", "Rolled back: Replicas do not follow")
		w.Do("dan", "/change review "+id+" outcome=failed The runbook was for the old version")
		says("reviewed", "Rolled back: Replicas do not follow")
		if card := w.card(id); !strings.Contains(card, "Review: The runbook was for the old version") {
			t.Errorf("the review is not on the card:\n%s", card)
		}
		w.Verify()
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
		w.Do("dan", "/incident declare Wiki is down sev2 service=billing")
		room := "inc-1-wiki-is-down"
		shows := func(want ...string) {
			w.T.Helper()
			card := w.Chat.In(room)[0].Message.Plain(time.UTC)
			for _, part := range want {
				if !strings.Contains(card, part) {
					w.T.Errorf("the card does not say %q:\n%s", part, card)
				}
			}
		}
		heard := func(want string, times int) {
			w.T.Helper()
			n := 0
			for _, m := range w.Chat.In(room)[1:] {
				if strings.Contains(m.Message.Plain(time.UTC), want) {
					n++
				}
			}
			if n != times {
				w.T.Errorf("the channel heard %q %d times, want %d", want, n, times)
			}
		}
		w.Do("dan", "/change emergency Fail over service=wiki incident=INC-1")
		shows("to fix it: CHG-1 Fail over (under way since 25 Nov 14:02 UTC")
		heard("CHG-1 is to fix this. — @Dan Weber", 1)
		w.Do("dan", "/change done CHG-1")
		shows("to fix it: CHG-1 Fail over (done 25 Nov 14:02 UTC")
		w.Do("dan", "/change link CHG-1 INC-1 caused")
		shows("caused it: CHG-1")
		heard("CHG-1 caused this. — @Dan Weber", 1)
		w.Do("dan", "/change link CHG-1 INC-1 unrelated")
		heard("CHG-1 is not related. — @Dan Weber", 1)
		if card := w.Chat.In(room)[0].Message.Plain(time.UTC); strings.Contains(card, "CHG-1") {
			t.Errorf("the card still shows what is not related:\n%s", card)
		}
		w.Verify()
	})
}

// A link to an incident that does not exist harms nothing.
func TestALinkToNoIncidentTellsNobody(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/change emergency Fail over service=wiki incident=INC-7")
		w.Verify()
	})
}

// Each place once: two platforms attached, an account on both, one message on each.
func TestPeopleAreToldOfAChangeOnceInEachPlace(t *testing.T) {
	each(t, func(w *world) {
		people := bottest.People("test")
		for n, p := range people {
			people[n].Accounts = append(p.Accounts, bot.Account{Platform: "other", User: string(p.ID)})
		}
		if err := w.Store.SyncPeople(context.Background(), people, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		other := bottest.NewRecorder()
		other.Platform = "other"
		w.Bot.Attach(other)
		id := running(w)
		w.Do("ana", "/change rollback "+id+" Replicas do not follow")
		for _, chat := range []*bottest.Recorder{w.Chat, other} {
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
