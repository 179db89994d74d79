package risk

import (
	"cmp"
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/risk/board"
)

var looks = []register.Look[Risk]{
	{
		Command: bot.Command{
			Name: "top", Summary: "the risks that matter most", Example: "/ops risk top", Params: []bot.Param{{
				Name: "most", Kind: bot.NumberParam, Bare: true, Min: 1, Max: 20, Help: "How many, from 1 to 20; default is 5.",
			}},
		},
		Show: top,
	},
	{
		Command: bot.Command{
			Name: "heat", Summary: "how many risks there are, by likelihood and impact", Example: "/ops risk heat",
		},
		Show: heat,
	},
}

// open are the risks that are not closed, as the board shows them.
func open(ctx context.Context, s register.Shelf[Risk]) ([]board.Risk, error) {
	var list []board.Risk
	err := s.Each(ctx, record.Query{}, func(r *Risk) error {
		if r.Closed.IsZero() {
			list = append(list, board.Risk{
				ID: r.ID, Name: r.Name, Score: r.Now(), Level: r.Level(), State: r.Standing(), Owner: r.Owner,
			})
		}
		return nil
	})
	return list, err
}

func top(ctx context.Context, c *bot.Call, s register.Shelf[Risk]) (bot.Reply, error) {
	list, err := open(ctx, s)
	if err != nil {
		return bot.Reply{}, err
	}
	m, t := board.Top(list, cmp.Or(c.Number("most"), 5))
	if len(list) == 0 {
		m.Sections = []bot.Section{bot.Para("No risk is open. Add one, for example: ", bot.Code("/ops risk add "+example))}
	}
	if c.Paged {
		return bot.Look(bot.Page{Title: m.Title, Table: t}), nil
	}
	return bot.Answer(m), nil
}

func heat(ctx context.Context, c *bot.Call, s register.Shelf[Risk]) (bot.Reply, error) {
	list, err := open(ctx, s)
	if err != nil {
		return bot.Reply{}, err
	}
	m := board.Heat(list)
	if c.Paged {
		return bot.Look(bot.Page{Title: m.Title, Message: &m}), nil
	}
	return bot.Answer(m), nil
}
