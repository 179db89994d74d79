package value

import (
	"cmp"
	"fmt"
	"time"
)

// Day is a day of the calendar. It is no instant: when it begins depends on the zone. The zero Day is none, and stands
// for a day that is not known.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the day that a time has in its own zone.
func DayOf(t time.Time) Day { y, m, d := t.Date(); return Day{y, m, d} }

// String writes it like 2026-09-22, and the zero Day as "".
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.UTC().Format(time.DateOnly)
}

// Long writes it for people, like Tue 22 Sep 2026, and the zero Day as "".
func (d Day) Long() string {
	if d.IsZero() {
		return ""
	}
	return d.UTC().Format("Mon 2 Jan 2006")
}

// ParseDate reads a day like 2026-09-22.
func ParseDate(s string) (Day, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, false
	}
	return DayOf(t), true
}

// MarshalText writes it like 2026-09-22, and the zero Day as "". It refuses a day that UnmarshalText would read as
// another one or not at all: one that the calendar does not have, like 31 June, and one of a year beyond 9999.
func (d Day) MarshalText() ([]byte, error) {
	text := d.String()
	if back, ok := ParseDate(text); d.IsZero() || ok && back == d {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("there is no day %d-%02d-%02d", d.Year, d.Month, d.Day)
}

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(text []byte) error {
	read, ok := ParseDate(string(text))
	if !ok && len(text) > 0 {
		return fmt.Errorf("%s is not a day like 2026-09-22", quote(string(text)))
	}
	*d = read
	return nil
}

// IsZero reports whether it is the zero Day.
func (d Day) IsZero() bool { return d == Day{} }

// UTC is midnight of the day in UTC, for arithmetic and for writing it.
func (d Day) UTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Add is n days later, or earlier.
func (d Day) Add(n int) Day { return DayOf(d.UTC().AddDate(0, 0, n)) }

// AddMonths is the same day of the month n months later, or earlier; where the month is too short, it is its last day:
// a month after 31 January is 28 or 29 February. A series counts from its first day each time, as two months after
// 31 January is 31 March: adding a month to the result of another drifts to the 28th.
func (d Day) AddMonths(n int) Day {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return Day{first.Year(), first.Month(), min(d.Day, last.Day())}
}

// Since is how many days it is after another, negative when it is before.
func (d Day) Since(o Day) int { return int((d.UTC().Unix() - o.UTC().Unix()) / int64(day/time.Second)) }

// Weekday is its day of the week.
func (d Day) Weekday() time.Weekday { return d.UTC().Weekday() }

// Before reports whether it is earlier.
func (d Day) Before(o Day) bool { return d.Compare(o) < 0 }

// Compare is -1 when d is earlier than o, 0 when they are the same and 1 when it is later. The zero Day is earlier than
// all of our era.
func (d Day) Compare(o Day) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// At is when the clocks of a zone show a minute of the day: the first time if they do twice, the moment of the jump if
// they never do.
func (d Day) At(minute int, zone *time.Location) time.Time {
	first, _ := Instants(d.UTC().Add(time.Duration(minute)*time.Minute), zone)
	return first.UTC()
}
