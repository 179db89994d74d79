package matrix

import (
	"fmt"
	"strconv"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// levelColors are those of the heat map.
var levelColors = map[Level]string{Low: "green", Medium: "yellow", High: "orange", Critical: "red"}

// Grid is the heat map as a picture: impact upwards, likelihood to the right.
func Grid(list []Assessment) *bot.Grid {
	g := &bot.Grid{Title: "Heat map of risks", RowsAre: "impact", ColumnsAre: "likelihood"}
	counts, levels := map[Assessment]int{}, map[Level]int{}
	for _, a := range list {
		counts[a]++
		levels[LevelOf(a.Score())]++
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
