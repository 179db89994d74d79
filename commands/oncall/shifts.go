package oncall

import (
	"slices"
	"strings"

	ics "github.com/arran4/golang-ical"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	maxICS    = 512 << 10
	maxShifts = 1000
)

// ParseShifts reads the events of an .ics file as shifts. Who has one is its attendee's e-mail address, or its title: a name, an id or an e-mail address.
func ParseShifts(text string, people []bot.Person) (shifts []Shift, err error) {
	defer func() {
		if p := recover(); p != nil { // the library trusts its input
			err = bot.Errorf(bot.Invalid, "That is not a calendar: %v.", p).About("ics")
		}
	}()
	if len(text) > maxICS {
		return nil, bot.Errorf(bot.Invalid, "The calendar is larger than %d KiB. Export fewer months.", maxICS>>10).About("ics")
	}
	cal, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "That is not a calendar in the iCalendar format. It begins with BEGIN:VCALENDAR.").About("ics")
	}
	var unknown []string
	for _, e := range cal.Events() {
		title := ""
		if p := e.GetProperty(ics.ComponentPropertySummary); p != nil {
			title = value.Line(p.Value)
		}
		if e.GetProperty(ics.ComponentPropertyRrule) != nil {
			return nil, bot.Errorf(bot.Invalid, "The event %q repeats by a rule. Export single shifts.", value.Cut(title, 60)).About("ics")
		}
		from, err1 := e.GetStartAt()
		to, err2 := e.GetEndAt()
		if err1 != nil || err2 != nil || !from.Before(to) {
			return nil, bot.Errorf(bot.Invalid, "The event %q has no start before its end.", value.Cut(title, 60)).About("ics")
		}
		var words []string
		for _, a := range e.Attendees() {
			words = append(words, strings.TrimPrefix(strings.ToLower(a.Email()), "mailto:"))
		}
		who := personIn(append(words, strings.ToLower(title)), people)
		if who == "" {
			if !slices.Contains(unknown, title) {
				unknown = append(unknown, title)
			}
			continue
		}
		shifts = append(shifts, Shift{Person: who, From: from.UTC(), To: to.UTC()})
		if len(shifts) > maxShifts {
			return nil, bot.Errorf(bot.Invalid, "The calendar has more than %d shifts. Export fewer months.", maxShifts).About("ics")
		}
	}
	if len(unknown) > 0 {
		return nil, bot.Errorf(bot.Invalid, "Nobody here is called %s. A shift names somebody by their e-mail address, name or id; nothing was imported.", value.Cut(strings.Join(unknown, ", "), 200)).About("ics")
	}
	if len(shifts) == 0 {
		return nil, bot.Errorf(bot.Invalid, "The calendar has no event.").About("ics")
	}
	return shifts, nil
}

func personIn(words []string, people []bot.Person) bot.PersonID {
	for _, w := range words {
		for _, p := range people {
			if p.Active && (w != "" && strings.EqualFold(p.Email, w) || string(p.ID) == strings.TrimPrefix(w, "@") || strings.EqualFold(p.Name, w)) {
				return p.ID
			}
		}
	}
	for _, w := range words { // "On call: Ana Ruiz"
		for _, p := range people {
			if p.Active && len(p.Name) > 3 && strings.Contains(w, strings.ToLower(p.Name)) {
				return p.ID
			}
		}
	}
	return ""
}
