package bot

import (
	"testing"
	"time"
)

// Every slot is held against a walk through the days minute by minute, in zones whose clocks jump at night, at midnight, by half an hour and backwards.
func TestLastSlotAgainstTheWallClock(t *testing.T) {
	for zone, day := range map[string][2]string{
		"Europe/Berlin": {"2026-03-28", "2026-10-24"}, "America/Sao_Paulo": {"2018-11-03", "2018-02-17"}, "Australia/Lord_Howe": {"2026-04-04", "2026-10-03"},
		"Asia/Beirut": {"2026-03-28", "2026-10-24"}, "America/New_York": {"2026-03-07", "2026-10-31"}, "UTC": {"2026-01-01", "2026-06-01"},
	} {
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
	for wall := spec.Next(asUTC(start).Add(-time.Second)); wall.Before(asUTC(start).Add(46 * time.Hour)); wall = spec.Next(wall) {
		if _, ok := seen[wall.Format(slotFormat)]; !ok {
			t.Errorf("%s %s: no slot for %s, only %v", s.Zone, s.Cron, wall.Format(slotFormat), order)
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, bad := range []string{"* * * * * *", "@every 1ns", "@every 1h", "61 * * * *", "0 0 31 2 *", "TZ=0 * * * * *", "CRON_TZ=UTC 0 9 * * *", "", "tomorrow"} {
		if _, err := ParseCron(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	for _, good := range []string{"0 9 * * 1-5", "@daily", "*/5 * * * *"} {
		if _, err := ParseCron(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
