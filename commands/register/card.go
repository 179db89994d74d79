package register

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/approval"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// card is how a record looks: what was just done to it, its fields, its dates and its links.
func (g *registry[T, P]) card(x P, c *bot.Call, said string) bot.Message {
	h := x.Base()
	m := bot.Message{Title: h.ID + " " + h.Name}
	if said != "" {
		m.Sections = append(m.Sections, bot.Para(bot.Bold(book.Title(said)+".")))
	}
	var fields []bot.Field
	add := func(label string, t bot.Text) {
		if len(t) > 0 && strings.TrimSpace(t.Plain(c.Zone)) != "" {
			fields = append(fields, bot.Field{Label: label, Value: t})
		}
	}
	add("State", bot.T(book.Standing(x)))
	for i, f := range slices.Concat(g.OwnFields(), g.Fields[1:len(book.HeadNames)]) {
		if f.Refs != nil {
			add(f.Param.Caption(), named(h.Linked, f.Refs(x)))
		} else if i < len(g.kind.Fields) || f.Param.Name != "notes" {
			add(f.Param.Caption(), f.Shown(x))
		}
	}
	if len(fields) > 0 {
		m.Sections = append(m.Sections, bot.Section{Fields: fields})
	}
	if h.Notes != "" {
		m.Sections = append(m.Sections, bot.Section{Text: bot.T(h.Notes)})
	}
	if g.kind.Card != nil {
		m.Sections = append(m.Sections, g.kind.Card(x, c)...)
	}
	if a := approval.Of(x); a != nil && a.Pending != nil && h.Live() {
		m.Sections = append(m.Sections, a.Pending.Section())
	}
	if s, ok := any(x).(Scored); ok && h.Live() {
		m.Sections = append(m.Sections, scorecard(s))
	}
	today := value.Day{}
	if !c.Now.IsZero() {
		today = c.Today()
	}
	dates := bot.Section{}
	for _, d := range g.Dues(x) {
		text := bot.T(d.On.Long())
		if !d.At.IsZero() {
			text = bot.T(bot.At(d.At))
		} else if !today.IsZero() {
			text = append(text, bot.T(", "+away(d.On.Since(today)))...)
			if d.On.Before(today) {
				m.Tone = bot.Warning
			}
		}
		dates.Fields = append(dates.Fields, bot.Field{Label: book.Title(d.Text), Value: text})
	}
	if len(dates.Fields) > 0 {
		m.Sections = append(m.Sections, dates)
	}
	if s := g.links(h); len(s.Fields) > 0 {
		m.Sections = append(m.Sections, s)
	}
	g.small(x, c, &m)
	return m
}

// small adds the small print and the actions.
func (g *registry[T, P]) small(x P, c *bot.Call, m *bot.Message) {
	h := x.Base()
	line := fmt.Sprintf("Version %d", h.Version)
	m.Context = append(m.Context, append(bot.T(line+", changed "), bot.At(h.Changed)))
	if !h.Live() {
		m.Context = append(m.Context, append(bot.T("Archived "), bot.At(h.Archived)))
		m.Actions = append(m.Actions, *g.Onto(&bot.Action{Label: "Bring back", Command: "restore"}, x))
		return
	}
	if a := approval.Of(x); a != nil {
		for _, action := range a.Buttons(c.Person.ID) {
			m.Actions = append(m.Actions, *g.Onto(&action, x))
		}
	}
	r := h.Row()
	if g.MayChange(c, &r) {
		if g.kind.Actions != nil {
			for _, a := range g.kind.Actions(x, c) {
				m.Actions = append(m.Actions, *g.Onto(&a, x))
			}
		}
		m.Actions = append(m.Actions, *g.Onto(&bot.Action{Label: "Edit", Command: "edit", Form: true}, x))
	}
	m.Actions = append(m.Actions, *g.Onto(&bot.Action{Label: "History", Command: "history"}, x))
}

// away is how far a day is from today.
func away(days int) string {
	switch {
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	case days < 0:
		return value.Counted(-days, "day") + " overdue"
	}
	return "in " + value.Counted(days, "day")
}

// Scored is a record that should hold certain things: of all that are asked for, those that it lacks.
type Scored interface {
	Score() (of int, lacks []string)
}

// Fact is something that a good record of a kind has.
type Fact[T any] struct {
	Name string // like "an owner"
	Has  func(x *T) bool
}

// Lacking is how many facts there are, and which of them a record lacks: what Score returns.
func Lacking[T any](x *T, facts []Fact[T]) (of int, lacks []string) {
	for _, f := range facts {
		if !f.Has(x) {
			lacks = append(lacks, f.Name)
		}
	}
	return len(facts), lacks
}

// Form is a button that opens the form of a verb.
func Form(label, verb string) *bot.Action {
	return &bot.Action{Label: label, Command: verb, Form: true}
}

// scorecard says how much of what is asked for is there.
func scorecard(s Scored) bot.Section {
	of, lacks := s.Score()
	text := bot.T(bot.Bold(fmt.Sprintf("%d of %d", of-len(lacks), of)))
	if len(lacks) > 0 {
		text = append(text, bot.T(": it lacks "+value.Listed(lacks))...)
	}
	return bot.Section{Fields: []bot.Field{{Label: "Scorecard", Value: text}}}
}

// named are ids with what they are called, without those that whoever looks may not see.
func named(linked []record.Linked, ids []string) bot.Text {
	var parts []string
	for _, id := range ids {
		k := slices.IndexFunc(linked, func(l record.Linked) bool { return l.ID == id })
		if k >= 0 && !linked[k].Hidden {
			parts = append(parts, called(linked[k]))
		}
	}
	return bot.T(strings.Join(parts, ", "))
}

// called is a linked thing by its id and name.
func called(l record.Linked) string {
	s := l.ID
	if l.Title != "" {
		s += " " + value.Shown(l.Title, 60)
	}
	if l.Archived {
		s += " (archived)"
	}
	return s
}

// links are what a record is linked with beside what its fields name.
func (g *registry[T, P]) links(h *Head) bot.Section {
	var s bot.Section
	names := map[string][]string{}
	for _, l := range h.Linked {
		named := !l.Inward && slices.ContainsFunc(g.Fields, func(f field.Field[T]) bool { return f.Param.Name == l.Name })
		if !l.Hidden && !named {
			names[l.Name] = append(names[l.Name], called(l))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list := names[name]
		text := strings.Join(list[:min(len(list), 10)], ", ")
		if len(list) > 10 {
			text += fmt.Sprintf(" and %d more", len(list)-10)
		}
		s.Fields = append(s.Fields, bot.Field{Label: book.Title(name), Value: bot.T(text)})
	}
	return s
}
