package bot

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrorKind says what a person can do about a refusal.
type ErrorKind string

const (
	Invalid     ErrorKind = "invalid"     // the words typed are wrong: correct them
	Forbidden   ErrorKind = "forbidden"   // the person lacks the right: somebody else has to do it
	Conflict    ErrorKind = "conflict"    // the thing is no longer as the person saw it
	NotFound    ErrorKind = "not found"   // there is no such thing, or not for this person
	Unavailable ErrorKind = "unavailable" // we cannot do it right now: repeat later
)

// Error is an error for people: a full sentence that says what is wrong and what to do about it. Every other
// error is ours; people are only told that it was logged.
type Error struct {
	Kind   ErrorKind
	Field  string // the parameter it is about, "" for none; forms show it there
	Text   string
	Denied bool          // the person lacks a right: the refusal is written to the audit log
	words  Text          // the same, with people and times as what they are
	After  time.Duration // how long to wait before it is tried again, where that is known
	lacks  []string      // the parameters that it says are missing
}

// Words is the sentence as it is shown: people by their names, times in the reader's zone.
func (e *Error) Words() Text {
	if len(e.words) == 0 {
		return T(e.Text)
	}
	return e.words
}

func (e *Error) Error() string { return e.Text }

// Lack says which parameters the error says are missing.
func (e *Error) Lack(names []string) *Error {
	e.lacks = names
	return e
}

// ByField is what errors say of each parameter.
func ByField(list ...*Error) map[string]string {
	fields := map[string]string{}
	for _, e := range list {
		if e.Field != "" {
			fields[e.Field] = e.Text
		}
		for _, name := range e.lacks {
			fields[name] = "This is missing."
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// Errorf makes an error for people. A Forbidden one is audited as a denial. A PersonID or a time.Time that is written
// as %s is shown as what it is: by name, in the reader's zone. Where people are to type an id, write @%s.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	words := sprint(format, args)
	return &Error{Kind: kind, Text: words.Plain(nil), Denied: kind == Forbidden, words: words}
}

// place stands in a formatted text for an argument that is more than text.
type place int

// Format implements fmt.Formatter.
func (p place) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "\x00%d\x00", int(p)) }

// sprint is fmt.Sprintf of a Text.
func sprint(format string, args []any) Text {
	filled := slices.Clone(args)
	for n, a := range args {
		switch a.(type) {
		case PersonID, time.Time:
			filled[n] = place(n)
		}
	}
	var t Text
	before := ""
	for n, part := range strings.Split(fmt.Sprintf(format, filled...), "\x00") {
		k, err := strconv.Atoi(part)
		if n%2 == 0 || err != nil || k < 0 || k >= len(args) {
			t, before = append(t, T(part)...), part
			continue
		}
		if p, is := args[k].(PersonID); is && strings.HasSuffix(before, "@") {
			t = append(t, T(string(p))...)
			continue
		}
		t = append(t, T(args[k])...)
	}
	return t
}

// About returns a copy of e that names the parameter it is about.
func (e *Error) About(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// ErrRepeated is what a store returns, with nothing changed, when the action key of an update was committed before.
var ErrRepeated = errors.New("this action was carried out before")

// ErrLeaseLost is what Queue.FinishJob returns, with nothing changed, when the job passed to somebody else meanwhile.
var ErrLeaseLost = errors.New("the job passed to another runner")

// ErrNoSuch is what a store returns when the row asked for does not exist.
var ErrNoSuch = errors.New("no such row")

// ErrStale is what a store returns, with nothing changed, when what the request was let in on is no longer so: the
// person's rights changed meanwhile, say. Receive then lets it in anew.
var ErrStale = errors.New("what the request was let in on has changed")

// Problems gathers what is wrong with the arguments of one call, in the order of its parameters.
type Problems []*Error

func (p Problems) Error() string {
	var texts []string
	for _, e := range p {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, " ")
}
