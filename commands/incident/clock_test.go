package incident_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/incident"
)

// A clock that is set back between two steps must not keep anybody from the next: what people do in order is stored in
// order.
func TestWorkGoesOnWhenTheClockStepsBack(t *testing.T) {
	for _, c := range []struct {
		name string
		back time.Duration
	}{{"two seconds", 2 * time.Second}, {"ten minutes", 10 * time.Minute}, {"an hour", time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.Do("dan", "/incident declare Clock steps back sev2")
				w.Clock.Move(-c.back)
				w.Do("ana", "/incident lead me INC-1")
				w.Do("ana", "/incident update INC-1 We roll back release 42")
				w.Do("ana", "/incident mitigate INC-1")
				w.Do("ana", "/incident resolve INC-1 Rolled back release 42")
				i := w.get("INC-1")
				if i.Acknowledged.Before(i.Declared) || i.Mitigated.Before(i.Acknowledged) || i.Times.Resolved.Before(i.Mitigated) {
					t.Errorf("out of order: %+v", i.Times)
				}
				entries, err := w.Store.Incidents().Timeline(t.Context(), "INC-1", 0)
				if err != nil {
					t.Fatal(err)
				}
				for k := 1; k < len(entries); k++ {
					if entries[k].Recorded.Before(entries[k-1].Recorded) {
						t.Errorf("%s is recorded before %s", entries[k].Kind, entries[k-1].Kind)
					}
				}
				w.Verify()
			})
		})
	}
}

// Zero is a time to detect like any other: whether the start is known is kept, not seen by the difference.
func TestAStartThatSomebodyNamedIsKnownAlsoWhenItIsTheDetection(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Do("ana", "/incident lead me INC-1")
		if w.get("INC-1").StartKnown {
			t.Error("nobody named a start yet")
		}
		w.Clock.Move(time.Minute)
		at := w.get("INC-1").Started.Format("2006-01-02 15:04:05")
		w.Do("ana", `/incident times INC-1 started="`+at+` UTC" detected="`+at+` UTC" why="the monitor saw it at once"`)
		w.Do("ana", "/incident resolve INC-1 Rolled back release 42")
		i := w.get("INC-1")
		if !i.StartKnown || !i.Started.Equal(i.Detected) {
			t.Errorf("start known: %v, started %s, detected %s", i.StartKnown, i.Started, i.Detected)
		}
		var facts, err = w.Store.Reports().Facts(t.Context(), i.Declared.Add(-time.Hour), w.Clock.Now().Add(time.Hour), nil)
		if err != nil || len(facts.Incidents) != 1 || !facts.Incidents[0].StartKnown {
			t.Errorf("%v: %+v", err, facts)
		}
		w.Verify()
	})
}

// Times that the bot writes into an entry are the reader's when they are read.
func TestTimesInEntriesAreTheReadersOwn(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[incident.EntryKind]string{
		incident.PausedEntry:   "Paused until 2026-11-29T07:00:00Z: waiting for the vendor",
		incident.ReminderEntry: "Reminder snoozed until 2026-11-29T07:00:00Z",
	} {
		t.Run(string(kind), func(t *testing.T) {
			if got := (incident.Entry{Kind: kind, Text: text}).Words().
				Plain(berlin); !strings.Contains(got, "29 Nov 08:00 CET") || strings.Contains(got, "07:00") {
				t.Errorf("%s reads %s", text, got)
			}
		})
	}
}
