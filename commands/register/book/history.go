package book

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Sight is what a reader may not see of what the fields of records name, by one read for all of them.
func (b *Book[T, P]) Sight(ctx context.Context, see *record.Reader, list []P) (field.Sight, error) {
	if see == nil || see.All {
		return nil, nil
	}
	var ids []string
	for _, x := range list {
		for _, l := range b.Refs(x) {
			ids = append(ids, l.To)
		}
	}
	return b.Desk.Sight(ctx, see, ids)
}

// ReaderOf is whoever calls.
func ReaderOf(c *bot.Call) *record.Reader {
	return record.ReaderOf(bot.Looker{Person: c.Person, Rights: c.Rights})
}

// naming reports whether entries of a history that are called so list ids, and whether they end with one.
func (b *Book[T, P]) naming(what string) (list, last bool) {
	list = slices.ContainsFunc(b.Fields, func(f field.Field[T]) bool { return f.Refs != nil && f.Param.Name == what })
	return list, slices.Contains([]string{"link", "unlink"}, what)
}

// Named are the ids in entries of a history.
func (b *Book[T, P]) Named(entries []record.Entry) []string {
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

// Told are the entries of a history without what somebody may not see.
func (b *Book[T, P]) Told(entries []record.Entry, s field.Sight) []record.Entry {
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
func (b *Book[T, P]) History(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error) {
	entries, err := b.Desk.Store().History(ctx, r.ID, desk.MaxHistory+1)
	if err != nil {
		return bot.Reply{}, err
	}
	s, err := b.Desk.Sight(ctx, ReaderOf(c), b.Named(entries))
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(desk.History(r.ID, r.Name, b.Told(entries, s))), nil
}

// Differences are what fields were and are.
func Differences(history []record.Entry) []string {
	var list []string
	for _, e := range history {
		text := e.What + ": "
		if e.Was != "" {
			text += value.Shown(e.Was, 80) + " → "
		}
		if e.Is == "" {
			text += "none"
		}
		list = append(list, text+value.Shown(e.Is, 80))
	}
	return list
}
