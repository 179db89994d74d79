package timetable

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ecb"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
)

// builtin are the holiday calendars of the library, by country and region.
var builtin = map[string][]*cal.Holiday{
	"at": at.Holidays, "au": au.HolidaysNSW, "au-nsw": au.HolidaysNSW, "au-vic": au.HolidaysVIC, "au-qld": au.HolidaysQLD,
	"au-wa": au.HolidaysWA, "be": be.Holidays, "ca": ca.Holidays, "ch": ch.Holidays,
	"cz": cz.Holidays, "de": de.Holidays, "dk": dk.Holidays, "ecb": ecb.Holidays, "es": es.Holidays, "fi": fi.Holidays,
	"fr": fr.Holidays,
	"gb": gb.Holidays, "ie": ie.Holidays, "it": it.Holidays, "jp": jp.Holidays, "nl": nl.Holidays, "no": no.Holidays,
	"nz": nz.Holidays, "pl": pl.Holidays, "pt": pt.Holidays, "se": se.Holidays,
	"us": us.Holidays, "za": za.Holidays,
	"de-bw": de.HolidaysBW, "de-by": de.HolidaysBY, "de-be": de.HolidaysBE, "de-bb": de.HolidaysBB, "de-hb": de.HolidaysHB,
	"de-hh": de.HolidaysHH, "de-he": de.HolidaysHE,
	"de-mv": de.HolidaysMV, "de-ni": de.HolidaysNI, "de-nw": de.HolidaysNW, "de-rp": de.HolidaysRP, "de-sl": de.HolidaysSL,
	"de-sn": de.HolidaysSN, "de-st": de.HolidaysST,
	"de-sh": de.HolidaysSH, "de-th": de.HolidaysTH,
}

// CalendarNames lists the calendars of the library.
func CalendarNames() []string {
	var names []string
	for name := range builtin {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// BuiltIn is the calendar of the library that has a name, if there is one.
func BuiltIn(name string) (Calendar, bool) {
	rules, ok := builtin[name]
	return Calendar{rules: rules}, ok
}

// Calendar tells on which dates nobody works. The zero one knows no holiday.
type Calendar struct {
	rules []*cal.Holiday
	days  map[value.Day]string
}

// Holiday is the name of a date's holiday, "" when it is none.
func (c Calendar) Holiday(d value.Day) string {
	if name, ok := c.days[d]; ok {
		return name
	}
	for _, h := range c.rules {
		// New Year is observed in the year before when it falls on a Saturday
		for year := d.Year - 1; year <= d.Year+1; year++ {
			actual, observed := h.Calc(year)
			if value.DayOf(actual) == d || value.DayOf(observed) == d {
				return h.Name
			}
		}
	}
	return ""
}

func (c Calendar) free(d value.Day) bool { return c.Holiday(d) != "" }

// FreeDays is a calendar that was imported.
type FreeDays struct {
	Name string            `json:"-"`
	Days map[string]string `json:"days"` // names by date, like 2026-12-24
	By   bot.PersonID      `json:"by"`
	At   time.Time         `json:"at"`
}

// Calendar is what was imported, as schedules ask it. A date that cannot be read is left out.
func (f FreeDays) Calendar() Calendar {
	c := Calendar{days: map[value.Day]string{}}
	for day, name := range f.Days {
		if d, ok := value.ParseDate(day); ok {
			c.days[d] = name
		}
	}
	return c
}

// How far holidays are read: those of the year before are history, and repeating ones have no end.
const (
	maxFreeDays = 1000
	freeAhead   = 2 // years
)

// ReadFreeDays reads the whole-day events of a calendar file as holidays; those of several days are each of them. left
// are appointments and what else is no holiday, each with the reason.
func ReadFreeDays(
	data []byte, zone *time.Location, now time.Time,
) (days map[string]string, left []calendar.Left, err error) {
	year := now.In(zone).Year()
	file, err := calendar.Read(data, calendar.Options{
		Zone: zone, From: time.Date(year-1, 1, 1, 0, 0, 0, 0, zone), Until: now.AddDate(freeAhead, 0, 0),
	})
	if err != nil {
		return nil, nil, bot.Errorf(bot.Invalid, "Calendar: %v.", err).About("ics")
	}
	days, left = map[string]string{}, file.Left
	for _, e := range file.Events {
		if e.Days == 0 {
			left = append(left, calendar.Left{
				Title: e.Title, At: e.Start, Reason: "is an appointment, and only whole days are holidays",
			})
			continue
		}
		name := cmp.Or(value.Cut(value.Line(e.Title), 80), "holiday")
		for k := range e.Days {
			if days[value.DayOf(e.Day.AddDate(0, 0, k)).String()] = name; len(days) > maxFreeDays {
				return nil, nil, bot.Errorf(
					bot.Invalid, "Calendar: the file has more than %d holidays. Import the years that matter.", maxFreeDays,
				).About("ics")
			}
		}
	}
	if len(days) == 0 {
		text := "Calendar: the file has no whole-day event, and only those are holidays."
		for _, line := range LeftLines(left, zone) {
			text += "\n• " + line
		}
		return nil, nil, bot.Errorf(bot.Invalid, "%s", text).About("ics")
	}
	return days, left, nil
}

// maxLeft is how many events that were left out are shown one by one.
const maxLeft = 20

// LeftLines say what was left out of a file, and why.
func LeftLines(left []calendar.Left, zone *time.Location) []string {
	var lines []string
	for n, l := range left {
		if n == maxLeft {
			return append(lines, fmt.Sprintf("and %d more", len(left)-n))
		}
		line := cmp.Or(value.Cut(value.Line(l.Title), 60), "an event without a title")
		if !l.At.IsZero() {
			line += ", " + l.At.In(zone).Format("Mon 2 Jan 2006 15:04")
		}
		lines = append(lines, line+": "+l.Reason)
	}
	return lines
}
