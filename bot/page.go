package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Page is an answer to be looked at: what a console shows and programs read, where a chat says a Message. All parts are optional.
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
	Next    map[string]string // the arguments that show what follows, from the last row's key on and never by counting; nil at the end
}

// Row is one thing in a table, with a cell for each column.
type Row struct {
	Object string // its id, like INC-4
	Cells  []Text
}

// View is a page that a capability has: a command that changes nothing and answers with a Page when one is asked for. Whoever may use the
// command may look at it.
type View struct {
	Name    string // like incidents; it is part of addresses
	Title   string
	Command string
	Args    map[string]string // where whoever looks gives none
}

// Look is a Reply that shows a page.
func Look(p Page) Reply { return Reply{Status: Done, Page: &p} }

// addViews panics on a page whose command does not fit: that is a fault of the program, to be seen at its first start.
func (b *Bot) addViews(list []View) {
	for _, v := range list {
		c, ok := b.tree.byName[v.Command]
		taken := slices.ContainsFunc(b.views, func(o View) bool { return o.Name == v.Name })
		if !ok || !c.Reads || v.Title == "" || taken {
			panic(fmt.Sprintf("page %q: its command %q is missing or changes things, it has no title, or there are two", v.Name, v.Command))
		}
		b.views = append(b.views, v)
	}
}

// Views are all pages, in the order of the capabilities.
func (b *Bot) Views() []View { return b.views }

// ViewsOf are the pages that somebody may look at, within scopes where those are not nil. Nobody unknown may look at any.
func (b *Bot) ViewsOf(ctx context.Context, from Account, scopes []string) ([]View, error) {
	p, err := b.identify(ctx, from)
	if errors.Is(err, ErrNoSuch) {
		return nil, nil
	}
	var list []View
	for _, v := range b.views {
		permission := b.tree.byName[v.Command].Permission
		if b.grants.Allow(p, permission) && (scopes == nil || covers(scopes, permission)) {
			list = append(list, v)
		}
	}
	return list, err
}

// With are the arguments of a view with those that somebody gives instead.
func (v View) With(args map[string]string) map[string]string {
	all := maps.Clone(v.Args)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, args)
	return all
}

// mapped is a copy of a page with each of its texts replaced.
func (p Page) mapped(by func(Text) Text) Page {
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
		m := p.Message.mapped(by)
		p.Message = &m
	}
	return p
}
