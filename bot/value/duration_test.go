package value

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// checkError fails unless err is a sentence that can be shown to a person.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	switch {
	case !errors.As(err, &e):
		t.Fatalf("error is a %T (%v), want *Error", err, err)
	case !utf8.ValidString(e.Text):
		t.Errorf("error is not valid UTF-8: %q", e.Text)
	case strings.ContainsFunc(e.Text, unicode.IsControl):
		t.Errorf("error has control characters: %q", e.Text)
	case Count(e.Text) > 400:
		t.Errorf("error is %d characters long: %q", Count(e.Text), e.Text)
	case !strings.HasSuffix(e.Text, ".") && !strings.HasSuffix(e.Text, "?"):
		t.Errorf("error is not a sentence: %q", e.Text)
	}
}

// examplesIn returns what an error says to write.
func examplesIn(err error) []string {
	_, list, _ := strings.Cut(err.Error(), ". Write ")
	list = strings.ReplaceAll(strings.TrimSuffix(list, "."), " or ", ", ")
	return strings.Split(list, ", ")
}

func TestDurationAccepts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30m":        30 * time.Minute,
		"2h":         2 * time.Hour,
		"1h30m":      90 * time.Minute,
		"1h 30m":     90 * time.Minute,
		"3d":         72 * time.Hour,
		"1w":         7 * 24 * time.Hour,
		"1w2d3h4m5s": (9*24+3)*time.Hour + 4*time.Minute + 5*time.Second,
		"90 min":     90 * time.Minute,
		"2 hours":    2 * time.Hour,
		"1 Hour":     time.Hour,
		"2H":         2 * time.Hour,
		" 30 m ":     30 * time.Minute,
		"30\u00a0m":  30 * time.Minute,
		"\u200b30m":  30 * time.Minute,
		"007d":       7 * 24 * time.Hour,
		"2 h 5 min":  125 * time.Minute,
		"60s":        time.Minute,
		"90d":        90 * 24 * time.Hour,
	} {
		if got, err := Duration(text, time.Minute, 90*day); err != nil || got != want {
			t.Errorf("Duration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestDurationRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "0", "0m", "30", "m", "-5m", "+5m", "--5m", "5-m", "1.5h", "1e9h", "5 parsecs", "1h1h", "1h 1 hour", "30m1h",
		"1h30", "1h,30m", "1h and 30m", "1hm", "59s", "91d", "12w6d1s", "٣m", "30 m x", "30m ago",
		"9223372036854775807w", "99999999999999999999999m", "106751d9999999999h", "106751d23h47m16s",
		strings.Repeat("9", 5000) + "h", strings.Repeat("1h", 5000),
	} {
		got, err := Duration(text, time.Minute, 90*day)
		if err == nil {
			t.Errorf("Duration(%q) = %v, want an error", text, got)
			continue
		}
		checkError(t, err)
		for _, example := range examplesIn(err) {
			if _, err := Duration(example, time.Minute, 90*day); err != nil {
				t.Errorf("Duration(%q) suggests %q, but: %v", text, example, err)
			}
		}
	}
}

func TestDurationErrorsQuoteTheInputAndTheLimits(t *testing.T) {
	for _, test := range []struct {
		text     string
		min, max time.Duration
		want     string
	}{
		{"-5m", time.Minute, 90 * day, `"-5m" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m.`},
		{"", time.Minute, 90 * day, `"" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m.`},
		{"1m", 90 * time.Second, 20 * time.Minute, `"1m" is not a duration between 1 min 30 s and 20 min. Write 10m.`},
		{"1h", 4 * time.Hour, 14 * day, `"1h" is not a duration between 4 h and 14 d. Write 1d or 1w.`},
		{
			"x", 90 * time.Second, 95 * time.Second,
			`"x" is not a duration between 1 min 30 s and 1 min 35 s. Write 1 min 30 s.`,
		},
		{
			"a\x1b[31mb\x00\u202e\nc", time.Minute, time.Hour,
			`"ab c" is not a duration between 1 min and 1 h. Write 30m, 10m or 1m.`,
		},
		{strings.Repeat("x", 100), time.Minute, time.Hour,
			`"` + strings.Repeat("x", 79) + `…" is not a duration between 1 min and 1 h. Write 30m, 10m or 1m.`},
	} {
		_, err := Duration(test.text, test.min, test.max)
		if err == nil || err.Error() != test.want {
			t.Errorf("Duration(%q):\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestFormatDurationKeepsWhatMatters(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                "0 min",
		999 * time.Millisecond:           "0 min",
		-time.Millisecond:                "0 min",
		time.Second:                      "1 s",
		45*time.Second + 999999999:       "45 s",
		time.Minute:                      "1 min",
		37*time.Minute + 59*time.Second:  "37 min",
		time.Hour:                        "1 h",
		125*time.Minute + 30*time.Second: "2 h 5 min",
		23*time.Hour + 59*time.Minute:    "23 h 59 min",
		day + 5*time.Minute:              "1 d",
		76*time.Hour + 59*time.Minute:    "3 d 4 h",
		90 * day:                         "90 d",
		-37 * time.Minute:                "-37 min",
		-45 * time.Second:                "-45 s",
		math.MaxInt64:                    "106751 d 23 h",
		math.MinInt64:                    "-106751 d 23 h",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDurationReadsWhatFormatDurationWrites(t *testing.T) {
	for d := time.Second; d < 400*day; d = d*5/3 + time.Second {
		text := FormatDuration(d)
		got, err := Duration(text, 0, math.MaxInt64)
		if err != nil || FormatDuration(got) != text || got > d {
			t.Errorf("Duration(%q) = %v, %v; written for %v", text, got, err, d)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"30m", "1h30m", "2 hours", "-5m", "1e9h", "9223372036854775807s", "\xff1h", "1h1h", "٣h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Duration(s, time.Minute, 90*day)
		if err != nil {
			checkError(t, err)
		} else if d < time.Minute || d > 90*day {
			t.Errorf("Duration(%q) = %v, outside the limits", s, d)
		}
	})
}
