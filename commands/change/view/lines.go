package view

import (
	"cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// ListLine is a change in a list.
func ListLine(c *change.Change) bot.Text {
	t := bot.T(icon(c)+" ", bot.Bold(c.ID()), " · "+c.State.Label())
	if c.Hold.Why != "" {
		t = append(t, bot.T(" (on hold)")...)
	}
	if c.Risk.Level != "" {
		t = append(t, bot.T(" · "+string(c.Risk.Level))...)
	}
	t = append(t, bot.T(" — "+value.Shown(c.Title, 120)+"\n"+value.Listed(c.Services)+" · "+c.Env+" · by ", c.Requester)...)
	if c.Window.Set() {
		t = append(t, bot.T(" · ", c.Window.Start, " to ", c.Window.End)...)
	}
	if why, back := c.WentBack(); back {
		t = append(t, bot.T("\n", bot.Bold("Rolled back: "), value.Cut(cmp.Or(why, "no reason was given"), 120))...)
	}
	return t
}
