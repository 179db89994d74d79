package value

import (
	"testing"
	"time"
)

func dayOf(t testing.TB, s string) Day {
	t.Helper()
	d, ok := ParseDate(s)
	if !ok {
		t.Fatalf("%q is no day", s)
	}
	return d
}

// christmas are three holidays in a row, the last of which is a Saturday.
func christmas(d Day) bool { return d.Month == time.December && d.Day >= 24 && d.Day <= 26 }

func TestTheNthWorkdayAfterADay(t *testing.T) {
	always := func(Day) bool { return true }
	sundays := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday}
	for _, c := range []struct {
		name string
		week Week
		from string
		n    int
		want string
	}{
		{"the day itself", Week{}, "2026-11-28", 0, "2026-11-28"},
		{"the next day", Week{}, "2026-11-24", 1, "2026-11-25"},
		{"over a weekend", Week{}, "2026-11-27", 1, "2026-11-30"},
		{"from a Saturday", Week{}, "2026-11-28", 1, "2026-11-30"},
		{"a week of work is a week", Week{}, "2026-11-25", 5, "2026-12-02"},
		{"back", Week{}, "2026-11-30", -1, "2026-11-27"},
		{"back from a Sunday", Week{}, "2026-11-29", -2, "2026-11-26"},
		{"over holidays", Week{Free: christmas}, "2026-12-23", 1, "2026-12-28"},
		{"back over holidays", Week{Free: christmas}, "2026-12-28", -1, "2026-12-23"},
		{"from Sunday to Thursday", Week{Days: sundays}, "2026-11-26", 1, "2026-11-29"},
		{"holidays without end do not count", Week{Free: always}, "2026-11-27", 2, "2026-12-01"},
		{"holidays without beginning do not count", Week{Free: always}, "2026-11-30", -2, "2026-11-26"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.week.After(dayOf(t, c.from), c.n).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Each workday is the n-th after some day, in their order and without one left out.
func TestWorkdaysAreCountedOneByOne(t *testing.T) {
	w, from := Week{Free: christmas}, dayOf(t, "2026-12-01")
	n := 0
	for d := from.Add(1); n < 600; d = d.Add(1) {
		if !w.Workday(d) {
			continue
		}
		if n++; w.After(from, n) != d || w.After(d, -1) != w.After(from, n-1) && n > 1 {
			t.Fatalf("workday %d is %s and not %s", n, w.After(from, n), d)
		}
	}
}

func TestTheSameTimeOnALaterWorkday(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		name, from string
		n          int
		want       string
	}{
		{"over a weekend", "2026-11-27 16:30", 1, "2026-11-30T16:30:00+01:00"},
		{"late in the evening of the zone", "2026-11-27 23:30", 1, "2026-11-30T23:30:00+01:00"},
		{"over the end of summer time", "2026-10-23 09:00", 1, "2026-10-26T09:00:00+01:00"},
		{"a weekend that skips the time", "2027-03-26 02:30", 1, "2027-03-29T02:30:00+02:00"},
		{"none", "2026-11-28 10:00", 0, "2026-11-28T10:00:00+01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, err := time.ParseInLocation("2006-01-02 15:04", c.from, berlin)
			if err != nil {
				t.Fatal(err)
			}
			if got := (Week{}).Later(from, c.n).Format(time.RFC3339); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
