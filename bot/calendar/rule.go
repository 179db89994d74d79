package calendar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// rule is an RRULE, with all that it takes from the event's start written out.
type rule struct {
	rrule.ROption           // without DTSTART, INTERVAL, COUNT and UNTIL
	first         time.Time // by the clocks on the wall
	interval      int
	count         int
	until         time.Time // by the clocks on the wall, and included; far away when the rule has no end
}

var (
	errOften = errors.New("repeats more often than daily, which no shift does")
	never    = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// errRule is the reason why an event is left out whose rule is not understood.
func errRule(part string) error {
	return fmt.Errorf("repeats by a rule that is not understood (%s)", part)
}

var frequencies = map[string]rrule.Frequency{
	"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY,
}

var weekdays = map[string]rrule.Weekday{
	"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU,
}

// parseRule reads an RRULE; nil without an error is an empty one, which repeats nothing. The library's own parser takes
// no UNTIL that is a day, nor one in the zone of the event, so its options are built here.
func parseRule(p property, start when) (*rule, error) {
	text := strings.ToUpper(strings.TrimSpace(p.Value))
	switch {
	case p.bad:
		return nil, errRule("it is too long")
	case text == "":
		return nil, nil
	}
	r := &rule{first: start.wall, interval: 1, until: never}
	given := map[string]bool{}
	for part := range strings.SplitSeq(strings.Trim(text, ";"), ";") {
		name, val, ok := strings.Cut(part, "=")
		if !ok || val == "" || given[name] {
			return nil, errRule(part)
		}
		given[name] = true
		if err := r.set(name, val, start); err != nil {
			return nil, err
		}
	}
	if !given["FREQ"] {
		return nil, errRule("it has no FREQ")
	}
	if err := r.valid(); err != nil {
		return nil, err
	}
	r.complete()
	return r, nil
}

func (r *rule) set(name, val string, start when) (err error) {
	bad := errRule(name + "=" + val)
	ok := true
	switch name {
	case "FREQ":
		switch r.Freq, ok = frequencies[val]; val {
		case "HOURLY", "MINUTELY", "SECONDLY":
			return errOften
		}
	case "INTERVAL":
		r.interval, ok = number(val, 1, 10_000)
	case "COUNT":
		r.count, ok = number(val, 1, 1_000_000)
	case "UNTIL":
		r.until, ok = readUntil(val, start)
	case "WKST":
		r.Wkst, ok = weekdays[val]
	case "BYDAY":
		r.Byweekday, ok = days(val)
	case "BYMONTH":
		r.Bymonth, ok = numbers(val, 1, 12, false)
	case "BYMONTHDAY":
		r.Bymonthday, ok = numbers(val, 1, 31, true)
	case "BYYEARDAY":
		r.Byyearday, ok = numbers(val, 1, 366, true)
	case "BYWEEKNO":
		r.Byweekno, ok = numbers(val, 1, 53, true)
	case "BYSETPOS":
		r.Bysetpos, ok = numbers(val, 1, 366, true)
	case "BYHOUR":
		r.Byhour, ok = numbers(val, 0, 23, false)
	case "BYMINUTE":
		r.Byminute, ok = numbers(val, 0, 59, false)
	case "BYSECOND":
		r.Bysecond, ok = numbers(val, 0, 59, false)
	default:
		return bad
	}
	if !ok {
		return bad
	}
	return nil
}

// valid refuses what RFC 5545 does not allow, and what makes many of one day.
func (r *rule) valid() error {
	for _, d := range r.Byweekday {
		most := 53
		if r.Freq == rrule.MONTHLY || len(r.Bymonth) > 0 {
			most = 5
		}
		if n := d.N(); n != 0 && (r.Freq > rrule.MONTHLY || len(r.Byweekno) > 0 || max(n, -n) > most) {
			return errRule("BYDAY")
		}
	}
	switch {
	case len(r.Byhour) > 1 || len(r.Byminute) > 1 || len(r.Bysecond) > 1:
		if max(1, len(r.Byhour))*max(1, len(r.Byminute))*max(1, len(r.Bysecond)) > 24 {
			return errOften
		}
	case len(r.Byweekno) > 0 && r.Freq != rrule.YEARLY:
		return errRule("BYWEEKNO")
	}
	switch {
	case len(r.Byyearday) > 0 && r.Freq != rrule.YEARLY:
		return errRule("BYYEARDAY")
	case len(r.Bymonthday) > 0 && r.Freq == rrule.WEEKLY:
		return errRule("BYMONTHDAY")
	case len(r.Bysetpos) > 0 && r.Freq > rrule.MONTHLY:
		return errRule("BYSETPOS")
	}
	return nil
}

// complete writes out what a rule leaves to the event's start.
func (r *rule) complete() {
	hour, minute, second := r.first.Clock()
	defaults := func(list *[]int, n int) {
		if len(*list) == 0 {
			*list = []int{n}
		}
	}
	defaults(&r.Byhour, hour)
	defaults(&r.Byminute, minute)
	defaults(&r.Bysecond, second)
	weekday := []rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}[r.first.Weekday()]
	free := len(r.Byweekday) == 0 && len(r.Bymonthday) == 0 && len(r.Byyearday) == 0
	switch {
	case !free:
	case len(r.Byweekno) > 0, r.Freq == rrule.WEEKLY:
		r.Byweekday = []rrule.Weekday{weekday}
	case r.Freq == rrule.MONTHLY:
		r.Bymonthday = []int{r.first.Day()}
	case r.Freq == rrule.YEARLY:
		defaults(&r.Bymonth, int(r.first.Month()))
		r.Bymonthday = []int{r.first.Day()}
	}
}

// readUntil reads the end of a rule, which is a day, a time of the event's clocks, or one of UTC.
func readUntil(val string, start when) (time.Time, bool) {
	if day, err := time.Parse("20060102", val); err == nil {
		return day.Add(24*time.Hour - time.Second), true
	}
	local, utc := strings.CutSuffix(val, "Z")
	at, err := time.Parse("20060102T150405", local)
	if err != nil {
		return never, false
	}
	if start.date { // the clock says nothing of a day
		return at.Truncate(24 * time.Hour).Add(24*time.Hour - time.Second), true
	}
	if utc {
		at = start.zone.wall(at)
	}
	return at, true
}

func number(s string, low, high int) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "+"))
	return n, err == nil && n >= low && n <= high
}

// numbers reads a list, each of its numbers once. Negative ones count from the end.
func numbers(s string, low, high int, negative bool) ([]int, bool) {
	set := map[int]bool{}
	for part := range strings.SplitSeq(s, ",") {
		n, ok := number(strings.TrimSpace(part), -high, high)
		if !ok || n < low && (!negative || n > -low) {
			return nil, false
		}
		set[n] = true
	}
	return slices.Sorted(maps.Keys(set)), true
}

// days reads a list of weekdays, some of which may be the n-th of a month or year, like -1SU.
func days(s string) ([]rrule.Weekday, bool) {
	set := map[string]rrule.Weekday{}
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if len(part) < 2 {
			return nil, false
		}
		day, ok := weekdays[part[len(part)-2:]]
		nth := 0
		if count := part[:len(part)-2]; ok && count != "" {
			nth, ok = number(count, -53, 53)
			ok = ok && nth != 0
		}
		if !ok {
			return nil, false
		}
		set[fmt.Sprint(day.Day(), nth)] = day.Nth(nth)
	}
	var list []rrule.Weekday
	for _, key := range slices.Sorted(maps.Keys(set)) {
		list = append(list, set[key])
	}
	return list, true
}
