package register

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

// How much a list shows: in chat, and on a page.
const (
	pageSize = 10
	rows     = 50
)

// List answers with the changes of a kind, newest first, as a message or as a page.
func (g *Register) List(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	which := cmp.Or(c.Text("which"), "open")
	size := pageSize
	if c.Paged {
		size = rows
	}
	f := change.Filter{
		Service: strings.Join(c.List("service"), ""), Env: c.Text("env"), Level: policy.Level(c.Text("risk")),
		Before: int64(c.Number("before")), Limit: size + 1,
	}
	if len(c.List("service")) > 1 {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Name one service, like: /change list service=%s", c.List("service")[0]).
			About("service")
	}
	day := c.Now.In(c.Zone)
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	switch which {
	case "open":
		f.States = []change.State{
			change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack,
			change.Review,
		}
	case "pending":
		f.States = []change.State{change.Pending}
	case "mine":
		f.Requester = c.Person.ID
	case "emergency":
		f.Type = policy.Emergency
	case "today":
		f.From, f.To = day.UTC(), day.AddDate(0, 0, 1).UTC()
	case "week":
		f.From, f.To = day.UTC(), day.AddDate(0, 0, 7).UTC()
	}
	if states := c.List("state"); len(states) > 0 {
		f.States = nil
		for _, st := range states {
			f.States = append(f.States, change.State(st))
		}
	}
	found, err := g.Store.List(ctx, f)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(found) > size
	found = found[:min(len(found), size)]
	if c.Paged {
		return bot.Look(view.ListPage(found, which, more, c)), nil
	}
	return bot.Answer(view.ListMessage(found, which, more, c)), nil
}

// Waiting lists what waits for somebody's decision, most urgent first.
func (g *Register) Waiting(ctx context.Context, who bot.PersonID, limit int) ([]view.Awaited, error) {
	found, err := g.WaitingUpTo(ctx, who, 0)
	slices.SortStableFunc(found, func(a, b view.Awaited) int { return a.Change.Deadline().Compare(b.Change.Deadline()) })
	return found[:min(len(found), limit)], err
}

// WaitingUpTo looks for what waits for somebody's decision, the newest first, until it has found so many; 0 is all. Who
// is in which group is read once for all.
func (g *Register) WaitingUpTo(ctx context.Context, who bot.PersonID, enough int) ([]view.Awaited, error) {
	page := 200
	if enough > 0 {
		page = 4 * enough
	}
	var found []view.Awaited
	rosters := map[string]change.Roster{}
	delegations, err := g.Ledger.Delegations(ctx, g.Clock.Now())
	if err != nil {
		return nil, err
	}
	people, err := g.People(ctx)
	if err != nil {
		return nil, err
	}
	p := rulebook.Place{People: people}
	if p.Catalog, err = g.Book.CatalogOf(ctx, people); err != nil {
		return nil, err
	}
	for before := int64(0); ; {
		list, err := g.Store.List(ctx, change.Filter{
			States: []change.State{change.Pending, change.Implementing, change.Verifying, change.RollingBack, change.Review},
			Before: before, Limit: page,
		})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			name := c.Needs.SHA + strings.Join(c.Services, ",")
			r, ok := rosters[name]
			if !ok {
				if r, err = g.Book.Roster(ctx, p, c.Needs.Groups, c.Services, false); err != nil {
					return nil, err
				}
				rosters[name] = r
			}
			if stage := c.WaitsFor(who, r, delegations, g.Clock.Now()); stage != "" {
				found = append(found, view.Awaited{Change: c, Stage: stage})
			}
			if enough > 0 && len(found) == enough {
				return found, nil
			}
		}
		if len(list) < page {
			return found, nil
		}
	}
}

// Pending answers with what waits for the decision of whoever asks, most urgent first.
func (g *Register) Pending(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	found, err := g.Waiting(ctx, c.Person.ID, 1000)
	if err != nil {
		return bot.Reply{}, err
	}
	after := c.Number("after")
	m := view.PendingMessage(found[min(after, len(found)):], pageSize)
	if rest := len(found) - after - pageSize; rest > 0 {
		m.Actions = append(m.Actions, bot.Action{
			Label: fmt.Sprintf("%d more", rest), Command: "change.pending",
			Args: map[string]string{"after": strconv.Itoa(after + pageSize)},
		})
	}
	return bot.Answer(m), nil
}

// How much somebody's own page lists.
const homeLines = 5

// Home is what somebody's own page shows of changes: what waits for them, and what they requested.
func (g *Register) Home(ctx context.Context, p bot.Person) ([]bot.Message, error) {
	waiting, err := g.Waiting(ctx, p.ID, 100)
	if err != nil {
		return nil, err
	}
	mine, err := g.Store.List(ctx, change.Filter{
		Requester: p.ID,
		States:    underway, Limit: homeLines,
	})
	if err != nil {
		return nil, err
	}
	top := bot.Message{
		Title: "Changes",
		Actions: []bot.Action{
			view.NewAction, {Label: "This week", Command: "change.list", Args: map[string]string{"which": "week"}},
		},
	}
	top.Sections = []bot.Section{bot.Para("Nothing waits for your decision.")}
	messages := []bot.Message{top}
	if len(waiting) > 0 {
		messages[0].Sections = nil
		messages = append(messages, view.PendingMessage(waiting, homeLines))
	}
	for _, c := range mine {
		messages = append(messages, bot.Message{
			Sections: []bot.Section{{Text: view.ListLine(c)}}, Actions: []bot.Action{view.Act("Show", "change.show", c)},
		})
	}
	return messages, nil
}
