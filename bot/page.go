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
	Object  string // the id of the thing that it shows, if it shows one
	Marks   []Mark // how that stands, below the title
	Meta    []Text // what else is said there
	Facts   []Field
	Panels  []Panel
	Table   *Table
	Message *Message
	Actions []Action
	Files   []Download // what can be taken away
	Filters []Filter   // of the table
}

// Table is rows of the same kind. It holds one screen; Next leads to the rows after these.
type Table struct {
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
	// the arguments that show what follows, from the last row's key on and never by counting; nil at the end
	Next map[string]string `json:"next,omitempty"`

	// Main is the index of the column that people read first: it links to the thing, and takes the room there is.
	Main int `json:"-"`
	// Sorts are the words that the argument named sort takes, by column; "" is a column that nothing is sorted by.
	Sorts []string `json:"-"`
}

// Row is one thing in a table, with a cell for each column.
type Row struct {
	Object string       `json:"object,omitempty"` // its id, like INC-4
	Cells  []Text       `json:"cells"`
	Marks  map[int]Mark `json:"-"` // cells that are marks, by column; the cell says the same in words
}

// Filter is one way of cutting down a table: an argument of the view's command.
type Filter struct {
	Arg     string
	Label   string
	Options []Option // none: words are typed
	Pick    bool     // the few options stand side by side, and the first is the one meant when none is chosen
}

// Download is a file that a page offers.
type Download struct {
	Label string
	Name  string // the last part of its address, below the page's
}

// View is a page that a capability has: a command that changes nothing and answers with a Page when one is asked for.
// Whoever may use the command may look at it.
type View struct {
	Name    string // like incidents; it is part of addresses
	Title   string
	Command string
	Args    map[string]string // where whoever looks gives none
	// One is how a single thing of it is shown. Optional.
	One *One
	// Icon is the sign beside its title. Group is the heading that several views stand under, like Registers.
	Icon  Icon
	Group string
	// Board is what stands of it on a console's Home, for one person. Watch is the panel that is in sight on every page.
	// Both are optional.
	Board func(ctx context.Context, p Person) ([]Panel, error)
	Watch func(ctx context.Context, p Person) (Panel, error)
	// Home puts it on somebody's own page, where a platform has one for each person.
	Home bool
	// Mine is how it looks there: what is theirs and what waits for them. Default: the page itself, in short.
	Mine func(ctx context.Context, p Person) ([]Message, error)
}

// One is the page of a single thing: a command that changes nothing and shows the thing named by Arg.
type One struct {
	Prefix  string // of the things' ids, like INC
	Command string
	Arg     string
	// Tabs are further pages of the thing, each a command of the same kind.
	Tabs []Tab
	// File makes a file that the page offers, by its name. ErrNoSuch: there is none. Optional.
	File func(ctx context.Context, p Person, object, name string) (File, error)
}

// Tab is a further page of a thing.
type Tab struct {
	Name    string // the last part of its address
	Title   string
	Command string
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

// With is the page with further panels.
func (p Page) With(panels ...Panel) Page {
	p.Panels = append(slices.Clone(p.Panels), panels...)
	return p
}

// Mapped is a copy of a page with each of its texts replaced.
func (p Page) Mapped(by func(Text) Text) Page {
	p.Facts = mappedFields(p.Facts, by)
	p.Meta = slices.Clone(p.Meta)
	for i := range p.Meta {
		p.Meta[i] = by(p.Meta[i])
	}
	p.Panels = slices.Clone(p.Panels)
	for i := range p.Panels {
		p.Panels[i] = p.Panels[i].mapped(by)
	}
	p.Table = p.Table.mapped(by)
	if p.Message != nil {
		m := p.Message.Mapped(by)
		p.Message = &m
	}
	return p
}

func (t *Table) mapped(by func(Text) Text) *Table {
	if t == nil {
		return nil
	}
	all := *t
	all.Rows = slices.Clone(all.Rows)
	for i := range all.Rows {
		all.Rows[i].Cells = slices.Clone(all.Rows[i].Cells)
		for k := range all.Rows[i].Cells {
			all.Rows[i].Cells[k] = by(all.Rows[i].Cells[k])
		}
	}
	return &all
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
