package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
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
	"github.com/watchbell/watchbell/bot/value"
)

// builtin are the holiday calendars of the library, by country and region.
var builtin = map[string][]*cal.Holiday{
	"at": at.Holidays, "au": au.HolidaysNSW, "au-nsw": au.HolidaysNSW, "au-vic": au.HolidaysVIC, "au-qld": au.HolidaysQLD, "au-wa": au.HolidaysWA, "be": be.Holidays, "ca": ca.Holidays, "ch": ch.Holidays,
	"cz": cz.Holidays, "de": de.Holidays, "dk": dk.Holidays, "ecb": ecb.Holidays, "es": es.Holidays, "fi": fi.Holidays, "fr": fr.Holidays,
	"gb": gb.Holidays, "ie": ie.Holidays, "it": it.Holidays, "jp": jp.Holidays, "nl": nl.Holidays, "no": no.Holidays, "nz": nz.Holidays, "pl": pl.Holidays, "pt": pt.Holidays, "se": se.Holidays,
	"us": us.Holidays, "za": za.Holidays,
	"de-bw": de.HolidaysBW, "de-by": de.HolidaysBY, "de-be": de.HolidaysBE, "de-bb": de.HolidaysBB, "de-hb": de.HolidaysHB, "de-hh": de.HolidaysHH, "de-he": de.HolidaysHE,
	"de-mv": de.HolidaysMV, "de-ni": de.HolidaysNI, "de-nw": de.HolidaysNW, "de-rp": de.HolidaysRP, "de-sl": de.HolidaysSL, "de-sn": de.HolidaysSN, "de-st": de.HolidaysST,
	"de-sh": de.HolidaysSH, "de-th": de.HolidaysTH,
}

// calendarNames lists the calendars of the library.
func calendarNames() []string {
	var names []string
	for name := range builtin {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Calendar tells on which dates nobody works. The zero one knows no holiday.
type Calendar struct {
	rules []*cal.Holiday
	days  map[Date]string
}

// Holiday is the name of a date's holiday, "" when it is none.
func (c Calendar) Holiday(d Date) string {
	if name, ok := c.days[d]; ok {
		return name
	}
	for _, h := range c.rules {
		for year := d.Year - 1; year <= d.Year+1; year++ { // New Year is observed in the year before when it falls on a Saturday
			actual, observed := h.Calc(year)
			if dateOf(actual) == d || dateOf(observed) == d {
				return h.Name
			}
		}
	}
	return ""
}

func (c Calendar) free(d Date) bool { return c.Holiday(d) != "" }

// FreeDays is a calendar that was imported.
type FreeDays struct {
	Name string            `json:"-"`
	Days map[string]string `json:"days"` // names by date, like 2026-12-24
	By   bot.PersonID      `json:"by"`
	At   time.Time         `json:"at"`
}

func (f FreeDays) calendar() Calendar {
	c := Calendar{days: map[Date]string{}}
	for day, name := range f.Days {
		if d, ok := parseDate(day); ok {
			c.days[d] = name
		}
	}
	return c
}

// Limits of an import.
const (
	maxICS      = 512 << 10
	maxFreeDays = 1000
)

// ParseFreeDays reads whole-day events of an .ics file as holidays. Those of several days are each of them; with a rule that repeats them they are refused, for they would
// silently be missing next year.
func ParseFreeDays(text string) (map[string]string, error) {
	events, err := parseICS(text)
	if err != nil {
		return nil, err
	}
	days := map[string]string{}
	for _, e := range events {
		name := "holiday"
		if p := e.GetProperty(ics.ComponentPropertySummary); p != nil {
			name = value.Cut(value.Line(p.Value), 80)
		}
		if e.GetProperty(ics.ComponentPropertyRrule) != nil {
			return nil, bot.Errorf(bot.Invalid, "The event %q repeats by a rule, which holidays here cannot. Export the calendar with single dates.", name).About("ics")
		}
		start, err := e.GetAllDayStartAt()
		if err != nil {
			continue // an appointment, not a holiday
		}
		end, err := e.GetAllDayEndAt()
		if err != nil || !end.After(start) {
			end = start.AddDate(0, 0, 1)
		}
		for d := dateOf(start); d.before(dateOf(end)); d = d.add(1) {
			days[d.String()] = name
			if len(days) > maxFreeDays {
				return nil, bot.Errorf(bot.Invalid, "The calendar has more than %d holidays. Import the years that matter.", maxFreeDays).About("ics")
			}
		}
	}
	if len(days) == 0 {
		return nil, bot.Errorf(bot.Invalid, "The calendar has no whole-day event, and only those are holidays.").About("ics")
	}
	return days, nil
}

func parseICS(text string) (events []*ics.VEvent, err error) {
	defer func() {
		if p := recover(); p != nil { // the library trusts its input
			err = bot.Errorf(bot.Invalid, "That is not a calendar: %v.", p).About("ics")
		}
	}()
	if len(text) > maxICS {
		return nil, bot.Errorf(bot.Invalid, "The calendar is larger than %d KiB. Export fewer years.", maxICS>>10).About("ics")
	}
	c, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "That is not a calendar in the iCalendar format: %s. It begins with BEGIN:VCALENDAR.", value.Cut(fmt.Sprint(err), 120)).About("ics")
	}
	return c.Events(), nil
}
