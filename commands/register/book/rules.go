package book

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

// Preset is a record that says something before anybody does.
type Preset interface {
	// Preset makes an empty record what a new one is.
	Preset()
}

// Rules are what a book has to know of the kind of its records: its register.Kind says more of each.
type Rules[T any] struct {
	Noun    string
	Prefix  string
	Keyed   bool
	Fields  []field.Field[T]
	Tells   map[string]desk.Tells
	Ladders map[string][]int
	Along   func(ctx context.Context, c *bot.Call, was, is *T, change *record.Change) error
}

// check panics on a field that is given twice: a fault of the program, to be seen at its first start.
func (k *Rules[T]) check() {
	fields := map[string]bool{}
	for _, f := range k.Fields {
		if fields[f.Param.Name] || slices.Contains(HeadNames, f.Param.Name) {
			panic(fmt.Sprintf("register %s: field %s is given twice", k.Noun, f.Param.Name))
		}
		fields[f.Param.Name] = true
	}
}

// ID is the id of a record of that number, like CTR-7.
func (k *Rules[T]) ID(number int64) string {
	return fmt.Sprintf("%s-%d", strings.ToUpper(k.Prefix), number)
}
