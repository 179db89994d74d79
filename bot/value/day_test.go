package value

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		name, from string
		n          int
		want       string
	}{
		{"a short month", "2026-01-31", 1, "2026-02-28"},
		{"a leap year", "2028-01-31", 1, "2028-02-29"},
		{"counted from the anchor", "2026-01-31", 2, "2026-03-31"},
		{"a month of 30 days", "2026-01-31", 3, "2026-04-30"},
		{"over the end of the year", "2026-11-30", 3, "2027-02-28"},
		{"a year after 29 February", "2028-02-29", 12, "2029-02-28"},
		{"four years after 29 February", "2028-02-29", 48, "2032-02-29"},
		{"back", "2026-03-31", -1, "2026-02-28"},
		{"back over the turn of the year", "2026-01-15", -13, "2024-12-15"},
		{"none", "2026-05-31", 0, "2026-05-31"},
		{"a century without 29 February", "2099-12-29", 2, "2100-02-28"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dayOf(t, c.from).AddMonths(c.n).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Terms of a contract: 20 renewals of an anchor on the 31st fall on the 31st, or on the last day of a shorter month.
func TestMonthsDoNotDrift(t *testing.T) {
	anchor := dayOf(t, "2020-08-31")
	for k := range 20 {
		d := anchor.AddMonths(36 + k)
		if d.Day != 31 && d.Add(1).Day != 1 || d.Month != (anchor.Month-1+time.Month(36+k))%12+1 {
			t.Errorf("%d months after %s is %s", 36+k, anchor, d)
		}
	}
}

func genDay() *rapid.Generator[Day] {
	return rapid.Custom(func(t *rapid.T) Day {
		return Day{Year: 2026, Month: time.January, Day: 1}.Add(rapid.IntRange(-700_000, 2_900_000).Draw(t, "days"))
	})
}

func TestDaysKeepTheirMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, o := genDay().Draw(t, "day"), genDay().Draw(t, "other")
		data, err := json.Marshal(map[string]Day{"on": d})
		var back map[string]Day
		if err != nil || json.Unmarshal(data, &back) != nil || back["on"] != d {
			t.Fatalf("%v became %s, %v, %v", d, data, back, err)
		}
		if o.Add(d.Since(o)) != d || d.Compare(o) != d.UTC().Compare(o.UTC()) || d.Compare(o) != -o.Compare(d) {
			t.Fatalf("%s and %s: %d days, %d", d, o, d.Since(o), d.Compare(o))
		}
		n := rapid.IntRange(-600, 600).Draw(t, "months")
		m := d.AddMonths(n)
		if months := (m.Year-d.Year)*12 + int(m.Month-d.Month); months != n || m.Day > d.Day || m.Day < min(d.Day, 28) {
			t.Fatalf("%d months after %s is %s", n, d, m)
		}
	})
}

func TestADayAsText(t *testing.T) {
	type record struct {
		On Day `json:"on,omitzero"`
	}
	if data, err := json.Marshal(record{}); err != nil || string(data) != "{}" {
		t.Errorf("no day is %s, %v", data, err)
	}
	var d Day
	if err := d.UnmarshalText(nil); err != nil || !d.IsZero() {
		t.Errorf("%v, %v", d, err)
	}
	if text, err := (Day{}).MarshalText(); err != nil || len(text) > 0 {
		t.Errorf("the zero Day is %q, %v", text, err)
	}
	for _, bad := range []string{"2026-02-30", "2026-9-1", "20260901", "2026-09-01T00:00:00Z", "tomorrow", " "} {
		d = dayOf(t, "2026-01-01")
		if err := d.UnmarshalText([]byte(bad)); err == nil || d != dayOf(t, "2026-01-01") {
			t.Errorf("%q was read as %s", bad, d)
		}
	}
	for _, bad := range []Day{{2026, 6, 31}, {10_000, 1, 1}, {-1, 1, 1}, {2026, 0, 1}} {
		if text, err := bad.MarshalText(); err == nil {
			t.Errorf("%v was written as %s", bad, text)
		}
	}
}
