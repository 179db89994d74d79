package register

import (
	"context"
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// underway are the states in which a change is not over.
var underway = []change.State{
	change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review,
}

// Own is what waits for somebody's decision, and what they requested that is not over.
func (g *Register) Own(ctx context.Context, p bot.Person) (bot.Own, error) {
	o := bot.Own{Title: "Changes"}
	waiting, err := g.Waiting(ctx, p.ID, bot.OwnLines+1)
	if err != nil {
		return o, err
	}
	for _, w := range waiting {
		o.Lines = append(o.Lines, append(bot.T("⏳ "), append(view.ListLine(w.Change), bot.T(" – waits for your decision")...)...))
	}
	if len(waiting) > 0 {
		o.Actions = []bot.Action{{Label: fmt.Sprintf("Decide (%d)", len(waiting)), Command: "change.pending"}}
	}
	mine, err := g.Store.List(ctx, change.Filter{Requester: p.ID, States: underway, Limit: bot.OwnLines + 1})
	for _, c := range mine {
		o.Lines = append(o.Lines, view.ListLine(c))
	}
	return o, err
}
