package bot

import (
	"strings"
	"testing"
	"time"
)

// Every slot is held against a walk through the days minute by minute, in zones whose clocks jump at night, at
// midnight, by half an hour and backwards.
func TestLastSlotAgainstTheWallClock(t *testing.T) {
	for zone, day := range map[string][2]string{
		"Europe/Berlin": {"2026-03-28", "2026-10-24"}, "America/Sao_Paulo": {"2018-11-03", "2018-02-17"},
		"Australia/Lord_Howe": {"2026-04-04", "2026-10-03"},
		"Asia/Beirut":         {"2026-03-28", "2026-10-24"}, "America/New_York": {"2026-03-07", "2026-10-31"},
		"UTC": {"2026-01-01", "2026-06-01"},
	} {
		t.Run(zone, func(t *testing.T) {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, cron := range []string{"30 2 * * *", "0 0 * * *", "15 1 * * 0,6"} {
				for _, from := range day {
					start, err := time.ParseInLocation("2006-01-02", from, loc)
					if err != nil {
						t.Fatal(err)
					}
					checkSlots(t, Schedule{Name: "s", Cron: cron, Zone: loc}, start)
				}
			}
		})
	}
}

func checkSlots(t *testing.T, s Schedule, start time.Time) {
	t.Helper()
	spec, err := ParseCron(s.Cron)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]time.Time{}
	var order []string
	for now := start; now.Before(start.Add(50 * time.Hour)); now = now.Add(time.Minute) {
		slot, due, ok, err := s.LastSlot(now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || due.Before(start) {
			continue
		}
		if first, have := seen[slot]; have && !first.Equal(due) {
			t.Errorf("%s %s: slot %s due at %s and %s", s.Zone, s.Cron, slot, first, due)
		} else if !have {
			if !due.Equal(now) {
				t.Errorf("%s %s: slot %s appears at %s but is due %s", s.Zone, s.Cron, slot, now, due)
			}
			seen[slot] = due
			order = append(order, slot)
		}
	}
	for wall := spec.Next(asUTC(start).Add(-time.Second)); wall.Before(asUTC(start).Add(46 * time.Hour)); wall = spec.Next(
		wall,
	) {
		if _, ok := seen[wall.Format(slotFormat)]; !ok {
			t.Errorf("%s %s: no slot for %s, only %v", s.Zone, s.Cron, wall.Format(slotFormat), order)
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, bad := range []string{
		"* * * * * *", "@every 1ns", "@every 1h", "61 * * * *", "0 0 31 2 *", "TZ=0 * * * * *", "CRON_TZ=UTC 0 9 * * *", "",
		"tomorrow",
	} {
		t.Run(bad, func(t *testing.T) {
			if _, err := ParseCron(bad); err == nil {
				t.Errorf("%q was accepted", bad)
			}
		})
	}
	for _, good := range []string{"0 9 * * 1-5", "@daily", "*/5 * * * *"} {
		t.Run(good, func(t *testing.T) {
			if _, err := ParseCron(good); err != nil {
				t.Errorf("%q: %v", good, err)
			}
		})
	}
}

// crontab(5) takes 0 and 7 for Sunday, so people copy both from there.
func TestSundayMayBeSevenInACronExpression(t *testing.T) {
	week := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC) // a Monday
	for expr, want := range map[string]string{
		"0 9 * * 7": "Sun", "0 9 * * 0": "Sun", "0 9 * * sun": "Sun", "0 9 * * 1-7": "MonTueWedThuFriSatSun",
		"0 9 * * 5-7": "FriSatSun", "0 9 * * fri-7": "FriSatSun",
		"0 9 * * 1,7": "MonSun", "0 9 * * 1-7/2": "MonWedFriSun", "0 9 * * 7-7": "Sun",
		"0 9 * * 0-7": "MonTueWedThuFriSatSun", "0  9 * *  2-3,7": "TueWedSun", "0 9 * * 7,0": "Sun",
		"7 7 * * 1": "Mon",
	} {
		t.Run(expr, func(t *testing.T) {
			spec, err := ParseCron(expr)
			if err != nil {
				t.Errorf("%s: %v", expr, err)
				return
			}
			got := ""
			for at := spec.Next(week); at.Before(week.AddDate(0, 0, 7)); at = spec.Next(at) {
				got += at.Format("Mon")
			}
			if got != want {
				t.Errorf("%s: %s, want %s", expr, got, want)
			}
		})
	}
	for _, expr := range []string{
		"0 9 * * 8", "0 9 * * 7-1", "0 9 * * 1-8", "0 9 * * 17", "0 9 * * 1-7/0", "0 9 * * 7x", "0 9 * * -7",
	} {
		t.Run(expr, func(t *testing.T) {
			if _, err := ParseCron(expr); err == nil || !strings.Contains(err.Error(), "Sunday is 0, 7 or sun") {
				t.Errorf("%s: %v", expr, err)
			}
		})
	}
}
