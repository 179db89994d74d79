package value

import (
	"strings"
	"testing"
	"time"
)

func TestZoneLoadsExactNames(t *testing.T) {
	names := append([]string{"Etc/UTC", "Etc/GMT+5", "America/Port-au-Prince", "Africa/Dar_es_Salaam", "America/La_Paz",
		"America/Argentina/Buenos_Aires", "Antarctica/DumontDUrville", "Japan"}, commonZones...)
	for _, name := range names {
		if loc, err := Zone(name); err != nil || loc.String() != name {
			t.Errorf("Zone(%q) = %v, %v", name, loc, err)
		}
	}
}

func TestZoneRefuses(t *testing.T) {
	for _, name := range []string{
		"", " ", "Local", "local", "Factory", "utc", "GMT", "CET", "EST", "PST", "EST5EDT", "EST5EDT7", "Mars/X",
		"Europe/Berlin ", "europe/berlin", "Europe", "Europe/", "/Europe/Berlin", "../Europe/Berlin", "Europe/../Berlin",
		"Europe/Berlin/..", "./UTC", "/etc/passwd", `Europe\Berlin`, "posix/Europe/Berlin", "right/Europe/Berlin",
		"posixrules", "zone.tab", "Europe/Berlin\x00", "Europe/Berl\xffin", "+02:00", strings.Repeat("A/", 5000) + "A",
	} {
		loc, err := Zone(name)
		if err == nil {
			t.Errorf("Zone(%q) = %v, want an error", name, loc)
			continue
		}
		checkError(t, err)
	}
}

func TestZoneSuggestsTheNearestName(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Berln":   `"Europe/Berln" is not the name of a time zone. Did you mean Europe/Berlin?`,
		"europe/berlin":  `"europe/berlin" is not the name of a time zone. Did you mean Europe/Berlin?`,
		"Berlin":         `"Berlin" is not the name of a time zone. Did you mean Europe/Berlin?`,
		"new york":       `"new york" is not the name of a time zone. Did you mean America/New_York?`,
		"America/Sydney": `"America/Sydney" is not the name of a time zone. Did you mean Australia/Sydney?`,
		"utc":            `"utc" is not the name of a time zone. Did you mean UTC?`,
		"Mars/X":         `"Mars/X" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`,
		"EST5EDT7":       `"EST5EDT7" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`,
		"Local":          `"Local" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`,
		"":               `"" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`,
		"CET":            `"CET" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`,
	} {
		if _, err := Zone(name); err == nil || err.Error() != want {
			t.Errorf("Zone(%q):\n got %v\nwant %s", name, err, want)
		}
	}
}

// jumpyYears are zones whose clocks move in unusual ways, each with years to
// look at; those past 2037 come from the rule at the end of the zone's data.
var jumpyYears = map[string][]int{
	"America/Sao_Paulo":    {2018},             // at midnight, on both sides
	"Europe/Berlin":        {2026, 2040},       // the plain case
	"Europe/Dublin":        {2026},             // winter is the daylight-saving half
	"Australia/Lord_Howe":  {2026, 2040},       // half an hour, southern
	"Africa/Casablanca":    {2026},             // set back for Ramadan
	"Asia/Beirut":          {2022, 2026, 2040}, // at midnight
	"America/Scoresbysund": {2024, 2026},       // changed its offset on the day of a jump
	"America/New_York":     {2026, 2040},
	"Asia/Tehran":          {2022},
	"Pacific/Apia":         {2011}, // a day that never was
	"Asia/Pyongyang":       {2018}, // half an hour for good
	"Europe/Volgograd":     {2018, 2020},
	"UTC":                  {2026},
}

// transitions finds the hours in which a zone's offset changes.
func transitions(zone *time.Location, year int) []time.Time {
	var found []time.Time
	end := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for t := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(end); t = t.Add(time.Hour) {
		_, before := t.In(zone).Zone()
		if _, after := t.Add(time.Hour).In(zone).Zone(); before != after {
			found = append(found, t)
		}
	}
	return found
}

// forEachJump calls check around every transition of jumpyYears with all local
// minutes nearby and the instants that show them, found by trying all minutes.
func forEachJump(t *testing.T, check func(zone *time.Location, local time.Time, shown []time.Time)) {
	jumps := 0
	for name, years := range jumpyYears {
		zone, err := Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, year := range years {
			for _, jump := range transitions(zone, year) {
				jumps++
				shown := map[time.Time][]time.Time{}
				for m := jump.Add(-40 * time.Hour); m.Before(jump.Add(40 * time.Hour)); m = m.Add(time.Minute) {
					_, offset := m.In(zone).Zone()
					local := m.Add(time.Duration(offset) * time.Second)
					shown[local] = append(shown[local], m)
				}
				// Around a jump of a day, too, the minutes tried above cover this.
				_, offset := jump.In(zone).Zone()
				middle := jump.Add(time.Duration(offset) * time.Second)
				for m := -13 * 60; m < 26*60; m++ {
					local := middle.Add(time.Duration(m) * time.Minute)
					check(zone, local, shown[local])
				}
			}
		}
	}
	if jumps < 30 {
		t.Errorf("only %d transitions were looked at", jumps)
	}
}

func TestReadAgreesWithTryingEveryMinute(t *testing.T) {
	failed := 0
	forEachJump(t, func(zone *time.Location, local time.Time, shown []time.Time) {
		r := read(local, zone)
		same := len(r.at) == len(shown)
		for i := range r.at {
			same = same && r.at[i].Equal(shown[i])
		}
		if !same && failed < 20 {
			failed++
			t.Errorf("%v in %v: got %v, want %v", local, zone, r.at, shown)
		}
		if len(shown) > 0 {
			return
		}
		_, before := r.jump.Add(-time.Nanosecond).In(zone).Zone()
		_, after := r.jump.In(zone).Zone()
		from := r.jump.Add(time.Duration(before) * time.Second)
		to := r.jump.Add(time.Duration(after) * time.Second)
		if local.Before(from) || !local.Before(to) {
			t.Errorf("%v in %v: the jump from %v to %v is not over it", local, zone, from, to)
		}
	})
}
