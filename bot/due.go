package bot

import (
	"context"
	"reflect"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Due is a date or a moment at which somebody has to act on a thing. It is saved with the thing, in the same commit, so
// that what is due is one read, whatever capability it comes from.
type Due struct {
	Object string // the thing's id, like CTR-7
	What   string // names the due among those of its thing, like notice
	Name   string // what people call it, like "INC-7 follow-up 2"; default Object

	On value.Day // a date, which is that day everywhere
	At time.Time // a moment. Exactly one of the two is set; none of them: it is settled

	Text     string   // what there is to do
	Owner    PersonID // "" is nobody
	Team     string
	Audience Audience
	Urgent   bool // it does not wait for the morning
	// Ladder says how many days before it people are reminded. nil: DefaultLadder before a date, nothing before a moment.
	Ladder []int
	// Of a moment: when it was asked for, which says how long to wait for an answer, and who hears of it when nobody acts.
	Since time.Time
	Lead  PersonID
	// Done, Reassign and Open, which shows the thing, are the capability's own commands. What has no Done is settled by
	// something else that happens to its thing, and needs no owner.
	Done, Reassign, Open *Action
}

// DefaultLadder is how many days before a date people are reminded of it.
var DefaultLadder = []int{30, 14, 7, 1, 0}

// LadderOf is the ladder of a moment that somebody was given time for: with more than four days of it they are reminded
// three days before.
func LadderOf(since, at time.Time) []int {
	if at.Sub(since) <= 4*24*time.Hour {
		return nil
	}
	return []int{3}
}

// Key is the date or the moment as text. A due that moves has another.
func (d Due) Key() string {
	if d.At.IsZero() {
		return d.On.String()
	}
	return d.At.UTC().Format(time.RFC3339Nano)
}

// Label is what people call it.
func (d Due) Label() string {
	if d.Name != "" {
		return d.Name
	}
	return d.Object
}

// Settled reports whether nothing is due any more.
func (d Due) Settled() bool { return d.On == value.Day{} && d.At.IsZero() }

// By is when it is overdue: the moment, or the end of the day where the clocks of zone show it.
func (d Due) By(zone *time.Location) time.Time {
	if !d.At.IsZero() {
		return d.At
	}
	return d.On.Add(1).At(0, zone)
}

// DuesChanged are the dues of one thing that differ after a change from those before, in the form in which Effects save
// them: those that are gone are settled.
func DuesChanged(before, after []Due) []Due {
	type name struct{ object, what string }
	gone := make(map[name]Due, len(before))
	for _, d := range before {
		gone[name{d.Object, d.What}] = d
	}
	var list []Due
	for _, d := range after {
		n := name{d.Object, d.What}
		if was, found := gone[n]; !found || !reflect.DeepEqual(was, d) {
			list = append(list, d)
		}
		delete(gone, n)
	}
	for _, d := range before {
		if _, is := gone[name{d.Object, d.What}]; is {
			list = append(list, Due{Object: d.Object, What: d.What})
		}
	}
	return list
}

// DueSource is a repository of things that have dues.
type DueSource interface {
	// Dues are all that are open of its things, by the things themselves.
	Dues(ctx context.Context) ([]Due, error)
}

// Dues is the table of what is due.
type Dues interface {
	// DuesUntil lists what is due on a day or before, in UTC for moments: the earliest first, and limit of them at most.
	DuesUntil(ctx context.Context, day value.Day, limit int) ([]Due, error)
	// RebuildDues makes the table what read says while nothing else is committed.
	RebuildDues(ctx context.Context, read func(context.Context) ([]Due, error)) error
}

// RebuildDuesJob is the job that does so.
const RebuildDuesJob = "bot.rebuild-dues"

// Happening is something that a capability tells reports of: that it came to pass in their period.
type Happening struct {
	Object   string
	One      string // what it is, for counting: like "contract renewed"
	Many     string // several of it, like "contracts renewed"
	Text     string // in a few words
	At       time.Time
	Audience Audience
}
