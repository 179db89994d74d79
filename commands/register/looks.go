package register

import (
	"context"
	"errors"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Look is a command that reads a register and changes nothing, like a heat map of all risks.
type Look[T any] struct {
	// Command is without the noun, the permission and the handler, which the kernel adds.
	bot.Command
	// Record: it is about one record, which people name by its id or its name: c.Text of the noun is its id.
	Record bool
	Show   func(ctx context.Context, c *bot.Call, s Shelf[T]) (bot.Reply, error)
}

// Shelf is a register as whoever looks may see it.
type Shelf[T any] interface {
	// Get is a record, live or not, with its links. Its error says to people that there is none.
	Get(ctx context.Context, id string) (*T, error)
	// Each reads the live records that a query finds, by their numbers and without their links. Its kind, reader, order
	// and limit are set here. An error of do ends it.
	Each(ctx context.Context, q record.Query, do func(x *T) error) error
	// Links are what any thing is linked with, at both ends, without what whoever looks may not see. Of records of other
	// registers they have what lists show and what they cost.
	Links(ctx context.Context, id string) ([]record.Linked, error)
}

// Costed is a record that costs money.
type Costed interface {
	Yearly() value.Money
}

// shelf is a register in one call.
type shelf[T any, P Record[T]] struct {
	g *registry[T, P]
	c *bot.Call
}

func (s shelf[T, P]) Get(ctx context.Context, id string) (*T, error) {
	r, err := s.g.Desk.Store().Record(ctx, id)
	if err == nil {
		x, err := s.g.Open(ctx, s.c, r, true)
		if err == nil {
			return x, nil
		}
		if !errors.Is(err, bot.ErrNoSuch) {
			return nil, err
		}
	} else if !errors.Is(err, bot.ErrNoSuch) {
		return nil, err
	}
	return nil, s.g.None(id)
}

func (s shelf[T, P]) Each(ctx context.Context, q record.Query, do func(x *T) error) error {
	q.Reader = book.ReaderOf(s.c)
	return s.g.Each(ctx, q, func(x P) error { return do(x) })
}

func (s shelf[T, P]) Links(ctx context.Context, id string) ([]record.Linked, error) {
	ctx = bot.Looking(ctx, bot.Looker{Person: s.c.Person, Rights: s.c.Rights})
	hidden, err := s.g.Desk.Sight(ctx, book.ReaderOf(s.c), []string{id})
	if err != nil || hidden[id] {
		return nil, err
	}
	list, err := s.g.Desk.Linked(ctx, id)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(l record.Linked) bool { return l.Hidden })
	for i := range list {
		o := s.g.Desk.Register(list[i].Kind)
		if o == nil {
			incident, err := s.g.Desk.Incident(ctx, list[i].ID)
			if err != nil && !errors.Is(err, bot.ErrNoSuch) {
				return nil, err
			}
			list[i].Lost = incident.Lost
			continue
		}
		r, err := s.g.Desk.Store().Record(ctx, list[i].ID)
		if err == nil {
			err = o.Describe(r, &list[i], s.c)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Describe says of a linked record what lists show of it.
func (g *registry[T, P]) Describe(r record.Row, l *record.Linked, c *bot.Call) error {
	x, err := g.Decode(r)
	if err != nil {
		return err
	}
	for _, f := range g.columns() {
		if t := f.Shown(x).Plain(c.Zone); t != "" && f.Refs == nil { // of what it names, only the ids are known here
			l.Says = append(l.Says, t)
		}
	}
	if k, ok := any(x).(Costed); ok {
		l.Yearly = k.Yearly()
	}
	return nil
}

// reads is a command of the kind that shows something.
func (g *registry[T, P]) reads(v Look[T]) bot.Command {
	c := v.Command
	c.Name, c.Reads = g.kind.Noun+"."+v.Name, true
	if v.Record {
		c.Params = slices.Concat([]bot.Param{g.called()}, c.Params)
	}
	c.Handle = func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
		return v.Show(ctx, c, shelf[T, P]{g, c})
	}
	return c
}

// called is the parameter that names a record by its id or its name.
func (g *registry[T, P]) called() bot.Param {
	p := g.which()
	p.Kind, p.Prefix, p.Help = bot.ChoiceParam, "", "Its id or its name, like "+g.example()+"."
	p.Parse = func(raw string) (string, bool) { return g.Desk.Spelled(g.kind.Noun, raw) }
	return p
}
