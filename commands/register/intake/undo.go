package intake

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Undo stages what makes the records of an import what they were before it. Those that it added are archived, for a
// number is never given twice.
func Undo[T any, P book.Record[T]](
	ctx context.Context, c *bot.Call, b *book.Book[T, P], i record.Import,
) (record.Import, error) {
	back := record.Import{Kind: i.Kind, By: c.Person.ID, At: c.Now, File: i.File, Undoes: i.Number}
	return b.Desk.Store().Stage(ctx, back, func(first int64, add func([]record.Staged) error) (record.Import, error) {
		u := &undoing[T, P]{trial: newTrial(b, c, back, first, add), of: map[string]bool{}}
		steps := []func(context.Context, record.Staged) error{u.know, u.take}
		for _, step := range steps {
			if err := u.steps(ctx, i, step); err != nil {
				return back, err
			}
		}
		if len(u.moved) > 0 {
			return back, &record.MovedError{Records: u.moved}
		}
		return u.done(0, u.count), nil
	})
}

// undoing takes back an import.
type undoing[T any, P book.Record[T]] struct {
	*trial[T, P]
	of    map[string]bool // the records of the import
	count int
	moved []string
}

// steps shows the changes of an import, with their records in the memory.
func (u *undoing[T, P]) steps(
	ctx context.Context, i record.Import, step func(context.Context, record.Staged) error,
) error {
	for n := 0; ; n += batch {
		list, err := u.Desk.Store().Staged(ctx, i.Number, n, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		var ids, guards []string
		for _, s := range list {
			ids = append(ids, s.Change.Row.ID)
			guards = append(guards, record.LinksGuard(s.Change.Row.ID))
		}
		if _, err := u.memory.Guards(ctx, guards...); err != nil {
			return err
		}
		if err := u.memory.Fetch(ctx, ids); err != nil {
			return err
		}
		for _, s := range list {
			if err := step(ctx, s); err != nil {
				return err
			}
		}
		rows := u.rows
		u.rows = nil
		if len(rows) > 0 && len(u.moved) == 0 {
			if err := u.add(rows); err != nil {
				return err
			}
		}
	}
}

// know remembers which records there are, and which of them were changed since.
func (u *undoing[T, P]) know(ctx context.Context, s record.Staged) error {
	is := s.Change.Row
	u.of[is.ID] = true
	now, err := u.memory.Record(ctx, is.ID)
	if err != nil {
		return err
	}
	if now.Version != is.Version && len(u.moved) <= desk.FirstMoved {
		u.moved = append(u.moved, is.ID)
	}
	return nil
}

// take makes one record what it was.
func (u *undoing[T, P]) take(ctx context.Context, s record.Staged) error {
	if len(u.moved) > 0 {
		return nil
	}
	r, err := u.memory.Record(ctx, s.Change.Row.ID)
	if err != nil {
		return err
	}
	now, err := u.Open(ctx, u.c, r, false)
	if errors.Is(err, bot.ErrNoSuch) {
		err = u.None(r.ID)
	}
	if err != nil {
		return err
	}
	change := record.Change{}
	if s.Was != nil {
		change.Row = *s.Was
	} else {
		now.Base().Archived = u.c.Now
		change.Row, err = u.Row(now)
		now.Base().Archived = time.Time{}
	}
	if err != nil {
		return err
	}
	then, err := u.Decode(change.Row)
	if err != nil {
		return err
	}
	if now.Base().Live() != then.Base().Live() {
		if err := u.archives(ctx, now, &change); err != nil {
			return err
		}
	}
	change.Row.Version, change.Row.Changed = r.Version+1, u.c.Now
	u.tell(&change, u.Texts(now), u.Texts(then))
	before, after := u.Refs(now), u.Refs(then)
	change.Linked, change.Severed = without(after, before), without(before, after)
	change.Effects.Dues = bot.DuesChanged(u.Dues(now), u.Dues(then))
	for _, l := range change.Linked {
		to, err := u.memory.Target(ctx, l.To, nil)
		if err != nil && !errors.Is(err, bot.ErrNoSuch) {
			return err
		}
		if err == nil && !u.Desk.Shows(u.c, &to) {
			return bot.Errorf(bot.Forbidden, "%s would name something again that you may not see. Ask a manager to undo this.",
				r.ID)
		}
	}
	if err := u.Desk.Rely(ctx, &change); err != nil {
		return err
	}
	u.count++
	u.keep(&r, change)
	return nil
}

func without(list, those []record.Link) []record.Link {
	return slices.DeleteFunc(slices.Clone(list), func(l record.Link) bool { return slices.Contains(those, l) })
}

// archives refuses to archive what others have come to link to.
func (u *undoing[T, P]) archives(ctx context.Context, x P, change *record.Change) error {
	h := x.Base()
	change.Bumps = append(change.Bumps, record.Guard(h.ID))
	guards, err := u.memory.Guards(ctx, record.LinksGuard(h.ID))
	if err != nil || !h.Live() {
		return err
	}
	change.Effects.Relies = append(change.Effects.Relies, guards...)
	others := *h
	others.Linked = slices.DeleteFunc(slices.Clone(h.Linked), func(l record.Linked) bool { return l.Inward && u.of[l.ID] })
	return book.InUse(&others)
}

// tell writes the history of a record that is taken back.
func (u *undoing[T, P]) tell(change *record.Change, now, then []string) {
	list := []record.Entry{{What: u.c.Command.Verb(), Is: record.ImportID(u.i.Undoes)}}
	for k := range u.Fields {
		if now[k] != then[k] {
			list = append(list, record.Entry{What: u.Fields[k].Param.Name, Was: now[k], Is: then[k]})
		}
	}
	for k := range list {
		e := &list[k]
		e.Record, e.Version, e.N = change.Row.ID, change.Row.Version, k+1
		e.At, e.By, e.Agent = u.c.Now, u.c.Person.ID, u.c.Agent
	}
	change.History = list
}
