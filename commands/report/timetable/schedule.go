// Package timetable says when reports come: the rule and the zone of a schedule, the holidays on which it is left out
// or shifted, and the slots that follow from them. A slot is a local date, so that no change of the clocks doubles or
// loses one. Nothing here has a database or a clock.
package timetable

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// Kinds are all reports, with what each is for and when it comes unless somebody says otherwise.
var Kinds = []struct {
	Kind    digest.Kind
	Summary string
	Rule    Rule
}{
	{
		digest.Daily, "what needs a decision, what happened since the last one, what comes today",
		Rule{Minute: 9 * 60, Days: value.Workdays},
	},
	{
		digest.Weekly, "the agenda of the Monday meeting: numbers of last week and what they ask for",
		Rule{Minute: 8*60 + 30, Days: []time.Weekday{time.Monday}},
	},
	{
		digest.Monthly,
		"for business owners: services against their targets; drafted on the third workday, published by a person",
		Rule{Minute: 9 * 60, On: "workday-3"},
	},
	{digest.OnCall, "posted by itself whenever a rota changes hands", Rule{}},
	{
		digest.CAB, "changes to decide, and those to look back at",
		Rule{Minute: 10 * 60, Days: []time.Weekday{time.Wednesday}},
	},
}

// Rule says on which local dates, and at which minute of them, a report comes. Exactly one of Days, On and Cron is set.
type Rule struct {
	Minute int            `json:"minute"` // of the local day
	Days   []time.Weekday `json:"days,omitempty"`
	On     string         `json:"on,omitempty"`   // of each month: 1, last, workday-3, last-workday, first-mon, last-fri
	Cron   string         `json:"cron,omitempty"` // five fields, coming due at most once a day
}

var (
	monthDay  = regexp.MustCompile(`^([1-9]|[12]\d|3[01])$`)
	nthDay    = regexp.MustCompile(`^workday-([1-9]|1\d)$`)
	nthOfWeek = regexp.MustCompile(`^(first|second|third|fourth|last)-(mon|tue|wed|thu|fri|sat|sun)$`)
	ordinals  = []string{"first", "second", "third", "fourth"}
	dayNames  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// ParseDays reads mon-fri, mon,wed, daily, workdays or weekends.
func ParseDays(raw string) ([]time.Weekday, error) {
	var days []time.Weekday
	add := func(d int) {
		if !slices.Contains(days, time.Weekday(d%7)) {
			days = append(days, time.Weekday(d%7))
		}
	}
	for _, part := range strings.Split(strings.ToLower(strings.ReplaceAll(raw, " ", "")), ",") {
		switch part {
		case "daily", "everyday", "all":
			part = "mon-sun"
		case "workdays", "weekdays":
			part = "mon-fri"
		case "weekends", "weekend":
			part = "sat-sun"
		}
		from, to, isRange := strings.Cut(part, "-")
		a, b := dayNamed(from), dayNamed(to)
		switch {
		case a < 0 || isRange && b < 0:
			return nil, bot.Errorf(
				bot.Invalid, "Days: %q is not a day of the week. Write days=mon-fri, days=mon,wed or days=daily.",
				value.Cut(raw, 40),
			).About("days")
		case !isRange:
			add(a)
		default:
			for ; ; a++ {
				add(a)
				if a%7 == b {
					break
				}
			}
		}
	}
	slices.SortFunc(days, func(a, b time.Weekday) int { return cmp.Compare((a+6)%7, (b+6)%7) })
	return days, nil
}

func dayNamed(s string) int {
	if len(s) < 3 {
		return -1
	}
	k := slices.Index(dayNames, s[:3])
	if k >= 0 && strings.HasPrefix(strings.ToLower(time.Weekday(k).String()), s) {
		return k
	}
	return -1
}

// ParseOn reads a rule of the month.
func ParseOn(raw string) (string, error) {
	s := strings.ToLower(strings.TrimSpace(raw))
	s = strings.NewReplacer(" ", "-", "1st", "first", "2nd", "second", "3rd", "third", "4th", "fourth").Replace(s)
	if s == "first" {
		s = "1"
	}
	if rest, ok := strings.CutSuffix(s, "-workday"); ok {
		if n := slices.Index(ordinals, rest); n >= 0 {
			s = fmt.Sprintf("workday-%d", n+1)
		}
	}
	if s == "last" || s == "last-workday" || monthDay.MatchString(s) || nthDay.MatchString(s) || nthOfWeek.MatchString(s) {
		return s, nil
	}
	return "", bot.Errorf(
		bot.Invalid, "On: %q is not a day of the month. Write on=1, on=last, on=workday-3, on=last-workday or on=first-mon.",
		value.Cut(raw, 40),
	).About("on")
}

// ParseCron reads a cron expression of five fields that comes due at most once a day.
func ParseCron(raw string) (Rule, error) {
	s, err := bot.ParseCron(raw)
	if err != nil {
		return Rule{}, bot.Errorf(bot.Invalid, "Cron: %v", err).About("cron")
	}
	spec, ok := s.(*cron.SpecSchedule)
	minute, hour := -1, -1
	if ok {
		minute, hour = onlyBit(spec.Minute), onlyBit(spec.Hour)
	}
	if minute < 0 || hour < 0 {
		return Rule{}, bot.Errorf(
			bot.Invalid,
			"Cron: %q comes due more than once a day, but a report is posted once a day at most. Name one minute and one "+
				"hour, like cron=\"0 9 * * 1-5\".",
			value.Cut(raw, 60),
		).About("cron")
	}
	return Rule{Minute: hour*60 + minute, Cron: strings.Join(strings.Fields(raw), " ")}, nil
}

func onlyBit(set uint64) int {
	found := -1
	for k := range 60 {
		if set&(1<<k) != 0 {
			if found >= 0 {
				return -1
			}
			found = k
		}
	}
	return found
}

// falls reports whether the rule names a date. free tells whether nobody works on a date.
func (r Rule) falls(d value.Day, free func(value.Day) bool) bool {
	week := value.Week{Free: free}
	last := d.Add(1).Day == 1
	switch {
	case r.Cron != "":
		s, err := bot.ParseCron(r.Cron)
		if err != nil {
			return false
		}
		noon := d.UTC().Add(time.Duration(r.Minute) * time.Minute)
		return s.Next(noon.Add(-time.Second)).Equal(noon)
	case len(r.Days) > 0:
		return slices.Contains(r.Days, d.Weekday())
	case r.On == "last":
		return last
	case r.On == "last-workday":
		return week.Workday(d) && week.After(d, 1).Month != d.Month
	case monthDay.MatchString(r.On):
		n, _ := strconv.Atoi(r.On)
		return d.Day == n || last && d.Day < n // the 31st of a short month is its last day
	}
	if m := nthDay.FindStringSubmatch(r.On); m != nil {
		n, _ := strconv.Atoi(m[1])
		return week.Workday(d) && week.After(d.Add(-d.Day), n) == d
	}
	if m := nthOfWeek.FindStringSubmatch(r.On); m != nil {
		if d.Weekday() != time.Weekday(slices.Index(dayNames, m[2])) {
			return false
		}
		if m[1] == "last" {
			return d.Add(7).Month != d.Month
		}
		return (d.Day-1)/7 == slices.Index(ordinals, m[1])
	}
	return false
}

// String is the rule as people read it, like "Mon–Fri 09:00".
func (r Rule) String() string {
	at := FormatClock(r.Minute)
	switch {
	case r.Cron != "":
		return "cron " + r.Cron
	case r.On == "last":
		return "last day of the month " + at
	case r.On == "last-workday":
		return "last workday of the month " + at
	case monthDay.MatchString(r.On):
		return "day " + r.On + " of the month " + at
	case r.On != "":
		if n, ok := strings.CutPrefix(r.On, "workday-"); ok {
			return "workday " + n + " of the month " + at
		}
		which, day, _ := strings.Cut(r.On, "-")
		return which + " " + strings.ToUpper(day[:1]) + day[1:] + " of the month " + at
	}
	return daysLabel(r.Days) + " " + at
}

// DayList lists the days of the week as ParseDays reads them, like mon,wed; "" if the rule has none.
func (r Rule) DayList() string {
	var days []string
	for _, d := range r.Days {
		days = append(days, dayNames[d])
	}
	return strings.Join(days, ",")
}

func daysLabel(days []time.Weekday) string {
	short := func(d time.Weekday) string { return d.String()[:3] }
	if len(days) == 7 {
		return "every day"
	}
	consecutive := len(days) > 2
	for k := 1; k < len(days); k++ {
		consecutive = consecutive && (days[k-1]+1)%7 == days[k]
	}
	if consecutive {
		return short(days[0]) + "–" + short(days[len(days)-1])
	}
	var names []string
	for _, d := range days {
		names = append(names, short(d))
	}
	return strings.Join(names, ", ")
}

// FormatClock writes a minute of the day as people read it, like 09:00.
func FormatClock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// OnHoliday is what becomes of a slot that falls on a holiday.
type OnHoliday string

const (
	Skip OnHoliday = "skip" // it is left out, and the next one covers its time
	// it comes on the next day that is neither a holiday nor, unless the rule names it, a weekend
	Shift OnHoliday = "shift"
)

// When nothing happened.
const (
	EmptyShort = "short" // one line
	EmptyPost  = "full"
	EmptySkip  = "skip" // nothing is posted
)

// Schedule posts a report in a channel again and again.
type Schedule struct {
	Number   int64            `json:"-"`
	Report   digest.Kind      `json:"report"`
	Place    bot.Conversation `json:"place"`
	Channel  string           `json:"channel"` // its name, for people
	Rule     Rule             `json:"rule"`
	Zone     string           `json:"zone"`
	Holidays string           `json:"holidays,omitempty"` // a calendar, like de-by
	OnFree   OnHoliday        `json:"on_holiday,omitempty"`
	Late     time.Duration    `json:"late"` // after its time it is still posted, marked late
	Empty    string           `json:"empty,omitempty"`
	Sections []string         `json:"sections,omitempty"` // those wanted; nil is all
	Scope    figures.Scope    `json:"scope,omitzero"`

	Owner   bot.PersonID `json:"owner"`
	Made    time.Time    `json:"made"`
	Paused  bool         `json:"paused,omitempty"`
	Until   time.Time    `json:"until,omitzero"` // then a pause ends by itself
	Resumed time.Time    `json:"resumed,omitzero"`
	Ended   time.Time    `json:"ended,omitzero"`
	Version int          `json:"-"`
}

// ID is how people name it.
func (s *Schedule) ID() string { return "SCH-" + strconv.FormatInt(s.Number, 10) }

// Location is the schedule's zone, UTC when it is unknown.
func (s *Schedule) Location() *time.Location {
	if loc, err := value.Zone(s.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Active reports whether it runs at a time.
func (s *Schedule) Active(at time.Time) bool {
	return s.Ended.IsZero() && (!s.Paused || !s.Until.IsZero() && !at.Before(s.Until))
}

// Since is from when on slots count: what fell into a pause, or before the schedule was made, never comes.
func (s *Schedule) Since() time.Time {
	at := value.Later(s.Made, s.Resumed)
	if s.Paused && !s.Until.IsZero() {
		at = value.Later(at, s.Until)
	}
	return at
}

// Slot is a local date on which a schedule comes, and when exactly.
type Slot struct {
	Date value.Day
	At   time.Time
}

// longestShift is how many days later a slot comes at most: after a fortnight, one on a holiday is better than none.
const longestShift = 14

// Slots are the slots of a schedule in (after, until], oldest first. Each local date is one slot at most, whatever the
// clocks do.
func (s *Schedule) Slots(after, until time.Time, cal Calendar) []Slot {
	zone := s.Location()
	var slots []Slot
	first, last := value.DayOf(after.In(zone)).Add(-1), value.DayOf(until.In(zone)).Add(1)
	for d := first.Add(-longestShift); !last.Before(d); d = d.Add(1) {
		if !s.Rule.falls(d, cal.free) {
			continue
		}
		on := d
		if cal.free(d) {
			if s.OnFree != Shift {
				continue
			}
			if on = (value.Week{Free: cal.free}).After(d, 1); on.Since(d) > longestShift {
				on = d.Add(longestShift)
			}
		}
		at := on.At(s.Rule.Minute, zone)
		if at.After(after) && !at.After(until) && !slices.ContainsFunc(slots, func(x Slot) bool { return x.Date == on }) {
			slots = append(slots, Slot{on, at})
		}
	}
	slices.SortFunc(slots, func(a, b Slot) int { return a.At.Compare(b.At) })
	return slots
}

// Next lists the next n slots after a time.
func (s *Schedule) Next(after time.Time, n int, cal Calendar) []Slot {
	var slots []Slot
	for step := 35; step < 2200 && len(slots) < n; step *= 2 {
		slots = s.Slots(after, after.AddDate(0, 0, step), cal)
	}
	return slots[:min(n, len(slots))]
}

// ParseClock reads a time of day, like 09:00 or 9pm, as the minute of the day.
func ParseClock(raw string) (int, error) {
	for _, layout := range []string{"15:04", "15.04", "3pm", "3:04pm", "15"} {
		if t, err := time.Parse(layout, strings.ToLower(strings.TrimSpace(raw))); err == nil {
			return t.Hour()*60 + t.Minute(), nil
		}
	}
	return 0, bot.Errorf(
		bot.Invalid, "At: %q is not a time of day. Write it from 00:00 to 23:59, like at=09:00.",
		value.Cut(value.Line(raw), 40),
	).About("at")
}

// RuleOf is the rule by which a report comes unless somebody says otherwise. The hand-over has none.
func RuleOf(k digest.Kind) Rule {
	for _, e := range Kinds {
		if e.Kind == k {
			return e.Rule
		}
	}
	return Rule{}
}
