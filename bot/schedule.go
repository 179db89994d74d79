package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule makes a job due again and again by the wall clock of a zone. Its slots are local times, each run once
// however many instances tick and whatever the clocks do: a local time that a change to summer time leaves out runs at
// the moment of the jump, one that comes twice runs the first time. After a pause only the newest missed slot runs.
type Schedule struct {
	Name string
	Cron string // five fields, or a descriptor like @daily
	Zone *time.Location
	Kind string // of the job; its Arg is the slot, like "2026-11-25T03:17"
	// Idle reports that the job would find nothing to do now. Then none is made, and an idle bot writes nothing. It only
	// reads, in each instance. Optional.
	Idle func(ctx context.Context, now time.Time) (bool, error)
}

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// ParseCron checks a cron expression. Sunday is 0, 7 or sun, as in crontab(5). Zones and seconds are no part of it, and
// one that never comes due is refused.
func ParseCron(expr string) (cron.Schedule, error) {
	const example = "Write five fields, minute hour day month weekday, like 0 9 * * 1-5; Sunday is 0, 7 or sun."
	if strings.Contains(expr, "TZ=") || strings.HasPrefix(expr, "@every") {
		return nil, Errorf(
			Invalid, "%q is not a schedule: zones are given apart and @every is not supported. %s", Shown(expr), example,
		)
	}
	s, err := cronParser.Parse(sundays(expr))
	if err != nil {
		return nil, Errorf(Invalid, "%q is not a schedule. %s", Shown(expr), example)
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, Errorf(Invalid, "%q never comes due. %s", Shown(expr), example)
	}
	return s, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// sundays writes a Sunday that is 7 in a way that the parser knows. What it does not understand it leaves to the
// parser.
func sundays(expr string) string {
	fields := strings.Fields(expr)
	if len(fields) != 5 || !strings.Contains(fields[4], "7") {
		return expr
	}
	items := strings.Split(fields[4], ",")
	for i, item := range items {
		items[i] = sunday(item)
	}
	fields[4] = strings.Join(items, ",")
	return strings.Join(fields, " ")
}

// sunday is sundays for one item of a list: a day, a range of days, or one with a step.
func sunday(item string) string {
	days, stepped, hasStep := strings.Cut(item, "/")
	from, to, isRange := strings.Cut(days, "-")
	if !isRange {
		to = from
	}
	first, step := weekday(from), 1
	if hasStep {
		step, _ = strconv.Atoi(stepped)
	}
	if to != "7" || first < 0 || step < 1 {
		return item
	}
	var list []string
	for day := first; day <= 7; day += step {
		list = append(list, strconv.Itoa(day%7))
	}
	return strings.Join(list, ",")
}

// weekday is a day's number from 0 to 7, -1 for none.
func weekday(s string) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 7 {
		return n
	}
	return slices.Index(weekdays, strings.ToLower(s))
}

const slotFormat = "2006-01-02T15:04"

// LastSlot is the newest slot of the schedule that is due at now, and when it was due. ok is false when none was in the
// last 32 days.
func (s Schedule) LastSlot(now time.Time) (slot string, due time.Time, ok bool, err error) {
	spec, err := ParseCron(s.Cron)
	if err != nil {
		return "", due, false, err
	}
	for _, back := range []time.Duration{2 * time.Hour, 50 * time.Hour, 32 * 24 * time.Hour} {
		wall := asUTC(now.Add(-back).In(s.Zone))
		for {
			wall = spec.Next(wall)
			at := instant(wall, s.Zone)
			if wall.IsZero() || at.After(now) {
				break
			}
			slot, due, ok = wall.Format(slotFormat), at, true
		}
		if ok {
			return slot, due, ok, nil
		}
	}
	return "", due, false, nil
}

// asUTC keeps what the clock on the wall shows and drops the zone, so that counting in it meets no jumps.
func asUTC(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// instant is when the clocks of loc show wall: the first time if they do twice, the moment of the jump if they never
// do.
func instant(wall time.Time, loc *time.Location) time.Time {
	shows := func(t time.Time) bool { return asUTC(t.In(loc)).Equal(wall) }
	guess := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
	start, end := guess.ZoneBounds()
	for _, edge := range []time.Time{start, end} {
		if edge.IsZero() {
			continue
		}
		_, before := edge.Add(-time.Second).In(loc).Zone()
		_, after := edge.In(loc).Zone()
		first := wall.Add(-time.Duration(before) * time.Second)
		switch {
		case shows(first) && first.Before(guess):
			return first.In(loc)
		case after > before && !shows(guess) && !asUTC(edge.In(loc)).Before(wall) &&
			asUTC(edge.Add(-time.Second).In(loc)).Before(wall):
			return edge
		}
	}
	return guess
}
