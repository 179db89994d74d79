package bot

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// Page is an answer to be looked at: what a console shows and programs read, where a chat says a Message. All parts are
// optional.
type Page struct {
	Title   string
	Facts   []Field
	Table   *Table
	Message *Message
	Actions []Action
}

// Table is rows of the same kind. It holds one screen; Next leads to the rows after these.
type Table struct {
	Columns []string
	Rows    []Row
	// the arguments that show what follows, from the last row's key on and never by counting; nil at the end
	Next map[string]string
}

// Row is one thing in a table, with a cell for each column.
type Row struct {
	Object string // its id, like INC-4
	Cells  []Text
}

// View is a page that a capability has: a command that changes nothing and answers with a Page when one is asked for.
// Whoever may use the command may look at it.
type View struct {
	Name    string // like incidents; it is part of addresses
	Title   string
	Command string
	Args    map[string]string // where whoever looks gives none
	// Home puts it on somebody's own page, where a platform has one for each person.
	Home bool
	// Mine is how it looks there: what is theirs and what waits for them. Default: the page itself, in short.
	Mine func(ctx context.Context, p Person) ([]Message, error)
}

// Look is a Reply that shows a page.
func Look(p Page) Reply { return Reply{Status: Done, Page: &p} }

// With are the arguments of a view with those that somebody gives instead.
func (v View) With(args map[string]string) map[string]string {
	all := maps.Clone(v.Args)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, args)
	return all
}

// Mapped is a copy of a page with each of its texts replaced.
func (p Page) Mapped(by func(Text) Text) Page {
	p.Facts = slices.Clone(p.Facts)
	for i := range p.Facts {
		p.Facts[i].Value = by(p.Facts[i].Value)
	}
	if p.Table != nil {
		t := *p.Table
		t.Rows = slices.Clone(t.Rows)
		for i := range t.Rows {
			t.Rows[i].Cells = slices.Clone(t.Rows[i].Cells)
			for k := range t.Rows[i].Cells {
				t.Rows[i].Cells[k] = by(t.Rows[i].Cells[k])
			}
		}
		p.Table = &t
	}
	if p.Message != nil {
		m := p.Message.Mapped(by)
		p.Message = &m
	}
	return p
}

// HomeRows is how much of a page stands on somebody's own.
const HomeRows = 5

// InShort is a page as a message, with the first rows of its table.
func (p Page) InShort(rows int) Message {
	m := Message{Title: p.Title, Actions: p.Actions}
	if p.Message != nil {
		m = *p.Message
		m.Sections, m.Context = slices.Clone(m.Sections), slices.Clone(m.Context)
		m.Title, m.Actions = cmp.Or(p.Title, m.Title), append(slices.Clone(p.Actions), m.Actions...)
	}
	if len(p.Facts) > 0 {
		m.Sections = append([]Section{{Fields: p.Facts}}, m.Sections...)
	}
	if p.Table == nil {
		return m
	}
	for k, r := range p.Table.Rows {
		if k == rows {
			m.Context = append(m.Context, T("There are more."))
			break
		}
		var line Text
		for _, cell := range r.Cells {
			if cell.Plain(time.UTC) == "" {
				continue
			}
			if len(line) > 0 {
				line = append(line, T(" · ")...)
			}
			line = append(line, cell...)
		}
		m.Sections = append(m.Sections, Section{Text: line})
	}
	return m
}
