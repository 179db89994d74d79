package value

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Toward says on which side of now a point in time has to lie.
type Toward int

const (
	// Past allows times up to now, and a minute more for clocks that differ.
	Past Toward = iota
	// Future allows times from now on.
	Future
	// Either allows both. What names no side, like fri, is the next one.
	Either
)

const (
	tolerance    = time.Minute
	horizonYears = 10

	startOfWork = 9 * time.Hour
	endOfWork   = 17 * time.Hour
)

// When reads a point in time as people type it; local times and days are
// loc's unless the text names a zone. The result is in loc, at most 10 years
// away and on the side of now that toward asks for.
//
// It accepts
//
//	now
//	14:05  14:05:30  2pm             the latest (Past) or next (Future) one
//	today 14:05  yesterday 23:10  tomorrow 09:00
//	fri 17:00  friday                the latest or next one, at 17:00 if no time is given
//	tomorrow                         09:00
//	2026-11-25 14:05  2026-11-25T14:05:00
//	2026-11-25                       17:00, Future only
//	10m ago  in 30m                  and 30m alone for Future
//
// where all but the last line may be followed by Z, UTC, +02:00 or
// Europe/Berlin. Days in "in 3d" have 24 hours. A local time that the clocks
// jump over or show twice is refused, and the error names the ways out.
func When(s string, now time.Time, loc *time.Location, toward Toward) (time.Time, error) {
	q := question{text: Line(s), now: now.Round(0), home: loc, zone: loc, toward: toward}
	at, err := q.answer()
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case at.Before(q.now.AddDate(-horizonYears, 0, 0)), at.After(q.now.AddDate(horizonYears, 0, 0)):
		return time.Time{}, q.tooFar()
	case toward == Past && at.After(q.now.Add(tolerance)):
		return time.Time{}, refuse("%s is in the future, but this has to be a time in the past. %s", quote(s), q.examples())
	case toward == Future && at.Before(q.now):
		return time.Time{}, refuse("%s is in the past, but this has to be a time to come. %s", quote(s), q.examples())
	}
	return at.In(loc), nil
}

// question is one text to resolve, with all that its meaning depends on.
type question struct {
	text   string
	now    time.Time
	home   *time.Location // of the person
	zone   *time.Location // of the text, home unless it names one
	named  bool
	toward Toward
}

func (q question) answer() (time.Time, error) {
	if at, ok, err := q.relative(); ok {
		return at, err
	}
	text, err := q.cutZone()
	if err != nil {
		return time.Time{}, err
	}
	text = strings.ToLower(text)
	if text == "now" {
		return q.now, nil
	}
	r, err := q.calendar(text)
	if err != nil {
		return time.Time{}, err
	}
	return q.only(r)
}

// relative reports false when the text does not count from now.
func (q question) relative() (at time.Time, ok bool, err error) {
	text := strings.ToLower(q.text)
	if past, ok := strings.CutSuffix(text, " ago"); ok {
		d, ok := scanDuration(past)
		return q.now.Add(-d), ok, nil
	}
	length, in := strings.CutPrefix(text, "in ")
	d, ok := scanDuration(length)
	if ok && !in && q.toward == Past {
		return time.Time{}, true, refuse("%s is a length of time, not a point in time. Write 10m ago.", quote(q.text))
	}
	return q.now.Add(d), ok, nil
}

var (
	offsetSuffix = regexp.MustCompile(`(?i)^(.*[\d ])(?:(z|utc)|([+-])(\d\d):?(\d\d))$`)
	abbreviation = regexp.MustCompile(`^[A-Z]{2,5}$`)
)

// cutZone takes the zone off the end of the text and makes it q's. What only
// might be meant as a zone stays, to be refused with the whole text.
func (q *question) cutZone() (text string, err error) {
	if m := offsetSuffix.FindStringSubmatch(q.text); m != nil {
		hours, _ := strconv.Atoi(m[4])
		minutes, _ := strconv.Atoi(m[5])
		if minutes > 59 || hours*60+minutes > 14*60 {
			return "", q.notATime()
		}
		seconds := (hours*60 + minutes) * 60
		if m[3] == "-" {
			seconds = -seconds
		}
		q.zone, q.named = time.FixedZone("", seconds), true
		return strings.TrimRight(m[1], " "), nil
	}

	i := strings.LastIndexByte(q.text, ' ')
	if i < 0 {
		return q.text, nil
	}
	word := q.text[i+1:]
	if strings.EqualFold(word, "am") || strings.EqualFold(word, "pm") {
		return q.text, nil
	}
	zone, err := Zone(word)
	switch {
	case err == nil:
		q.zone, q.named = zone, true
		return q.text[:i], nil
	case strings.Contains(word, "/"), abbreviation.MatchString(word), len(word) > 2 && nearestZone(word) != "":
		return "", err
	}
	return q.text, nil
}

var (
	isoTime   = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)t(\d.*)$`)
	clockTime = regexp.MustCompile(`^(\d{1,2})(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)? ?(am|pm)?$`)
)

// calendar reads a day, a clock time, or both.
func (q question) calendar(text string) (reading, error) {
	text = isoTime.ReplaceAllString(text, "$1 $2")
	name, rest, _ := strings.Cut(text, " ")
	today := midnight(q.now.In(q.zone))

	if weekday, ok := weekdayNamed(name); ok {
		clock, ok := clockOr(rest, endOfWork)
		if !ok {
			return reading{}, q.notATime()
		}
		return q.closest(clock, &weekday), nil
	}

	var on time.Time
	usual := time.Duration(-1)
	switch name {
	case "today":
		on = today
	case "yesterday":
		on = today.AddDate(0, 0, -1)
	case "tomorrow":
		on, usual = today.AddDate(0, 0, 1), startOfWork
	default:
		var err error
		if on, err = time.Parse(time.DateOnly, name); err != nil {
			clock, ok := parseClock(text)
			if !ok {
				return reading{}, q.notATime()
			}
			return q.closest(clock, nil), nil
		}
		if q.toward != Past {
			usual = endOfWork
		}
	}
	clock, ok := clockOr(rest, usual)
	switch {
	case !ok:
		return reading{}, q.notATime()
	case clock < 0:
		return reading{}, refuse("%s has no time of day. %s", quote(q.text), q.examples())
	}
	return read(on.Add(clock), q.zone), nil
}

// midnight is the start of t's day as a local time, written as if it were UTC.
func midnight(t time.Time) time.Time {
	year, month, d := t.Date()
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// weekdayNamed knows the English names from three letters up: tue, tues.
func weekdayNamed(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(d.String()), word) {
			return d, true
		}
	}
	return 0, false
}

func clockOr(text string, usual time.Duration) (time.Duration, bool) {
	if text == "" {
		return usual, true
	}
	return parseClock(text)
}

// parseClock returns the time of day as the duration since midnight.
func parseClock(text string) (time.Duration, bool) {
	m := clockTime.FindStringSubmatch(text)
	if m == nil || m[2] == "" && m[4] == "" {
		return 0, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	second, _ := time.ParseDuration("0" + m[3] + "s")
	if m[4] != "" {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		hour %= 12
		if m[4] == "pm" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 || second >= time.Minute {
		return 0, false
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + second, true
}

// closest is the latest (Past) or next day on which the clocks show
// clock, on that weekday if one is given. A jump counts as if they showed it.
func (q question) closest(clock time.Duration, weekday *time.Weekday) reading {
	limit, direction := q.now, 1
	if q.toward == Past {
		limit, direction = q.now.Add(tolerance), -1
	}
	on, step := midnight(limit.In(q.zone)), direction
	if weekday != nil {
		days := direction * int(*weekday-on.Weekday())
		on, step = on.AddDate(0, 0, direction*((days+7)%7)), direction*7
	}
	r := read(on.Add(clock), q.zone)
	if q.toward == Past && r.first().After(limit) || q.toward != Past && r.last().Before(limit) {
		r = read(on.AddDate(0, 0, step).Add(clock), q.zone)
	}
	return r
}

// only returns the instant of a reading that has just one.
func (q question) only(r reading) (time.Time, error) {
	const layout = "2006-01-02 15:04"
	if r.first().Before(q.now.AddDate(-horizonYears, 0, 0)) || r.first().After(q.now.AddDate(horizonYears, 0, 0)) {
		return time.Time{}, q.tooFar()
	}
	on := r.local.Format(time.DateOnly)
	switch len(r.at) {
	case 0:
		suffix := ""
		if q.named {
			suffix = " " + r.zone.String()
		}
		return time.Time{}, refuse("%s does not exist on %s in %s, because the clock jumps. Write %s or %s.",
			quote(q.text), on, r.zone,
			r.jump.Add(-time.Minute).In(r.zone).Format(layout)+suffix, r.jump.In(r.zone).Format(layout)+suffix)
	case 1:
		return r.at[0], nil
	}
	return time.Time{}, refuse("%s exists twice on %s in %s, because the clock is set back. Write %s or %s.",
		quote(q.text), on, r.zone, r.first().Format(time.RFC3339Nano), r.last().Format(time.RFC3339Nano))
}

func (q question) notATime() error {
	return misspelled("%s is not a time. %s", quote(q.text), q.examples())
}

func (q question) tooFar() error {
	return refuse("%s is more than %d years away. %s", quote(q.text), horizonYears, q.examples())
}

// examples offers only what When would accept at this moment.
func (q question) examples() string {
	q.zone = q.home
	r := q.closest(14*time.Hour+5*time.Minute, nil)
	date := r.local.Format(time.DateOnly)
	if q.toward == Past {
		return "Write 14:05, " + date + " 14:05, yesterday 23:10 or 10m ago."
	}
	return "Write 14:05, " + date + " 14:05, tomorrow 09:00 or in 30m."
}

// Later returns the later of two instants, a when they are the same.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Onward is when something happens to a thing that something happened to before, at last: no earlier than that. Clocks
// are set back by seconds when they are corrected, and by more when a machine is resumed; the clocks of two servers
// differ; and two who act at once may be let in in another order than they came. A step of more than an hour is not
// bridged: then one of the two times is wrong.
func Onward(at, last time.Time) time.Time {
	if d := last.Sub(at); d > 0 && d <= time.Hour {
		return last
	}
	return at
}

// Earlier returns the earlier of two instants, a when they are the same.
func Earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
