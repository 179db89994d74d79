package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
)

// Events lists what the calendar shows in [from, to), by start.
func (s *Service) Events(ctx context.Context, from, to time.Time) ([]view.Event, error) {
	var events []view.Event
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{From: from.UTC(), To: to.UTC(), Before: before, Limit: 500})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			if c.State == change.Draft || !c.Window.Set() && c.Started.IsZero() {
				continue
			}
			events = append(events, view.EventOf(c))
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
		for _, i := range f.Between(from, to) {
			events = append(events, view.Event{ID: "freeze/" + f.ID + "/" + i.Start.UTC().Format("20060102T1504"), Kind: "freeze", Title: "Freeze " + f.Label(), Detail: f.Scope.Label(), Start: i.Start, End: i.End})
		}
	}
	for _, m := range p.Windows {
		for _, i := range m.Span.Between(from, to) {
			events = append(events, view.Event{ID: "window/" + m.ID + "/" + i.Start.UTC().Format("20060102T1504"), Kind: "window", Title: "Maintenance window " + m.ID, Detail: m.Scope.Label(), Start: i.Start, End: i.End})
		}
	}
	slices.SortStableFunc(events, func(a, b view.Event) int { return a.Start.Compare(b.Start) })
	return events, nil
}

// Near lists changes on the services, or next to them, whose window or work touches [from, to], the likeliest cause of trouble first: those under way, then the same
// services, then what ended last, emergencies and high risk before others.
func (s *Service) Near(ctx context.Context, services []string, from, to time.Time) ([]change.NearChange, error) {
	k, err := s.catalogOf(ctx, nil)
	if err != nil {
		return nil, err
	}
	near := k.Hop(services)
	list, err := s.store.List(ctx, change.Filter{From: from.UTC(), To: to.UTC().Add(time.Minute), States: []change.State{change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review, change.Closed}, Limit: 200})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c *change.Change) bool {
		return !value.Shares(c.Services, near) || c.State == change.Approved && !c.Window.Start.Before(to)
	})
	slices.SortStableFunc(list, func(a, b *change.Change) int { return suspicion(b, services) - suspicion(a, services) })
	var found []change.NearChange
	for _, c := range list {
		where := "next to it"
		if value.Shares(c.Services, services) {
			where = "same service"
		}
		found = append(found, c.Near(where))
	}
	return found, nil
}

// About tells of changes by their ids, as Near does. Those that do not exist are left out.
func (s *Service) About(ctx context.Context, ids []string) ([]change.NearChange, error) {
	var found []change.NearChange
	for _, id := range ids {
		c, err := s.store.Get(ctx, id)
		if errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c.Near(value.Listed(c.Services)))
	}
	return found, nil
}

func suspicion(c *change.Change, services []string) int {
	points := c.Risk.Level.Rank()
	if c.State.Running() {
		points += 10
	}
	if value.Shares(c.Services, services) {
		points += 6
	}
	if c.Type == policy.Emergency {
		points += 2
	}
	if !c.Started.IsZero() {
		points += 3
	}
	return points
}

func (s *Service) calendar(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	days := map[string]int{"today": 1, "": 7, "week": 7, "month": 31}[c.Text("range")]
	day := c.Now.In(c.Zone)
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	events, err := s.Events(ctx, from, from.AddDate(0, 0, days))
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Change calendar", Tone: bot.Info}
	last := ""
	for _, e := range events[:min(40, len(events))] {
		if d := value.Short(e.Start.In(c.Zone), c.Now, "Mon 2 Jan"); d != last {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(d)))
			last = d
		}
		m.Sections = append(m.Sections, bot.Para(e.Icon()+" ", e.Start, " to ", e.End, " "+e.Title))
	}
	if len(events) == 0 {
		m.Sections = []bot.Section{bot.Para("Nothing is planned.")}
	}
	m.Context = []bot.Text{bot.T("For your calendar program: watchbell token create --name calendar --as " + string(c.Person.ID) + " --scope change.feed")}
	return bot.Answer(m), nil
}

// CalendarState is whether changes are possible at a time.
type CalendarState struct {
	State   string     `json:"state"` // open, soft_freeze, frozen or outside_maintenance
	Until   *time.Time `json:"until,omitempty"`
	Next    *time.Time `json:"next,omitempty"` // when it is open next
	Reasons []string   `json:"reasons"`
}

// state computes it from freezes, the strictest of which counts, and maintenance windows, any of which is enough.
func (s *Service) state(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	at := c.Now
	if raw := c.Text("at"); raw != "" {
		var err error
		if at, err = value.When(raw, c.Now, c.Zone, value.Future); err != nil {
			return bot.Reply{}, bot.Errorf(bot.Invalid, "at: %s", err.Error()).About("at")
		}
	}
	k, err := s.catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	env, service := c.Text("env"), c.Text("service")
	if !slices.Contains(p.Envs, env) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no environment %q. There is: %s.", value.Cut(env, 40), strings.Join(p.Envs, ", ")).About("env")
	}
	if _, ok := k.Service(service); !ok {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no service %q.", value.Cut(service, 40)).About("service")
	}
	added, err := s.ledger.Freezes(ctx, at)
	if err != nil {
		return bot.Reply{}, err
	}
	x := stateAt(p, k, slices.Concat(p.Freezes, added), env, service, at)
	reply := bot.Answer(bot.Say("Changes of " + service + " in " + env + ": " + strings.ReplaceAll(x.State, "_", " ") + ". " + strings.Join(x.Reasons, "; ")))
	reply.Data = view.Encode(x)
	return reply, nil
}

func stateAt(p *policy.Policy, k policy.Catalog, freezes []policy.Freeze, env, service string, at time.Time) CalendarState {
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

func (s *Service) feed(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	events, err := s.Events(ctx, c.Now.AddDate(0, -1, 0), c.Now.AddDate(0, 6, 0))
	if err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(view.Done(value.Counted(len(events), "event") + "."))
	reply.Data, err = json.Marshal(map[string]string{"ical": view.ICal(events, c.Now)})
	return reply, err
}
