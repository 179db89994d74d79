package view

import (
	ics "github.com/arran4/golang-ical"

	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Event is what the calendar of changes shows: a change, a freeze or a maintenance window.
type Event struct {
	ID       string // CHG-42, freeze/year-end/…, window/…
	Kind     string // change, freeze or window
	Title    string
	Detail   string
	Start    time.Time
	End      time.Time
	State    change.State
	Level    policy.Level
	Outcome  policy.Outcome
	Version  int // grows with each alteration
	Conflict bool
}

// Icon tells kinds and states of events apart.
func (e Event) Icon() string {
	switch {
	case e.Kind == "freeze":
		return "❄️"
	case e.Kind == "window":
		return "🔧"
	case e.State == change.Cancelled || e.State == change.Rejected || e.State == change.Expired:
		return "⚪"
	}
	return map[policy.Level]string{policy.Low: "🔵", policy.Medium: "🟡", policy.High: "🟠"}[e.Level]
}

// EventOf is a change in the calendar.
func EventOf(c *change.Change) Event {
	e := Event{
		ID: c.ID(), Kind: "change", Title: c.ID() + " " + value.Shown(c.Title, 120),
		Detail: value.Listed(c.Services) + " · " + c.Env + " · " + strings.ToLower(c.State.Label()) + " · risk " + string(
			c.Risk.Level,
		),
		Start: c.Window.Start, End: c.Window.End, State: c.State, Level: c.Risk.Level, Outcome: c.Outcome,
		Version: c.Version,
	}
	if !c.Window.Set() {
		e.Start, e.End = c.Started, value.Later(c.Finished, c.Started.Add(30*time.Minute))
	}
	return e
}

// ICal writes events as calendar programs read them. An event keeps its id for ever, and its sequence number grows when
// it changes.
func ICal(events []Event, at time.Time) string {
	cal := ics.NewCalendarFor("Watchbell")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName("Changes")
	cal.SetRefreshInterval("PT15M")
	for _, x := range events {
		e := cal.AddEvent(strings.ReplaceAll(strings.ToLower(x.ID), "/", "-") + "@watchbell")
		e.SetDtStampTime(at)
		e.SetStartAt(x.Start)
		e.SetEndAt(x.End)
		e.SetSummary(x.Title)
		e.SetDescription(x.Detail)
		e.SetSequence(x.Version)
		switch {
		case x.State == change.Cancelled || x.State == change.Rejected || x.State == change.Expired:
			e.SetStatus(ics.ObjectStatusCancelled)
		case x.State == change.Pending:
			e.SetStatus(ics.ObjectStatusTentative)
		default:
			e.SetStatus(ics.ObjectStatusConfirmed)
		}
		if x.Kind == "window" {
			e.SetTimeTransparency(ics.TransparencyTransparent)
		}
	}
	return cal.Serialize(ics.WithNewLineWindows)
}
