package vendor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/registertest"
	"github.com/watchbell/watchbell/commands/register/vendor"
)

func TestKind(t *testing.T) {
	registertest.Kind(t, vendor.Kind, registertest.Options{})
}

func day(y int, m time.Month, d int) value.Day { return value.Day{Year: y, Month: m, Day: d} }

// A vendor is added, edited and reviewed; a critical one twice a year.
func TestAVendorIsReviewed(t *testing.T) {
	registertest.Each(t, func(w *registertest.World) {
		review := func() value.Day { return w.DueOf("VEN-1", "review").On }
		w.Do("dan", "/ops vendor add Datadog tier=routine")
		if review() != day(2027, 11, 25) {
			w.T.Errorf("a routine vendor is reviewed on %s", review())
		}
		w.Do("dan", "/ops vendor edit VEN-1 tier=critical")
		if review() != day(2027, 5, 25) {
			w.T.Errorf("a critical vendor is reviewed on %s", review())
		}
		w.Refused("ben", "/ops vendor review VEN-1 quality=4 delivery=3 price=2 security=5", "Only the owner of VEN-1")
		w.Refused("dan", "/ops vendor review VEN-1 quality=6 delivery=3 price=2 security=5", "from 1 to 5")
		w.Refused("dan", "/ops vendor edit VEN-1 assured-until=2027-03-31", `assurance="SOC 2"`)
		w.Do("dan", `/ops vendor edit VEN-1 assurance="SOC 2" assured-until=2027-03-31`)
		if d := w.DueOf("VEN-1", "assurance"); d.On != day(2027, 3, 31) || !slices.Equal(d.Ladder, []int{60, 30, 14, 7, 0}) ||
			!strings.Contains(d.Text, "SOC 2 ends") {
			w.T.Errorf("assurance: %+v", d)
		}
		w.Do("dan", `/ops vendor edit VEN-1 assurance="" assured-until=""`)
		if d := w.DueOf("VEN-1", "assurance"); !d.Settled() {
			w.T.Errorf("an assurance that was taken away is due: %+v", d)
		}
		w.WaitUntil(time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC))
		w.Contains(bottest.Text(w.Do("dan", "/ops vendor card datadog")), "Nobody is named yet")
		w.Contains(bottest.Text(w.Do("dan", "/ops VEN-1")), "Tue 25 May 2027, 7 days overdue")
		w.Do("mia", "/ops vendor review VEN-1 quality=4 delivery=3 price=2 security=5")
		if review() != day(2027, 12, 1) {
			w.T.Errorf("it is reviewed next on %s", review())
		}
		w.Contains(bottest.Text(w.Do("ben", "/ops VEN-1")), "Tue 1 Jun 2027: quality 4, delivery 3, price 2, security 5")
		if told := w.Happened(); len(told) != 1 || told[0] !=
			"VEN-1 vendor reviewed: Datadog: quality 4, delivery 3, price 2, security 5" {
			w.T.Errorf("told %q", told)
		}
		w.Verify()
	}, registertest.Of(vendor.Kind))
}
