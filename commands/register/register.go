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
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Head is what every record has. Each kind embeds it.
type Head struct {
	Number   int64  `json:"-"`
	Version  int    `json:"-"`
	ID       string `json:"-"` // like CTR-7, or the key of a record that has one
	Name     string
	Owner    bot.PersonID      `json:",omitempty"`
	Team     string            `json:",omitempty"`
	Seen     record.Visibility `json:",omitempty"`
	Readers  []bot.PersonID    `json:",omitempty"`
	Notes    string            `json:",omitempty"`
	Extra    map[string]string `json:",omitempty"`
	Remind   []int             `json:",omitempty"` // days before a date, in place of what its kind says
	Added    time.Time         `json:"-"`
	Changed  time.Time         `json:"-"`
	Archived time.Time         `json:"-"`

	// Linked is what it is linked with. It is known where a rule of its kind decides and where the record is shown.
	Linked []record.Linked `json:"-"`
	events []record.Entry  // that a rule of its kind told of
	from   *record.Row     // that it was read from; nil: it is new
}

// Base is the head, for the kernel.
func (h *Head) Base() *Head { return h }

// Tell adds to its history what a rule made happen: by a name that its kind's Tells has, in a few words.
func (h *Head) Tell(name, words string) {
	h.events = append(h.events, record.Entry{What: name, Is: words})
}

// Live reports whether it is not archived.
func (h *Head) Live() bool { return h.Archived.IsZero() }

// By lists what it is linked with by a relation, as that reads from its end.
func (h *Head) By(relation string) []record.Linked {
	return slices.DeleteFunc(slices.Clone(h.Linked), func(l record.Linked) bool { return l.Name != relation })
}

// Record is a pointer to a kind's type.
type Record[T any] interface {
	*T
	Base() *Head
}

// Checker is a record with rules about what fits together.
type Checker interface {
	// Check is called with each change before it is saved. Its error is a *bot.Error that names the field.
	Check() error
}

// Dated is a record of which something is due. It does not know what day it is: that it comes to be due changes
// nothing.
type Dated interface {
	Dues() []Due
}

// Due is a date at which somebody has to act on a record, or with At a moment.
type Due struct {
	What   string // names it among those of its record, like notice
	On     value.Day
	At     time.Time
	Text   string       // what there is to do: "decide about the renewal"
	Done   *bot.Action  // the verb that settles it; the record is added
	Owner  bot.PersonID // default: the record's
	Urgent bool
	// of a moment: when it was asked for, and who hears of it when nobody acts
	Since time.Time
	Lead  bot.PersonID
}

// Timed is a record that time alone changes.
type Timed interface {
	// Wakes is the day on which it changes next, the zero Day for never.
	Wakes() value.Day
	// Pass makes it what it is on a day, which is that day or later, and says what happened. It may be called again.
	Pass(today value.Day) string
}

// Stated is a record with a state.
type Stated interface {
	Standing() string
}

// Scored is a record that should hold certain things: of all that are asked for, those that it lacks.
type Scored interface {
	Score() (of int, lacks []string)
}

// Preset is a record that says something before anybody does.
type Preset interface {
	// Preset makes an empty record what a new one is.
	Preset()
}

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

// Tells is how reports count what happened.
type Tells = desk.Tells

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

func (k *Kind[T]) plural() string {
	if k.Plural != "" {
		return k.Plural
	}
	return k.Noun + "s"
}

// check panics on a kind that is not whole: a fault of the program, to be seen at its first start.
func (k *Kind[T]) check() {
	fields := map[string]bool{}
	for _, f := range k.Fields {
		if fields[f.Param.Name] || slices.Contains(headNames, f.Param.Name) {
			panic(fmt.Sprintf("register %s: field %s is given twice", k.Noun, f.Param.Name))
		}
		fields[f.Param.Name] = true
	}
	for _, name := range k.Columns {
		if !fields[name] && !slices.Contains(headNames, name) {
			panic(fmt.Sprintf("register %s: there is no field %s", k.Noun, name))
		}
	}
	if k.Noun == "" || k.Prefix == "" || k.Summary == "" || k.Example == "" {
		panic(fmt.Sprintf("register %q lacks its noun, prefix, summary or example", k.Noun))
	}
}

func (k *Kind[T]) id(number int64) string {
	return fmt.Sprintf("%s-%d", strings.ToUpper(k.Prefix), number)
}
