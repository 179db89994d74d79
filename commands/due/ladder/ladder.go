// Package ladder says what to tell of something that is due, when and to whom. It is pure.
//
// A date has a ladder of steps, named by how many days they come before it: 30, 14, 7, 1, 0, and once it is overdue
// -7, -14 and so on. A moment has the steps 0, when it comes, and -1, when nobody acted after as long again. The ledger
// holds the steps that were told. Of those that were reached the smallest is told, and all larger ones are done with
// it: nothing is told twice, and after a pause nothing is caught up. Snoozing keeps a due quiet for some days, and adds
// a step of its own at their end.
package ladder

import (
	"math"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Hours are when people are reminded of dates.
type Hours struct {
	Week     value.Week
	From, To int // minutes of the day
}

// OfficeHours are those of people of whom nothing else is known.
var OfficeHours = Hours{From: 9 * 60, To: 17 * 60}

// Open is the first time that lies in the hours, from t on, by the clocks of zone.
func (h Hours) Open(t time.Time, zone *time.Location) time.Time {
	day := value.DayOf(t.In(zone))
	if h.Week.Workday(day) {
		from, to := day.At(h.From, zone), day.At(h.To, zone)
		switch {
		case t.Before(from):
			return from
		case t.Before(to):
			return t
		}
	}
	return h.After(day, zone)
}

// After is the morning of the next workday after a day.
func (h Hours) After(day value.Day, zone *time.Location) time.Time {
	return h.Week.After(day, 1).At(h.From, zone)
}

// What a moment that is not urgent waits for: nobody is woken by it.
const dayFrom, dayTo = 8, 20

// daytime is the first time that is not at night, from t on.
func daytime(t time.Time, zone *time.Location) time.Time {
	switch local := t.In(zone); {
	case local.Hour() < dayFrom:
		return value.DayOf(local).At(dayFrom*60, zone)
	case local.Hour() >= dayTo:
		return value.DayOf(local).Add(1).At(dayFrom*60, zone)
	}
	return t
}

// The steps that every ladder has.
const (
	reached  = 0  // the day itself, or the moment
	Again    = -1 // of a moment: nobody acted after as long as they had for it
	perWeek  = 7  // an overdue one is told again each week
	teamFrom = -7 // the team hears of it from this step on
	bossFrom = -14
)

// Told is what the ledger says of a step.
type Told struct {
	Step  int
	Until time.Time // it was snoozed until then; zero: it was not
}

// Plan is what to do about a due.
type Plan struct {
	Tell bool
	Step int       // to tell
	Look time.Time // when to look again; never zero
}

// rung is a step with the time from which it is reached.
type rung struct {
	step int
	at   time.Time
}

// Reminder works out what to tell of one due, in the zone of whoever owns it.
type Reminder struct {
	Due   bot.Due
	Told  []Told // of the date or moment that it has now
	Hours Hours
	Zone  *time.Location
}

// Day is the date, or the day of a moment where its owner is.
func (r Reminder) Day() value.Day {
	if r.Due.At.IsZero() {
		return r.Due.On
	}
	return value.DayOf(r.Due.At.In(r.Zone))
}

// Left is how many days are left at a time, negative once it is overdue.
func (r Reminder) Left(now time.Time) int { return r.Day().Since(value.DayOf(now.In(r.Zone))) }

// WaitLeast is the shortest time that a moment waits for an answer, and waitMost the longest.
const (
	WaitLeast = 15 * time.Minute
	waitMost  = 4 * time.Hour
)

// wait is how long nobody has to act on a moment until it is told again: as long as they had, within bounds.
func wait(d bot.Due) time.Duration {
	if d.Since.IsZero() {
		return waitMost
	}
	return min(max(d.At.Sub(d.Since), WaitLeast), waitMost)
}

// rungs are the steps of the ladder: all before it is due, and of those after it the last one and the next.
func (r Reminder) rungs(now time.Time) []rung {
	day, moment := r.Day(), !r.Due.At.IsZero()
	var list []rung
	add := func(step int) { list = append(list, rung{step, day.Add(-step).At(0, r.Zone)}) }
	ladder := r.Due.Ladder
	if ladder == nil && !moment {
		ladder = bot.DefaultLadder
	}
	for _, step := range ladder {
		if step > reached {
			add(step)
		}
	}
	if moment {
		list = append(list, rung{reached, r.Due.At}, rung{Again, r.Due.At.Add(wait(r.Due))})
	} else {
		add(reached)
	}
	weeks := max(0, -r.Left(now)) / perWeek
	if weeks > 0 {
		add(-weeks * perWeek)
	}
	add(-(weeks + 1) * perWeek)
	for _, t := range r.Told {
		if t.Until.IsZero() {
			continue
		}
		step := min(day.Since(value.DayOf(t.Until.In(r.Zone))), t.Step-1)
		if !r.OwnTime(step) {
			list = append(list, rung{step, t.Until})
		}
	}
	return list
}

// OwnTime reports whether a step is a moment's own, which is told by the minute.
func (r Reminder) OwnTime(step int) bool {
	return !r.Due.At.IsZero() && (step == reached || step == Again)
}

// held is when a step that is reached at a time may be told.
func (r Reminder) held(step int, t time.Time) time.Time {
	switch {
	case !r.OwnTime(step):
		return r.Hours.Open(t, r.Zone)
	case r.Due.Urgent:
		return t
	}
	return daytime(t, r.Zone)
}

// Lowest is the smallest step that was told; all larger ones are done with it.
func (r Reminder) Lowest() int {
	least := math.MaxInt
	for _, t := range r.Told {
		least = min(least, t.Step)
	}
	return least
}

// Snoozed is until when it is quiet; zero: it is not.
func (r Reminder) Snoozed() time.Time {
	var until time.Time
	for _, t := range r.Told {
		until = value.Later(until, t.Until)
	}
	return until
}

// Reached is the smallest step that was reached and not told; ok is false when there is none.
func (r Reminder) Reached(now time.Time) (step int, ok bool) {
	step = r.Lowest()
	for _, x := range r.rungs(now) {
		if x.step < step && !x.at.After(now) {
			step, ok = x.step, true
		}
	}
	return step, ok
}

// Plan is what to do about it now.
func (r Reminder) Plan(now time.Time) Plan {
	p := Plan{Step: r.Lowest()}
	quiet := r.Snoozed()
	if step, ok := r.Reached(now); ok && !quiet.After(now) {
		if at := r.held(step, now); at.After(now) {
			return Plan{Look: at}
		}
		p.Tell, p.Step = true, step
	}
	for _, x := range r.rungs(now) {
		if x.step >= p.Step || !value.Later(x.at, quiet).After(now) {
			continue
		}
		if at := r.held(x.step, value.Later(x.at, quiet)); p.Look.IsZero() || at.Before(p.Look) {
			p.Look = at
		}
	}
	if p.Look.IsZero() { // its owner moved to another zone, where it is earlier
		p.Look = r.Hours.After(value.DayOf(now.In(r.Zone)), r.Zone)
	}
	return p
}
