package report

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/chart"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
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

// The example of docs/reports.md.
func TestAvailabilityCountsOverlapsOnce(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	october := value.Span{From: firstOf(2026, 10, berlin), To: firstOf(2026, 11, berlin)}
	if october.Length() != 745*time.Hour {
		t.Fatalf("October has %s", october.Length())
	}
	if march := (value.Span{
		From: firstOf(2026, 3, berlin), To: firstOf(2026, 4, berlin),
	}); march.Length() != 743*time.Hour {
		t.Fatalf("March has %s", march.Length())
	}
	full := func(from, to string) figures.Loss {
		return figures.Loss{Span: value.Span{From: on(from), To: on(to)}, Weight: 1}
	}
	a := figures.Measure(figures.Measured{
		Period: october,
		Losses: []figures.Loss{
			full("2026-10-05 10:00", "2026-10-05 11:00"), full("2026-10-05 10:30", "2026-10-05 11:30"),
			full("2026-10-05 22:00", "2026-10-05 23:00"),
		},
		Maintenance: value.Spans{{From: on("2026-10-05 22:00"), To: on("2026-10-05 22:30")}},
	})
	if a.Downtime != 2*time.Hour || figures.Percent(a.Ratio) != "99.73 %" || a.Coverage != 1 {
		t.Errorf("down %s, %s, coverage %v", a.Downtime, figures.Percent(a.Ratio), a.Coverage)
	}
	b := figures.ErrorBudget(0.999, a.Downtime, a.Denominator, a.Denominator)
	if b.Allowed.Round(time.Second) != 44*time.Minute+40*time.Second {
		t.Errorf("allowed %s, want 44m40s", b.Allowed)
	}
	if thirty := figures.ErrorBudget(0.999, 0, 0, 30*24*time.Hour); thirty.Allowed.Round(time.Second) != 43*time.Minute+
		12*time.Second {
		t.Errorf("30 days allow %s, want 43m12s", thirty.Allowed)
	}
}

// Second by second: the heaviest loss counts, in the hours that count, and what nobody measured counts neither way.
func TestAvailabilityAgreesWithCountingSeconds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	base := on("2026-10-24 00:00")
	random := func() value.Span {
		from := base.Add(time.Duration(r.IntN(4000)) * time.Second)
		return value.Span{From: from, To: from.Add(time.Duration(r.IntN(1200)) * time.Second)}
	}
	several := func() value.Spans {
		var s []value.Span
		for range r.IntN(4) {
			s = append(s, random())
		}
		return value.Union(s...)
	}
	for round := range 400 {
		m := figures.Measured{
			Period: value.Span{From: base.Add(300 * time.Second), To: base.Add(4300 * time.Second)}, Maintenance: several(),
			Unknown: several(),
		}
		if round%2 == 0 {
			m.Hours = value.Spans{
				{From: base.Add(500 * time.Second), To: base.Add(2000 * time.Second)},
				{From: base.Add(2500 * time.Second), To: base.Add(4200 * time.Second)},
			}
		}
		for range r.IntN(6) {
			m.Losses = append(m.Losses, figures.Loss{Span: random(), Weight: []float64{0, 0.25, 0.5, 1}[r.IntN(4)]})
		}
		holds := func(s value.Spans, t time.Time) bool {
			return slices.ContainsFunc(s, func(x value.Span) bool { return x.Holds(t) })
		}
		var counts, down, meant float64
		for x := m.Period.From; x.Before(m.Period.To); x = x.Add(time.Second) {
			if m.Hours != nil && !holds(m.Hours, x) || holds(m.Maintenance, x) {
				continue
			}
			meant++
			if holds(m.Unknown, x) {
				continue
			}
			counts++
			worst := 0.0
			for _, l := range m.Losses {
				if l.Holds(x) {
					worst = max(worst, l.Weight)
				}
			}
			down += worst
		}
		a := figures.Measure(m)
		if a.Denominator.Seconds() != counts || a.Downtime.Seconds() < down-0.01 || a.Downtime.Seconds() > down+0.01 {
			t.Fatalf("round %d: %v of %v, want %v of %v", round, a.Downtime.Seconds(), a.Denominator.Seconds(), down, counts)
		}
		if meant > 0 && (a.Coverage < counts/meant-1e-9 || a.Coverage > counts/meant+1e-9) {
			t.Fatalf("round %d: coverage %v, want %v", round, a.Coverage, counts/meant)
		}
		// Split anywhere, it adds up.
		cut := m.Period.From.Add(time.Duration(r.IntN(4000)) * time.Second)
		first, second := m, m
		first.Period.To, second.Period.From = cut, cut
		x, y := figures.Measure(first), figures.Measure(second)
		if x.Denominator+y.Denominator != a.Denominator || (x.Downtime+y.Downtime-a.Downtime).Abs() > 10*time.Nanosecond {
			t.Fatalf("round %d: split at %s it does not add up", round, cut)
		}
	}
}

// Wherever a period is cut, each incident is counted as opened once and as resolved once.
func TestEveryIncidentIsResolvedInOnePeriod(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	base := on("2026-09-01 00:00")
	for range 200 {
		f := &figures.Facts{At: base.AddDate(0, 0, 60)}
		resolved := 0
		for n := range 30 {
			start := base.Add(time.Duration(r.IntN(30*24*60)) * time.Minute)
			i := figures.Incident{
				Number: int64(n + 1), Severity: "sev3", State: "investigating", Started: start, Detected: start, Declared: start,
			}
			if r.IntN(4) > 0 {
				i.State, i.Resolved = "resolved", start.Add(time.Duration(r.IntN(20*24*60))*time.Minute)
				resolved++
				if r.IntN(3) == 0 { // it was resolved once before
					i.Since = start.Add(i.Resolved.Sub(start) / 2)
					i.Stretches = []value.Span{{From: start, To: start.Add(i.Resolved.Sub(start) / 3)}}
				}
			}
			f.Incidents = append(f.Incidents, i)
		}
		opened, closed := 0, 0
		for from := base; from.Before(f.At); {
			to := from.Add(time.Duration(1+r.IntN(10*24*60)) * time.Minute)
			n := figures.Count(f, value.Span{From: from, To: to}, nil)
			opened += n.Opened
			closed += n.Resolved
			from = to
		}
		if opened != 30 || closed != resolved {
			t.Fatalf("opened %d of 30, resolved %d of %d", opened, closed, resolved)
		}
	}
}

// The worked example of docs/reports.md, number by number.
func TestNumbersOfTheWorkedExample(t *testing.T) {
	f := &figures.Facts{At: on("2026-09-21 08:30")}
	incident := func(n int64, severity, started, detected, declared, acked, mitigated, resolved string) *figures.Incident {
		opt := func(s string) time.Time {
			if s == "" {
				return time.Time{}
			}
			return on("2026-09-" + s)
		}
		f.Incidents = append(f.Incidents, figures.Incident{
			Number: n, Severity: severity, State: "closed", Services: []string{"portal"}, Started: opt(started),
			Detected: opt(detected), Declared: opt(declared), Acked: opt(acked), Mitigated: opt(mitigated),
			Resolved: opt(resolved),
		})
		return &f.Incidents[len(f.Incidents)-1]
	}
	// opened the week before, resolved in this one
	incident(1, "sev2", "13 20:00", "13 20:10", "13 20:12", "13 20:20", "14 01:00", "14 02:00")
	one := incident(2, "sev1", "15 09:00", "15 09:05", "15 09:06", "15 09:08", "15 09:45", "15 10:00")
	one.ReviewDue, one.Published = on("2026-09-18 10:00"), on("2026-09-17 15:00")
	two := incident(3, "sev3", "16 12:00", "16 12:00", "16 12:00", "16 12:30", "16 13:00", "16 14:00")
	two.Levels = []figures.Level{{Severity: "sev3", Since: on("2026-09-16 12:00")}}
	two.StartKnown = true // a monitor detected it at once
	open := incident(4, "sev4", "18 08:00", "18 08:00", "18 08:00", "", "", "")
	open.State = "investigating"
	alarm := incident(5, "sev2", "17 08:00", "17 08:00", "17 08:00", "", "", "")
	alarm.State = "cancelled"
	change := func(n int64, kind, outcome string, caused bool, decided string) {
		c := figures.Change{
			Number: n, Type: kind, State: "closed", Outcome: outcome, Caused: caused, Submitted: on("2026-09-14 10:00"),
			Start: on("2026-09-15 20:00"), End: on("2026-09-15 22:00"), Started: on("2026-09-15 20:05"),
			Finished: on("2026-09-15 21:00"),
		}
		if decided != "" {
			c.Decided = on("2026-09-" + decided)
		}
		f.Changes = append(f.Changes, c)
	}
	change(1, "normal", "success", false, "14 12:00")
	change(2, "normal", "rolled_back", true, "14 16:00") // rolled back and the cause of an incident: it counts once
	change(3, "normal", "success", true, "14 18:00")
	change(4, "standard", "success", false, "14 10:00")
	change(5, "emergency", "success", false, "")
	change(6, "normal", "success", false, "") // nobody approved it
	change(7, "normal", "not_implemented", false, "14 12:00")
	f.FollowUps = []figures.FollowUp{
		{N: 1, Created: on("2026-09-01 08:00"), Due: on("2026-09-16 08:00"), Done: on("2026-09-15 12:00")},
		{N: 2, Created: on("2026-09-01 08:00"), Due: on("2026-09-19 08:00")},
		{N: 3, Created: on("2026-09-15 12:00"), Due: on("2026-09-30 08:00")},
	}
	berlin := zone(t, "Europe/Berlin")
	rota := figures.Rota{Name: "primary"}
	// 01:30, 11:05, 14:10, 22:00 and 05:00 in Berlin
	for _, at := range []string{"14 23:30", "15 09:05", "16 12:10", "17 20:00", "18 03:00"} {
		rota.Pages = append(rota.Pages, figures.Page{At: on("2026-09-" + at), Zone: berlin, Led: at < "17"})
	}
	f.Rotas = []figures.Rota{rota}
	week, err := ParsePeriod("2026-W38", digest.Weekly, f.At, berlin)
	if err != nil {
		t.Fatal(err)
	}
	n := figures.Count(f, week, figures.Targets{
		"sev1": 5 * time.Minute, "sev2": 5 * time.Minute, "sev3": 15 * time.Minute,
	})
	type pair struct {
		what      string
		got, want any
	}
	for _, p := range []pair{
		{"opened", n.Opened, 3}, {"resolved", n.Resolved, 3}, {"open", n.Open, 1}, {"false alarms", n.Cancelled, 1},
		{"major", n.MajorOpened, 1},
		{"TTD", n.TTD.String(), "0m, 5m, 10m"}, {"start known", n.StartKnown, 3}, {"TTA", n.TTA.String(), "3m, 10m, 30m"},
		{"TTM", n.TTM.String(), "40m, 1h, 4h 50m"}, {"TTR", n.TTR.String(), "1h, 2h, 6h"},
		{"in time", n.InTime, 1}, {"answerable", n.Answerable, 2},
		{"implemented", n.Implemented, 6}, {"failed", n.Failed, 2},
		{"failure rate", figures.Share(n.Failed, n.Implemented), "33.3 %"}, {"emergencies", n.Emergencies, 1},
		{"standard", n.Standards, 1}, {"unapproved", n.Unapproved, 1}, {"in window", n.InWindow, 6},
		{"wait", n.Waits.String(), "2h, 6h, 8h"}, {"successful", figures.Share(n.Successful, n.Implemented), "66.7 %"},
		{"emergency share", figures.Share(n.Emergencies, n.Implemented), "16.7 %"},
		{"in impact", n.InImpact, 66*time.Hour + 45*time.Minute}, {"reopened", n.Reopened, 0},
		{"reviews in time", n.ReviewsInTime, 1}, {"reviews due", n.ReviewsDue, 1},
		{"follow-ups open", n.FollowUpsOpen, 2}, {"overdue", n.FollowUpsOverdue, 1}, {"done", n.FollowUpsDone, 1},
		{"pages", n.Pages, 5}, {"asleep", n.Asleep, 3}, {"led to something", figures.Share(n.Actionable, n.Pages), "60.0 %"},
	} {
		t.Run(p.what, func(t *testing.T) {
			got := strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(toString(p.got), " min", "m"), " h", "h"), "  ", " ")
			if got != toString(p.want) {
				t.Errorf("%s: %v, want %v", p.what, got, p.want)
			}
		})
	}
}

func toString(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case time.Duration:
		return x.String()
	}
	return fmt.Sprint(v)
}

func TestQuantilesAreNearestRankAndFewAreNamed(t *testing.T) {
	s := figures.Sample{5, 1, 4, 2, 3}
	if s.Quantile(0.5) != 3 || s.Quantile(0.9) != 5 || s.Quantile(1) != 5 || (figures.Sample{}).Quantile(0.5) != 0 {
		t.Error("wrong rank")
	}
	minutes := figures.Sample{time.Minute, 3 * time.Minute, 2 * time.Minute}
	if got := minutes.String(); strings.Contains(got, "median") {
		t.Errorf("three values are shown as %q", got)
	}
	if got := append(minutes, 4*time.Minute, 5*time.Minute).String(); !strings.Contains(got, "n=5") {
		t.Errorf("five values are shown as %q", got)
	}
	if figures.Percent(0.99999) == "100 %" || figures.Percent(1) != "100.00 %" {
		t.Error(figures.Percent(0.99999), figures.Percent(1))
	}
}

// A report that was posted counts as it was; what turns out otherwise is said in the next one.
func TestWhatTurnsOutOtherwiseIsRestated(t *testing.T) {
	was := []figures.Metric{
		{Name: "availability.portal", Label: "Portal availability", Value: 99.91, Text: "99.91 %", Round: 0.005},
		{Name: "incidents.opened", Value: 3, Round: 0.5},
	}
	now := []figures.Metric{
		{Name: "availability.portal", Value: 99.87, Text: "99.87 %"}, {Name: "incidents.opened", Value: 3},
	}
	lines := figures.Restated(was, now, "August 2026")
	if len(lines) != 1 || lines[0] != "Restated: Portal availability of August 2026 99.91 % → 99.87 %" {
		t.Errorf("%q", lines)
	}
}

func TestPeriodsAreReadAndRefused(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := on("2026-11-25 14:02")
	for raw, want := range map[string]string{
		"last-week": "2026-W47 (16–22 Nov)", "last-month": "October 2026", "2026-W38": "2026-W38 (14–20 Sep)",
		"2026-09": "September 2026", "2026-09-01..2026-09-08": "1 Sep – 8 Sep 2026", "2026-09-22": "22 Sep – 22 Sep 2026",
	} {
		t.Run(raw, func(t *testing.T) {
			p, err := ParsePeriod(raw, digest.Weekly, now, berlin)
			if err != nil || digest.PeriodLabel(p, berlin) != want {
				t.Errorf("%s: %s %v, want %s", raw, digest.PeriodLabel(p, berlin), err, want)
			}
		})
	}
	for _, bad := range []string{
		"2026-W54", "2026-13", "tomorrow", "2026-09-08..2026-09-01", "2027-01", "2020-01-01..2026-01-01", "2026-02-30",
	} {
		t.Run(bad, func(t *testing.T) {
			if _, err := ParsePeriod(bad, digest.Weekly, now, berlin); err == nil || !strings.Contains(err.Error(), "Write") {
				t.Errorf("%s: %v", bad, err)
			}
		})
	}
}

func TestOneMoreDigitShowsWhyATargetWasMissed(t *testing.T) {
	for _, x := range []struct {
		ratio, target float64
		want          string
	}{
		{0.99896, 0.999, "99.896 %"}, {0.99899, 0.999, "99.899 %"}, {0.998999, 0.999, "99.8999 %"},
		{0.9985, 0.999, "99.85 %"}, {0.999, 0.999, "99.90 %"},
		{0.99904, 0.999, "99.90 %"}, {1, 0.999, "100.00 %"}, {0.99993, 0.99995, "99.99 %"}, {0.99977, 0, "99.98 %"},
	} {
		t.Run(fmt.Sprintf("%v of %v", x.ratio, x.target), func(t *testing.T) {
			if got := figures.PercentOf(x.ratio, x.target); got != x.want {
				t.Errorf("%v with the target %v is %q, want %q", x.ratio, x.target, got, x.want)
			}
		})
	}
}

func TestSamplesAreWordsForManagers(t *testing.T) {
	minutes := func(list ...int) (s figures.Sample) {
		for _, m := range list {
			s = append(s, time.Duration(m)*time.Minute)
		}
		return s
	}
	for want, s := range map[string]figures.Sample{
		"none": nil, "58 min": minutes(58), "12 min to 2 h": minutes(31, 120, 12), "5 min": minutes(5, 5),
		"half within 3 min, 9 in 10 within 5 min": minutes(5, 1, 4, 2, 3),
	} {
		t.Run(want, func(t *testing.T) {
			if got := s.Words(); got != want {
				t.Errorf("%v is %q, want %q", []time.Duration(s), got, want)
			}
		})
	}
}

func TestTrendsAreWholeSentences(t *testing.T) {
	opened := func(n figures.Numbers) int { return n.Opened }
	before := func(list ...int) (all []figures.Numbers) {
		for _, n := range list {
			all = append(all, figures.Numbers{Opened: n})
		}
		return all
	}
	for _, x := range []struct {
		now    int
		before []figures.Numbers
		want   string
	}{
		{1, before(6, 5, 4, 7), "5 fewer than last week (usual: 5)"}, {7, before(6), "1 more than last week"},
		{6, before(6, 6, 6, 6), "as many as last week (usual: 6)"}, {6, nil, ""},
	} {
		t.Run(x.want, func(t *testing.T) {
			if got := (&digest.View{Kind: digest.Weekly, Before: x.before}).Trend(x.now, opened); got != x.want {
				t.Errorf("%d after %v is %q, want %q", x.now, x.before, got, x.want)
			}
		})
	}
}

// A page has one period: what the text counts is what its charts show.
func TestTextAndChartsOfAMonthCountTheSame(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	f := &figures.Facts{
		At: on("2026-11-03 08:00"), Began: on("2026-01-01 00:00"),
		Services: []bot.Service{{ID: "web", Name: "Web", Target: 0.999}},
	}
	at := on("2026-09-29 10:00")
	for n := int64(1); n <= 36; n++ { // one a day, from before the month to after it
		f.Incidents = append(f.Incidents, figures.Incident{
			Number: n, Severity: "sev2", State: "closed", Services: []string{"web"}, Started: at, Detected: at, Declared: at,
			Acked: at, Mitigated: at.Add(time.Hour), Resolved: at.Add(time.Hour),
		})
		f.Changes = append(f.Changes, figures.Change{
			Number: n, Type: "normal", State: "closed", Outcome: "success", Services: []string{"web"}, Submitted: at,
			Decided: at, Started: at, Finished: at.Add(time.Hour), Start: at, End: at.Add(2 * time.Hour),
		})
		at = at.Add(24 * time.Hour)
	}
	month, err := ParsePeriod("2026-10", digest.Monthly, f.At, berlin)
	if err != nil {
		t.Fatal(err)
	}
	c := digest.Build(f, digest.View{Kind: digest.Monthly, Period: month, Zone: berlin})
	for name, metric := range map[string]string{"incidents": "incidents.opened", "changes": "changes.implemented"} {
		t.Run(name, func(t *testing.T) {
			k := slices.IndexFunc(c.Charts, func(x chart.Chart) bool { return x.Name == name })
			if k < 0 {
				t.Fatalf("no chart %q", name)
			}
			sum := 0.0
			for _, s := range c.Charts[k].Series {
				for _, v := range s.Values {
					sum += v
				}
			}
			m, _ := c.Metric(metric)
			if sum != m.Value || m.Value != 31 || !strings.Contains(c.Charts[k].Title, "October 2026") {
				t.Errorf("the chart %q shows %v, the text says %v", c.Charts[k].Title, sum, m.Value)
			}
		})
	}
	m, _ := c.Metric("availability.web")
	k := slices.IndexFunc(c.Charts, func(x chart.Chart) bool { return x.Name == "availability" })
	if k < 0 || !strings.HasPrefix(c.Charts[k].Alt, m.Text+" in October 2026") {
		t.Errorf("the chart's words: %+v, the text says %s", c.Charts, m.Text)
	}
}

func TestChartsAreDrawnIntoThePage(t *testing.T) {
	c := chart.Chart{
		Name: "incidents", Title: "Incidents <b>", Kind: "stack", Labels: []string{"1 Oct", "2 Oct"},
		Series: []chart.Series{{Name: "SEV1 & more", Color: "red", Values: []float64{1, 2}}}, Alt: "3 incidents in October.",
	}
	line := chart.Chart{
		Name: "availability", Title: "Web", Unit: "%", Kind: "line", Labels: []string{"a", "b", "c"}, Target: 99.9,
		Floor: 99,
		Series: []chart.Series{
			{Name: "Web", Color: "blue", Values: []float64{99.95, 0, 99.8}, Gaps: []bool{false, true, false}},
		},
	}
	for _, x := range []chart.Chart{c, line} {
		t.Run(x.Name, func(t *testing.T) {
			svg := string(x.SVG())
			if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
				t.Errorf("%s: %v\n%s", x.Name, err, svg)
			}
			if !strings.Contains(svg, `role="img"`) || !strings.Contains(svg, "<title id=\"chart-"+x.Name+"\">") ||
				strings.Contains(svg, "style=") || strings.Contains(svg, "NaN") {
				t.Errorf("%s:\n%s", x.Name, svg)
			}
		})
	}
	if svg := string(c.SVG()); strings.Contains(svg, "<b>") || strings.Count(svg, "<rect") != 3 {
		t.Errorf("bars or words:\n%s", svg)
	}
	r := &Run{Number: 1, Content: &digest.Content{Title: "Monthly", Zone: "UTC", Charts: []chart.Chart{c, line}}}
	for name, draw := range map[string]func() (string, error){
		"page":     func() (string, error) { body, err := r.Body(nil); return string(body), err },
		"document": func() (string, error) { file, err := r.Document(nil); return string(file), err },
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := draw(); err != nil || strings.Count(text, "<svg class=\"chart\"") != 2 ||
				strings.Contains(text, "<img") {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		})
	}
}

func TestNamesTakeTheirArticle(t *testing.T) {
	for name, want := range map[string]string{
		"On-call hand-over": "an on-call hand-over", "CAB agenda": "a CAB agenda", "Daily ops digest": "a daily ops digest",
		"IT service review": "an IT service review",
	} {
		t.Run(name, func(t *testing.T) {
			if got := digest.Article(name); got != want {
				t.Errorf("%q becomes %q, want %q", name, got, want)
			}
		})
	}
}
