package contract

import (
	"cmp"
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
)

// decideAhead is how many days ahead reports name what has to be decided.
const decideAhead = 90

// New makes the register of contracts on a desk.
func New(d *desk.Desk) bot.Capability {
	c, own := register.NewOwn[Contract](d, Kind)
	c.Chapters = func(ctx context.Context, p value.Span) ([]bot.Chapter, error) {
		return decisions(ctx, own, value.DayOf(p.To.In(d.Zone())))
	}
	return c
}

// decisions are what has to be decided about contracts, or sent, in the time to come, the earliest first.
func decisions(ctx context.Context, own register.Own[Contract], today value.Day) ([]bot.Chapter, error) {
	type decision struct {
		on value.Day
		bot.ChapterLine
	}
	var list []decision
	err := own.Each(ctx, func(c *Contract) error {
		for _, d := range c.Dues() {
			if d.Done == nil || d.What == "price" || d.On.Since(today) > decideAhead {
				continue
			}
			text := bot.T(bot.Bold(c.ID), " "+value.Shown(c.Name, 60)+": "+d.Text+", by "+d.On.Long())
			if c.Owner != "" {
				text = append(text, bot.T(" – ", c.Owner)...)
			}
			list = append(list, decision{d.On, bot.ChapterLine{Text: text, Worth: c.Yearly(), Audience: c.Audience()}})
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b decision) int { return cmp.Compare(a.on.Since(b.on), 0) })
	chapter := bot.Chapter{Name: "contracts", Title: "Contracts to decide in 90 days"}
	for _, d := range list {
		chapter.Lines = append(chapter.Lines, d.ChapterLine)
	}
	return []bot.Chapter{chapter}, err
}
