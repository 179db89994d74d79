package calendar

import (
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// The library iterates until it finds something, to the year 9999 if need be: a rule like the 30th of February costs
// seconds. So it is asked for one year at a time, or one month, by an interval that leads beyond its last year at once.
// Each question is a unit of work.
const (
	beyondYears  = 10_000
	beyondMonths = 12 * beyondYears
	askWork      = 1
)

// walls are when the rule falls in [since, until] by the clocks on the wall, in order. more reports that it goes on
// after until; ok is false when that is too much work.
func (r *rule) walls(since, until time.Time, w *work) (found []time.Time, more, ok bool) {
	more = r.until.After(until)
	if !more {
		until = r.until
	}
	seen := 0
	if r.count > 0 {
		since, seen = r.first, r.before()
	}
	for _, period := range r.periods(since, until) {
		list, ok := r.ask(period, w)
		if !ok {
			return nil, false, false
		}
		for _, at := range list {
			if at.Before(r.first) || at.After(until) || at.Before(since) || !r.due(at) {
				continue
			}
			if seen++; r.count > 0 && seen > r.count {
				return found, false, true
			}
			found = append(found, at)
		}
	}
	return found, more && (r.count == 0 || seen < r.count), true
}

// before is how many of the count are taken before the rule's own begin: the event's start counts, also when the rule
// does not fall on it.
func (r *rule) before() int {
	list, ok := r.ask(r.period(r.first), &work{left: askWork * 100})
	if ok && slices.ContainsFunc(list, r.first.Equal) {
		return 0
	}
	return 1
}

// period is the beginning of the month or year that a time is in, by which the library is asked.
func (r *rule) period(t time.Time) time.Time {
	if r.Freq == rrule.MONTHLY {
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
}

// periods are those to ask for, in order.
func (r *rule) periods(since, until time.Time) []time.Time {
	if since.Before(r.first) {
		since = r.first
	}
	var list []time.Time
	first, last := r.period(r.first), r.period(until)
	switch r.Freq {
	case rrule.MONTHLY:
		months := (since.Year()-first.Year())*12 + int(since.Month()-first.Month())
		for at := first.AddDate(0, months-months%r.interval, 0); !at.After(last); at = at.AddDate(0, r.interval, 0) {
			list = append(list, at)
		}
	case rrule.YEARLY:
		years := since.Year() - first.Year()
		for at := first.AddDate(years-years%r.interval, 0, 0); !at.After(last); at = at.AddDate(r.interval, 0, 0) {
			list = append(list, at)
		}
	default:
		for at := r.period(since); !at.After(last); at = at.AddDate(1, 0, 0) {
			list = append(list, at)
		}
	}
	return list
}

// due reports whether a day is one of those that the interval of a daily or weekly rule leaves.
func (r *rule) due(at time.Time) bool {
	const day = 24 * time.Hour
	from, to := r.first.Truncate(day), at.Truncate(day)
	switch r.Freq {
	case rrule.WEEKLY:
		monday := func(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6-r.Wkst.Day())%7) }
		return int(monday(to).Sub(monday(from))/(7*day))%r.interval == 0
	case rrule.DAILY:
		return int(to.Sub(from)/day)%r.interval == 0
	}
	return true
}

// ask has the library say on which days of a period the rule falls. Daily and weekly ones are asked for by the year, as
// the days that their other parts leave; their intervals are due's.
func (r *rule) ask(period time.Time, w *work) (found []time.Time, ok bool) {
	lists := len(r.Bymonth) + len(r.Bymonthday) + len(r.Byyearday) + len(r.Byweekno) + len(r.Byweekday) + len(r.Bysetpos)
	if !w.do(askWork + lists/8) {
		return nil, false
	}
	defer func() {
		if recover() != nil { // the library trusts its input
			found, ok = nil, true
		}
	}()
	o := r.ROption
	o.Dtstart, o.Interval = period, beyondYears
	switch o.Freq {
	case rrule.MONTHLY:
		o.Interval = beyondMonths
	case rrule.DAILY, rrule.WEEKLY:
		o.Freq = rrule.YEARLY
		if len(o.Byweekday) == 0 && len(o.Bymonthday) == 0 {
			o.Byweekday = []rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}
		}
	}
	asked, err := rrule.NewRRule(o)
	if err != nil {
		return nil, true
	}
	found = asked.All()
	return found, w.do(len(found) / 4)
}
