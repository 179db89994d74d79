package register

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Own is a register to Watchbell itself, for what no person says there: records that a file keeps, and what the core
// reads of them.
type Own[T any] interface {
	// Find is a record, live or not, without its links. bot.ErrNoSuch: there is none.
	Find(ctx context.Context, id string) (*T, error)
	// Each reads the live records by their numbers, without their links.
	Each(ctx context.Context, do func(x *T) error) error
	// Add adds a record that fill makes of an empty one, which nobody owns; key is its id where its kind has keys.
	// ErrTaken: there is one of that id.
	Add(ctx context.Context, key string, fill func(x *T)) error
	// Change makes a record what do leaves, which says what was done as a Verb does. Nothing is saved where nothing
	// changes. bot.ErrNoSuch: there is none.
	Change(ctx context.Context, id string, do func(x *T) string) error
	// By is the same register with another source in the audit log, like who runs the program.
	By(source string) Own[T]
}

// NewOwn is New for a register that Watchbell itself works with too.
func NewOwn[T any, P Record[T]](d *desk.Desk, k Kind[T]) (bot.Capability, Own[T]) {
	g := open[T, P](d, k)
	return g.capability(), own[T, P]{g, "watchbell"}
}

type own[T any, P Record[T]] struct {
	g      *registry[T, P]
	source string
}

func (o own[T, P]) By(source string) Own[T] { return own[T, P]{o.g, source} }

// call is what a change comes by.
func (o own[T, P]) call(verb string) *bot.Call {
	c := o.g.Itself(verb, o.g.Desk.Now())
	c.From.Platform = o.source
	return c
}

func (o own[T, P]) Find(ctx context.Context, id string) (*T, error) {
	r, err := o.g.Desk.Store().Record(ctx, id)
	if err == nil && r.Kind != o.g.kind.Noun {
		err = bot.ErrNoSuch
	}
	if err != nil {
		return nil, err
	}
	return o.g.Decode(r)
}

func (o own[T, P]) Each(ctx context.Context, do func(x *T) error) error {
	return o.g.Each(ctx, record.Query{}, func(x P) error { return do(x) })
}

func (o own[T, P]) Add(ctx context.Context, key string, fill func(x *T)) error {
	_, err := o.g.Create(ctx, o.call("add"), key, func(x P) error { fill(x); return nil })
	return err
}

func (o own[T, P]) Change(ctx context.Context, id string, do func(x *T) string) error {
	if _, err := o.Find(ctx, id); err != nil {
		return err
	}
	_, err := o.g.Change(ctx, o.call("change"), id, true, func(x P) (string, error) {
		return do(x), nil
	})
	return err
}
