// Package value reads and cleans what people type in commands: lengths of
// time, points in time, days, time zones, amounts of money, names and free text.
//
// Parsers refuse with an [*Error], a sentence to show to the person as it is.
// Nothing here knows a chat platform: escaping for one is the adapter's work.
package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Error says to the person who typed a value what was wrong with it, which
// limit applies and what to write instead. Every parser of this package
// returns it, and no other kind of error.
type Error struct {
	// Text is one or more full sentences without control characters. It
	// quotes at most 80 characters of the input.
	Text string

	misspelled bool // no value of its kind at all, rather than one that cannot be taken
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

func refuse(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...)}
}

// misspelled refuses what is no value of its kind at all, so that among other words it is one of them.
func misspelled(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), misspelled: true}
}

func quote(s string) string { return `"` + Cut(Line(s), 80) + `"` }

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// Duration reads a length of time such as 30m, 2h, 1h30m, 3d, 1w, 90 min or
// 2 hours, and everything FormatDuration writes for a positive duration. Units
// go from the largest to the smallest, each at most once; a day is 24 hours.
// It refuses what is shorter than min or longer than max.
func Duration(s string, min, max time.Duration) (time.Duration, error) {
	d, ok := scanDuration(s)
	if !ok || d < min || d > max {
		return 0, refuse("%s is not a duration between %s and %s. Write %s.",
			quote(s), spell(min), spell(max), durationExamples(min, max))
	}
	return d, nil
}

// scanDuration reports false for what is no duration or overflows one.
func scanDuration(s string) (time.Duration, bool) {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
	s = strings.ToLower(Line(s))
	var total time.Duration
	last := time.Duration(math.MaxInt64)
	for s != "" {
		number, rest := cutSet(s, digits)
		word, rest := cutSet(strings.TrimPrefix(rest, " "), letters)
		s = strings.TrimPrefix(rest, " ")

		n, err := strconv.ParseInt(number, 10, 64)
		unit := unitNamed(word)
		if err != nil || unit == 0 || unit >= last {
			return 0, false
		}
		if n > int64((math.MaxInt64-total)/unit) {
			return 0, false
		}
		total += time.Duration(n) * unit
		last = unit
	}
	return total, last != math.MaxInt64
}

func cutSet(s, set string) (head, tail string) {
	tail = strings.TrimLeft(s, set)
	return s[:len(s)-len(tail)], tail
}

func unitNamed(word string) time.Duration {
	switch word {
	case "s", "sec", "secs", "second", "seconds":
		return time.Second
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return day
	case "w", "week", "weeks":
		return week
	}
	return 0
}

// durationExamples offers only what Duration would accept.
func durationExamples(min, max time.Duration) string {
	var fit []string
	for _, text := range []string{"30m", "2h", "1h30m", "1d", "10m", "1w", "1m", "30s", "30d"} {
		if d, _ := scanDuration(text); min <= d && d <= max && len(fit) < 3 {
			fit = append(fit, text)
		}
	}
	switch len(fit) {
	case 0:
		return spell(min)
	case 1:
		return fit[0]
	}
	end := len(fit) - 1
	return strings.Join(fit[:end], ", ") + " or " + fit[end]
}

// FormatDuration writes d for people, cut to what matters at its size: whole
// seconds below a minute, minutes below a day and hours above: 45 s, 37 min,
// 2 h 5 min, 3 d 4 h. Less than a second is 0 min.
func FormatDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -max(d, -math.MaxInt64)
	}
	switch {
	case d >= day:
		d = d.Truncate(time.Hour)
	case d >= time.Minute:
		d = d.Truncate(time.Minute)
	case d < time.Second:
		return spell(0)
	}
	return sign + spell(d)
}

// spell writes d to the second, so that a limit is never stated wrongly.
func spell(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		size time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / u.size; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+" "+u.name)
			d -= n * u.size
		}
	}
	if parts == nil {
		return "0 min"
	}
	return strings.Join(parts, " ")
}
