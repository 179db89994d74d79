package vendor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/supplier"
)

// New makes the register of vendors on a desk.
func New(d *desk.Desk) bot.Capability {
	c, own := register.NewOwn[Vendor](d, Kind)
	c.Chapters = func(ctx context.Context, p value.Span) ([]bot.Chapter, error) { return chapters(ctx, d, own, p) }
	return c
}

// chapters say how long incidents took that vendors caused and that were resolved in a period, the longest first.
func chapters(
	ctx context.Context, d *desk.Desk, own register.Own[Vendor], p value.Span,
) ([]bot.Chapter, error) {
	type loss struct {
		of  *Vendor
		all time.Duration
		ids []string
	}
	var list []loss
	err := own.Each(ctx, func(v *Vendor) error {
		links, err := d.Store().Links(ctx, v.ID)
		if err != nil {
			return err
		}
		x := loss{of: v}
		for _, l := range links {
			if l.From != v.ID || l.Name != supplier.Caused {
				continue
			}
			i, err := d.Incident(ctx, l.To)
			switch {
			case errors.Is(err, bot.ErrNoSuch), err == nil && !(i.Open && p.Holds(i.Resolved)):
			case err != nil:
				return err
			default:
				x.all, x.ids = x.all+i.Lost, append(x.ids, l.To)
			}
		}
		if len(x.ids) > 0 {
			list = append(list, x)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b loss) int { return cmp.Compare(b.all, a.all) })
	c := bot.Chapter{Name: "vendors", Title: "Time lost by vendors"}
	for _, x := range list {
		c.Lines = append(c.Lines, bot.ChapterLine{
			Text: bot.T(bot.Bold(x.of.ID), " "+value.Shown(x.of.Name, 60)+": "+value.FormatDuration(x.all.Round(time.Minute))+" in "+
				value.Cut(strings.Join(x.ids, ", "), 100)),
			Audience: x.of.Audience(),
		})
	}
	return []bot.Chapter{c}, err
}
