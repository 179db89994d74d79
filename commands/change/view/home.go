package view

import (
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// Name is the view of changes.
const Name = "changes"

// Board is what Home shows of changes: what waits for somebody's decision, what is planned for today, and freezes.
func Board(waiting []Awaited, today []*change.Change, frozen []Event, now time.Time) []bot.Panel {
	waits := bot.Panel{Title: bot.WaitsForMe, Place: bot.Mine, Empty: "Nothing waits for you."}
	for _, a := range waiting {
		c := a.Change
		note := bot.T(c.Requester, " asks you")
		if c.Window.Set() {
			note = append(note, bot.T(" · starts ", c.Window.Start)...)
		}
		if c.Risk.Level != "" {
			note = append(note, bot.T(" · "+string(c.Risk.Level)+" risk")...)
		}
		waits.Lines = append(waits.Lines, bot.Line{
			Mark: bot.Mark{Text: "swap"}, Object: c.ID(), Title: value.Shown(c.Title, 120), Note: note,
			Actions: []bot.Action{Act("Decide", "change.show", c)},
		})
	}
	start := NewAction
	start.Style = bot.Default
	return []bot.Panel{{Actions: []bot.Action{start}, Rank: -1}, waits, planned(today), freezes(frozen, now)}
}

func planned(today []*change.Change) bot.Panel {
	p := bot.Panel{
		Title: "Changes today", Place: bot.Aside, Rank: bot.RankChanges, Empty: "No change is planned for today.",
		More: &bot.Jump{Label: "All", View: Name},
	}
	sorted := slices.DeleteFunc(slices.Clone(today), func(c *change.Change) bool { return c.State == change.Draft })
	slices.SortStableFunc(sorted, func(a, b *change.Change) int { return a.Window.Start.Compare(b.Window.Start) })
	for _, c := range sorted {
		l := bot.Line{Object: c.ID(), Title: value.Shown(c.Title, 120), State: Mark(c), Note: bot.T(c.Requester)}
		if c.Window.Set() {
			l.Lead, l.Note = bot.T(c.Window.Start), append(l.Note, bot.T(" · until ", c.Window.End)...)
		} else {
			l.Mark = bot.Mark{Text: "swap"}
		}
		p.Lines = append(p.Lines, l)
	}
	return p
}

func freezes(list []Event, now time.Time) bot.Panel {
	p := bot.Panel{Title: bot.AheadTitle, Place: bot.Aside, Rank: bot.RankAhead}
	text := bot.T("None are active or planned.")
	for _, f := range list {
		if !f.End.After(now) {
			continue
		}
		if f.Start.After(now) {
			text = bot.T("None now; ", bot.Bold(value.Shown(f.Title, 60)), " from ", f.Start)
		} else {
			text = bot.T(bot.Bold(value.Shown(f.Title, 60)), " until ", f.End)
		}
		break
	}
	p.Facts = []bot.Field{{Label: "Freeze", Value: text}}
	return p
}
