package value

import (
	"testing"
	"time"
)

// wednesday is the day of now.
var wednesday = Day{2026, time.November, 25}

func TestOnDayReads(t *testing.T) {
	for _, c := range []struct {
		text   string
		toward Toward
		want   string
	}{
		{"2027-03-01", Future, "2027-03-01"},
		{"2027-03-01", Either, "2027-03-01"},
		{"2009-03-01", Past, "2009-03-01"},
		{"2009-03-01", Either, "2009-03-01"},
		{"2024-02-29", Past, "2024-02-29"},
		{"today", Past, "2026-11-25"},
		{"Today", Future, "2026-11-25"},
		{"tomorrow", Future, "2026-11-26"},
		{"yesterday", Past, "2026-11-24"},
		{"yesterday", Either, "2026-11-24"},
		{"fri", Future, "2026-11-27"},
		{"fri", Either, "2026-11-27"},
		{"fri", Past, "2026-11-20"},
		{"TUESDAY", Future, "2026-12-01"},
		{"tues", Past, "2026-11-24"},
		{"1 mar", Future, "2027-03-01"},
		{"1 mar", Either, "2027-03-01"},
		{"1 mar", Past, "2026-03-01"},
		{"25 nov", Future, "2026-11-25"},
		{"25 nov", Past, "2026-11-25"},
		{"24 nov", Future, "2027-11-24"},
		{"26 nov", Past, "2025-11-26"},
		{"1 mar 2027", Future, "2027-03-01"},
		{"1st March, 2027", Future, "2027-03-01"},
		{"mar 1, 2027", Future, "2027-03-01"},
		{"March 2nd", Future, "2027-03-02"},
		{"sept 3", Future, "2027-09-03"},
		{"29 feb 2028", Future, "2028-02-29"},
		{"in 3 days", Future, "2026-11-28"},
		{"in 3 days", Either, "2026-11-28"},
		{"in 3d", Future, "2026-11-28"},
		{"3 days", Future, "2026-11-28"},
		{"in 0 days", Future, "2026-11-25"},
		{"in 2 weeks", Future, "2026-12-09"},
		{"in 3 months", Future, "2027-02-25"},
		{"in 1 year", Future, "2027-11-25"},
		{"3 days ago", Past, "2026-11-22"},
		{"1 month ago", Either, "2026-10-25"},
		{"2076-11-25", Future, "2076-11-25"},
		{"\u200b 2027-03-01\u00a0\x00", Future, "2027-03-01"},
	} {
		t.Run(c.text, func(t *testing.T) {
			if got, err := OnDay(c.text, wednesday, c.toward); err != nil || got.String() != c.want {
				t.Errorf("%v: %s, %v; want %s", c.toward, got, err, c.want)
			}
		})
	}
	got, err := OnDay("in 1 month", Day{2027, time.January, 31}, Future)
	if err != nil || got.String() != "2027-02-28" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestOnDayRefuses(t *testing.T) {
	const (
		past   = " Write 2026-10-25, yesterday or 3 days ago."
		future = " Write 2026-12-25, 25 dec, tomorrow or in 3 days."
	)
	for _, c := range []struct {
		text   string
		toward Toward
		want   string
	}{
		{"01/02/2027", Future, `"01/02/2027" is not a day.` + future},
		{"1.2.2027", Future, `"1.2.2027" is not a day.` + future},
		{"01/02/2026", Past, `"01/02/2026" is not a day.` + past},
		{"31.12.2026", Either, `"31.12.2026" is not a day.` + future},
		{"", Future, `"" is not a day.` + future},
		{"next friday", Future, `"next friday" is not a day.` + future},
		{"tomorrowish", Future, `"tomorrowish" is not a day.` + future},
		{"20270301", Future, `"20270301" is not a day.` + future},
		{"1 mar 27", Future, `"1 mar 27" is not a day.` + future},
		{"3 days", Past, `"3 days" is not a day.` + past},
		{"in 3 days ago", Future, `"in 3 days ago" is not a day.` + future},
		{"2026-02-30", Past, `"2026-02-30" is not in the calendar.` + past},
		{"31 jun", Future, `"31 jun" is not in the calendar.` + future},
		{"29 feb", Future, `"29 feb" is not in the calendar.` + future},
		{"0000-01-01", Past, `"0000-01-01" is not in the calendar.` + past},
		{"tomorrow 09:00", Future, `"tomorrow 09:00" is a time, but this has to be a day alone.` + future},
		{"2027-03-01T00:00:00Z", Future, `"2027-03-01T00:00:00Z" is a time, but this has to be a day alone.` + future},
		{"2027-03-01 Europe/Berlin", Future,
			`"2027-03-01 Europe/Berlin" is a time, but this has to be a day alone.` + future},
		{"in 30m", Future, `"in 30m" is a time, but this has to be a day alone.` + future},
		{"now", Past, `"now" is a time, but this has to be a day alone.` + past},
		{"wed", Future, `"wed" may be today or 2026-12-02. Write today or 2026-12-02.`},
		{"wed", Past, `"wed" may be today or 2026-11-18. Write today or 2026-11-18.`},
		{"9999-12-31", Future, `"9999-12-31" is more than 50 years away.` + future},
		{"2207-03-01", Either, `"2207-03-01" is more than 50 years away.` + future},
		{"in 99999 years", Future, `"in 99999 years" is more than 50 years away.` + future},
		{"tomorrow", Past, `"tomorrow" is in the future, but this has to be today or before.` + past},
		{"2026-11-24", Future, `"2026-11-24" is in the past, but this has to be today or later.` + future},
	} {
		t.Run(c.text, func(t *testing.T) {
			d, err := OnDay(c.text, wednesday, c.toward)
			if err == nil || err.Error() != c.want {
				t.Fatalf("%v: %s, %v", c.toward, d, err)
			}
			checkError(t, err)
		})
	}
}

// What a refusal suggests is right on every day of some years, also on the 31st and on 29 February.
func TestOnDayExamplesAreRightOnAnyDay(t *testing.T) {
	for today := (Day{2026, time.January, 1}); today.Year < 2029; today = today.Add(1) {
		for _, toward := range []Toward{Past, Future, Either} {
			for _, wrong := range []string{"01/02/2027", today.Weekday().String()} {
				_, err := OnDay(wrong, today, toward)
				for _, example := range examplesIn(err) {
					if _, err := OnDay(example, today, toward); err != nil {
						t.Fatalf("%q on %s: %v", wrong, today, err)
					}
				}
			}
		}
	}
}

// A day that is written is read as that day, on whatever day that happens.
func TestDaysAreReadAsTheyAreWritten(t *testing.T) {
	for away := -18_000; away < 18_000; away += 7 {
		d := wednesday.Add(away)
		for _, text := range []string{d.String(), d.UTC().Format("2 Jan 2006"), d.UTC().Format("January 2, 2006")} {
			if got, err := OnDay(text, wednesday, Either); err != nil || got != d {
				t.Fatalf("%q is %s, %v", text, got, err)
			}
		}
	}
}

func TestSpellsDay(t *testing.T) {
	for text, want := range map[string]bool{
		"2027-03-01": true, "1 mar": true, "1 mar 2027": true, "mar 1": true, "fri": true, "mon": true,
		"in 3 days": true, "tomorrow": true, "2026-02-30": true, "tomorrow 09:00": true, "9999-12-31": true,
		"1 mar 2027 we": false, "next friday": false, "01/02/2027": false, "5 servers": false, "march": false,
		"": false,
	} {
		t.Run(text, func(t *testing.T) {
			if got := SpellsDay(text, Future); got != want {
				t.Errorf("%t", got)
			}
		})
	}
}

func TestATimeOnEitherSideOfNow(t *testing.T) {
	for text, want := range map[string]string{
		"14:05":            "2026-11-26T14:05:00+01:00",
		"fri":              "2026-11-27T17:00:00+01:00",
		"2026-11-20 14:05": "2026-11-20T14:05:00+01:00",
		"2026-11-20":       "2026-11-20T17:00:00+01:00",
		"10m ago":          "2026-11-25T14:50:20+01:00",
		"in 30m":           "2026-11-25T15:30:20+01:00",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := When(text, now, zone(t, "Europe/Berlin"), Either)
			if err != nil || got.Format(stamp) != want {
				t.Errorf("%s, %v; want %s", got.Format(stamp), err, want)
			}
		})
	}
}

func FuzzOnDay(f *testing.F) {
	for _, s := range []string{
		"2027-03-01", "fri", "1 mar", "mar 1, 2027", "in 3 days", "3 days ago", "29 feb", "0 jan", "99 may 0000",
		"in 99999y", "wed", "\xff fri", "tomorrow 09:00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, toward := range []Toward{Past, Future, Either} {
			d, err := OnDay(s, wednesday, toward)
			switch {
			case err != nil:
				checkError(t, err)
			case toward == Past && wednesday.Before(d), toward == Future && d.Before(wednesday),
				d.Year < 1976, d.Year > 2076, DayOf(d.UTC()) != d:
				t.Errorf("%q, %v: %v", s, toward, d)
			}
		}
	})
}
