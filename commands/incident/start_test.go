package incident_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// hold declares an incident whose first job, which adds the others, has to wait. go on lets it run.
func (w *world) hold(declare string) (goOn func()) {
	w.T.Helper()
	exec := func(sql string, at time.Time) {
		if w.Store.Kind() == "postgres" {
			sql = strings.Replace(sql, "?", "$1", 1)
		}
		if r, err := w.Store.SQL().Exec(sql, at); err != nil {
			w.T.Fatal(err)
		} else if n, _ := r.RowsAffected(); n != 1 {
			w.T.Fatalf("a declare added %d jobs", n)
		}
	}
	r := w.Bot.Receive(w.T.Context(), bot.Request{
		Key: w.Key(), From: bot.Account{Platform: "test", User: "dan"}, Text: declare,
	})
	w.Done(r)
	exec("UPDATE jobs SET run_at = ?", w.Clock.Now().Add(time.Hour))
	return func() {
		exec("UPDATE jobs SET run_at = ? WHERE kind = 'incident.start-response'", w.Clock.Now())
		w.RunDue()
	}
}

func TestAnUpdateMayBeTheFirstToNeedTheRoom(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev2 service=payments")
		w.Do("ana", "/incident update INC-1 Vendor confirmed")
		before := w.saidIn(room)
		if strings.Count(before, "Vendor confirmed") != 2 ||
			strings.Index(before, "Checkout returns 502") > strings.Index(before, "Vendor confirmed") {
			t.Errorf("in the channel:\n%s", before)
		}
		goOn()
		if after := w.saidIn(room); after != before || len(w.Chat.Rooms()) != 1 {
			t.Errorf("in %q afterwards:\n%s", w.Chat.Rooms(), after)
		}
		if members := w.Chat.Members(room); !slices.Contains(members, "ben") {
			t.Errorf("members: %q", members)
		}
		w.Verify()
	})
}

func TestAnIncidentThatEndsAtOnceStillHasItsRoom(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev2 service=payments")
		for _, text := range []string{"/incident lead me INC-1", "/incident cancel INC-1 A false alarm"} {
			w.Done(w.Bot.Receive(w.T.Context(), bot.Request{
				Key: w.Key(), From: bot.Account{Platform: "test", User: "ana"}, Text: text,
			}))
		}
		w.RunDue()
		if len(w.Chat.Rooms()) != 0 {
			t.Errorf("channels: %q", w.Chat.Rooms())
		}
		goOn()
		said := w.saidIn(room)
		if !strings.Contains(said, "INC-1 is cancelled") || strings.Count(w.saidIn("incidents"), "INC-1 is cancelled") != 1 {
			t.Errorf("in the channel:\n%s\namong all:\n%s", said, w.saidIn("incidents"))
		}
		w.Verify()
	})
}

func TestADeclareAddsOneJob(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev1 service=payments")
		if len(w.Chat.Rooms()) != 0 {
			t.Errorf("channels: %q", w.Chat.Rooms())
		}
		goOn()
		if len(w.Chat.Rooms()) != 1 {
			t.Errorf("channels: %q", w.Chat.Rooms())
		}
	})
}

// Two who act at once may be let in in another order than they came, and the clocks of two servers differ a little.
func TestTheClockOfAnotherServerIsBehind(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3")
		w.Do("ana", "/incident lead me INC-1")
		w.Clock.Move(-2 * time.Second)
		w.Do("ana", "/incident resolve INC-1 Rolled back release 42")
		i, err := w.Store.Incidents().Get(context.Background(), "INC-1")
		if err != nil || !i.Resolved.Equal(i.Acknowledged) {
			t.Errorf("resolved %s, acknowledged %s, %v", i.Resolved, i.Acknowledged, err)
		}
	})
}
