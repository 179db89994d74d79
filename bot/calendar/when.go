package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// when is a time as a file has it: what a clock on a wall shows, and where that wall is.
type when struct {
	wall time.Time // in UTC, whatever the zone
	date bool      // a day and no time of day
	zone *zone
}

// instant is when the clocks show it, of a day when it begins.
func (w when) instant() time.Time { return w.zone.instant(w.wall) }

func (w when) day() time.Time {
	y, m, d := w.wall.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// unknownZone is the reason why an event is left out.
type unknownZone string

func (z unknownZone) Error() string {
	return fmt.Sprintf("is in the time zone %q, which is not known", string(z))
}

var errTime = errors.New("not a time")

// readWhen reads a DATE or a DATE-TIME. VALUE=DATE may be missing: eight digits are a day.
func (r *reader) readWhen(value, tzid string) (when, error) {
	value = strings.ToUpper(strings.TrimSpace(value))
	if len(value) == len("20261202") {
		day, err := time.Parse("20060102", value)
		if err != nil {
			return when{}, errTime
		}
		home, err := r.zones.home()
		return when{wall: day, date: true, zone: home}, err
	}
	local, utc := strings.CutSuffix(value, "Z")
	if s, leap := strings.CutSuffix(local, "60"); leap && len(local) == len("20261202T080000") {
		local = s + "59" // a leap second
	}
	wall, err := time.Parse("20060102T150405", local)
	if err != nil {
		return when{}, errTime
	}
	zone := utcZone
	switch {
	case utc:
	case tzid != "":
		zone, err = r.zones.find(tzid)
	default:
		zone, err = r.zones.home()
	}
	return when{wall: wall, zone: zone}, err
}

// length is how long an event lasts: first so long by the clocks on the wall at its end, then so long as time passes.
type length struct {
	wall  time.Duration
	exact time.Duration
	zone  *zone
}

// end is when an event ends that begins at a time.
func (l length) end(start time.Time) time.Time { return l.zone.instant(start.Add(l.wall)).Add(l.exact) }

// days is the length in whole days, 0 when it is no number of them.
func (l length) days() int {
	const day = 24 * time.Hour
	if total := l.wall + l.exact; total > 0 && total%day == 0 {
		return int(total / day)
	}
	return 0
}

var durationForm = regexp.MustCompile(
	`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$`,
)

// readDuration reads a DURATION: its days are days of the calendar, its hours pass.
func readDuration(value string, in *zone) (length, error) {
	m := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(value)))
	if m == nil || strings.Join(m[1:], "") == "" {
		return length{}, errTime
	}
	part := func(n int, unit time.Duration) time.Duration {
		k, _ := strconv.Atoi("0" + m[n])
		return time.Duration(k) * unit
	}
	const day = 24 * time.Hour
	return length{
		wall: part(1, 7*day) + part(2, day), exact: part(3, time.Hour) + part(4, time.Minute) + part(5, time.Second),
		zone: in,
	}, nil
}
