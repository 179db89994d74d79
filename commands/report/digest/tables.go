package digest

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// tables are what the page and the CSV list beside the numbers.
func (v *View) tables(f *figures.Facts) []Table {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(v.Zone).Format("2006-01-02 15:04")
	}
	minutes := func(from, to time.Time) string {
		if from.IsZero() || to.IsZero() || to.Before(from) {
			return ""
		}
		return fmt.Sprintf("%.0f", to.Sub(from).Minutes())
	}
	incidents := Table{
		Name: "incidents", Title: "Incidents",
		Header: []string{
			"id", "severity", "title", "state", "lead", "services", "declared", "resolved", "impact min", "acknowledge min",
			"mitigate min", "resolve min", "suspected changes",
		},
	}
	for k := range f.Incidents {
		i := &f.Incidents[k]
		if i.Hidden() || !i.Real() || !i.Open() && !v.Period.Holds(i.Declared) && !v.Period.Holds(i.Resolved) {
			continue
		}
		resolved := i.Resolved
		if i.Open() {
			resolved = time.Time{}
		}
		incidents.Rows = append(incidents.Rows, []string{
			i.ID(), i.SeverityLabel(), i.Title, i.State, string(i.Lead), strings.Join(i.Services, " "), at(i.Declared),
			at(resolved),
			fmt.Sprintf("%.0f", i.Impacted(f.At).And(value.Union(v.Period)).Length().Minutes()), minutes(i.Detected, i.Acked),
			minutes(i.Detected, i.Mitigated), minutes(i.Started, resolved), strings.Join(i.Suspects, " "),
		})
	}
	changes := Table{
		Name: "changes", Title: "Changes",
		Header: []string{
			"id", "type", "risk", "title", "state", "outcome", "services", "requester", "window", "until", "started", "ended",
			"rolled back because",
		},
	}
	for k := range f.Changes {
		c := &f.Changes[k]
		if c.Hidden() || c.State == "draft" || c.Implemented() && !v.Period.Holds(c.Finished) {
			continue
		}
		changes.Rows = append(changes.Rows, []string{
			c.ID(), c.Type, c.Risk, c.Title, c.State, c.Outcome, strings.Join(c.Services, " "), string(c.Requester),
			at(c.Start), at(c.End), at(c.Started), at(c.Finished), c.Why,
		})
	}
	services := Table{
		Name: "services", Title: "Services",
		Header: []string{
			"service", "tier", "target %", "availability %", "down min", "allowed min", "left min", "burn", "incidents",
			"of those SEV1-2",
		},
	}
	for _, h := range v.Health {
		if h.Service.Target == 0 {
			continue
		}
		services.Rows = append(services.Rows, []string{
			h.Service.Name, fmt.Sprint(h.Service.Tier), figures.PercentTarget(h.Service.Target),
			fmt.Sprintf("%.4f", 100*h.Availability.Ratio), fmt.Sprintf("%.1f", h.Availability.Downtime.Minutes()),
			fmt.Sprintf("%.1f", h.Budget.Allowed.Minutes()), fmt.Sprintf("%.1f", h.Budget.Left.Minutes()),
			fmt.Sprintf("%.2f", h.Budget.Burn), fmt.Sprint(h.Minor + h.Major), fmt.Sprint(h.Major),
		})
	}
	var list []Table
	for _, t := range []Table{services, incidents, changes} {
		if len(t.Rows) > 0 {
			list = append(list, t)
		}
	}
	return list
}
