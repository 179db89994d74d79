package desk

import (
	"context"
	"maps"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// happened is what came to pass in a period and reports count, of all registers by one read.
func (d *Desk) happened(ctx context.Context, period value.Span) ([]bot.Happening, error) {
	names := map[string][]string{}
	for _, b := range d.books {
		names[b.Noun()] = slices.Sorted(maps.Keys(b.Tells()))
	}
	entries, err := d.store.Happened(ctx, names, period)
	list := make([]bot.Happening, len(entries))
	for i, e := range entries {
		tells := d.Register(e.Of.Kind).Tells()[e.What]
		list[i] = bot.Happening{
			Object: e.Record, One: tells.One, Many: tells.Many, Text: value.Shown(e.Of.Name, 60) + ": " + e.Is, At: e.At,
			Audience: e.Of.Audience(),
		}
	}
	return list, err
}
