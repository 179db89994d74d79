package digest

import (
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/chart"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// charts are the pictures of a report: those with something to show.
func (v *View) charts(f *figures.Facts) []chart.Chart {
	var list []chart.Chart
	for _, c := range []chart.Chart{v.incidentChart(f), v.availabilityChart(f), v.resolveChart(f), v.changeChart(f)} {
		if len(c.Labels) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// long reports whether the period is as long as what charts show, so that they show it and nothing else: a page has one
// period. Charts of a shorter one look back, and say so.
func (v *View) long() bool { return v.Period.Length() >= 27*24*time.Hour }

// over is the time that charts of days show, in words.
func (v *View) over() string {
	if v.long() {
		return PeriodLabel(v.Period, v.Zone)
	}
	return "the last 30 days"
}

// days are the local days that charts show: those of the period, or the last thirty up to its end.
func (v *View) days() []value.Span {
	last := value.DayOf(v.Period.To.Add(-time.Second).In(v.Zone))
	first := last.Add(-29)
	if v.long() {
		first = value.DayOf(v.Period.From.In(v.Zone))
	}
	var days []value.Span
	for d := first; !d.At(0, v.Zone).After(last.At(0, v.Zone)); d = d.Add(1) {
		days = append(days, value.Span{From: d.At(0, v.Zone), To: d.Add(1).At(0, v.Zone)})
	}
	return days
}

// dayOf is which of days that follow each other holds a time, -1 for none.
func dayOf(days []value.Span, t time.Time) int {
	if k, found := slices.BinarySearchFunc(days, t, func(d value.Span, t time.Time) int {
		switch {
		case !d.To.After(t):
			return -1
		case d.From.After(t):
			return 1
		}
		return 0
	}); found {
		return k
	}
	return -1
}

// weeks are those of the period, of seven local days each and the last maybe shorter; of a shorter period the last
// twelve, in a digest the last four.
func (v *View) weeks() []value.Span {
	if v.long() {
		var weeks []value.Span
		for d := value.DayOf(v.Period.From.In(v.Zone)); d.At(0, v.Zone).Before(v.Period.To); d = d.Add(7) {
			weeks = append(weeks, value.Span{From: d.At(0, v.Zone), To: value.Earlier(d.Add(7).At(0, v.Zone), v.Period.To)})
		}
		return weeks
	}
	last := value.DayOf(v.Period.To.Add(-time.Second).In(v.Zone)).Add(1)
	n := 12
	if v.Kind == Daily {
		n = 4
	}
	var weeks []value.Span
	for k := n; k > 0; k-- {
		weeks = append(weeks, value.Span{From: last.Add(-7*k).At(0, v.Zone), To: last.Add(-7*(k-1)).At(0, v.Zone)})
	}
	return weeks
}

func (v *View) labels(spans []value.Span) []string {
	var labels []string
	for _, s := range spans {
		labels = append(labels, s.From.In(v.Zone).Format("2 Jan"))
	}
	return labels
}

func (v *View) incidentChart(f *figures.Facts) chart.Chart {
	days := v.days()
	c := chart.Chart{
		Name: "incidents", Title: "Incidents opened in " + v.over() + ", by severity", Kind: "stack", Labels: v.labels(days),
	}
	total := 0
	for _, s := range []struct{ severity, color string }{
		{"sev1", "red"}, {"sev2", "orange"}, {"sev3", "yellow"}, {"sev4", "blue"},
	} {
		values := make([]float64, len(days))
		for k := range f.Incidents {
			i := &f.Incidents[k]
			severity := i.Highest()
			if severity == "unknown" {
				severity = "sev2"
			}
			if severity != s.severity || !i.Real() {
				continue
			}
			if d := dayOf(days, i.Declared); d >= 0 {
				values[d]++
				total++
			}
		}
		c.Series = append(c.Series, chart.Series{Name: figures.SeverityLabel(s.severity), Color: s.color, Values: values})
	}
	if total == 0 {
		return chart.Chart{}
	}
	c.Alt = fmt.Sprintf("%s in %s.", Count(total, "incident"), v.over())
	return c
}

func (v *View) changeChart(f *figures.Facts) chart.Chart {
	days := v.days()
	c := chart.Chart{
		Name: "changes", Title: "Changes carried out in " + v.over() + ", by outcome", Kind: "stack", Labels: v.labels(days),
	}
	good, bad := make([]float64, len(days)), make([]float64, len(days))
	total := 0
	for k := range f.Changes {
		x := &f.Changes[k]
		d := dayOf(days, x.Finished)
		if d < 0 || !x.Implemented() {
			continue
		}
		total++
		if x.Failed() {
			bad[d]++
		} else {
			good[d]++
		}
	}
	if total == 0 {
		return chart.Chart{}
	}
	c.Series = []chart.Series{
		{Name: "went well", Color: "green", Values: good}, {Name: "failed or rolled back", Color: "red", Values: bad},
	}
	c.Alt = fmt.Sprintf("%s in %s.", Count(total, "change"), v.over())
	return c
}

// availabilityChart shows the service that spent most of its budget, week by week.
func (v *View) availabilityChart(f *figures.Facts) chart.Chart {
	var worst *figures.Health
	for k := range v.Health {
		if h := &v.Health[k]; h.Service.Target > 0 && (worst == nil || h.Budget.Spent > worst.Budget.Spent) {
			worst = h
		}
	}
	if worst == nil {
		return chart.Chart{}
	}
	weeks := v.weeks()
	c := chart.Chart{
		Name: "availability", Title: worst.Service.Name + " availability by week", Unit: "%", Kind: "line",
		Labels: v.labels(weeks), Target: worst.Service.Target * 100,
	}
	low := 100.0
	var values []float64
	weeks = slices.DeleteFunc(weeks, func(w value.Span) bool { return w.From.Before(f.Began) })
	if len(weeks) < 2 {
		return chart.Chart{}
	}
	c.Labels = v.labels(weeks)
	for _, w := range weeks {
		a := v.health(f, worst.Service, w).Availability.Ratio * 100
		values = append(values, a)
		low = min(low, a)
	}
	c.Series = []chart.Series{{Name: worst.Service.Name, Color: "blue", Values: values}}
	c.Floor = min(low, c.Target) - (100-min(low, c.Target))*0.15
	c.Alt = fmt.Sprintf(
		"%s in %s, target %s %%.", figures.PercentOf(worst.Availability.Ratio, worst.Service.Target), v.over(),
		figures.PercentTarget(worst.Service.Target),
	)
	return c
}

// resolveChart shows the times to resolve by week: the median and the 90th percentile, where there are enough.
func (v *View) resolveChart(f *figures.Facts) chart.Chart {
	weeks := v.weeks()
	c := chart.Chart{Name: "resolve", Title: "Time to resolve, by week", Unit: "h", Kind: "line", Labels: v.labels(weeks)}
	p50, p90, gaps := make([]float64, len(weeks)), make([]float64, len(weeks)), make([]bool, len(weeks))
	known := 0
	var all figures.Sample
	for k, w := range weeks {
		var took figures.Sample
		for j := range f.Incidents {
			if i := &f.Incidents[j]; i.ResolvedIn(w) {
				took = append(took, i.Resolved.Sub(i.Started))
			}
		}
		all = append(all, took...)
		gaps[k] = len(took) == 0
		if !gaps[k] {
			known++
		}
		p50[k], p90[k] = took.Quantile(0.5).Hours(), took.Quantile(0.9).Hours()
	}
	if known < 2 {
		return chart.Chart{}
	}
	c.Series = []chart.Series{
		{Name: "half of them", Color: "blue", Values: p50, Gaps: gaps},
		{Name: "9 in 10", Color: "orange", Values: p90, Gaps: gaps},
	}
	c.Alt = fmt.Sprintf("All of them: %s.", all.Words())
	return c
}
