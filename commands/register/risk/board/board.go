// Package board shows how the risks of an organisation stand: which matter most, and how many there are of each
// likelihood and impact.
package board

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/risk/matrix"
)

// Risk is what the board shows of an open risk.
type Risk struct {
	ID, Name string
	Score    matrix.Assessment
	Level    matrix.Level
	State    string
	Owner    bot.PersonID
}

// Top shows the risks that matter most, so many at most, as a message and as a table.
func Top(list []Risk, most int) (bot.Message, *bot.Table) {
	list = slices.SortedStableFunc(slices.Values(list), func(a, b Risk) int {
		return cmp.Compare(b.Score.Score(), a.Score.Score())
	})
	t := &bot.Table{Columns: []string{"Id", "Risk", "Score", "State", "Owner"}}
	m := bot.Message{Title: "Top risks"}
	for _, r := range list[:min(most, len(list))] {
		owner := bot.T()
		if r.Owner != "" {
			owner = bot.T(bot.Mention(r.Owner))
		}
		t.Rows = append(t.Rows, bot.Row{Object: r.ID, Cells: []bot.Text{
			bot.T(r.ID), bot.T(r.Name), bot.T(r.Score.String()), bot.T(r.State), owner,
		}})
		line := bot.T(bot.Bold(r.ID), " "+r.Name+" · "+r.Score.String()+" · "+r.State)
		if len(owner) > 0 {
			line = append(append(line, bot.T(" · ")...), owner...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	return m, t
}

// Heat draws how many open risks there are of each likelihood and impact.
func Heat(list []Risk) bot.Message {
	m := bot.Message{Title: "Heat map of risks"}
	var scores []matrix.Assessment
	levels := map[matrix.Level]int{}
	for _, r := range list {
		scores = append(scores, r.Score)
		levels[r.Level]++
	}
	for _, line := range matrix.Draw(scores) {
		m.Sections = append(m.Sections, bot.Section{Text: bot.T(bot.Code(line))})
	}
	m.Context = append(m.Context, bot.T(fmt.Sprintf(
		"%s: %d critical, %d high, %d medium, %d low, by the residual score where there is one.",
		value.Counted(len(list), "open risk"), levels[matrix.Critical], levels[matrix.High], levels[matrix.Medium],
		levels[matrix.Low],
	)))
	if n := levels[""]; n > 0 {
		m.Context = append(m.Context, bot.T(value.Counted(n, "risk")+" without a score: /ops risk score RSK-1 l=3 i=4"))
	}
	return m
}
