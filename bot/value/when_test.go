package value

import (
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const stamp = "2006-01-02T15:04:05.999Z07:00"

// now is a Wednesday, 15:00:20 in Berlin.
var now = time.Date(2026, 11, 25, 14, 0, 20, 0, time.UTC)

func TestWhenAccepts(t *testing.T) {
	for _, test := range []struct {
		text   string
		toward Toward
		want   string
	}{
		{"now", Past, "2026-11-25T15:00:20+01:00"},
		{"NOW", Future, "2026-11-25T15:00:20+01:00"},
		{"now UTC", Past, "2026-11-25T15:00:20+01:00"},

		{"14:05", Past, "2026-11-25T14:05:00+01:00"},
		{"14:05", Future, "2026-11-26T14:05:00+01:00"},
		{"15:30", Past, "2026-11-24T15:30:00+01:00"},
		{"15:30", Future, "2026-11-25T15:30:00+01:00"},
		{"15:01", Past, "2026-11-25T15:01:00+01:00"}, // within the tolerance
		{"15:02", Past, "2026-11-24T15:02:00+01:00"},
		{"15:00", Future, "2026-11-26T15:00:00+01:00"},
		{"15:00:20", Future, "2026-11-25T15:00:20+01:00"},
		{"15:00:20", Past, "2026-11-25T15:00:20+01:00"},
		{"9:00", Past, "2026-11-25T09:00:00+01:00"},
		{"00:00", Past, "2026-11-25T00:00:00+01:00"},
		{"14:05:30", Past, "2026-11-25T14:05:30+01:00"},
		{"2pm", Past, "2026-11-25T14:00:00+01:00"},
		{"2 PM", Past, "2026-11-25T14:00:00+01:00"},
		{"2:30pm", Past, "2026-11-25T14:30:00+01:00"},
		{"12am", Past, "2026-11-25T00:00:00+01:00"},
		{"12pm", Past, "2026-11-25T12:00:00+01:00"},
		{"2am", Future, "2026-11-26T02:00:00+01:00"},

		{"today 14:05", Past, "2026-11-25T14:05:00+01:00"},
		{"Today  9am", Past, "2026-11-25T09:00:00+01:00"},
		{"today 23:10", Future, "2026-11-25T23:10:00+01:00"},
		{"yesterday 23:10", Past, "2026-11-24T23:10:00+01:00"},
		{"tomorrow 09:30", Future, "2026-11-26T09:30:00+01:00"},
		{"tomorrow", Future, "2026-11-26T09:00:00+01:00"},

		{"fri", Future, "2026-11-27T17:00:00+01:00"},
		{"Friday 17:30", Future, "2026-11-27T17:30:00+01:00"},
		{"tues 9:00", Future, "2026-12-01T09:00:00+01:00"},
		{"wed", Future, "2026-11-25T17:00:00+01:00"},
		{"wed 14:00", Future, "2026-12-02T14:00:00+01:00"},
		{"wednesday 14:00", Past, "2026-11-25T14:00:00+01:00"},
		{"wed 16:00", Past, "2026-11-18T16:00:00+01:00"},
		{"thu 16:00", Past, "2026-11-19T16:00:00+01:00"},
		{"tue 16:00", Past, "2026-11-24T16:00:00+01:00"},
		{"fri", Past, "2026-11-20T17:00:00+01:00"},

		{"2026-11-25 14:05", Past, "2026-11-25T14:05:00+01:00"},
		{"2026-11-25T14:05", Past, "2026-11-25T14:05:00+01:00"},
		{"2026-11-25t14:05:06", Past, "2026-11-25T14:05:06+01:00"},
		{"2026-07-01 14:05", Past, "2026-07-01T14:05:00+02:00"},
		{"2024-02-29 00:00", Past, "2024-02-29T00:00:00+01:00"},
		{"2026-11-27", Future, "2026-11-27T17:00:00+01:00"},
		{"2036-11-25 15:00", Future, "2036-11-25T15:00:00+01:00"},

		{"2026-11-25T14:05:00+02:00", Past, "2026-11-25T13:05:00+01:00"},
		{"2026-11-25T14:05:00.123Z", Future, "2026-11-25T15:05:00.123+01:00"},
		{"2026-11-25T09:05:00-05:00", Future, "2026-11-25T15:05:00+01:00"},
		{"2026-11-25 09:05:00 -0500", Future, "2026-11-25T15:05:00+01:00"},
		{"13:05Z", Past, "2026-11-25T14:05:00+01:00"},
		{"13:05 z", Past, "2026-11-25T14:05:00+01:00"},
		{"13:05 UTC", Past, "2026-11-25T14:05:00+01:00"},
		{"13:05utc", Past, "2026-11-25T14:05:00+01:00"},
		{"2 pm +02:00", Past, "2026-11-25T13:00:00+01:00"},
		{"23:00 Asia/Tokyo", Past, "2026-11-25T15:00:00+01:00"},
		{"22:59 Asia/Tokyo", Past, "2026-11-25T14:59:00+01:00"},
		{"yesterday 14:05 America/La_Paz", Past, "2026-11-24T19:05:00+01:00"},
		{"tomorrow Pacific/Auckland", Future, "2026-11-26T21:00:00+01:00"}, // where it is Thursday
		{"fri America/New_York", Future, "2026-11-27T23:00:00+01:00"},
		{"2026-11-27 Europe/London", Future, "2026-11-27T18:00:00+01:00"},

		{"10m ago", Past, "2026-11-25T14:50:20+01:00"},
		{"2 hours ago", Past, "2026-11-25T13:00:20+01:00"},
		{"10M AGO", Past, "2026-11-25T14:50:20+01:00"},
		{"0m ago", Past, "2026-11-25T15:00:20+01:00"},
		{"in 30m", Future, "2026-11-25T15:30:20+01:00"},
		{"in 1h 30m", Future, "2026-11-25T16:30:20+01:00"},
		{"in 30s", Past, "2026-11-25T15:00:50+01:00"}, // within the tolerance
		{"30m", Future, "2026-11-25T15:30:20+01:00"},
		{"3d", Future, "2026-11-28T15:00:20+01:00"},
		{"90 MIN", Future, "2026-11-25T16:30:20+01:00"},

		{"\u200b 14:05\u00a0\x00", Past, "2026-11-25T14:05:00+01:00"},
	} {
		got, err := When(test.text, now, zone(t, "Europe/Berlin"), test.toward)
		if err != nil || got.Format(stamp) != test.want {
			t.Errorf("When(%q, %v) = %v, %v; want %s", test.text, test.toward, got.Format(stamp), err, test.want)
		}
	}
}

func TestWhenAcceptsTheNextMinuteAcrossMidnight(t *testing.T) {
	late := time.Date(2026, 11, 25, 23, 59, 30, 0, time.UTC)
	for text, want := range map[string]string{
		"00:00":     "2026-11-26T00:00:00Z",
		"23:59":     "2026-11-25T23:59:00Z",
		"00:01":     "2026-11-25T00:01:00Z",
		"thu 00:00": "2026-11-26T00:00:00Z",
		"wed 23:00": "2026-11-25T23:00:00Z",
	} {
		if got, err := When(text, late, time.UTC, Past); err != nil || got.Format(stamp) != want {
			t.Errorf("When(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestWhenRefuses(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, text := range []string{
		"", " ", "\x00", "25:00", "24:00", "14:60", "14:05:60", "14:5", "14", "1405", "13pm", "0am", "14:05pm", "pm", ":30",
		"-1:00",
		"tomorrowish", "tomorrow tomorrow", "today", "yesterday", "fr", "fryday", "friday 25:00", "friday noon", "fridays",
		"2026-02-30", "2026-02-30 14:05", "2025-02-29 14:05", "2026-13-01 10:00", "2026-00-10 10:00", "26-11-25 14:05",
		"25.11.2026 14:05",
		"2026-11-25T", "2026-11-25 T14:05", "2026-11-25T14:05T14:05", "20261125T1405", "9999-12-31 10:00", "0000-01-01 10:00",
		"2037-11-26 10:00", "2015-11-24 10:00", "+12345-01-01 10:00",
		"14:05 CET", "14:05 Berlin", "14:05 Mars/X", "14:05 Local", "14:05 ../etc/passwd", "14:05 +25:00", "14:05 +02:60",
		"14:05+2",
		"14:05 UTC UTC", "14:05Z+02:00", "Z", "UTC", "Europe/Berlin", "+02:00",
		"ago", "in", "in in 5m", "5 parsecs ago", "-5m ago", "10m ago ago", "in 10m ago", "in tomorrow", "10m from now",
		"4000d ago", "in 4000d", "99999999999999999999w ago", "in 9223372036854775807s", "1h1h ago",
		"٠١:٠٢", "14։05", strings.Repeat("14:05 ", 1000), strings.Repeat("9", 10000),
	} {
		for _, toward := range []Toward{Past, Future} {
			got, err := When(text, now, berlin, toward)
			if err == nil {
				t.Errorf("When(%q, %v) = %v, want an error", text, toward, got)
				continue
			}
			checkError(t, err)
		}
	}
}

func TestWhenErrorsSayWhatToWrite(t *testing.T) {
	const pastExamples = "Write 14:05, 2026-11-25 14:05, yesterday 23:10 or 10m ago."
	const futureExamples = "Write 14:05, 2026-11-26 14:05, tomorrow 09:00 or in 30m."
	for _, test := range []struct {
		text   string
		toward Toward
		want   string
	}{
		{"25:00", Past, `"25:00" is not a time. ` + pastExamples},
		{"tomorrowish", Future, `"tomorrowish" is not a time. ` + futureExamples},
		{"25:00 Asia/Tokyo", Past, `"25:00 Asia/Tokyo" is not a time. ` + pastExamples},
		{"friday noon", Future, `"friday noon" is not a time. ` + futureExamples},
		{"9999-12-31 10:00", Future, `"9999-12-31 10:00" is more than 10 years away. ` + futureExamples},
		{"4000d ago", Past, `"4000d ago" is more than 10 years away. ` + pastExamples},
		{"today", Past, `"today" has no time of day. ` + pastExamples},
		{"2026-11-20", Past, `"2026-11-20" has no time of day. ` + pastExamples},
		{"10m", Past, `"10m" is a length of time, not a point in time. Write 10m ago.`},
		{"tomorrow 09:00", Past, `"tomorrow 09:00" is in the future, but this has to be a time in the past. ` + pastExamples},
		{"in 2m", Past, `"in 2m" is in the future, but this has to be a time in the past. ` + pastExamples},
		{"today 15:02", Past, `"today 15:02" is in the future, but this has to be a time in the past. ` + pastExamples},
		{"today 15:00", Future, `"today 15:00" is in the past, but this has to be a time to come. ` + futureExamples},
		{"10m ago", Future, `"10m ago" is in the past, but this has to be a time to come. ` + futureExamples},
		{"14:05 CET", Past, `"CET" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.`},
		{"14:05 Europe/Berln", Past, `"Europe/Berln" is not the name of a time zone. Did you mean Europe/Berlin?`},
		{"14:05 tokyo", Past, `"tokyo" is not the name of a time zone. Did you mean Asia/Tokyo?`},
		{
			"2026-03-29 02:30", Past,
			`"2026-03-29 02:30" does not exist on 2026-03-29 in Europe/Berlin, because the clock jumps. ` +
				`Write 2026-03-29 01:59 or 2026-03-29 03:00.`,
		},
		{
			"2026-03-08 02:30 America/New_York", Past,
			`"2026-03-08 02:30 America/New_York" does not exist on 2026-03-08 in America/New_York, ` +
				`because the clock jumps. Write 2026-03-08 01:59 America/New_York or 2026-03-08 03:00 America/New_York.`,
		},
		{
			"2026-10-25 02:30", Past,
			`"2026-10-25 02:30" exists twice on 2026-10-25 in Europe/Berlin, because the clock is set back. ` +
				`Write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00.`,
		},
	} {
		berlin := zone(t, "Europe/Berlin")
		_, err := When(test.text, now, berlin, test.toward)
		if err == nil || err.Error() != test.want {
			t.Errorf("When(%q, %v):\n got %v\nwant %s", test.text, test.toward, err, test.want)
			continue
		}
		checkError(t, err)
		if strings.Contains(test.want, "time zone") {
			continue
		}
		for _, example := range examplesIn(err) {
			if _, err := When(example, now, berlin, test.toward); err != nil {
				t.Errorf("When(%q, %v) suggests %q, but: %v", test.text, test.toward, example, err)
			}
		}
	}
}

// Examples are dated, so they have to fit at any hour and with any zone named.
func TestWhenExamplesAreRightAtAnyHour(t *testing.T) {
	for hour := range 48 {
		for _, toward := range []Toward{Past, Future} {
			now := now.Add(time.Duration(hour) * 30 * time.Minute)
			loc := zone(t, "America/Denver")
			_, err := When("99:99 Pacific/Auckland", now, loc, toward)
			for _, example := range examplesIn(err) {
				if _, err := When(example, now, loc, toward); err != nil {
					t.Errorf("at %v: %v", now, err)
				}
			}
		}
	}
}

func TestWhenAgreesWithTryingMinutes(t *testing.T) {
	tried, failed := 0, 0
	forEachJump(t, func(zone *time.Location, local time.Time, shown []time.Time) {
		// TestReadAgreesWithTryingEveryMinute leaves none out; here a sample will do.
		tried++
		if tried%11 != 0 || failed > 20 {
			return
		}
		later, text := local.AddDate(1, 0, 0), local.Format("2006-01-02 15:04")
		got, err := When(text, later, zone, Past)
		switch {
		case len(shown) == 1:
			if err != nil || !got.Equal(shown[0]) {
				failed++
				t.Errorf("%s %v = %v, %v; want %v", text, zone, got, err, shown[0])
			}
			return
		case err == nil:
			failed++
			t.Errorf("%s %v = %v, but it is shown %d times", text, zone, got, len(shown))
			return
		}

		ways := examplesIn(err)
		var found []time.Time
		for _, way := range ways {
			at, err := When(way, later, zone, Past)
			if err != nil {
				failed++
				t.Errorf("%s %v suggests %s, but: %v", text, zone, way, err)
				return
			}
			found = append(found, at)
		}
		switch {
		case len(found) != 2:
			t.Errorf("%s %v: %v names %d ways out", text, zone, err, len(found))
		case len(shown) == 0:
			if found[1].Sub(found[0]) != time.Minute || ways[0] >= text || ways[1] <= text {
				t.Errorf("%s %v: %v does not name the neighbours", text, zone, err)
			}
		case !found[0].Equal(shown[0]) || !found[1].Equal(shown[1]):
			t.Errorf("%s %v: %v, want %v", text, zone, err, shown)
		}
	})
}

// A bare clock time has to be the first or last minute on that side of now
// that shows it, also when midnight or now itself is near a jump.
func TestWhenFindsTheClosestClockTimeByTryingEveryMinute(t *testing.T) {
	for _, test := range []struct {
		zone string
		jump time.Time
	}{
		{"America/Sao_Paulo", time.Date(2018, 2, 18, 2, 0, 0, 0, time.UTC)},
		{"America/Sao_Paulo", time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC)},
		{"Asia/Beirut", time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC)},
		{"Asia/Beirut", time.Date(2026, 10, 24, 21, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC)},
	} {
		loc := zone(t, test.zone)
		for minutes := -150; minutes <= 150; minutes += 25 {
			now := test.jump.Add(time.Duration(minutes) * time.Minute)
			for clock := 0; clock < 24*60; clock += 30 {
				text := time.Date(2026, 1, 1, 0, clock, 0, 0, time.UTC).Format("15:04")
				for _, toward := range []Toward{Past, Future} {
					got, err := When(text, now, loc, toward)
					if err != nil {
						if !strings.Contains(err.Error(), "the clock") {
							t.Errorf("%s at %v: %v", text, now.In(loc), err)
						}
						continue
					}
					want, step := now, time.Minute
					if toward == Past {
						want, step = now.Add(tolerance), -time.Minute
					}
					for want.In(loc).Format("15:04") != text {
						want = want.Add(step)
					}
					if !got.Equal(want) {
						t.Errorf("%s (%v) at %v = %v, want %v", text, toward, now.In(loc), got, want.In(loc))
					}
				}
			}
		}
	}
}

func TestWhenHandlesJumpsAtMidnight(t *testing.T) {
	for _, test := range []struct{ zone, text, want string }{
		{"America/Sao_Paulo", "2018-11-04 00:00", "Write 2018-11-03 23:59 or 2018-11-04 01:00."},
		{"America/Sao_Paulo", "2018-02-17 23:30", "Write 2018-02-17T23:30:00-02:00 or 2018-02-17T23:30:00-03:00."},
		{"Asia/Beirut", "2022-03-27 00:30", "Write 2022-03-26 23:59 or 2022-03-27 01:00."},
		{"Australia/Lord_Howe", "2020-10-04 02:15", "Write 2020-10-04 01:59 or 2020-10-04 02:30."},
		{"Australia/Lord_Howe", "2020-04-05 01:45", "Write 2020-04-05T01:45:00+11:00 or 2020-04-05T01:45:00+10:30."},
		{"Africa/Casablanca", "2026-03-22 02:30", "Write 2026-03-22 01:59 or 2026-03-22 03:00."},
		{"Africa/Casablanca", "2026-02-15 02:30", "Write 2026-02-15T02:30:00+01:00 or 2026-02-15T02:30:00Z."},
	} {
		_, err := When(test.text, now, zone(t, test.zone), Past)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s in %s:\n got %v\nwant … %s", test.text, test.zone, err, test.want)
		}
	}
	apia := zone(t, "Pacific/Apia")
	_, err := When("2011-12-30 12:00", time.Date(2012, 6, 1, 0, 0, 0, 0, time.UTC), apia, Past)
	if want := "Write 2011-12-29 23:59 or 2011-12-31 00:00."; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("a skipped day: got %v, want … %s", err, want)
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{
		"now", "14:05", "2pm", "tomorrow 09:00", "fri", "2026-11-25T14:05:00+02:00", "2026-03-29 02:30", "2026-10-25 02:30",
		"14:05 Europe/Berlin", "14:05 ../x", "10m ago", "in 30m", "3d", "9999-12-31 23:59", "0000-01-01 00:00Z", "\xff 14:05",
		"14:05 \x00Z",
	} {
		f.Add(s)
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, s string) {
		for _, toward := range []Toward{Past, Future} {
			at, err := When(s, now, berlin, toward)
			switch {
			case err != nil:
				checkError(t, err)
			case toward == Past && at.After(now.Add(time.Minute)), toward == Future && at.Before(now),
				at.Year() < 2016, at.Year() > 2036, at.Location() != berlin:
				t.Errorf("When(%q, %v) = %v", s, toward, at)
			}
		}
	})
}
