package risk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
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

// live are the risks that are not closed, the highest score first.
func live(ctx context.Context, s register.Shelf[Risk]) ([]*Risk, error) {
	var list []*Risk
	err := s.Each(ctx, record.Query{}, func(r *Risk) error {
		if r.Closed.IsZero() {
			list = append(list, r)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b *Risk) int { return cmp.Compare(b.Now().Score(), a.Now().Score()) })
	return list, err
}

func top(ctx context.Context, c *bot.Call, s register.Shelf[Risk]) (bot.Reply, error) {
	list, err := live(ctx, s)
	if err != nil {
		return bot.Reply{}, err
	}
	most := cmp.Or(c.Number("most"), 5)
	t := &bot.Table{Columns: []string{"Id", "Risk", "Score", "State", "Owner"}}
	m := bot.Message{Title: "Top risks"}
	for _, r := range list[:min(most, len(list))] {
		owner := bot.T()
		if r.Owner != "" {
			owner = bot.T(bot.Mention(r.Owner))
		}
		t.Rows = append(t.Rows, bot.Row{Object: r.ID, Cells: []bot.Text{
			bot.T(r.ID), bot.T(r.Name), bot.T(r.Now().String()), bot.T(r.Standing()), owner,
		}})
		line := bot.T(bot.Bold(r.ID), " "+r.Name+" · "+r.Now().String()+" · "+r.Standing())
		if len(owner) > 0 {
			line = append(append(line, bot.T(" · ")...), owner...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if len(list) == 0 {
		m.Sections = []bot.Section{bot.Para("No risk is open. Add one, for example: ", bot.Code("/ops risk add "+example))}
	}
	if c.Paged {
		return bot.Look(bot.Page{Title: m.Title, Table: t}), nil
	}
	return bot.Answer(m), nil
}

// heat draws how many open risks there are of each likelihood and impact.
func heat(ctx context.Context, c *bot.Call, s register.Shelf[Risk]) (bot.Reply, error) {
	list, err := live(ctx, s)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Heat map of risks"}
	for _, line := range Matrix(list) {
		m.Sections = append(m.Sections, bot.Section{Text: bot.T(bot.Code(line))})
	}
	levels := map[Level]int{}
	for _, r := range list {
		levels[r.Level()]++
	}
	m.Context = append(m.Context, bot.T(fmt.Sprintf(
		"%s: %d critical, %d high, %d medium, %d low, by the residual score where there is one.",
		value.Counted(len(list), "open risk"), levels[Critical], levels[High], levels[Medium], levels[Low],
	)))
	if n := levels[""]; n > 0 {
		m.Context = append(m.Context, bot.T(value.Counted(n, "risk")+" without a score: /ops risk score RSK-1 l=3 i=4"))
	}
	if c.Paged {
		return bot.Look(bot.Page{Title: m.Title, Message: &m}), nil
	}
	return bot.Answer(m), nil
}

// Matrix is a heat map in lines of a fixed width: impact upwards, likelihood to the right. Each cell has how many risks
// there are and the first letter of its level, in capitals where there are any.
func Matrix(list []*Risk) []string {
	var count [6][6]int
	for _, r := range list {
		a := r.Now()
		count[a.Impact][a.Likelihood]++
	}
	lines := make([]string, 0, 7)
	for impact := 5; impact >= 1; impact-- {
		line := fmt.Sprintf("impact %d |", impact)
		for likelihood := 1; likelihood <= 5; likelihood++ {
			letter := string(LevelOf(impact * likelihood))[:1]
			if n := count[impact][likelihood]; n > 0 {
				line += fmt.Sprintf("%3d%s", min(n, 999), strings.ToUpper(letter))
			} else {
				line += "  ." + letter
			}
		}
		lines = append(lines, line)
	}
	return append(lines, "         +--------------------", "likelihood  1   2   3   4   5")
}
