package value

import (
	"time"
)

// Day is a day of the calendar. It is no instant: when it begins depends on the zone.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the day that a time has in its own zone.
func DayOf(t time.Time) Day { y, m, d := t.Date(); return Day{y, m, d} }

// String writes it like 2026-09-22.
func (d Day) String() string { return d.UTC().Format(time.DateOnly) }

// ParseDate reads a day like 2026-09-22.
func ParseDate(s string) (Day, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return DayOf(t), err == nil
}

// UTC is midnight of the day in UTC, for arithmetic and for writing it.
func (d Day) UTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Add is n days later, or earlier.
func (d Day) Add(n int) Day { return DayOf(d.UTC().AddDate(0, 0, n)) }

// Weekday is its day of the week.
func (d Day) Weekday() time.Weekday { return d.UTC().Weekday() }

// Before reports whether it is earlier.
func (d Day) Before(o Day) bool { return d.UTC().Before(o.UTC()) }

// At is when the clocks of a zone show a minute of the day: the first time if they do twice, the moment of the jump if they never do.
func (d Day) At(minute int, zone *time.Location) time.Time {
	first, _ := Instants(d.UTC().Add(time.Duration(minute)*time.Minute), zone)
	return first.UTC()
}

// Workdays are the days of a week on which most people work.
var Workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
