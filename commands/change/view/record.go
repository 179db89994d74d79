package view

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Record is a change as programs get it.
type Record struct {
	ID       string           `json:"id"`
	State    change.State     `json:"state"`
	Label    string           `json:"label"`
	Type     policy.Type      `json:"type"`
	Title    string           `json:"title"`
	Revision int              `json:"revision"`
	Digest   string           `json:"digest"`
	Services []string         `json:"services"`
	Env      string           `json:"env"`
	Risk     plan.Risk        `json:"risk"`
	Start    *time.Time       `json:"start,omitempty"`
	End      *time.Time       `json:"end,omitempty"`
	Expires  *time.Time       `json:"expires,omitempty"`
	Missing  []string         `json:"missing"`
	Blockers []change.Blocker `json:"blockers"`
	Outcome  policy.Outcome   `json:"outcome,omitempty"`
}

// RecordOf is the record of a change with what is around it.
func RecordOf(c *change.Change, w change.World, at time.Time) Record {
	r := Record{
		ID:       c.ID(),
		State:    c.State,
		Label:    c.Label(w, at),
		Type:     c.Type,
		Title:    c.Title,
		Revision: c.Revision,
		Digest:   c.Digest,
		Services: c.Services,
		Env:      c.Env,
		Risk:     c.Risk,
		Missing:  []string{},
		Blockers: []change.Blocker{},
		Outcome:  c.Outcome,
	}
	if c.Window.Set() {
		r.Start, r.End = &c.Window.Start, &c.Window.End
	}
	if d := c.Deadline(); !d.IsZero() {
		r.Expires = &d
	}
	if c.State == change.Draft {
		r.Missing = append(r.Missing, c.Missing()...)
	}
	if !c.State.Ended() {
		r.Blockers = append(r.Blockers, c.Blockers(w, at)...)
	}
	return r
}

// FormValues is what the forms of a change show, by the names of their inputs.
func FormValues(c *change.Change, zone *time.Location) map[string]string {
	m := map[string]string{
		"title":       c.Title,
		"service":     strings.Join(c.Services, ","),
		"env":         c.Env,
		"why":         c.Why,
		"plan":        c.Plan,
		"backout":     c.Backout,
		"test":        c.Test,
		"implementer": value.Listed(c.Implementers),
		"artifact":    strings.Join(c.Artifacts, ","),
		"outcome":     string(c.Outcome),
	}
	if !c.Window.Start.IsZero() {
		m["start"] = c.Window.Start.In(zone).Format(plan.LocalFormat)
	}
	if !c.Window.End.IsZero() {
		m["end"] = c.Window.End.In(zone).Format(plan.LocalFormat)
	}
	for _, q := range plan.Questions {
		m[q.ID] = c.Answers[q.ID]
	}
	return m
}
