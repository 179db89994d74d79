// Package book is how a register keeps its records: what every record has, how one is read and written for whoever
// looks, and how a change of one is decided, held to all rules and saved with its history, its links and its dues. It
// knows no command and no card; the kernel gives it the one it answers with.
//
//	Create, Change ──> the kind's rules ──> Changed ──> record.Store
package book

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/approval"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Book is the records of one register, whatever its kind.
type Book[T any, P Record[T]] struct {
	Rules  Rules[T]
	Fields []field.Field[T] // of the head, then of the kind
	Desk   *desk.Desk
	// Card is what a change is answered with: the record, and what was done to it.
	Card func(x P, c *bot.Call, said string) bot.Message
}

// New makes the book of a kind on a desk.
func New[T any, P Record[T]](d *desk.Desk, k Rules[T]) *Book[T, P] {
	k.check()
	b := &Book[T, P]{Rules: k, Desk: d, Fields: slices.Concat(headFields[T, P](), k.Fields)}
	for i := range b.Fields {
		b.complete(&b.Fields[i])
	}
	return b
}

// complete gives a field the choices that only the desk knows.
func (b *Book[T, P]) complete(f *field.Field[T]) {
	switch {
	case f.Team:
		f.Param.Options = b.Desk.Teams
	case len(f.To) > 0:
		f.Param.Options = func(ctx context.Context) ([]bot.Option, error) { return b.Desk.Choices(ctx, f.To[0]) }
		f.Param.Parse = func(raw string) (string, bool) { return b.Desk.Spelled(f.To[0], raw) }
	}
}

// Decode is the record of a row.
func (b *Book[T, P]) Decode(r record.Row) (P, error) {
	x := P(new(T))
	if err := json.Unmarshal(r.Data, x); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.ID, err)
	}
	h := x.Base()
	h.Number, h.ID, h.Version = r.Number, r.ID, r.Version
	h.Added, h.Changed, h.Archived = r.Added, r.Changed, r.Archived
	h.from = &r
	if a := approval.Of(x); a != nil {
		a.Read(b.Texts(x))
	}
	return x, nil
}

// DecodeAll is Decode of each row.
func (b *Book[T, P]) DecodeAll(rows []record.Row) ([]P, error) {
	list := make([]P, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = b.Decode(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Row is the row of a record.
func (b *Book[T, P]) Row(x P) (record.Row, error) {
	data, err := json.Marshal(x)
	if err != nil {
		return record.Row{}, fmt.Errorf("write %s: %w", x.Base().ID, err)
	}
	h := x.Base()
	r := record.Row{
		Kind: b.Rules.Noun, Number: h.Number, ID: h.ID, Alias: b.Rules.ID(h.Number), Version: h.Version, Name: h.Name,
		Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: h.Readers, State: Standing(x), Archived: h.Archived,
		Added: h.Added, Changed: h.Changed, Data: data, Values: map[string]string{},
	}
	if t, ok := any(x).(Timed); ok && h.Live() {
		r.Wakes = t.Wakes()
	}
	found := []string{r.ID, r.Alias}
	for i := range b.Fields {
		f := &b.Fields[i]
		text := f.Text(x)
		if text != "" && !f.Param.Paragraph {
			r.Values[f.Param.Name] = f.Sorted(x)
		}
		if f.Refs == nil { // who finds a record by what it names could find out what they may not see
			found = append(found, text)
		}
	}
	r.Words = strings.ToLower(strings.Join(found, "\n"))
	return r, nil
}

// Texts are the fields of a record as text, in the order of the fields.
func (b *Book[T, P]) Texts(x P) []string {
	list := make([]string, len(b.Fields))
	for i := range b.Fields {
		list[i] = b.Fields[i].Text(x)
	}
	return list
}

// Refs are the links that the fields of a record make.
func (b *Book[T, P]) Refs(x P) []record.Link {
	var list []record.Link
	for i := range b.Fields {
		f := &b.Fields[i]
		if f.Refs == nil {
			continue
		}
		for _, id := range f.Refs(x) {
			list = append(list, record.Link{From: x.Base().ID, Name: f.Param.Name, To: id})
		}
	}
	return list
}

// Values are the fields of a record as a form shows them to somebody.
func (b *Book[T, P]) Values(x P, s field.Sight) map[string]string {
	m := map[string]string{}
	for i := range b.Fields {
		m[b.Fields[i].Param.Name] = b.Fields[i].TextTo(x, s)
	}
	return m
}

// Blank is a record that nobody has said anything about.
func (b *Book[T, P]) Blank() P {
	x := P(new(T))
	if p, ok := any(x).(Preset); ok {
		p.Preset()
	}
	return x
}

// Params are the fields as parameters: the name, those of the kind, then those of the head. Those that the form asks
// for come first, because a platform may have inputs for the first ones only.
func (b *Book[T, P]) Params() []bot.Param {
	list := []bot.Param{b.Fields[0].Param}
	for _, f := range b.OwnFields() {
		list = append(list, f.Param)
	}
	for _, f := range b.Fields[1:len(HeadNames)] {
		list = append(list, f.Param)
	}
	slices.SortStableFunc(list, func(x, y bot.Param) int {
		switch {
		case x.Form == y.Form:
			return 0
		case x.Form:
			return -1
		}
		return 1
	})
	return list
}

// FieldNames are the columns of a file.
func (b *Book[T, P]) FieldNames() []string {
	var names []string
	for _, p := range b.Params() {
		names = append(names, p.Name)
	}
	return names
}

// OwnFields are those of the kind.
func (b *Book[T, P]) OwnFields() []field.Field[T] { return b.Fields[len(HeadNames):] }

// Find reads the record that a call is about.
func (b *Book[T, P]) Find(ctx context.Context, c *bot.Call, anybody bool) (P, error) {
	r, err := b.Desk.Store().Record(ctx, b.IDOf(c))
	var x P
	if err == nil {
		x, err = b.Open(ctx, c, r, anybody)
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, b.None(b.IDOf(c))
	}
	return x, err
}

// Open is the record of a row with its links, to somebody who may see it and, unless anybody may, change it.
func (b *Book[T, P]) Open(ctx context.Context, c *bot.Call, r record.Row, anybody bool) (P, error) {
	if r.Kind != b.Rules.Noun || !b.Desk.Shows(c, &r) {
		return nil, bot.ErrNoSuch
	}
	if !anybody && !b.MayChange(c, &r) {
		return nil, bot.Errorf(
			bot.Forbidden, "Only the owner of %s, its team and managers may change it. %s", r.ID, b.Desk.OwnerOf(r),
		)
	}
	x, err := b.Decode(r)
	if err == nil {
		x.Base().Linked, err = b.Desk.Linked(ctx, r.ID)
	}
	return x, err
}

// MayChange reports whether somebody may change a record.
func (b *Book[T, P]) MayChange(c *bot.Call, r *record.Row) bool {
	return r.Owner == c.Person.ID || r.Team != "" && slices.Contains(c.Person.Groups, r.Team) || c.May(record.Manage)
}

// None is that there is no such record, at least for whoever asks.
func (b *Book[T, P]) None(id string) error {
	return bot.Errorf(
		bot.NotFound, "There is no %s %s. See what there is with: /ops %s list", b.Rules.Noun, bot.Shown(id), b.Rules.Noun,
	)
}

// Each reads the live records that a query finds.
func (b *Book[T, P]) Each(ctx context.Context, q record.Query, do func(x P) error) error {
	return b.Pages(ctx, q, func(page []P) error {
		for _, x := range page {
			if err := do(x); err != nil {
				return err
			}
		}
		return nil
	})
}

// Pages reads the live records that a query finds, page by page.
func (b *Book[T, P]) Pages(ctx context.Context, q record.Query, do func(page []P) error) error {
	q.Kind, q.Sort, q.Limit = b.Rules.Noun, "number", 500
	for {
		rows, err := b.Desk.Store().List(ctx, q)
		if err != nil {
			return err
		}
		page, err := b.DecodeAll(rows)
		if err == nil {
			err = do(page)
		}
		if err != nil {
			return err
		}
		if len(rows) < q.Limit {
			return nil
		}
		last := b.Desk.Store().Sorted(q, rows[len(rows)-1])
		q.After = &last
	}
}

// IDOf is the id of the record that a call is about, as it was typed.
func (b *Book[T, P]) IDOf(c *bot.Call) string { return c.Text(b.Rules.Noun) }

// Key is the key of a new record of a register whose records have one: what was given, or else made of its name.
func Key(given, name string) (string, error) {
	k := strings.ToLower(given)
	if k == "" {
		k = value.Slug(name, 40)
	}
	if !record.IsKey(k) {
		return "", bot.Errorf(
			bot.Invalid, "Short id: %q is not 1 to 40 of a to z, 0 to 9 and dashes, like checkout.", bot.Shown(k),
		).About("key")
	}
	return k, nil
}

// Standing is the state of a record, "" where its kind has none.
func Standing(x any) string {
	if s, ok := x.(Stated); ok {
		return s.Standing()
	}
	return ""
}

// Title begins with a capital letter.
func Title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
