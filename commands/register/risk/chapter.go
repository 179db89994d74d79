package risk

import (
	"cmp"
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/risk/matrix"
)

// topInReports is how many risks reports name.
const topInReports = 5

// chapters are the risks that matter most, and the heat map of those that everybody may see: a count tells of a risk
// too.
func chapters(ctx context.Context, own register.Own[Risk]) ([]bot.Chapter, error) {
	var all []*Risk
	var open []matrix.Assessment
	if err := own.Each(ctx, func(r *Risk) error {
		if !r.Closed.IsZero() || r.Now().Score() == 0 {
			return nil
		}
		all = append(all, r)
		if a := r.Audience(); len(a.People)+len(a.Teams) == 0 {
			open = append(open, r.Now())
		}
		return nil
	}); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b *Risk) int { return cmp.Compare(b.Now().Score(), a.Now().Score()) })
	top := bot.Chapter{Name: "risks", Title: "Top risks"}
	for _, r := range all[:min(topInReports, len(all))] {
		text := bot.T(bot.Bold(r.ID), " "+value.Shown(r.Name, 60)+" · "+r.Now().String()+" · "+r.Standing())
		if r.Owner != "" {
			text = append(text, bot.T(" – ", r.Owner)...)
		}
		top.Lines = append(top.Lines, bot.ChapterLine{Text: text, Audience: r.Audience()})
	}
	if len(open) > 0 {
		top.Grid = matrix.Grid(open)
	}
	return []bot.Chapter{top}, nil
}
