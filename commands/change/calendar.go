package change

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Event is what the calendar of changes shows: a change, a freeze or a maintenance window.
type Event struct {
	ID       string // CHG-42, freeze/year-end/…, window/…
	Kind     string // change, freeze or window
	Title    string
	Detail   string
	Start    time.Time
	End      time.Time
	State    State
	Level    Level
	Outcome  Outcome
	Version  int // grows with each alteration
	Conflict bool
}

func (e Event) icon() string {
	switch {
	case e.Kind == "freeze":
		return "❄️"
	case e.Kind == "window":
		return "🔧"
	case e.State == Cancelled || e.State == Rejected || e.State == Expired:
		return "⚪"
	}
	return map[Level]string{Low: "🔵", Medium: "🟡", High: "🟠"}[e.Level]
}

// Events lists what the calendar shows in [from, to), by start.
func (s *Service) Events(ctx context.Context, from, to time.Time) ([]Event, error) {
	var events []Event
	for before := int64(0); ; {
		list, err := s.store.List(ctx, Filter{From: from.UTC(), To: to.UTC(), Before: before, Limit: 500})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			if c.State == Draft || !c.Window.Set() && c.Started.IsZero() {
				continue
			}
			events = append(events, eventOf(c))
		}
		if len(list) < 500 {
			break
		}
	}
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return nil, err
	}
	added, err := s.ledger.Freezes(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, f := range slices.Concat(p.Freezes, added) {
		for _, i := range f.between(from, to) {
			events = append(events, Event{ID: "freeze/" + f.ID + "/" + i.Start.UTC().Format("20060102T1504"), Kind: "freeze", Title: "Freeze " + f.label(), Detail: f.Scope.label(), Start: i.Start, End: i.End})
		}
	}
	for _, m := range p.Windows {
		for _, i := range m.Span.Between(from, to) {
			events = append(events, Event{ID: "window/" + m.ID + "/" + i.Start.UTC().Format("20060102T1504"), Kind: "window", Title: "Maintenance window " + m.ID, Detail: m.Scope.label(), Start: i.Start, End: i.End})
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.Start.Compare(b.Start) })
	return events, nil
}

func eventOf(c *Change) Event {
	e := Event{ID: c.ID(), Kind: "change", Title: c.ID() + " " + value.Shown(c.Title, 120), Detail: list(c.Services) + " · " + c.Env + " · " + strings.ToLower(c.State.Label()) + " · risk " + string(c.Risk.Level),
		Start: c.Window.Start, End: c.Window.End, State: c.State, Level: c.Risk.Level, Outcome: c.Outcome, Version: c.Version}
	if !c.Window.Set() {
		e.Start, e.End = c.Started, value.Later(c.Finished, c.Started.Add(30*time.Minute))
	}
	return e
}

// ICal writes events as calendar programs read them. An event keeps its id for ever, and its sequence number grows when it changes.
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
		case x.State == Cancelled || x.State == Rejected || x.State == Expired:
			e.SetStatus(ics.ObjectStatusCancelled)
		case x.State == Pending:
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

// NearChange is a change near an incident.
type NearChange struct {
	ID, Title string
	Detail    bot.Text // when, and where
	Running   bool
}

// Near lists changes on the services, or next to them, whose window or work touches [from, to], the likeliest cause of trouble first: those under way, then the same
// services, then what ended last, emergencies and high risk before others.
func (s *Service) Near(ctx context.Context, services []string, from, to time.Time) ([]NearChange, error) {
	k := Catalog{Services: s.o.Services}
	near := k.hop(services)
	list, err := s.store.List(ctx, Filter{From: from.UTC(), To: to.UTC().Add(time.Minute), States: []State{Approved, Implementing, Verifying, RollingBack, Review, Closed}, Limit: 200})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c *Change) bool {
		return !shares(c.Services, near) || c.State == Approved && !c.Window.Start.Before(to)
	})
	slices.SortStableFunc(list, func(a, b *Change) int { return suspicion(b, services) - suspicion(a, services) })
	var found []NearChange
	for _, c := range list {
		where := "next to it"
		if shares(c.Services, services) {
			where = "same service"
		}
		found = append(found, c.near(where))
	}
	return found, nil
}

// About tells of changes by their ids, as Near does. Those that do not exist are left out.
func (s *Service) About(ctx context.Context, ids []string) ([]NearChange, error) {
	var found []NearChange
	for _, id := range ids {
		c, err := s.store.Get(ctx, id)
		if errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c.near(list(c.Services)))
	}
	return found, nil
}

// near is a change as an incident tells of it: points in time, because cards show no running clocks.
func (c *Change) near(where string) NearChange {
	when := bot.T(strings.ToLower(c.State.Label()))
	switch _, back := c.WentBack(); {
	case back && c.State != RollingBack:
		when = bot.T("rolled back ", c.Finished)
	case c.State == RollingBack:
		when = bot.T("is being rolled back")
	case !c.Finished.IsZero():
		when = bot.T("done ", c.Finished)
	case !c.Started.IsZero():
		when = bot.T("under way since ", c.Started)
	case c.Window.Set():
		when = bot.T("planned for ", c.Window.Start)
	}
	return NearChange{c.ID(), c.Title, append(when, bot.T(", "+where)...), c.State == Implementing || c.State == Verifying}
}

func suspicion(c *Change, services []string) int {
	points := c.Risk.Level.rank()
	if c.State.Running() {
		points += 10
	}
	if shares(c.Services, services) {
		points += 6
	}
	if c.Type == Emergency {
		points += 2
	}
	if !c.Started.IsZero() {
		points += 3
	}
	return points
}
