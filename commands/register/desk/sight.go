package desk

import (
	"context"
	"errors"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Sight is what somebody may not see of some things, by one read of all records among them.
func (d *Desk) Sight(ctx context.Context, see *record.Reader, ids []string) (field.Sight, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	rows, err := d.store.List(ctx, record.Query{IDs: ids, Bare: true})
	if err != nil {
		return nil, err
	}
	s := field.Sight{}
	for _, id := range ids {
		if k := slices.IndexFunc(rows, func(r record.Row) bool { return r.ID == id }); k >= 0 {
			s[id] = !see.Sees(&rows[k])
		} else if _, err := d.o.Title(ctx, id); errors.Is(err, bot.ErrNoSuch) {
			s[id] = true
		} else if err != nil {
			return nil, err
		}
	}
	return s, nil
}
