package view

import (
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// PolicyEvents are the freezes and maintenance windows in the calendar, in [from, to).
func PolicyEvents(freezes []policy.Freeze, windows []policy.Maintenance, from, to time.Time) []Event {
	var events []Event
	add := func(kind, id, title string, scope policy.Scope, list []policy.Interval) {
		for _, i := range list {
			events = append(events, Event{
				ID:     kind + "/" + id + "/" + i.Start.UTC().Format("20060102T1504"),
				Kind:   kind,
				Title:  title,
				Detail: scope.Label(),
				Start:  i.Start,
				End:    i.End,
			})
		}
	}
	for _, f := range freezes {
		add("freeze", f.ID, "Freeze "+f.Label(), f.Scope, f.Between(from, to))
	}
	for _, m := range windows {
		add("window", m.ID, "Maintenance window "+m.ID, m.Scope, m.Span.Between(from, to))
	}
	return events
}

// Calendar lists events by day.
func Calendar(events []Event, call *bot.Call) bot.Message {
	m := bot.Message{Title: "Change calendar", Tone: bot.Info}
	last := ""
	for _, e := range events[:min(40, len(events))] {
		if d := value.Short(e.Start.In(call.Zone), call.Now, "Mon 2 Jan"); d != last {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(d)))
			last = d
		}
		m.Sections = append(m.Sections, bot.Para(e.Icon()+" ", e.Start, " to ", e.End, " "+e.Title))
	}
	if len(events) == 0 {
		m.Sections = []bot.Section{bot.Para("Nothing is planned.")}
	}
	m.Context = []bot.Text{bot.T("For your calendar program: watchbell token create --name calendar --as " +
		string(call.Person.ID) + " --scope change.feed")}
	return m
}

// Freezes lists those that are in force or come within a year.
func Freezes(list []policy.Freeze, now time.Time) bot.Message {
	args := map[string]string{"what": "add"}
	add := bot.Action{Label: "Add a freeze", Command: "change.freeze", Args: args, Form: true}
	m := bot.Message{Title: "Freezes", Tone: bot.Info, Actions: []bot.Action{add}}
	for _, f := range list {
		next := f.Between(now, now.AddDate(1, 0, 0))
		if len(next) == 0 {
			continue
		}
		mode := "soft"
		if f.Hard {
			mode = "hard"
		}
		when := bot.T("from ", next[0].Start, " to ", next[0].End)
		if next[0].Holds(now) {
			when = bot.T("in force until ", next[0].End)
		}
		t := append(bot.T(bot.Bold(f.ID), " · "+mode+" · "+f.Scope.Label()+" · "), when...)
		if f.Reason != "" {
			t = append(t, bot.T(" — "+f.Reason)...)
		}
		if f.Owner != "" {
			t = append(t, bot.T(" · ", f.Owner)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if len(m.Sections) == 0 {
		m.Sections = []bot.Section{bot.Para("No freezes are active or planned.")}
	}
	return m
}

// CalendarState is whether changes are possible at a time.
type CalendarState struct {
	State   string     `json:"state"` // open, soft_freeze, frozen or outside_maintenance
	Until   *time.Time `json:"until,omitempty"`
	Next    *time.Time `json:"next,omitempty"` // when it is open next
	Reasons []string   `json:"reasons"`
}

// StateAt computes the state for a service from freezes, the strictest of which counts, and maintenance windows, any of
// which is enough.
func StateAt(
	p *policy.Policy, k policy.Catalog, freezes []policy.Freeze, env, service string, at time.Time,
) CalendarState {
	x := CalendarState{State: "open", Reasons: []string{}}
	for _, f := range freezes {
		now := f.Between(at, at)
		if !f.Meets(policy.Normal, env, []string{service}, k) || len(now) == 0 {
			continue
		}
		x.Reasons = append(x.Reasons, "freeze "+f.Label())
		if state := map[bool]string{true: "frozen", false: "soft_freeze"}[f.Hard]; x.State != "frozen" {
			x.State = state
		}
		if end := now[0].End; x.Until == nil || end.After(*x.Until) {
			x.Until = &end
		}
	}
	if x.Until != nil {
		x.Next = x.Until
		return x
	}
	has := false
	for _, m := range p.Windows {
		if !m.Scope.Covers(env, []string{service}, k) {
			continue
		}
		has = true
		if now := m.Span.Between(at, at); len(now) > 0 {
			x.Until = &now[0].End
			return x
		}
		if next, ok := m.Span.Next(at); ok && (x.Next == nil || next.Start.Before(*x.Next)) {
			x.Next = &next.Start
		}
	}
	if has {
		x.State, x.Until = "outside_maintenance", x.Next
		x.Reasons = append(x.Reasons, "outside of the maintenance windows of "+service)
	}
	return x
}
