package value

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const dayHorizon = 50 // years

// OnDay reads a day as people type it. today is the day where the person is, as the day itself has no zone. The result
// is at most 50 years away and on the side of today that toward asks for; today is on both.
//
//	2027-03-01
//	today  tomorrow  yesterday
//	fri  friday                           the next or (Past) latest one
//	1 mar 2027  mar 1, 2027  1st march    of no year: the next or (Past) latest one
//	in 3 days  in 2w  in 6 months  in 1y  3 days ago, and 3 days alone for Future
//
// Months and years end on the last day where the day they lead to does not exist. The name of today's day of the week
// is refused, as it may mean today, and so are 01/02/2027, which means two days, and texts that hold a time.
func OnDay(s string, today Day, toward Toward) (Day, error) {
	q := dayQuestion{text: Line(s), today: today, toward: toward}
	d, ok, err := q.answer()
	switch {
	case err != nil:
		return Day{}, err
	case !ok && (SpellsTime(s, Past) || SpellsTime(s, Future)):
		return Day{}, refuse("%s is a time, but this has to be a day alone. %s", quote(s), q.examples())
	case !ok:
		return Day{}, misspelled("%s is not a day. %s", quote(s), q.examples())
	case d.Before(today.AddMonths(-12 * dayHorizon)), today.AddMonths(12 * dayHorizon).Before(d):
		return Day{}, refuse("%s is more than %d years away. %s", quote(s), dayHorizon, q.examples())
	case toward == Past && today.Before(d):
		return Day{}, refuse("%s is in the future, but this has to be today or before. %s", quote(s), q.examples())
	case toward == Future && d.Before(today):
		return Day{}, refuse("%s is in the past, but this has to be today or later. %s", quote(s), q.examples())
	}
	return d, nil
}

// SpellsDay reports whether OnDay understands how a text spells a day, wherever that lies.
func SpellsDay(s string, toward Toward) bool {
	_, err := OnDay(s, Day{2026, time.June, 15}, toward)
	e, refused := err.(*Error)
	return !refused || !e.misspelled
}

// dayQuestion is one text to resolve, with all that its meaning depends on.
type dayQuestion struct {
	text   string
	today  Day
	toward Toward
}

var (
	isoDay   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	dayMonth = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})\.?,?(?: (\d{4}))?$`)
	monthDay = regexp.MustCompile(`^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,?(?: (\d{4}))?$`)
	daysAway = regexp.MustCompile(`^(in )?(\d{1,5}) ?(d|days?|w|weeks?|months?|y|years?)( ago)?$`)
)

// answer reports false for what is no day.
func (q dayQuestion) answer() (d Day, ok bool, err error) {
	text := strings.ToLower(q.text)
	switch text {
	case "today":
		return q.today, true, nil
	case "tomorrow":
		return q.today.Add(1), true, nil
	case "yesterday":
		return q.today.Add(-1), true, nil
	}
	if isoDay.MatchString(text) {
		if d, ok := ParseDate(text); ok && d.Year > 0 {
			return d, true, nil
		}
		return Day{}, false, q.noSuch()
	}
	if weekday, ok := weekdayNamed(text); ok {
		d, err := q.onWeekday(weekday)
		return d, true, err
	}
	if m := daysAway.FindStringSubmatch(text); m != nil {
		d, err := q.away(m[2], m[3], m[1] != "", m[4] != "")
		return d, true, err
	}
	if m := dayMonth.FindStringSubmatch(text); m != nil {
		return q.ofMonth(m[1], m[2], m[3])
	}
	if m := monthDay.FindStringSubmatch(text); m != nil {
		return q.ofMonth(m[2], m[1], m[3])
	}
	return Day{}, false, nil
}

func (q dayQuestion) noSuch() error {
	return refuse("%s is not in the calendar. %s", quote(q.text), q.examples())
}

// onWeekday is the closest day with this name on the side of today, which must not be today.
func (q dayQuestion) onWeekday(weekday time.Weekday) (Day, error) {
	step := 1
	if q.toward == Past {
		step = -1
	}
	days := (step*int(weekday-q.today.Weekday()) + 7) % 7
	if days == 0 {
		return Day{}, refuse("%s may be today or %s. Write today or %[2]s.", quote(q.text), q.today.Add(7*step))
	}
	return q.today.Add(days * step), nil
}

func monthNamed(word string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		if strings.HasPrefix(strings.ToLower(m.String()), word) {
			return m, true
		}
	}
	return 0, false
}

func (q dayQuestion) ofMonth(date, month, year string) (d Day, ok bool, err error) {
	d.Day, _ = strconv.Atoi(date)
	if d.Month, ok = monthNamed(month); !ok {
		return Day{}, false, nil
	}
	d.Year, _ = strconv.Atoi(year)
	if year == "" {
		d.Year = q.today.Year
		switch {
		case q.toward == Past && q.today.Before(d):
			d.Year--
		case q.toward != Past && d.Before(q.today):
			d.Year++
		}
	}
	if d.Year == 0 || DayOf(d.UTC()) != d {
		return Day{}, true, q.noSuch()
	}
	return d, true, nil
}

// away counts from today. in and ago say which of the words are there.
func (q dayQuestion) away(number, unit string, in, ago bool) (Day, error) {
	if in && ago || !in && !ago && q.toward != Future {
		return Day{}, misspelled("%s is not a day. %s", quote(q.text), q.examples())
	}
	n, _ := strconv.Atoi(number)
	if ago {
		n = -n
	}
	switch unit[0] {
	case 'w':
		return q.today.Add(7 * n), nil
	case 'm':
		return q.today.AddMonths(n), nil
	case 'y':
		return q.today.AddMonths(12 * n), nil
	}
	return q.today.Add(n), nil
}

// examples offers only what OnDay would accept on this day.
func (q dayQuestion) examples() string {
	if q.toward == Past {
		return "Write " + q.today.AddMonths(-1).String() + ", yesterday or 3 days ago."
	}
	d := q.today.AddMonths(1)
	return "Write " + d.String() + ", " + strings.ToLower(d.UTC().Format("2 Jan")) + ", tomorrow or in 3 days."
}
