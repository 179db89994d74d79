package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/bot/value"
)

func day(t testing.TB, s string) value.Day {
	t.Helper()
	d, ok := value.ParseDate(s)
	if !ok && s != "" {
		t.Fatalf("%q is not a day", s)
	}
	return d
}

func period(t testing.TB, s string) Period {
	t.Helper()
	p, err := ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// auto is a contract that renews by itself and was recorded on its first day.
func auto(t testing.TB, start string, months, renewal int, notice string) *Term {
	t.Helper()
	c := &Term{Start: day(t, start), Months: months, Renewal: Auto, RenewalMonths: renewal, Notice: period(t, notice)}
	return c
}

func TestTheLastDayAndTheLastDayForNotice(t *testing.T) {
	for _, c := range []struct {
		name, start     string
		months, renewal int
		notice          string
		to              NoticeTo
		on              string
		last, by        string
	}{
		{"three years, then one at a time", "2020-08-01", 36, 12, "3 months", "", "2023-10-31", "2024-07-31", "2024-04-30"},
		{"before the first renewal", "2020-08-01", 36, 12, "3 months", "", "2023-04-30", "2023-07-31", "2023-04-30"},
		{"the day after notice was possible", "2020-08-01", 36, 12, "3 months", "", "2023-05-01", "2024-07-31", "2024-04-30"},
		{"in the middle of a month", "2025-08-28", 12, 12, "2 months", "", "2026-06-27", "2026-08-27", "2026-06-27"},
		{"from the 31st", "2024-01-31", 1, 1, "1 day", "", "2024-02-01", "2024-02-28", "2024-02-27"},
		{"from the 31st, after a short month", "2024-01-31", 1, 1, "1 day", "", "2024-02-28", "2024-03-30", "2024-03-29"},
		{"from 29 February", "2024-02-29", 12, 12, "1 month", "", "2024-03-01", "2025-02-27", "2025-01-27"},
		{"from 29 February, four years on", "2024-02-29", 12, 12, "1 month", "", "2027-02-01", "2028-02-28", "2028-01-28"},
		{"at the turn of the year", "2026-01-01", 12, 12, "90 days", "", "2026-02-01", "2026-12-31", "2026-10-02"},
		{"in weeks", "2026-01-01", 12, 12, "6 weeks", "", "2026-02-01", "2026-12-31", "2026-11-19"},
		{"notice to any day", "2026-01-16", 12, 12, "1 month", AnyDay, "2026-02-01", "2027-01-15", "2026-12-15"},
		{"notice to the end of a month", "2026-01-16", 12, 12, "1 month", MonthEnd, "2026-02-01", "2027-01-15", "2026-11-30"},
		{"notice to the end of a month that the term has", "2026-02-01", 12, 12, "1 month", MonthEnd, "2026-02-01",
			"2027-01-31",
			"2026-12-31"},
		{"notice to the end of a quarter", "2026-05-01", 12, 12, "3 months", QuarterEnd, "2026-06-01", "2027-04-30",
			"2026-12-31"},
		{"notice that is longer than the term", "2026-01-01", 1, 1, "3 months", "", "2026-02-10", "2026-05-31", "2026-02-28"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := auto(t, c.start, c.months, c.renewal, c.notice)
			x.NoticeTo = c.to
			x.Advance(day(t, c.on), x.Start, "")
			if x.LastDay() != day(t, c.last) || x.NoticeBy() != day(t, c.by) {
				t.Errorf("last day %s, notice by %s, want %s and %s", x.LastDay(), x.NoticeBy(), c.last, c.by)
			}
		})
	}
}

// Whatever its first day, a contract still renews on the same day of the month after 20 renewals.
func TestRenewalsDoNotDrift(t *testing.T) {
	for _, start := range []string{"2023-12-31", "2024-01-31", "2024-02-29", "2024-05-31", "2024-08-30", "2024-12-01"} {
		for _, months := range []int{1, 3, 12} {
			x := auto(t, start, months, months, "1 day")
			for k := 1; k <= 20; k++ {
				x.Advance(x.NoticeBy().Add(1), x.Start, "")
				if want := x.Start.AddMonths(months + k*months); x.End() != want {
					t.Fatalf("from %s by %d months: after %d renewals it ends on %s, want %s", start, months, k, x.End(), want)
				}
				first, end := x.Start.UTC(), x.End()
				month := time.Date(first.Year(), first.Month()+time.Month(months*(k+1)), 1, 0, 0, 0, 0, time.UTC)
				want := min(x.Start.Day, month.AddDate(0, 1, -1).Day())
				if end.Day != want || end.Month != month.Month() || end.Year != month.Year() {
					t.Fatalf("from %s by %d months: renewal %d is on %s, want day %d", start, months, k, end, want)
				}
			}
		}
	}
}

// A contract comes out the same whether time passes day by day, at random, or all at once.
func TestTimePassesTheSameInOneStepOrMany(t *testing.T) {
	start := day(t, "2023-11-15")
	rapid.Check(t, func(rt *rapid.T) {
		template := Term{
			Start:  start.Add(rapid.IntRange(0, 500).Draw(rt, "start")),
			Months: rapid.IntRange(1, 36).Draw(rt, "months"), RenewalMonths: rapid.IntRange(1, 24).Draw(rt, "renewal"),
			Renewal: rapid.SampledFrom([]Renewal{Auto, Manual, None}).Draw(rt, "kind"),
			Notice: Period{rapid.IntRange(1, 60).Draw(rt, "notice"), rapid.SampledFrom([]string{"day", "week"}).Draw(rt,
				"unit")},
			NoticeTo: rapid.SampledFrom([]NoticeTo{"", MonthEnd, QuarterEnd}).Draw(rt, "to"),
			Value:    value.Money{Minor: 120000, Currency: "EUR"}, Per: Year,
			Decision: rapid.SampledFrom([]Decision{"", Renew, Cancel}).Draw(rt, "decision"),
		}
		one, many := template, template
		until := start.Add(3 * 365)
		told := one.Advance(until, start, "")
		var tells []Event
		for d := start; !until.Before(d); d = d.Add(rapid.IntRange(1, 40).Draw(rt, "step")) {
			tells = append(tells, many.Advance(d, start, "")...)
		}
		tells = append(tells, many.Advance(until, start, "")...)
		tells = append(tells, many.Advance(until, start, "")...) // again changes nothing
		if got, want := fmt.Sprintf("%+v %v", many, tells), fmt.Sprintf("%+v %v", one, told); got != want {
			rt.Fatalf("step by step\n%s\nat once\n%s", got, want)
		}
		if !one.Wakes().IsZero() && !until.Before(one.Wakes()) {
			rt.Fatalf("it still wakes on %s", one.Wakes())
		}
	})
}

// What happened before a contract was recorded is not told of, what happens afterwards is, once.
func TestTheUnrecordedPastIsQuiet(t *testing.T) {
	x := auto(t, "2015-01-01", 12, 12, "3 months")
	x.Value, x.Per = value.Money{Minor: 120000, Currency: "EUR"}, Month
	recorded := day(t, "2026-10-02")
	events := x.Advance(day(t, "2026-11-25"), recorded, "")
	if got := x.LastDay(); got != day(t, "2027-12-31") {
		t.Errorf("last day %s", got)
	}
	if len(events) > 0 {
		t.Errorf("it tells of %s", events)
	}
	told := fmt.Sprint(x.Advance(day(t, "2027-11-25"), recorded, ""))
	if want := "auto-renewed on Fri 1 Oct 2027, locked to Sun 31 Dec 2028, cost 14,400.00 EUR"; strings.Count(told,
		want) != 1 {
		t.Errorf("%q is not told of once in %s", want, told)
	}
}

func TestCosts(t *testing.T) {
	for _, c := range []struct {
		minor  int64
		per    Per
		months int
		want   int64
	}{
		{120000, Year, 12, 120000}, {120000, Year, 18, 180000}, {100, Month, 12, 1200}, {300, Quarter, 12, 1200},
		{100, Year, 1, 8}, {150, Year, 1, 13}, {100, Once, 12, 0},
	} {
		x := &Term{Value: value.Money{Minor: c.minor, Currency: "EUR"}, Per: c.per}
		if got := x.Cost(c.months); got.Minor != c.want {
			t.Errorf("%d per %s for %d months costs %d, want %d", c.minor, c.per, c.months, got.Minor, c.want)
		}
	}
}

func TestPeriods(t *testing.T) {
	for s, want := range map[string]string{
		"90 days": "90 days", "90d": "90 days", "1 month": "1 month", "3 Months": "3 months", "6w": "6 weeks", "": "",
	} {
		if p, err := ParsePeriod(s); err != nil || p.String() != want {
			t.Errorf("%q is %q, %v", s, p, err)
		}
	}
	for _, s := range []string{"3", "months", "0 days", "3 years", "-3 months", "1.5 months", "4000 days"} {
		if p, err := ParsePeriod(s); err == nil {
			t.Errorf("%q is read as %q", s, p)
		}
	}
}
