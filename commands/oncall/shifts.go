package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
)

// How far ahead repeating events of a calendar are read.
const readAhead = 2 // years

// Import is what a calendar file holds for a rota.
type Import struct {
	Shifts  []Shift
	Left    []calendar.Left // events that are no shifts, with the reason
	Unknown []string        // titles that name nobody here, each once
	Past    int             // events that have ended
	Until   time.Time       // repeating events were read until then; zero when none goes on
}

// ReadShifts reads the events of a calendar file as shifts of a rota that are still to come at now, or under way. One
// that cannot be read as a shift is left out with the reason; the error is about the whole file.
func ReadShifts(data []byte, r *Rota, people []bot.Person, now time.Time) (*Import, error) {
	zone := r.Location()
	until := now.AddDate(readAhead, 0, 0)
	file, err := calendar.Read(data, calendar.Options{Zone: zone, From: now, Until: until})
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "Calendar: %v.", err).About("ics")
	}
	x := &Import{Left: file.Left, Past: file.Past}
	if file.GoesOn {
		x.Until = until
	}
	names := newRoster(r.Name, people)
	for _, e := range file.Events {
		who, err := names.who(e)
		switch {
		case errors.Is(err, errNobody):
			if title := value.Cut(value.Line(e.Title), 60); title != "" && !slices.Contains(x.Unknown, title) {
				x.Unknown = append(x.Unknown, title)
			}
			fallthrough
		case err != nil:
			x.Left = append(x.Left, calendar.Left{Title: e.Title, At: e.Start, Reason: err.Error()})
		default:
			x.Shifts = append(x.Shifts, Shift{Person: who, From: e.Start, To: e.End})
		}
	}
	if len(x.Shifts) == 0 {
		return nil, bot.Errorf(bot.Invalid, "%s", x.nothing(zone, now)).About("ics")
	}
	return x, nil
}

// nothing says why no event of a file is a shift.
func (x *Import) nothing(zone *time.Location, now time.Time) string {
	text := "Nothing was imported: "
	switch {
	case len(x.Left) == 0 && x.Past == 0:
		return text + "the calendar has no events."
	case len(x.Left) == 0:
		return text + "all events of the calendar have ended."
	}
	text += "no event of the calendar is a shift."
	if len(x.Unknown) > 0 {
		text += " " + x.unknown()
	}
	for _, line := range x.lines(zone, now) {
		text += "\n• " + line
	}
	return text
}

// unknown names the titles that name nobody.
func (x *Import) unknown() string {
	return "Nobody here is called " + value.Cut(strings.Join(x.Unknown, ", "), 300) +
		". A title names one person by name, id or e-mail address."
}

// maxLeft is how many events that were left out are shown one by one.
const maxLeft = 20

// lines are the events that were left out, each with its reason; those of one title for one reason are one line.
func (x *Import) lines(zone *time.Location, now time.Time) []string {
	type key struct{ title, reason string }
	var order []key
	times := map[key][]time.Time{}
	for _, l := range x.Left {
		k := key{value.Cut(value.Line(l.Title), 60), l.Reason}
		if k.title == "" {
			k.title = "an event without a title"
		}
		if times[k] == nil {
			order = append(order, k)
		}
		times[k] = append(times[k], l.At)
	}
	var lines []string
	for n, k := range order {
		if n == maxLeft {
			lines = append(lines, fmt.Sprintf("and %d more", len(order)-n))
			break
		}
		line := k.title
		if at := times[k]; !at[0].IsZero() {
			line += ", " + at[0].In(zone).Format("Mon 2 Jan 2006 15:04")
			if len(at) > 1 {
				line += fmt.Sprintf(" and %d more times", len(at)-1)
			}
		}
		lines = append(lines, line+": "+k.reason)
	}
	return lines
}

// replacing are the stands that change so that the coming imported shifts are those of a calendar: those that it still
// has stay as they are, also in their order with swaps and stand-ins. added counts the new ones.
func replacing(stands []Stand, shifts []Shift, by bot.PersonID, now time.Time) (changed []Stand, added int) {
	type key struct {
		who      bot.PersonID
		from, to int64
	}
	wanted, kept := map[key]bool{}, map[key]bool{}
	for _, s := range shifts {
		wanted[key{s.Person, s.From.Unix(), s.To.Unix()}] = true
	}
	n := 0
	for _, x := range stands {
		n = max(n, x.N)
		if x.Source != "calendar" || x.Gone || !x.To.After(now) {
			continue
		}
		switch k := (key{x.Person, x.From.Unix(), x.To.Unix()}); {
		case wanted[k]:
			kept[k] = true
		case x.From.After(now):
			x.Gone = true
			changed = append(changed, x)
		}
	}
	for _, s := range shifts {
		k := key{s.Person, s.From.Unix(), s.To.Unix()}
		if kept[k] {
			continue
		}
		kept[k] = true // twice in one file is once
		n++
		added++
		changed = append(changed, Stand{N: n, Person: s.Person, From: s.From, To: s.To, Source: "calendar", By: by, At: now})
	}
	return changed, added
}
