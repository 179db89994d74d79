package bot

import (
	"errors"
	"fmt"
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
	Denied bool // the person lacks a right: the refusal is written to the audit log
}

func (e *Error) Error() string { return e.Text }

// Errorf makes an error for people. A Forbidden one is audited as a denial.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...), Denied: kind == Forbidden}
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

// ErrStale is what a store returns, with nothing changed, when what the request was let in on is no longer so: the person's rights changed
// meanwhile, say. Receive then lets it in anew.
var ErrStale = errors.New("what the request was let in on has changed")
