package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
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
	// Home puts it on somebody's own page, where a platform has one for each person.
	Home bool
	// Mine is how it looks there: what is theirs and what waits for them. Default: the page itself, in short.
	Mine func(ctx context.Context, p Person) ([]Message, error)
}

// Look is a Reply that shows a page.
func Look(p Page) Reply { return Reply{Status: Done, Page: &p} }

// addViews panics on a page whose command does not fit: that is a fault of the program, to be seen at its first start.
func (b *Bot) addViews(list []View) {
	for _, v := range list {
		c, ok := b.tree.Command(v.Command)
		taken := slices.ContainsFunc(b.views, func(o View) bool { return o.Name == v.Name })
		if !ok || !c.Reads || v.Title == "" || taken {
			panic(fmt.Sprintf("page %q: its command %q is missing or changes things, it has no title, or there are two", v.Name, v.Command))
		}
		b.views = append(b.views, v)
	}
}

// commandOf is the command of a page that was added.
func (b *Bot) commandOf(v View) *Command {
	c, _ := b.tree.Command(v.Command)
	return c
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
		permission := b.commandOf(v).Permission
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

// Home is what an account's owner sees first, ready for the account's platform.
func (b *Bot) Home(ctx context.Context, from Account) ([]Message, error) {
	person, err := b.identify(ctx, from)
	if errors.Is(err, ErrNoSuch) {
		return []Message{Say("Watchbell does not know you. Ask an administrator to add you.")}, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Message
	for _, v := range b.views {
		if !v.Home || !b.grants.Allow(person, b.commandOf(v).Permission) {
			continue
		}
		messages, err := b.homeOf(ctx, person, from, v)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			m.Actions = b.allowed(person, m.Actions)
			if m, err = b.seal(ctx, m, from.Platform, from.Workspace); err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		all = append(all, Say("There is nothing here that you may see. Ask an administrator for a role."))
	}
	return all, nil
}

// homeOf is one page on somebody's own.
func (b *Bot) homeOf(ctx context.Context, p Person, from Account, v View) ([]Message, error) {
	if v.Mine != nil {
		return v.Mine(ctx, p)
	}
	call := &Call{
		Request: Request{From: from, Paged: true, NoForms: true}, Command: b.commandOf(v),
		Person: p, Now: b.clock.Now(), Zone: b.location(p), raw: v.With(nil), grants: b.grants,
	}
	if err := b.binder.Bind(ctx, call); err != nil {
		return nil, err
	}
	reply, err := call.Command.Handle(ctx, call)
	if err != nil || reply.Page == nil {
		return nil, err
	}
	return []Message{reply.Page.InShort(homeRows)}, nil
}

// homeRows is how much of a page stands on somebody's own.
const homeRows = 5

// InShort is a page as a message, with the first rows of its table.
func (p Page) InShort(rows int) Message {
	m := Message{Title: p.Title, Actions: p.Actions}
	if p.Message != nil {
		m = *p.Message
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
