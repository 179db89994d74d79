package risk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
)

// topInReports is how many risks reports name.
const topInReports = 5

// chapters are the risks that matter most, and the heat map of those that everybody may see: a count tells of a risk
// too.
func chapters(ctx context.Context, own register.Own[Risk]) ([]bot.Chapter, error) {
	var all, open []*Risk
	if err := own.Each(ctx, func(r *Risk) error {
		if !r.Closed.IsZero() || r.Now().Score() == 0 {
			return nil
		}
		all = append(all, r)
		if a := r.Audience(); len(a.People)+len(a.Teams) == 0 {
			open = append(open, r)
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
		top.Grid = Grid(open)
	}
	return []bot.Chapter{top}, nil
}

// levelColors are those of the heat map.
var levelColors = map[Level]string{Low: "green", Medium: "yellow", High: "orange", Critical: "red"}

// Grid is the heat map as a picture: impact upwards, likelihood to the right.
func Grid(list []*Risk) *bot.Grid {
	g := &bot.Grid{Title: "Heat map of risks", RowsAre: "impact", ColumnsAre: "likelihood"}
	counts, levels := map[Assessment]int{}, map[Level]int{}
	for _, r := range list {
		counts[r.Now()]++
		levels[r.Level()]++
	}
	for impact := 5; impact >= 1; impact-- {
		g.Rows = append(g.Rows, strconv.Itoa(impact))
		g.Columns = append(g.Columns, strconv.Itoa(6-impact))
		var row []bot.GridCell
		for likelihood := 1; likelihood <= 5; likelihood++ {
			row = append(row, bot.GridCell{
				Count: counts[Assessment{Likelihood: likelihood, Impact: impact}], Color: levelColors[LevelOf(impact*likelihood)],
			})
		}
		g.Cells = append(g.Cells, row)
	}
	g.Alt = fmt.Sprintf("%s: %d critical, %d high, %d medium, %d low.", value.Counted(len(list), "risk"), levels[Critical],
		levels[High], levels[Medium], levels[Low])
	return g
}
