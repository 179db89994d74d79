// Package due is the one ledger of reminders: it tells people what is due, whatever capability it comes from, and lists
// it. What is told when and to whom, package ladder says.
//
//	a thing is saved with its dues ──> the round, each minute ──> ledger and jobs, one commit
//	                                      ^                            │
//	                                      └── look at it again when ───┴──> one message a person and day
//	                                          the next step comes
//
// Only what happens to the thing settles a due: then it is no longer in the table.
package due

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
)

// Store keeps the ledger beside the table of what is due. Package storage implements it.
type Store interface {
	// NextLook is when the first due is to be looked at; zero when nothing is due at all.
	NextLook(ctx context.Context) (time.Time, error)
	// Look lets decide look at what is to be looked at by now, limit at most, and saves what it decides in one commit.
	// What another instance looks at just now is left out. It returns how many were looked at. decide may be called
	// again.
	Look(ctx context.Context, now time.Time, limit int, decide Decide) (int, error)
	// Of lists what a message to somebody tells of, as it is now: what is settled or has moved is left out.
	Of(ctx context.Context, who bot.PersonID, message string) ([]Item, error)
	// List lists what is due, the earliest first.
	List(ctx context.Context, f Filter) ([]bot.Due, error)
	// Find lists what is due of one thing, with what was told of it.
	Find(ctx context.Context, object string) ([]Entry, error)
	// Snooze saves that somebody wants to hear no more of a due for some days. bot.ErrNoSuch: it is settled or has moved.
	Snooze(ctx context.Context, s Snooze, e bot.Effects) error
}

// Entry is a due with what the ledger says of the date or moment that it has now.
type Entry struct {
	Due  bot.Due
	Told []ladder.Told
}

// Item is a due in a message, with the step that is told.
type Item struct {
	Due  bot.Due
	Step int
}

// Decide decides on entries, one outcome each. sent is when a message to somebody was begun, zero when it was not.
type Decide func(list []Entry, sent func(who bot.PersonID, message string) (time.Time, error)) ([]Outcome, error)

// Outcome is what follows of looking at a due: what is told to whom, and when it is looked at again.
type Outcome struct {
	Step int
	To   []Message
	Look time.Time
}

// Message is one that somebody gets at a time. Those of one name are the same.
type Message struct {
	Who  bot.PersonID
	Name string
	At   time.Time
}

// Job is the job that sends it.
func (m Message) Job() bot.Job {
	return bot.Job{Kind: TellJob, Object: string(m.Who), Arg: m.Name, At: m.At}
}

// Filter says what a list is to hold.
type Filter struct {
	Until value.Day    // the last day, in UTC for moments
	Owner bot.PersonID // "": of anybody
	Team  string       // "": of any
	After Cursor       // where the list before ended
	Limit int
	Bare  bool // without the actions and the ladder, for a table of many
}

// Cursor is a place in a list.
type Cursor struct {
	Day          value.Day
	Object, What string
}

// CursorAt is the place of a due.
func CursorAt(d bot.Due) Cursor {
	c := Cursor{d.On, d.Object, d.What}
	if !d.At.IsZero() {
		c.Day = value.DayOf(d.At.UTC())
	}
	return c
}

// Snooze is a wish for quiet.
type Snooze struct {
	Due   bot.Due
	Step  int // the last one that was told, or was reached
	By    bot.PersonID
	At    time.Time
	Until time.Time
	Why   string
}
