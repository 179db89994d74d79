package register

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

const (
	listed = 20 // lines of a list in chat
	paged  = 50 // rows of a page
)

// list lists records, as a message or a page.
func (g *registry[T, P]) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	q, err := g.query(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	q.Limit = listed + 1
	if c.Paged {
		q.Limit = paged + 1
	}
	rows, err := g.Desk.Store().List(ctx, q)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(rows) == q.Limit
	if more {
		rows = rows[:len(rows)-1]
	}
	things, err := g.DecodeAll(rows)
	if err != nil {
		return bot.Reply{}, err
	}
	var next map[string]string
	if more {
		next = map[string]string{"after": writeKey(g.Desk.Store().Sorted(q, rows[len(rows)-1]))}
		for _, p := range c.Command.Params {
			if raw := c.Raw[p.Name]; raw != "" && p.Name != "after" {
				next[p.Name] = raw
			}
		}
	}
	s, err := g.Sight(ctx, q.Reader, things)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Paged {
		return bot.Look(g.page(things, next, s, g.orders(q.Reader))), nil
	}
	return bot.Answer(g.lines(things, next, c, s)), nil
}

// page is a list as a table, whose reader may sort it by orders.
func (g *registry[T, P]) page(list []P, next map[string]string, s field.Sight, orders []string) bot.Page {
	t := &bot.Table{Columns: []string{"Id", "Name"}, Next: next, Main: 1, Sorts: []string{"number", "name"}}
	for _, f := range g.columns() {
		t.Columns = append(t.Columns, f.Param.Caption())
		by := ""
		if slices.Contains(orders, f.Param.Name) {
			by = f.Param.Name
		}
		t.Sorts = append(t.Sorts, by)
	}
	t.Columns = append(t.Columns, "Owner", "State", "Next date")
	for _, x := range list {
		h := x.Base()
		cells := []bot.Text{bot.T(h.ID), bot.T(h.Name)}
		for _, f := range g.columns() {
			cells = append(cells, f.ShownTo(x, s))
		}
		cells = append(cells, field.Mention(h.Owner), bot.T(book.Standing(x)), bot.T(g.next(x)))
		t.Rows = append(t.Rows, bot.Row{Object: h.ID, Cells: cells})
	}
	return bot.Page{
		Title: book.Title(g.kind.plural()), Table: t,
		Actions: []bot.Action{{
			Label: "Add a " + g.kind.Noun, Command: g.kind.Noun + ".add", Form: true, Style: bot.Primary,
		}},
		Filters: []bot.Filter{
			{Arg: "which", Label: "Which " + g.kind.plural(), Pick: true, Options: []bot.Option{
				{Value: "all", Label: "All"}, {Value: "mine", Label: "Mine"}, {Value: "orphans", Label: "Without an owner"},
				{Value: "archived", Label: "Archived"},
			}},
			{Arg: "find", Label: "Words in it"},
		},
	}
}

func (g *registry[T, P]) columns() []*field.Field[T] {
	var list []*field.Field[T]
	for _, name := range g.kind.Columns {
		for i := range g.Fields {
			if g.Fields[i].Param.Name == name {
				list = append(list, &g.Fields[i])
			}
		}
	}
	return list
}

// next is the date of a record that comes next.
func (g *registry[T, P]) next(x P) string {
	var first value.Day
	for _, d := range g.Dues(x) {
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
func (g *registry[T, P]) lines(list []P, next map[string]string, c *bot.Call, s field.Sight) bot.Message {
	m := bot.Message{Title: book.Title(g.kind.plural())}
	if len(list) == 0 {
		m.Sections = []bot.Section{bot.Para("There is none of these. Add one, for example: ", bot.Code(
			"/ops "+g.kind.Noun+" add "+g.kind.Example))}
	}
	for _, x := range list {
		h := x.Base()
		line := bot.T(bot.Bold(h.ID), " ", h.Name)
		for _, f := range g.columns() {
			if t := f.ShownTo(x, s); len(t) > 0 && t.Plain(c.Zone) != "" {
				line = append(append(line, bot.T(" · ")...), t...)
			}
		}
		if s := book.Standing(x); s != "" {
			line = append(line, bot.T(" · "+s)...)
		}
		if h.Owner != "" {
			line = append(append(line, bot.T(" · ")...), bot.Mention(h.Owner))
		}
		if d := g.next(x); d != "" {
			line = append(line, bot.T(" · next "+d)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if next != nil {
		m.Actions = append(m.Actions, bot.Action{Label: "More", Command: g.kind.Noun + ".list", Args: next})
	}
	m.Actions = append(m.Actions, bot.Action{Label: "Add a " + g.kind.Noun, Command: g.kind.Noun + ".add", Form: true})
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
