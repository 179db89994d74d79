package register

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
	"github.com/watchbell/watchbell/commands/change/view"
)

// Events lists what the calendar shows in [from, to), by start.
func (g *Register) Events(ctx context.Context, from, to time.Time) ([]view.Event, error) {
	var events []view.Event
	for before := int64(0); ; {
		list, err := g.Store.List(ctx, change.Filter{From: from.UTC(), To: to.UTC(), Before: before, Limit: 500})
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
	p, _, _, err := g.Book.Now(ctx)
	if err != nil {
		return nil, err
	}
	added, err := g.Ledger.Freezes(ctx, from)
	if err != nil {
		return nil, err
	}
	events = append(events, view.PolicyEvents(slices.Concat(p.Freezes, added), p.Windows, from, to)...)
	slices.SortStableFunc(events, func(a, b view.Event) int { return a.Start.Compare(b.Start) })
	return events, nil
}

// Near lists changes on the services, or next to them, whose window or work touches [from, to], the likeliest cause of
// trouble first: those under way, then the same services, then what ended last, emergencies and high risk before
// others.
func (g *Register) Near(ctx context.Context, services []string, from, to time.Time) ([]change.NearChange, error) {
	k, err := g.Book.CatalogOf(ctx, nil)
	if err != nil {
		return nil, err
	}
	near := k.Hop(services)
	list, err := g.Store.List(ctx, change.Filter{
		From: from.UTC(), To: to.UTC().Add(time.Minute),
		States: []change.State{
			change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review, change.Closed,
		},
		Limit: 200,
	})
	if err != nil {
		return nil, err
	}
	return change.Suspects(list, services, near, to), nil
}

// About tells of changes by their ids, as Near does. Those that do not exist are left out.
func (g *Register) About(ctx context.Context, ids []string) ([]change.NearChange, error) {
	var found []change.NearChange
	for _, id := range ids {
		c, err := g.Store.Get(ctx, id)
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

// Calendar answers with what the calendar shows of a day, a week or a month.
func (g *Register) Calendar(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	days := map[string]int{"today": 1, "": 7, "week": 7, "month": 31}[c.Text("range")]
	day := c.Now.In(c.Zone)
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	events, err := g.Events(ctx, from, from.AddDate(0, 0, days))
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(view.Calendar(events, c)), nil
}

// State says whether changes are possible at a time.
func (g *Register) State(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	at := c.Now
	if raw := c.Text("at"); raw != "" {
		var err error
		if at, err = value.When(raw, c.Now, c.Zone, value.Future); err != nil {
			return bot.Reply{}, bot.Errorf(bot.Invalid, "at: %s", err.Error()).About("at")
		}
	}
	k, err := g.Book.Catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	p, _, _, err := g.Book.Now(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	env, service := c.Text("env"), c.Text("service")
	if !slices.Contains(p.Envs, env) {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound, "There is no environment %q. There is: %s.", value.Cut(env, 40), strings.Join(p.Envs, ", "),
		).About("env")
	}
	if _, ok := k.Service(service); !ok {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no service %q.", value.Cut(service, 40)).About("service")
	}
	added, err := g.Ledger.Freezes(ctx, at)
	if err != nil {
		return bot.Reply{}, err
	}
	x := view.StateAt(p, k, slices.Concat(p.Freezes, added), env, service, at)
	reply := bot.Answer(
		bot.Say(
			"Changes of " + service + " in " + env + ": " + strings.ReplaceAll(x.State, "_", " ") + ". " + strings.Join(
				x.Reasons, "; ",
			),
		),
	)
	reply.Data = view.Encode(x)
	return reply, nil
}

// Feed answers with the calendar as a file that other calendars read.
func (g *Register) Feed(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	events, err := g.Events(ctx, c.Now.AddDate(0, -1, 0), c.Now.AddDate(0, 6, 0))
	if err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(view.Done(value.Counted(len(events), "event") + "."))
	reply.Data, err = json.Marshal(map[string]string{"ical": view.ICal(events, c.Now)})
	return reply, err
}
