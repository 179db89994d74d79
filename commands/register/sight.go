package register

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// sight is what whoever opened a record may not see of what its fields name.
func (h *Head) sight() field.Sight {
	var s field.Sight
	for _, l := range h.Linked {
		if l.Hidden && !l.Inward {
			if s == nil {
				s = field.Sight{}
			}
			s[l.ID] = true
		}
	}
	return s
}

// sight is what a reader may not see of what the fields of records name, by one read for all of them.
func (b *book[T, P]) sight(ctx context.Context, see *record.Reader, list []P) (field.Sight, error) {
	if see == nil || see.All {
		return nil, nil
	}
	var ids []string
	for _, x := range list {
		for _, l := range b.refs(x) {
			ids = append(ids, l.To)
		}
	}
	return b.desk.Sight(ctx, see, ids)
}

// readerOf is whoever calls.
func readerOf(c *bot.Call) *record.Reader {
	return record.ReaderOf(bot.Looker{Person: c.Person, Rights: c.Rights})
}

// naming reports whether entries of a history that are called so list ids, and whether they end with one.
func (b *book[T, P]) naming(what string) (list, last bool) {
	list = slices.ContainsFunc(b.fields, func(f field.Field[T]) bool { return f.Refs != nil && f.Param.Name == what })
	return list, slices.Contains([]string{"link", "unlink"}, what)
}

// named are the ids in entries of a history.
func (b *book[T, P]) named(entries []record.Entry) []string {
	var ids []string
	for _, e := range entries {
		switch list, last := b.naming(e.What); {
		case list:
			ids = slices.Concat(ids, field.Separate(e.Was), field.Separate(e.Is))
		case last:
			ids = append(ids, lastWord(e.Is))
		}
	}
	return ids
}

// told are the entries of a history without what somebody may not see.
func (b *book[T, P]) told(entries []record.Entry, s field.Sight) []record.Entry {
	var seen []record.Entry
	for _, e := range entries {
		list, last := b.naming(e.What)
		if list {
			e.Was = strings.Join(s.Of(field.Separate(e.Was)), ",")
			e.Is = strings.Join(s.Of(field.Separate(e.Is)), ",")
		}
		if list && e.Was == e.Is || last && s[lastWord(e.Is)] {
			continue
		}
		seen = append(seen, e)
	}
	return seen
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// History shows what became of a record, to whoever may see it.
func (b *book[T, P]) History(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error) {
	entries, err := b.desk.Store().History(ctx, r.ID, desk.MaxHistory+1)
	if err != nil {
		return bot.Reply{}, err
	}
	s, err := b.desk.Sight(ctx, readerOf(c), b.named(entries))
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(desk.History(r.ID, r.Name, b.told(entries, s))), nil
}

// history is History of the record that a call names.
func (b *book[T, P]) history(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := b.find(ctx, c, true)
	if err != nil {
		return bot.Reply{}, err
	}
	return b.History(ctx, c, *x.Base().from)
}
