package desk

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// own is what somebody looks after in all registers.
func (d *Desk) own(ctx context.Context, p bot.Person) (bot.Own, error) {
	o := bot.Own{Title: "Records that you own"}
	rows, err := d.store.List(ctx, record.Query{
		Owner: p.ID, Reader: record.ReaderOf(bot.LookerOf(ctx)), Sort: "number", Limit: bot.OwnLines + 1, Bare: true,
	})
	for _, r := range rows {
		o.Lines = append(o.Lines, bot.T(bot.Bold(r.ID), " "+value.Shown(r.Name, 100)))
	}
	return o, err
}
