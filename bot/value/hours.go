package value

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are the hours of a week by the clocks of a zone.
type Hours struct {
	Days     []time.Weekday
	From, To int // minutes of the day; To may be 24*60
	Zone     *time.Location
}

// In lists the hours in a period.
func (h Hours) In(p Span) Spans {
	var list []Span
	for day := DayOf(p.From.In(h.Zone).AddDate(0, 0, -1)); !day.At(0, h.Zone).After(p.To); day = day.Add(1) {
		if slices.Contains(h.Days, day.Weekday()) {
			list = append(list, Span{From: day.At(h.From, h.Zone), To: day.At(h.To, h.Zone)})
		}
	}
	return Union(list...).And(Union(p))
}

var (
	hoursForm = regexp.MustCompile(
		`^(mon|tue|wed|thu|fri|sat|sun)-(mon|tue|wed|thu|fri|sat|sun) (\d\d):(\d\d)-(\d\d):(\d\d)$`)
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// ParseHours reads hours of one day like mon-fri 08:00-20:00, which are in no zone yet.
func ParseHours(s string) (Hours, bool) {
	m := hoursForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return Hours{}, false
	}
	minutes := func(hours, rest string) int {
		h, _ := strconv.Atoi(hours)
		n, _ := strconv.Atoi(rest)
		return h*60 + n
	}
	h := Hours{From: minutes(m[3], m[4]), To: minutes(m[5], m[6])}
	last := slices.Index(weekdays, m[2])
	for d := slices.Index(weekdays, m[1]); ; d = (d + 1) % 7 {
		h.Days = append(h.Days, time.Weekday(d))
		if d == last {
			break
		}
	}
	return h, h.From < h.To && h.To <= 24*60
}

// String is what ParseHours reads, of days that follow each other; "" is no hours.
func (h Hours) String() string {
	if len(h.Days) == 0 {
		return ""
	}
	return fmt.Sprintf("%s-%s %02d:%02d-%02d:%02d", weekdays[h.Days[0]], weekdays[h.Days[len(h.Days)-1]], h.From/60,
		h.From%60, h.To/60, h.To%60)
}
