package timetable

import (
	"archive/zip"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := value.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func on(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// allZones are the names of the zone database, as far as value.Zone takes them.
func allZones(t *testing.T) []*time.Location {
	t.Helper()
	var list []*time.Location
	// The toolchain has the whole database as one archive.
	if z, err := zip.OpenReader(filepath.Join(goroot(t), "lib", "time", "zoneinfo.zip")); err == nil {
		defer func() { _ = z.Close() }()
		for _, f := range z.File {
			if loc, err := value.Zone(f.Name); err == nil {
				list = append(list, loc)
			}
		}
	}
	if len(list) == 0 {
		for _, name := range []string{
			"UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca",
			"Asia/Tehran", "Africa/Cairo", "Pacific/Auckland", "America/Havana",
		} {
			list = append(list, zone(t, name))
		}
	}
	return list
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Log("no go command here:", err)
	}
	return strings.TrimSpace(string(out))
}

// Each local date fires once, in every zone, whatever the clocks do: at the first minute that shows the time, or at the
// jump that leaves it out.
func TestSlotsAgreeWithWatchingTheClock(t *testing.T) {
	zones := allZones(t)
	t.Logf("%d zones", len(zones))
	if testing.Short() {
		zones = zones[:min(40, len(zones))]
	}
	begin, end := on("2026-01-01 00:00"), on("2028-01-01 00:00")
	for _, minute := range []int{0, 2*60 + 30} {
		for _, loc := range zones {
			t.Run(fmt.Sprintf("%s at minute %d", loc, minute), func(t *testing.T) {
				s := &Schedule{Rule: Rule{Minute: minute, Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}, Zone: loc.String()}
				got := map[value.Day]time.Time{}
				for _, slot := range s.Slots(begin, end, Calendar{}) {
					if _, twice := got[slot.Date]; twice {
						t.Fatalf("%s: %s fires twice", loc, slot.Date)
					}
					got[slot.Date] = slot.At
				}
				want := watch(loc, minute, begin, end)
				for d, when := range want {
					if !got[d].Equal(when) {
						t.Fatalf("%s %02d:%02d on %s: fires at %s, the clock says %s", loc, minute/60, minute%60, d, got[d], when)
					}
				}
				if len(got) != len(want) {
					t.Fatalf("%s: %d dates fire, want %d", loc, len(got), len(want))
				}
			})
		}
	}
}

// watch goes through a time minute by minute where the clocks change, and day by day where they do not, and notes when
// each date first shows a minute of the day or a later one.
func watch(loc *time.Location, minute int, begin, end time.Time) map[value.Day]time.Time {
	found := map[value.Day]time.Time{}
	last := begin.Add(-48 * time.Hour)
	var done value.Day // its time has come
	for now := last; !now.After(end.Add(48 * time.Hour)); {
		local := now.In(loc)
		d := value.DayOf(local)
		if passed := local.Hour()*60+local.Minute() >= minute; passed && done.Before(d) {
			done = d
			if now.After(begin) && !now.After(end) {
				found[d] = now
			}
		}
		step := time.Minute
		// Far from a jump nothing can happen but at the minute itself.
		if _, jump := local.ZoneBounds(); jump.IsZero() || jump.Sub(now) > 30*time.Hour {
			next := d
			if done == d {
				next = d.Add(1)
			}
			_, offset := local.Zone()
			if target := next.UTC().
				Add(time.Duration(minute)*time.Minute - time.Duration(offset)*time.Second); target.After(now) {
				step = target.Sub(now)
			}
		}
		now = now.Add(step)
	}
	return found
}

func TestRulesOfTheMonth(t *testing.T) {
	cal, ok := BuiltIn("de-by")
	if !ok {
		t.Fatal("no calendar de-by")
	}
	for _, c := range []struct{ on, date string }{
		{"workday-3", "2027-01-07"}, // the 1st and the 6th are holidays in Bavaria
		{"last-workday", "2026-12-31"}, {"first-mon", "2026-10-05"}, {"last-fri", "2026-09-25"}, {"31", "2026-09-30"},
		{"last", "2027-02-28"}, {"1", "2026-11-01"},
	} {
		t.Run(c.on, func(t *testing.T) {
			d, _ := value.ParseDate(c.date)
			var fires []string
			for x := (value.Day{Year: d.Year, Month: d.Month, Day: 1}); x.Month == d.Month; x = x.Add(1) {
				if (Rule{On: c.on}).falls(x, cal.free) {
					fires = append(fires, x.String())
				}
			}
			if !slices.Equal(fires, []string{c.date}) {
				t.Errorf("on=%s fires on %v, want %s", c.on, fires, c.date)
			}
		})
	}
}

func TestHolidaysAreSkippedOrShifted(t *testing.T) {
	cal, _ := BuiltIn("de-by")
	s := &Schedule{Rule: Rule{Minute: 9 * 60, Days: value.Workdays}, Zone: "Europe/Berlin"}
	dates := func() string {
		var list []string
		for _, x := range s.Slots(on("2026-12-23 12:00"), on("2026-12-30 12:00"), cal) {
			list = append(list, x.Date.String()[5:])
		}
		return strings.Join(list, " ")
	}
	if s.OnFree = Skip; dates() != "12-24 12-28 12-29 12-30" { // the 25th is a holiday, a Friday
		t.Errorf("skip: %s", dates())
	}
	if s.OnFree = Shift; dates() != "12-24 12-28 12-29 12-30" { // it is shifted to Monday, which has one already
		t.Errorf("shift: %s", dates())
	}
	s.Rule = Rule{Minute: 9 * 60, Days: []time.Weekday{time.Friday}}
	if dates() != "12-28" {
		t.Errorf("a weekly one is shifted to %s", dates())
	}
}

// A holiday can be observed in the year before its own, or in the year after.
func TestHolidaysOfTheNeighbouringYearAreObserved(t *testing.T) {
	for _, c := range []struct{ calendar, day, on, falls string }{
		{"us", "2010-12-31", "last-workday", "2010-12-30"}, {"us", "2021-12-31", "last-workday", "2021-12-30"},
		{"us", "2027-12-31", "last-workday", "2027-12-30"},
		{"gb", "2028-01-03", "workday-1", "2028-01-04"}, {"de-by", "2027-01-06", "workday-3", "2027-01-07"},
	} {
		t.Run(c.calendar+" "+c.day+" "+c.on, func(t *testing.T) {
			cal, ok := BuiltIn(c.calendar)
			if !ok {
				t.Fatal("no such calendar")
			}
			d, _ := value.ParseDate(c.day)
			if !cal.free(d) {
				t.Errorf("%s is no holiday in %s", c.day, c.calendar)
			}
			falls := ""
			for x := (value.Day{Year: d.Year, Month: d.Month, Day: 1}); x.Month == d.Month; x = x.Add(1) {
				if (Rule{On: c.on}).falls(x, cal.free) {
					falls = x.String()
				}
			}
			if falls != c.falls {
				t.Errorf("on=%s falls on %s, want %s", c.on, falls, c.falls)
			}
		})
	}
}

func TestCronComesDueOnceADay(t *testing.T) {
	r, err := ParseCron("0 9 * * 1-5")
	if err != nil || r.Minute != 9*60 {
		t.Fatal(r, err)
	}
	s := &Schedule{Rule: r, Zone: "Europe/Berlin"}
	if next := s.Next(on("2026-09-18 12:00"), 2, Calendar{}); len(next) != 2 || next[0].Date.String() != "2026-09-21" ||
		next[1].At != on("2026-09-22 07:00") {
		t.Errorf("next: %v", next)
	}
	for _, bad := range []string{
		"* * * * *", "0 9,17 * * *", "*/5 9 * * *", "@hourly", "TZ=UTC 0 9 * * *", "0 9 31 2 *", "nonsense",
	} {
		t.Run(bad, func(t *testing.T) {
			if _, err := ParseCron(bad); err == nil {
				t.Errorf("%q is taken", bad)
			}
		})
	}
}
