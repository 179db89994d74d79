package figures

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Numbers are the metrics of a period, as docs/reports.md defines them. Flows happened in the period; states are true
// at the moment of the facts.
type Numbers struct {
	Period value.Span

	// Incidents.
	Opened, Resolved, Reopened int            // flows
	BySeverity                 map[string]int // opened, by the highest severity reached
	Open                       int            // state
	MajorOpened                int
	TTD, TTA, TTM, TTR         Sample // of those resolved in the period
	// of those, how many have a start of their own, without which there is no time to detect
	StartKnown                int
	InImpact                  time.Duration
	InTime, Answerable        int // acknowledged in the target, of those that were or should have been
	ReviewsInTime, ReviewsDue int
	Cancelled                 int // false alarms, which count nowhere else

	// Changes whose implementation ended in the period.
	Implemented, Successful, Failed, RolledBack, Emergencies, Standards, Unapproved, InWindow int
	// approved minus submitted
	Waits Sample

	// Follow-ups.
	FollowUpsOpen, FollowUpsOverdue, FollowUpsDone int

	// Pages.
	Pages, Asleep, Actionable int
}

// Targets are within which time an incident has to be acknowledged, by severity; none is no target.
type Targets map[string]time.Duration

// Count computes the numbers of a period.
//
// An incident is opened in the period in which it was declared, and resolved in that of its last resolution, if it is
// still resolved: in exactly one. Times to acknowledge, mitigate and resolve are those of the incidents resolved in the
// period; how long open ones take is not known yet.
func Count(f *Facts, p value.Span, targets Targets) Numbers {
	n := Numbers{Period: p, BySeverity: map[string]int{}}
	var impact []value.Span
	for k := range f.Incidents {
		n.incident(&f.Incidents[k], p, f.At, targets)
		if i := &f.Incidents[k]; i.Real() && !i.overBefore(p.From) {
			impact = append(impact, i.Impacted(f.At)...)
		}
	}
	n.InImpact = value.Union(impact...).And(value.Union(p)).Length()
	for k := range f.Changes {
		n.change(&f.Changes[k], p)
	}
	for _, t := range f.FollowUps {
		switch {
		case p.Holds(t.Done):
			n.FollowUpsDone++
		case t.Done.IsZero():
			n.FollowUpsOpen++
			if !t.Due.IsZero() && t.Due.Before(f.At) {
				n.FollowUpsOverdue++
			}
		}
	}
	for _, r := range f.Rotas {
		for _, page := range r.Pages {
			if !p.Holds(page.At) {
				continue
			}
			n.Pages++
			if page.Class() == "asleep" {
				n.Asleep++
			}
			if page.Led {
				n.Actionable++
			}
		}
	}
	return n
}

func (n *Numbers) incident(i *Incident, p value.Span, now time.Time, targets Targets) {
	if !i.Real() {
		if p.Holds(i.Declared) {
			n.Cancelled++
		}
		return
	}
	if i.Open() {
		n.Open++
	}
	if p.Holds(i.Declared) {
		n.Opened++
		n.BySeverity[i.Highest()]++
		if i.Major() {
			n.MajorOpened++
		}
	}
	if p.Holds(i.Since) { // that is when it was reopened
		n.Reopened++
	}
	if target := targets[i.Highest()]; target > 0 && p.Holds(i.Declared) {
		switch due := i.Declared.Add(target); {
		case !i.Acked.IsZero():
			n.Answerable++
			if !i.Acked.After(due) {
				n.InTime++
			}
		case due.Before(now) || !i.Open():
			n.Answerable++
		}
	}
	if p.Holds(i.ReviewDue) && i.Major() {
		n.ReviewsDue++
		if !i.Published.IsZero() && !i.Published.After(i.ReviewDue) {
			n.ReviewsInTime++
		}
	}
	if !i.ResolvedIn(p) {
		return
	}
	n.Resolved++
	if i.StartKnown || i.Started.Before(i.Detected) {
		n.StartKnown++
		n.TTD = append(n.TTD, i.Detected.Sub(i.Started))
	}
	if !i.Acked.IsZero() {
		n.TTA = append(n.TTA, i.Acked.Sub(i.Detected))
	}
	if !i.Mitigated.IsZero() {
		n.TTM = append(n.TTM, i.Mitigated.Sub(i.Detected))
	}
	n.TTR = append(n.TTR, i.Resolved.Sub(i.Started))
}

func (n *Numbers) change(c *Change, p value.Span) {
	if !c.Implemented() || !p.Holds(c.Finished) {
		return
	}
	n.Implemented++
	switch {
	case c.Failed():
		n.Failed++
	default:
		n.Successful++
	}
	if c.Outcome == "rolled_back" {
		n.RolledBack++
	}
	switch c.Type {
	case "emergency":
		n.Emergencies++
	case "standard":
		n.Standards++
	}
	if c.Unapproved() {
		n.Unapproved++
	}
	if c.InWindow() {
		n.InWindow++
	}
	if !c.Decided.IsZero() && !c.Submitted.IsZero() && c.Type == "normal" && !c.Decided.Before(c.Submitted) {
		n.Waits = append(n.Waits, c.Decided.Sub(c.Submitted))
	}
}

// usualWeights are how much of a service an incident takes, by severity: 1 is all of it, 0 leaves it usable.
var usualWeights = map[string]float64{"sev1": 1, "sev2": 0.5, "unknown": 0.5}

// Health is how a service did in a period.
type Health struct {
	Service      bot.Service
	Availability Availability
	Budget       Budget // zero without a target
	Minor, Major int    // incidents opened
	Lost         []string
}

// Below reports whether it missed its target.
func (h Health) Below() bool { return h.Service.Target > 0 && h.Availability.Ratio < h.Service.Target }

// Served is what happened to a service.
type Served struct {
	incidents []*Incident
	changes   []*Change
}

// ByService sorts what happened by the services it happened to.
func (f *Facts) ByService() map[string]Served {
	of := map[string]Served{}
	for k := range f.Incidents {
		for _, id := range f.Incidents[k].Services {
			s := of[id]
			s.incidents = append(s.incidents, &f.Incidents[k])
			of[id] = s
		}
	}
	for k := range f.Changes {
		for _, id := range f.Changes[k].Services {
			s := of[id]
			s.changes = append(s.changes, &f.Changes[k])
			of[id] = s
		}
	}
	return of
}

// ServiceHealth computes how a service did in a period, as far as that has passed. Planned maintenance is what was
// approved before it began.
func ServiceHealth(f *Facts, svc bot.Service, p value.Span) Health {
	return HealthOf(f, f.ByService()[svc.ID], svc, p)
}

// HealthOf is ServiceHealth for what was counted of a service before.
func HealthOf(f *Facts, of Served, svc bot.Service, p value.Span) Health {
	h := Health{Service: svc}
	passed := value.Span{From: p.From, To: value.Earlier(p.To, f.At)}
	m := Measured{Period: passed}
	if svc.Hours != nil {
		m.Hours = svc.Hours.In(p)
	}
	weight := f.Weights
	if weight == nil {
		weight = usualWeights
	}
	for _, i := range of.incidents {
		if !i.Real() || i.overBefore(passed.From) {
			continue
		}
		losses := i.Losses(f.At, weight)
		m.Losses = append(m.Losses, losses...)
		if slices.ContainsFunc(losses, func(l Loss) bool { return l.Overlaps(passed) }) && !i.Hidden() {
			h.Lost = append(h.Lost, i.ID())
		}
		if passed.Holds(i.Declared) {
			if i.Major() {
				h.Major++
			} else {
				h.Minor++
			}
		}
	}
	if svc.ExceptPlanned {
		for _, c := range of.changes {
			if !c.Decided.IsZero() && !c.Started.IsZero() && !c.Decided.After(c.Started) && c.Type != "emergency" {
				end := cmp.Or(c.Finished, f.At)
				m.Maintenance = append(m.Maintenance, value.Span{
					From: value.Later(c.Started, c.Start), To: value.Earlier(end, cmp.Or(c.End, end)),
				})
			}
		}
	}
	h.Availability = Measure(m)
	if svc.Target > 0 {
		whole := m
		whole.Period, whole.Losses = p, nil
		h.Budget = ErrorBudget(svc.Target, h.Availability.Downtime, h.Availability.Denominator, Measure(whole).Denominator)
	}
	return h
}

// Metric is one number of a report as it is kept, so that later reports can compare with it and say when it would be
// another by now.
type Metric struct {
	Name   string  `json:"name"` // like incidents.opened or availability.portal
	Label  string  `json:"label"`
	Value  float64 `json:"value"`
	Text   string  `json:"text"`
	Better Better  `json:"better,omitempty"`
	Round  float64 `json:"round,omitempty"` // smaller differences are none
}

// Metrics lists the numbers of a period by name.
func (n Numbers) Metrics() []Metric {
	count := func(name, label string, v int, better Better) Metric {
		return Metric{name, label, float64(v), fmt.Sprint(v), better, 0.5}
	}
	list := []Metric{
		count("incidents.opened", "Incidents opened", n.Opened, Lower),
		count("incidents.resolved", "Incidents resolved", n.Resolved, Neither),
		count("incidents.reopened", "Incidents reopened", n.Reopened, Lower),
		count("incidents.major", "SEV1 and SEV2 opened", n.MajorOpened, Lower),
		count("incidents.false-alarms", "False alarms", n.Cancelled, Lower),
		{"incidents.impact", "Time in impact", n.InImpact.Minutes(), Length(n.InImpact), Lower, 0.5},
	}
	sample := func(name, label string, s Sample) {
		if len(s) > 0 {
			list = append(list, Metric{
				name + ".p50", label + ", median", s.Quantile(0.5).Minutes(), Length(s.Quantile(0.5)), Lower, 0.5,
			},
				Metric{name + ".p90", label + ", p90", s.Quantile(0.9).Minutes(), Length(s.Quantile(0.9)), Lower, 0.5},
				count(name+".n", label+", n", len(s), Neither))
		}
	}
	sample("ttd", "Time to detect", n.TTD)
	sample("tta", "Time to acknowledge", n.TTA)
	sample("ttm", "Time to mitigate", n.TTM)
	sample("ttr", "Time to resolve", n.TTR)
	part := func(name, label string, a, of int, better Better) {
		if of > 0 {
			list = append(list, Metric{name, label, 100 * float64(a) / float64(of), Share(a, of), better, 0.05})
		}
	}
	part("sla.response", "Acknowledged in time", n.InTime, n.Answerable, Higher)
	part("reviews.in-time", "Reviews published in time", n.ReviewsInTime, n.ReviewsDue, Higher)
	part("incidents.reopen-rate", "Reopened of resolved", n.Reopened, n.Resolved, Lower)
	list = append(list, count("changes.implemented", "Changes implemented", n.Implemented, Neither))
	part("changes.success", "Changes successful", n.Successful, n.Implemented, Higher)
	part("changes.failure-rate", "Change failure rate", n.Failed, n.Implemented, Lower)
	part("changes.emergency", "Emergency changes", n.Emergencies, n.Implemented, Lower)
	part("changes.in-window", "Changes in their window", n.InWindow, n.Implemented, Higher)
	list = append(list, count("changes.unapproved", "Changes without approval", n.Unapproved, Lower))
	sample("approval", "Wait for approval", n.Waits)
	list = append(list, count("follow-ups.done", "Follow-ups done", n.FollowUpsDone, Higher))
	if n.Pages > 0 {
		list = append(
			list, count("pages", "Pages", n.Pages, Lower), count("pages.asleep", "Pages while asleep", n.Asleep, Lower),
		)
		part("pages.actionable", "Pages that led to something", n.Actionable, n.Pages, Higher)
	}
	return list
}

// Metric is the availability as a figure.
func (h Health) Metric() Metric {
	return Metric{
		"availability." + h.Service.ID, h.Service.Name + " availability", h.Availability.Ratio * 100,
		PercentOf(h.Availability.Ratio, h.Service.Target), Higher, 0.005,
	}
}

// Restated compares what was frozen with what it would be by now.
func Restated(was, now []Metric, what string) []string {
	var lines []string
	for _, m := range was {
		k := slices.IndexFunc(now, func(x Metric) bool { return x.Name == m.Name })
		if k < 0 {
			continue
		}
		if d := now[k].Value - m.Value; d > m.Round || -d > m.Round {
			lines = append(lines, fmt.Sprintf("Restated: %s of %s %s → %s", m.Label, what, m.Text, now[k].Text))
		}
	}
	return lines
}
