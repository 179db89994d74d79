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
	w.t.Helper()
	exec := func(sql string, at time.Time) {
		if w.store.Kind() == "postgres" {
			sql = strings.Replace(sql, "?", "$1", 1)
		}
		if r, err := w.store.SQL().Exec(sql, at); err != nil {
			w.t.Fatal(err)
		} else if n, _ := r.RowsAffected(); n != 1 {
			w.t.Fatalf("a declare added %d jobs", n)
		}
	}
	r := w.bot.Receive(w.t.Context(), bot.Request{Key: w.key(), From: bot.Account{Platform: "test", User: "dan"}, Text: declare})
	w.done(r)
	exec("UPDATE jobs SET run_at = ?", w.clock.Now().Add(time.Hour))
	return func() {
		exec("UPDATE jobs SET run_at = ? WHERE kind = 'incident.start-response'", w.clock.Now())
		w.settle()
	}
}

func TestAnUpdateMayBeTheFirstToNeedTheRoom(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev2 service=payments")
		w.done(w.say("ana", "/incident update INC-1 Vendor confirmed"))
		before := w.saidIn(room)
		if strings.Count(before, "Vendor confirmed") != 2 || strings.Index(before, "Checkout returns 502") > strings.Index(before, "Vendor confirmed") {
			t.Errorf("in the channel:\n%s", before)
		}
		goOn()
		if after := w.saidIn(room); after != before || len(w.chat.Rooms()) != 1 {
			t.Errorf("in %q afterwards:\n%s", w.chat.Rooms(), after)
		}
		if members := w.chat.Members(room); !slices.Contains(members, "ben") {
			t.Errorf("members: %q", members)
		}
		w.verify()
	})
}

func TestAnIncidentThatEndsAtOnceStillHasItsRoom(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev2 service=payments")
		for _, text := range []string{"/incident lead me INC-1", "/incident cancel INC-1 A false alarm"} {
			w.done(w.bot.Receive(w.t.Context(), bot.Request{Key: w.key(), From: bot.Account{Platform: "test", User: "ana"}, Text: text}))
		}
		w.settle()
		if len(w.chat.Rooms()) != 0 {
			t.Errorf("channels: %q", w.chat.Rooms())
		}
		goOn()
		said := w.saidIn(room)
		if !strings.Contains(said, "INC-1 is cancelled") || strings.Count(w.saidIn("incidents"), "INC-1 is cancelled") != 1 {
			t.Errorf("in the channel:\n%s\namong all:\n%s", said, w.saidIn("incidents"))
		}
		w.verify()
	})
}

func TestADeclareAddsOneJob(t *testing.T) {
	each(t, func(w *world) {
		goOn := w.hold("/incident declare Checkout returns 502 sev1 service=payments")
		if len(w.chat.Rooms()) != 0 {
			t.Errorf("channels: %q", w.chat.Rooms())
		}
		goOn()
		if len(w.chat.Rooms()) != 1 {
			t.Errorf("channels: %q", w.chat.Rooms())
		}
	})
}

// Two who act at once may be let in in another order than they came, and the clocks of two servers differ a little.
func TestTheClockOfAnotherServerIsBehind(t *testing.T) {
	each(t, func(w *world) {
		w.done(w.say("dan", "/incident declare Checkout returns 502 sev3"))
		w.done(w.say("ana", "/incident lead me INC-1"))
		w.clock.Move(-2 * time.Second)
		w.done(w.say("ana", "/incident resolve INC-1 Rolled back release 42"))
		i, err := w.store.Incidents().Get(context.Background(), "INC-1")
		if err != nil || !i.Resolved.Equal(i.Acknowledged) {
			t.Errorf("resolved %s, acknowledged %s, %v", i.Resolved, i.Acknowledged, err)
		}
	})
}
