package intake

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

// trial compares a file with what there is.
type trial[T any, P book.Record[T]] struct {
	*book.Book[T, P] // which reads by the memory
	c                *bot.Call
	memory           *record.Memory
	columns          []*field.Field[T]
	next             int64            // number of the next new record
	fresh            map[string]bool  // keys of records that the file adds
	taken            map[string]taken // names that earlier lines take

	i      record.Import
	relies map[string]bot.Guard
	bumps  map[string]bool
	jobs   map[bot.Job]bool
	rows   []record.Staged
	add    func([]record.Staged) error
}

func newTrial[T any, P book.Record[T]](
	b *book.Book[T, P], c *bot.Call, i record.Import, first int64, add func([]record.Staged) error,
) *trial[T, P] {
	with := *b
	var memory *record.Memory
	with.Desk, memory = b.Desk.Remembering(b.Rules.Noun)
	return &trial[T, P]{
		Book: &with, c: c, memory: memory, i: i, next: first, add: add, fresh: map[string]bool{}, taken: map[string]taken{},
		relies: map[string]bot.Guard{}, bumps: map[string]bool{}, jobs: map[bot.Job]bool{},
	}
}

// run compares the file line by line, and stages what differs as long as nothing is wrong.
func (t *trial[T, P]) run(ctx context.Context, data []byte, found *sheet.Trial) error {
	names := t.FieldNames()
	if t.Rules.Keyed {
		if err := t.foresee(ctx, data, names); err != nil {
			return err
		}
	}
	f, err := sheet.Open(data, names)
	if err != nil {
		return err
	}
	for _, name := range f.Columns {
		k := slices.IndexFunc(t.Fields, func(f field.Field[T]) bool { return f.Param.Name == name })
		t.columns = append(t.columns, &t.Fields[k])
	}
	err = found.Run(f, batch, func(lines []sheet.Line) error {
		if err := t.stage(found); err != nil {
			return err
		}
		return t.memory.Fetch(ctx, keysOf(lines))
	}, func(l sheet.Line) (sheet.Outcome, error) { return t.line(ctx, l) })
	if err != nil {
		return err
	}
	return t.stage(found)
}

func keysOf(lines []sheet.Line) []string {
	var ids []string
	for _, l := range lines {
		if l.Key != "" {
			ids = append(ids, l.Key)
		}
	}
	return ids
}

// stage hands over what was compared.
func (t *trial[T, P]) stage(found *sheet.Trial) error {
	rows := t.rows
	t.rows = nil
	if !found.Good() || len(rows) == 0 {
		return nil
	}
	return t.add(rows)
}

// foresee finds the keys of records that the file adds, so that its lines may name each other in any order.
func (t *trial[T, P]) foresee(ctx context.Context, data []byte, names []string) error {
	f, err := sheet.Open(data, names)
	if err != nil {
		return err
	}
	name := slices.Index(f.Columns, "name")
	return new(sheet.Trial).Run(f, batch, func(lines []sheet.Line) error {
		return t.memory.Fetch(ctx, keysOf(lines))
	}, func(l sheet.Line) (sheet.Outcome, error) {
		called := ""
		if name >= 0 {
			called = l.Cells[name]
		}
		key, err := book.Key(l.Key, called)
		if err == nil {
			if _, err = t.memory.Record(ctx, key); errors.Is(err, bot.ErrNoSuch) {
				t.fresh[key], err = true, nil
			}
		}
		return sheet.Outcome{ID: key}, err
	})
}

// line is what a line would do.
func (t *trial[T, P]) line(ctx context.Context, l sheet.Line) (sheet.Outcome, error) {
	if l.Key == "" || t.fresh[strings.ToLower(l.Key)] {
		return t.adds(ctx, l)
	}
	r, err := t.memory.Record(ctx, l.Key)
	if errors.Is(err, bot.ErrNoSuch) && t.Rules.Keyed {
		_, err = book.Key(l.Key, "") // which is why it is not among the fresh ones
	}
	switch {
	case errors.Is(err, bot.ErrNoSuch), err == nil && (r.Kind != t.Rules.Noun || !t.Desk.Shows(t.c, &r)):
		return sheet.Outcome{}, bot.Errorf(
			bot.NotFound, "There is no %s %s. Leave the key empty to add one.", t.Rules.Noun, bot.Shown(l.Key),
		)
	case err != nil:
		return sheet.Outcome{}, err
	}
	return t.changes(ctx, l, r)
}

// adds is a line that adds a record.
func (t *trial[T, P]) adds(ctx context.Context, l sheet.Line) (sheet.Outcome, error) {
	x := t.Blank()
	h := x.Base()
	h.Number, h.Added, h.Owner = t.next, t.c.Now, t.c.Person.ID
	h.ID = t.Rules.ID(h.Number)
	if err := t.read(ctx, l, x, true); err != nil {
		return sheet.Outcome{}, err
	}
	if t.Rules.Keyed {
		key, err := book.Key(l.Key, h.Name)
		if err != nil {
			return sheet.Outcome{}, err
		}
		if !t.fresh[key] {
			return sheet.Outcome{}, bot.Errorf(
				bot.Conflict, "There is a %s called %s already. Give another key.", t.Rules.Noun, key,
			)
		}
		h.ID = key
	}
	call := *t.c
	change, err := t.Changed(ctx, &call, x, nil, nil, "")
	if err != nil {
		return sheet.Outcome{}, err
	}
	if err := t.names(l, change); err != nil {
		return sheet.Outcome{}, err
	}
	change.Effects.Dues = t.Dues(x)
	t.next++
	t.keep(nil, change)
	return sheet.Outcome{Did: sheet.Creates, ID: h.ID, Label: h.Name}, nil
}

// changes is a line of a record that is there. One that is archived comes back.
func (t *trial[T, P]) changes(ctx context.Context, l sheet.Line, r record.Row) (sheet.Outcome, error) {
	x, err := t.Decode(r)
	if err != nil {
		return sheet.Outcome{}, err
	}
	was := t.Texts(x)
	o := sheet.Outcome{ID: r.ID, Label: r.Name}
	if err := t.read(ctx, l, x, false); err != nil {
		return o, err
	}
	if x.Base().Live() && slices.Equal(was, t.Texts(x)) {
		return o, nil
	}
	if x, err = t.Open(ctx, t.c, r, false); err != nil {
		return o, err
	}
	linked, due, said := t.Refs(x), t.Dues(x), ""
	if err := t.read(ctx, l, x, false); err != nil {
		return o, err
	}
	back := !x.Base().Live()
	if back {
		x.Base().Archived, said = time.Time{}, "brought back"
	}
	call := *t.c
	change, err := t.Changed(ctx, &call, x, was, linked, said)
	if err != nil {
		return o, err
	}
	if err := t.names(l, change); err != nil {
		return o, err
	}
	if back {
		change.Bumps = append(change.Bumps, record.Guard(r.ID))
	}
	change.Effects.Dues = bot.DuesChanged(due, t.Dues(x))
	t.keep(&r, change)
	s, err := t.Desk.Sight(ctx, book.ReaderOf(t.c), t.Named(change.History))
	if err != nil {
		return o, err
	}
	o.Did, o.What = sheet.Changes, book.Differences(t.Told(change.History, s))
	return o, nil
}

// taken is who has a name by a line of the file.
type taken struct {
	id   string
	line int
}

// names refuses a line that takes a name which an earlier one takes.
func (t *trial[T, P]) names(l sheet.Line, change record.Change) error {
	for _, name := range change.Names {
		if by, there := t.taken[name]; there {
			return bot.Errorf(
				bot.Conflict, "Aliases: line %d gives %s the name %s already. Choose another name.", by.line, by.id, name,
			)
		}
	}
	for _, name := range change.Names {
		t.taken[name] = taken{change.Row.ID, l.Number}
	}
	return nil
}

// keep takes a change into the import.
func (t *trial[T, P]) keep(was *record.Row, change record.Change) {
	for _, g := range change.Effects.Relies {
		if _, there := t.relies[g.Name]; !there {
			t.relies[g.Name] = g
		}
	}
	for _, name := range change.Bumps {
		t.bumps[name] = true
	}
	for _, j := range change.Effects.Jobs {
		if !t.jobs[j] {
			t.jobs[j] = true
			t.i.Jobs = append(t.i.Jobs, j)
		}
	}
	change.Effects = bot.Effects{Dues: change.Effects.Dues}
	told := slices.ContainsFunc(change.History, func(e record.Entry) bool { return t.Rules.Tells[e.What] != desk.Tells{} })
	t.rows = append(t.rows, record.Staged{Was: was, Change: change, Told: told})
}

// done is the import once all is compared.
func (t *trial[T, P]) done(created, changed int) record.Import {
	i := t.i
	i.Created, i.Changed = created, changed
	for _, name := range slices.Sorted(maps.Keys(t.relies)) {
		i.Relies = append(i.Relies, t.relies[name])
	}
	i.Bumps = slices.Sorted(maps.Keys(t.bumps))
	return i
}

// read makes a record say what a line says.
func (t *trial[T, P]) read(ctx context.Context, l sheet.Line, x P, fresh bool) error {
	s, err := t.Sight(ctx, book.ReaderOf(t.c), []P{x})
	if err != nil {
		return err
	}
	var bad bot.Problems
	for k, f := range t.columns {
		cell := l.Cells[k]
		if fresh && cell == "" {
			continue // as if it were not given
		}
		var whole *bot.Error
		err := f.Known(field.Separate(cell), s)
		if err == nil {
			err = f.ReadBy(x, s, func() error { return f.Read(x, cell) })
		}
		if errors.As(err, &whole) {
			bad = append(bad, whole)
			continue
		} else if err != nil {
			bad = append(bad, bot.Errorf(bot.Invalid, "%s: %s.", f.Param.Name, err.Error()))
			continue
		}
		var unknown *bot.Error
		if err := t.exists(ctx, f, x, s); errors.As(err, &unknown) {
			bad = append(bad, unknown)
		} else if err != nil {
			return err
		}
	}
	if h := x.Base(); h.Seen == "" {
		h.Seen = record.Everybody
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// exists refuses a field that names a team or records that are not there, and spells ids as they are.
func (t *trial[T, P]) exists(ctx context.Context, f *field.Field[T], x P, s field.Sight) error {
	text := f.Text(x)
	switch {
	case text == "":
		return nil
	case f.Team:
		options, err := t.Desk.Teams(ctx)
		if err == nil && !slices.ContainsFunc(options, func(o bot.Option) bool { return o.Value == text }) {
			err = bot.Errorf(bot.Invalid, "%s: nobody is in a group %s.", f.Param.Name, bot.Shown(text))
		}
		return err
	case f.Refs == nil:
		return nil
	}
	var ids []string
	for _, id := range f.Refs(x) {
		if s[id] { // it was named before
			ids = append(ids, id)
			continue
		}
		r, err := t.memory.Target(ctx, id, t.fresh)
		if errors.Is(err, bot.ErrNoSuch) || err == nil && !t.Desk.Shows(t.c, &r) {
			return f.None(id)
		}
		if err != nil {
			return err
		}
		if !slices.Contains(f.To, r.Kind) {
			return bot.Errorf(bot.Invalid, "%s: %s is a %s. Name a %s.", f.Param.Name, r.ID, r.Kind, strings.Join(f.To, " or "))
		}
		ids = append(ids, r.ID)
	}
	return f.Read(x, strings.Join(ids, ","))
}
