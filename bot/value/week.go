package value

import (
	"slices"
	"time"
)

// Workdays are the days of a week on which most people work.
var Workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

// Week says on which days people work. The zero Week is Monday to Friday without any holiday.
type Week struct {
	Days []time.Weekday // Workdays when there are none
	Free func(Day) bool // whether nobody works on a day, whatever its day of the week: a holiday; nil knows none
}

// A year without a workday is no calendar of anybody's holidays, but a mistake in one.
const longestHoliday = 366

// Workday reports whether people work on a day.
func (w Week) Workday(d Day) bool { return w.weekday(d) && (w.Free == nil || !w.Free(d)) }

func (w Week) weekday(d Day) bool {
	days := w.Days
	if len(days) == 0 {
		days = Workdays
	}
	return slices.Contains(days, d.Weekday())
}

// After is the n-th workday after a day, which itself does not count: the first workday after a Friday is Monday. A
// negative n counts back, and 0 is the day itself, workday or not. Where all of a year is holidays, only the days of
// the week count.
func (w Week) After(d Day, n int) Day {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for ; n > 0; n-- {
		d = w.next(d, step)
	}
	return d
}

// next is the workday next to a day, in the direction of step.
func (w Week) next(d Day, step int) Day {
	for k := 1; k <= longestHoliday; k++ {
		if x := d.Add(k * step); w.Workday(x) {
			return x
		}
	}
	for d = d.Add(step); !w.weekday(d); {
		d = d.Add(step)
	}
	return d
}

// Later is when the clocks of t's zone show the same time on the n-th workday after t's day.
func (w Week) Later(t time.Time, n int) time.Time {
	from := DayOf(t)
	return t.AddDate(0, 0, w.After(from, n).Since(from))
}
