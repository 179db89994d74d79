package report

import (
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Day is a day of the calendar. It is no instant: when it begins depends on the zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// dateOf is the day that a time has in its own zone.
func dateOf(t time.Time) Date { y, m, d := t.Date(); return Date{y, m, d} }

// String writes it like 2026-09-22.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// parseDate reads a day like 2026-09-22.
func parseDate(s string) (Date, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return dateOf(t), err == nil
}

// utc is midnight of the day in UTC, for arithmetic and for writing it.
func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// add is n days later, or earlier.
func (d Date) add(n int) Date { return dateOf(d.utc().AddDate(0, 0, n)) }

// weekday is its day of the week.
func (d Date) weekday() time.Weekday { return d.utc().Weekday() }

// before reports whether it is earlier.
func (d Date) before(o Date) bool { return d.utc().Before(o.utc()) }

// at is when the clocks of a zone show a minute of the day: the first time if they do twice, the moment of the jump if they never do.
func (d Date) at(minute int, zone *time.Location) time.Time {
	first, _ := value.Instants(d.utc().Add(time.Duration(minute)*time.Minute), zone)
	return first.UTC()
}

// workdays are the days of a week on which most people work.
var workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
