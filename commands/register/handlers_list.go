package register

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

const (
	listed = 20 // lines of a list in chat
	paged  = 50 // rows of a page
)

// list lists records, as a message or a page.
func (b *book[T, P]) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	q, err := b.query(c)
	if err != nil {
		return bot.Reply{}, err
	}
	q.Limit = listed + 1
	if c.Paged {
		q.Limit = paged + 1
	}
	rows, err := b.desk.Store().List(ctx, q)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(rows) == q.Limit
	if more {
		rows = rows[:len(rows)-1]
	}
	things := make([]P, len(rows))
	for i, r := range rows {
		if things[i], err = b.decode(r); err != nil {
			return bot.Reply{}, err
		}
	}
	var next map[string]string
	if more {
		next = map[string]string{"after": writeKey(b.desk.Store().Sorted(q, rows[len(rows)-1]))}
		for _, p := range c.Command.Params {
			if raw := c.Raw[p.Name]; raw != "" && p.Name != "after" {
				next[p.Name] = raw
			}
		}
	}
	if c.Paged {
		return bot.Look(b.page(things, next)), nil
	}
	return bot.Answer(b.lines(things, next, c)), nil
}

// page is a list as a table.
func (b *book[T, P]) page(list []P, next map[string]string) bot.Page {
	t := &bot.Table{Columns: []string{"Id", "Name"}, Next: next, Main: 1, Sorts: []string{"number", "name"}}
	for _, f := range b.columns() {
		t.Columns = append(t.Columns, f.Param.Caption())
		t.Sorts = append(t.Sorts, b.sortWord(f.Param.Name))
	}
	t.Columns = append(t.Columns, "Owner", "State", "Next date")
	for _, x := range list {
		h := x.Base()
		cells := []bot.Text{bot.T(h.ID), bot.T(h.Name)}
		for _, f := range b.columns() {
			cells = append(cells, f.Shown(x))
		}
		cells = append(cells, field.Mention(h.Owner), bot.T(standing(x)), bot.T(b.next(x)))
		t.Rows = append(t.Rows, bot.Row{Object: h.ID, Cells: cells})
	}
	return bot.Page{
		Title: title(b.kind.plural()), Table: t,
		Actions: []bot.Action{{
			Label: "Add a " + b.kind.Noun, Command: b.kind.Noun + ".add", Form: true, Style: bot.Primary,
		}},
		Filters: []bot.Filter{
			{Arg: "which", Label: "Which " + b.kind.plural(), Pick: true, Options: []bot.Option{
				{Value: "all", Label: "All"}, {Value: "mine", Label: "Mine"}, {Value: "orphans", Label: "Without an owner"},
				{Value: "archived", Label: "Archived"},
			}},
			{Arg: "find", Label: "Words in it"},
		},
	}
}

// sortWord is the word by which a list is sorted by a field, "" if it cannot be.
func (b *book[T, P]) sortWord(name string) string {
	if b.sorts(name) {
		return name
	}
	return ""
}

func (b *book[T, P]) columns() []*field.Field[T] {
	var list []*field.Field[T]
	for _, name := range b.kind.Columns {
		for i := range b.fields {
			if b.fields[i].Param.Name == name {
				list = append(list, &b.fields[i])
			}
		}
	}
	return list
}

// next is the date of a record that comes next.
func (b *book[T, P]) next(x P) string {
	var first value.Day
	for _, d := range b.dues(x) {
		on := d.On
		if on.IsZero() {
			on = value.DayOf(d.At)
		}
		if first.IsZero() || on.Before(first) {
			first = on
		}
	}
	return first.Long()
}

// lines are a list as a message, a line for each record.
func (b *book[T, P]) lines(list []P, next map[string]string, c *bot.Call) bot.Message {
	m := bot.Message{Title: title(b.kind.plural())}
	if len(list) == 0 {
		m.Sections = []bot.Section{bot.Para("There is none of these. Add one, for example: ", bot.Code(
			"/ops "+b.kind.Noun+" add "+b.kind.Example))}
	}
	for _, x := range list {
		h := x.Base()
		line := bot.T(bot.Bold(h.ID), " ", h.Name)
		for _, f := range b.columns() {
			if t := f.Shown(x); len(t) > 0 && t.Plain(c.Zone) != "" {
				line = append(append(line, bot.T(" · ")...), t...)
			}
		}
		if s := standing(x); s != "" {
			line = append(line, bot.T(" · "+s)...)
		}
		if h.Owner != "" {
			line = append(append(line, bot.T(" · ")...), bot.Mention(h.Owner))
		}
		if d := b.next(x); d != "" {
			line = append(line, bot.T(" · next "+d)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if next != nil {
		m.Actions = append(m.Actions, bot.Action{Label: "More", Command: b.kind.Noun + ".list", Args: next})
	}
	m.Actions = append(m.Actions, bot.Action{Label: "Add a " + b.kind.Noun, Command: b.kind.Noun + ".add", Form: true})
	return m
}

// writeKey is where a page ends, as an argument.
func writeKey(k record.Key) string {
	data, err := json.Marshal(k)
	if err != nil {
		panic(err) // strings and a number only
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func readKey(s string) (*record.Key, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(s)
	var k record.Key
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "After: this is not where a page ended. Begin the list anew.").About("after")
	}
	return &k, nil
}
