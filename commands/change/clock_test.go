package change_test

import (
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change"
)

// A clock that is set back between two steps must not keep anybody from the next: what people do in order is stored in
// order.
func TestAChangeGoesOnWhenTheClockStepsBack(t *testing.T) {
	for name, back := range map[string]time.Duration{"a second": time.Second, "ten minutes": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				id := w.approved("ben")
				w.openWindow()
				w.Wait(20 * time.Minute) // into the window, so that it is open after each step back
				w.Do("dan", "/change start "+id)
				w.Clock.Move(-back)
				w.Do("dan", "/change done "+id)
				w.Clock.Move(-back / 2)
				w.Do("dan", "/change verify "+id+" ok")
				c := w.get(id)
				if c.State != change.Closed || c.Finished.Before(c.Started) || c.Ended.Before(c.Finished) ||
					c.Started.Before(c.Decided) {
					w.T.Errorf("%s, out of order: %+v", c.State, c.Times)
				}
				entries, err := w.Store.Changes().Entries(t.Context(), []int64{c.Number})
				if err != nil {
					w.T.Fatal(err)
				}
				list := entries[c.Number]
				for k := 1; k < len(list); k++ {
					if list[k].At.Before(list[k-1].At) {
						w.T.Errorf("%s is recorded before %s", list[k].Kind, list[k-1].Kind)
					}
				}
				w.Verify()
			})
		})
	}
}
