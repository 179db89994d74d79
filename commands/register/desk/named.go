package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/record"
)

// named finds a record by its id, or by its name or an alias where no other record is called so, to whoever looks.
// bot.ErrNoSuch: there is none.
func (d *Desk) named(ctx context.Context, name string) (record.Row, error) {
	r, err := d.store.Record(ctx, name)
	if !errors.Is(err, bot.ErrNoSuch) {
		return r, err
	}
	rows, err := d.store.List(ctx, record.Query{
		Words: strings.ToLower(name), Reader: record.ReaderOf(bot.LookerOf(ctx)), Limit: mostNamed,
	})
	if err != nil {
		return record.Row{}, err
	}
	rows = slices.DeleteFunc(rows, func(r record.Row) bool { return !isCalled(r, name) })
	if len(rows) != 1 {
		return record.Row{}, bot.ErrNoSuch
	}
	return rows[0], nil
}

// mostNamed is how many records are looked at that hold the words of a name.
const mostNamed = 200

// isCalled reports whether a record has a name, or an alias, in any case.
func isCalled(r record.Row, name string) bool {
	return strings.EqualFold(r.Name, name) || slices.ContainsFunc(strings.Split(r.Values["aliases"], ","),
		func(alias string) bool { return strings.EqualFold(strings.TrimSpace(alias), name) })
}

// knows reports whether a line names a record that whoever looks may see. A store that does not answer knows none.
func (d *Desk) knows(ctx context.Context, line string) bool {
	if d.store == nil {
		return false
	}
	r, err := d.named(ctx, line)
	return err == nil && record.ReaderOf(bot.LookerOf(ctx)).Sees(&r)
}
