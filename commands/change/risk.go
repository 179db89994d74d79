package change

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Points of the tier of the most important service.
var tierPoints = map[int]int{1: 10, 2: 7, 3: 3, 4: 0, 0: 5}

const (
	businessStart, businessEnd = 8, 18 // hours, Monday to Friday
	freezeEdge                 = 24 * time.Hour
)

// Assess computes the risk of a change: the sum of its answers and of what is known about its time and services, from 0
// to 100. The level is the higher one of that score's and of what a rule of the policy sets.
func (c *Change) Assess(w World, now time.Time) plan.Risk {
	var r plan.Risk
	add := func(points int, format string, a ...any) {
		if points != 0 {
			r.Factors = append(r.Factors, plan.Factor{Points: points, Text: fmt.Sprintf(format, a...)})
		}
		r.Score += points
	}
	for _, q := range plan.Questions {
		points, ok := q.Points(c.Answers[q.ID])
		if !ok {
			add(points, "%s: not answered", q.Clause)
			continue
		}
		add(points, "%s: %s", q.Clause, c.Answers[q.ID])
	}
	tier := w.Catalog.Tier(c.Services)
	if tier == 0 {
		add(tierPoints[0], "tier of the service not known")
	} else {
		add(tierPoints[tier], "service of tier %d", tier)
	}
	near := w.Catalog.Hop(c.Services)
	for _, i := range w.Open {
		if i.grave() && value.Shares(near, i.Services) {
			add(15, "open %s on %s", i.ID, value.Listed(i.Services))
			break
		}
	}
	if w.Failures > 0 {
		add(10, "changes of it that failed in 30 days: %d", w.Failures)
	}
	if c.Window.Set() {
		c.assessTime(w, now, add)
	}
	if c.Backout == "" {
		add(20, "no backout plan")
	}
	if w.Record.Proven() {
		add(-10, "its template went well %d times", len(w.Record.Runs))
	}
	r.Score = max(0, min(100, r.Score))
	r.Level = band(r.Score)
	slices.SortStableFunc(r.Factors, func(a, b plan.Factor) int { return cmp.Compare(b.Points, a.Points) })
	if w.Policy != nil {
		f := c.Facts(w, now)
		f.Risk, f.Score = r.Level, r.Score
		if least, rule := w.Policy.Floor(f); least.Rank() > r.Level.Rank() {
			r.Level, r.Rule = least, rule
		}
	}
	return r
}

func (c *Change) assessTime(w World, now time.Time, add func(int, string, ...any)) {
	start := c.Window.Start.In(c.Window.Location())
	workday := value.Week{}.Workday(value.DayOf(start))
	if !workday || start.Hour() < businessStart || start.Hour() >= businessEnd {
		add(10, "outside of business hours")
	}
	if w.Policy != nil && c.Window.Start.Sub(now) < w.Policy.Defaults.LeadTime {
		add(10, "shorter notice than the policy asks for")
	}
	for _, f := range w.Freezes {
		if !f.Scope.Covers(c.Env, c.Services, w.Catalog) {
			continue
		}
		if len(f.Between(c.Window.Start.Add(-freezeEdge), c.Window.End.Add(freezeEdge))) > 0 {
			add(10, "within 24 h of the freeze %s", f.ID)
			return
		}
	}
}

func band(score int) policy.Level {
	switch {
	case score < 30:
		return policy.Low
	case score < 60:
		return policy.Medium
	}
	return policy.High
}

// Facts are what rules look at.
func (c *Change) Facts(w World, now time.Time) policy.Facts {
	f := policy.Facts{
		Type: c.Type, Env: c.Env, Risk: c.Risk.Level, Score: c.Risk.Score, Services: c.Services,
		Requester: string(c.Requester), Title: c.Title,
		HasBackout: c.Backout != "", HasTest: c.Test != "", Artifacts: c.Artifacts,
		Implementers: value.Texts(c.CarriedOutBy()),
	}
	if w.Template != nil {
		f.Template, f.TemplateActive = w.Template.Name, w.Template.Active(w.Record, now) == ""
	}
	if c.Window.Set() {
		f.Lead, f.Length, f.Start = c.Window.Start.Sub(now), c.Window.End.Sub(c.Window.Start), c.Window.Start
	} else {
		f.Start = now
	}
	if w.Policy != nil {
		f.Start = f.Start.In(w.Policy.Defaults.Zone)
	}
	for _, id := range c.Services {
		if s, ok := w.Catalog.Service(id); ok {
			f.Tags = append(f.Tags, s.Tags...)
			if s.Tier > 0 {
				f.Tiers = append(f.Tiers, s.Tier)
			}
		}
	}
	return f
}
