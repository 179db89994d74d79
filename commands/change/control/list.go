package control

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

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	which := cmp.Or(c.Text("which"), "open")
	size := pageSize
	if c.Paged {
		size = rows
	}
	f := change.Filter{Service: strings.Join(c.List("service"), ""), Env: c.Text("env"), Level: policy.Level(c.Text("risk")), Before: int64(c.Number("before")), Limit: size + 1}
	if len(c.List("service")) > 1 {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Name one service, like: /change list service=%s", c.List("service")[0]).About("service")
	}
	day := c.Now.In(c.Zone)
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	switch which {
	case "open":
		f.States = []change.State{change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review}
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
	found, err := s.store.List(ctx, f)
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

// waiting lists what waits for somebody's decision, most urgent first.
func (s *Service) waiting(ctx context.Context, who bot.PersonID, limit int) ([]view.Awaited, error) {
	found, err := s.waitingUpTo(ctx, who, 0)
	slices.SortStableFunc(found, func(a, b view.Awaited) int { return a.Change.Deadline().Compare(b.Change.Deadline()) })
	return found[:min(len(found), limit)], err
}

// waitingUpTo looks for what waits for somebody's decision, the newest first, until it has found so many; 0 is all. Who is in which group is read
// once for all.
func (s *Service) waitingUpTo(ctx context.Context, who bot.PersonID, enough int) ([]view.Awaited, error) {
	page := 200
	if enough > 0 {
		page = 4 * enough
	}
	var found []view.Awaited
	rosters := map[string]change.Roster{}
	delegations, err := s.ledger.Delegations(ctx, s.clock.Now())
	if err != nil {
		return nil, err
	}
	people, err := s.o.People(ctx)
	if err != nil {
		return nil, err
	}
	p := rulebook.Place{People: people}
	if p.Catalog, err = s.book.CatalogOf(ctx, people); err != nil {
		return nil, err
	}
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Pending, change.Implementing, change.Verifying, change.RollingBack, change.Review}, Before: before, Limit: page})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			name := c.Needs.SHA + strings.Join(c.Services, ",")
			r, ok := rosters[name]
			if !ok {
				if r, err = s.book.Roster(ctx, p, c.Needs.Groups, c.Services, false); err != nil {
					return nil, err
				}
				rosters[name] = r
			}
			if stage := c.WaitsFor(who, r, delegations, s.clock.Now()); stage != "" {
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

func (s *Service) pending(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	found, err := s.waiting(ctx, c.Person.ID, 1000)
	if err != nil {
		return bot.Reply{}, err
	}
	after := c.Number("after")
	m := view.PendingMessage(found[min(after, len(found)):], pageSize)
	if rest := len(found) - after - pageSize; rest > 0 {
		m.Actions = append(m.Actions, bot.Action{Label: fmt.Sprintf("%d more", rest), Command: "change.pending", Args: map[string]string{"after": strconv.Itoa(after + pageSize)}})
	}
	return bot.Answer(m), nil
}

// How much somebody's own page lists.
const homeLines = 5

func (s *Service) home(ctx context.Context, p bot.Person) ([]bot.Message, error) {
	waiting, err := s.waiting(ctx, p.ID, 100)
	if err != nil {
		return nil, err
	}
	mine, err := s.store.List(ctx, change.Filter{Requester: p.ID, States: []change.State{change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review}, Limit: homeLines})
	if err != nil {
		return nil, err
	}
	top := bot.Message{Title: "Changes", Actions: []bot.Action{view.NewAction, {Label: "This week", Command: "change.list", Args: map[string]string{"which": "week"}}}}
	top.Sections = []bot.Section{bot.Para("Nothing waits for your decision.")}
	messages := []bot.Message{top}
	if len(waiting) > 0 {
		messages[0].Sections = nil
		messages = append(messages, view.PendingMessage(waiting, homeLines))
	}
	for _, c := range mine {
		messages = append(messages, bot.Message{Sections: []bot.Section{{Text: view.ListLine(c)}}, Actions: []bot.Action{view.Act("Show", "change.show", c)}})
	}
	return messages, nil
}
