package calendar

import (
	"slices"
	"strings"
	"time"
)

// jump is a moment from which on clocks are so far ahead of UTC.
type jump struct {
	at     time.Time
	before time.Duration
	after  time.Duration
}

// describedZone makes a zone of its description in the file, nil when that cannot be understood. It is right from a
// year before Options.From to a year after Options.Until; outside it goes on as at these ends.
func (z *zones) describedZone(part *component) *zone {
	var jumps []jump
	for _, rule := range part.parts {
		found, ok := z.jumps(rule)
		if !ok {
			return nil
		}
		jumps = append(jumps, found...)
	}
	if len(jumps) == 0 {
		return nil
	}
	slices.SortFunc(jumps, func(a, b jump) int { return a.at.Compare(b.at) })
	return &zone{func(at time.Time) time.Duration {
		n, found := slices.BinarySearchFunc(jumps, at, func(j jump, t time.Time) int { return j.at.Compare(t) })
		switch {
		case found:
			return jumps[n].after
		case n == 0:
			return jumps[0].before
		}
		return jumps[n-1].after
	}}
}

// jumps are those of one STANDARD or DAYLIGHT.
func (z *zones) jumps(part *component) ([]jump, bool) {
	start, _ := part.first("DTSTART")
	from, _ := part.first("TZOFFSETFROM")
	to, _ := part.first("TZOFFSETTO")
	first, err := time.Parse("20060102T150405", strings.TrimSpace(start.Value))
	before, ok1 := readOffset(from.Value)
	after, ok2 := readOffset(to.Value)
	if err != nil || !ok1 || !ok2 {
		return nil, false
	}
	walls := []time.Time{first}
	at := &zone{func(time.Time) time.Duration { return before }}
	for _, p := range part.props["RDATE"] {
		for one := range strings.SplitSeq(p.Value, ",") {
			t, err := time.Parse("20060102T150405", strings.TrimSpace(one))
			if err != nil {
				return nil, false
			}
			walls = append(walls, t)
		}
	}
	for _, p := range part.props["RRULE"] {
		rule, err := parseRule(p, when{wall: first, zone: at})
		if err != nil {
			return nil, false
		}
		since, until := z.options.From.AddDate(-1, 0, 0), z.options.Until.AddDate(1, 0, 0)
		if rule.until.Before(since) { // the last of them still counts
			since = rule.until.AddDate(-1, 0, -1)
		}
		found, _, ok := rule.walls(since, until, z.work)
		if !ok {
			return nil, false
		}
		walls = append(walls, found...)
	}
	var jumps []jump
	for _, wall := range walls {
		jumps = append(jumps, jump{at.instant(wall), before, after})
	}
	return jumps, true
}
