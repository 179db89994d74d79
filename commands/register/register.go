// Package register is the kernel of all registers: what an organisation keeps lists of, like its vendors, contracts and
// risks. A register is a Go type with methods in a package of its own below this one. It says what its records hold
// and which rules they keep; the kernel does what is the same for all of them: numbers, versions, forms, lists,
// searches, links, history, files, and who may see what. It never asks which kind a record is of.
//
//	New(kind) ──> bot.Capability
//
// A record is live until it is archived, and can be brought back. It is never deleted, and its number is never given
// again.
package register

import (
	"context"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/approval"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// What the records of a kind are made of, and the methods that the kernel looks for: see package book.
type (
	Head          = book.Head
	Record[T any] = book.Record[T]
	Checker       = book.Checker
	Dated         = book.Dated
	Due           = book.Due
	Timed         = book.Timed
	Stated        = book.Stated
	Preset        = book.Preset
	Tells         = desk.Tells // how reports count what happened
	Approval      = approval.Approval
	Question      = approval.Question
)

// Kind describes one register: what its records are called, what they hold, and what is done with them beside what the
// kernel does with all.
type Kind[T any] struct {
	Noun    string // like contract
	Plural  string // default: with an s
	Aliases []string
	Prefix  string // of ids, like CTR
	Summary string // what it keeps, for the help: "what we signed, and when it renews"
	Example string // what follows add in an example that works, like "Datadog start=2026-01-01"
	Keyed   bool   // each record has a key of its own, like checkout, which everything else stores

	Fields    []field.Field[T]
	Verbs     []Verb[T]
	Reads     []Look[T]
	Relations []desk.Relation
	Columns   []string                             // fields that lists show
	Ladders   map[string][]int                     // days before a due of this name that somebody is reminded
	Tells     map[string]Tells                     // what happens to records and reports name
	Actions   func(x *T, c *bot.Call) []bot.Action // of its card, before the kernel's own
	Card      func(x *T, c *bot.Call) []bot.Section
	// Along is called with each change once the record's own rules allow it, with the record as it was, nil for a new
	// one. It refuses what takes reading other things to judge, and adds what goes along with the change: guards that it
	// relies on, and jobs. It may be called again. Optional.
	Along func(ctx context.Context, c *bot.Call, was, is *T, change *record.Change) error
	// Around is what is going on around a record, for whoever shows it: below what its card says everywhere. Optional.
	Around func(ctx context.Context, c *bot.Call, x *T) ([]bot.Section, error)
	// Convert makes the CSV of an import from a file of another form, by its name. Optional.
	Convert func(ctx context.Context, name string, data []byte) ([]byte, error)
	Grants  bot.Grants // beside those of all registers
	Pages   []bot.View
}

// Verb is a command that changes a record by a rule of its kind.
type Verb[T any] struct {
	// Command is without the noun, the permission and the record that it is used on, which the kernel adds. An Example
	// without a slash is what follows the record.
	bot.Command
	// Do decides, and says what was done in the past tense, as a sentence's end: "decided to renew". It may be called
	// again on the record as somebody else left it.
	Do func(c *bot.Call, x *T) (string, error)
	// Anybody may do it who may use the command, not only those who may change the record.
	Anybody bool
}

// registry is one register as people use it: its kind, and the book of its records.
type registry[T any, P Record[T]] struct {
	*book.Book[T, P]
	kind Kind[T]
}

// New makes the register of a kind on a desk.
func New[T any, P Record[T]](d *desk.Desk, k Kind[T]) bot.Capability {
	return open[T, P](d, k).capability()
}

func open[T any, P Record[T]](d *desk.Desk, k Kind[T]) *registry[T, P] {
	k.check()
	g := &registry[T, P]{kind: k, Book: book.New[T, P](d, book.Rules[T]{
		Noun: k.Noun, Prefix: k.Prefix, Keyed: k.Keyed, Fields: k.Fields, Ladders: k.Ladders, Tells: k.Tells, Along: k.Along,
	})}
	g.Card = g.card
	d.Join(g)
	return g
}

func (k *Kind[T]) plural() string {
	if k.Plural != "" {
		return k.Plural
	}
	return k.Noun + "s"
}

// check panics on a kind that is not whole: a fault of the program, to be seen at its first start.
func (k *Kind[T]) check() {
	for _, name := range k.Columns {
		own := slices.ContainsFunc(k.Fields, func(f field.Field[T]) bool { return f.Param.Name == name })
		if !own && !slices.Contains(book.HeadNames, name) {
			panic(fmt.Sprintf("register %s: there is no field %s", k.Noun, name))
		}
	}
	if k.Noun == "" || k.Prefix == "" || k.Summary == "" || k.Example == "" {
		panic(fmt.Sprintf("register %q lacks its noun, prefix, summary or example", k.Noun))
	}
}
