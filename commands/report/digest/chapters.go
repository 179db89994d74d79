package digest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/chart"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// chapters are the blocks that capabilities add, each with what it is worth in a year.
func chapters(f *figures.Facts) []Block {
	var list []Block
	for _, c := range f.Chapters {
		if len(c.Lines) == 0 {
			continue
		}
		b := Block{Name: c.Name, Title: fmt.Sprintf("%s (%d)", c.Title, len(c.Lines))}
		sums := map[string]value.Money{}
		for _, l := range c.Lines {
			b.Lines = append(b.Lines, l.Text)
			if sum, err := sums[l.Worth.Currency].Add(l.Worth); err == nil && !l.Worth.IsZero() {
				sums[l.Worth.Currency] = sum
			}
		}
		var worth []string
		for _, currency := range slices.Sorted(maps.Keys(sums)) {
			worth = append(worth, sums[currency].String())
		}
		if len(worth) > 0 {
			b.Head = bot.T(strings.Join(worth, ", ") + " a year")
		}
		list = append(list, b)
	}
	return list
}

// grids are the pictures of chapters.
func grids(f *figures.Facts) []chart.Chart {
	var list []chart.Chart
	for _, c := range f.Chapters {
		if c.Grid != nil {
			list = append(list, chart.Chart{Name: c.Name, Title: c.Grid.Title, Kind: "grid", Alt: c.Grid.Alt, Grid: c.Grid})
		}
	}
	return list
}
