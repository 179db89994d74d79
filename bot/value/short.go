package value

import (
	"strings"
	"time"
)

// NeedsYear reports whether a date would be misread without its year: it lies in another year than now, and eleven
// months away or more. Both are taken in the date's zone.
func NeedsYear(t, now time.Time) bool {
	return t.Year() != now.In(t.Location()).Year() &&
		(!t.Before(now.AddDate(0, 11, 0)) || !t.After(now.AddDate(0, -11, 0)))
}

// Short writes a date by a layout with "2 Jan" and without a year, such as "Mon 2 Jan 15:04", and adds the year where
// it is needed. It is the way to write every short date.
func Short(t, now time.Time, layout string) string {
	if NeedsYear(t, now) {
		layout = strings.Replace(layout, "2 Jan", "2 Jan 2006", 1)
	}
	return t.Format(layout)
}

// Clock is a point in time in a zone, such as "25 Nov 14:05 CET", with its year where it is needed.
func Clock(t, now time.Time, loc *time.Location) string {
	return Short(t.In(loc), now, "2 Jan 15:04 MST")
}
