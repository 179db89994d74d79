package register

import (
	"context"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// How much Home looks at: what waits, and how many days ahead for freezes.
const (
	onHome     = 20
	freezeDays = 60
)

// Board is what stands of changes on a console's Home.
func (g *Register) Board(ctx context.Context, p bot.Person) ([]bot.Panel, error) {
	waiting, err := g.Waiting(ctx, p.ID, onHome)
	if err != nil {
		return nil, err
	}
	now := g.Clock.Now()
	local := now.In(p.Location())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, p.Location())
	today, err := g.Store.List(ctx, change.Filter{From: day.UTC(), To: day.AddDate(0, 0, 1).UTC(), Limit: onHome})
	if err != nil {
		return nil, err
	}
	rules, _, _, err := g.Book.Now(ctx)
	if err != nil {
		return nil, err
	}
	added, err := g.Ledger.Freezes(ctx, now)
	if err != nil {
		return nil, err
	}
	frozen := view.PolicyEvents(slices.Concat(rules.Freezes, added), nil, now, now.AddDate(0, 0, freezeDays))
	slices.SortStableFunc(frozen, func(a, b view.Event) int { return a.Start.Compare(b.Start) })
	return view.Board(waiting, today, frozen, now), nil
}
