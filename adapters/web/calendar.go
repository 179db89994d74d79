package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// Event is something in the calendar: a change, a freeze, a maintenance window.
type Event struct {
	ID     string
	Kind   string // change, freeze or window
	Title  string
	Detail string
	Tone   bot.Tone
	Over   bool // it was cancelled, or came to nothing
	Start  time.Time
	End    time.Time
}

// calendarView is the page of the calendar.
type calendarView struct {
	Name, Version string
	Viewer        viewer
	Heading       string
	View          string // day, week or month
	Views         []link
	Before, After string // addresses
	Today         string
	Offset        string
	Weekdays      []string
	Days          []dayView
}

type link struct {
	Label, Path string
	Current     bool
}

type dayView struct {
	Label  string // of the day, for its heading
	Full   string
	Path   string
	Out    bool // of the month that is shown
	Today  bool
	Events []eventView
}

type eventView struct {
	Event
	From, To string // times of day; "" when it goes on from the day before, or into the next
	Clock    string
}

// calendar is the page of what is planned, by day, week or month.
func (c *Chat) calendar(w http.ResponseWriter, r *http.Request, v viewer) error {
	if c.o.Calendar == nil {
		return bot.Errorf(bot.NotFound, "There is no calendar here.")
	}
	zone := v.Location()
	now := c.o.Clock.Now().In(zone)
	at, err := time.ParseInLocation(time.DateOnly, r.FormValue("at"), zone)
	if err != nil {
		at = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	}
	view := r.FormValue("view")
	if !slices.Contains([]string{"day", "week", "month"}, view) {
		view = "week"
	}
	page := calendarView{
		Name: c.o.Name, Version: version, Viewer: v, View: view, Offset: now.Format("MST"), Today: calendarPath(view, now),
	}
	from, to, step := span(view, at)
	switch view {
	case "day":
		page.Heading = at.Format("Monday, 2 January 2006")
	case "week":
		page.Heading = from.Format("2 January") + " – " + to.AddDate(0, 0, -1).Format("2 January 2006")
	default:
		page.Heading = at.Format("January 2006")
	}
	page.Before, page.After = calendarPath(view, step(-1)), calendarPath(view, step(1))
	for _, name := range []string{"day", "week", "month"} {
		page.Views = append(page.Views, link{
			map[string]string{"day": "Day", "week": "Week", "month": "Month"}[name], calendarPath(name, at), name == view,
		})
	}
	if view == "month" {
		page.Weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	}
	events, err := c.o.Calendar(r.Context(), from, to)
	if err != nil {
		return err
	}
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		d := dayView{
			Label: day.Format("Mon 2"), Full: day.Format("Monday, 2 January"), Path: calendarPath("day", day),
			Out: view == "month" && day.Month() != at.Month(), Today: day.Format(time.DateOnly) == now.Format(time.DateOnly),
		}
		if view == "month" {
			d.Label = day.Format("2")
		}
		next := day.AddDate(0, 0, 1)
		for _, e := range events {
			if e.Start.Before(next) && day.Before(e.End) {
				d.Events = append(d.Events, eventOn(e, day, next, zone))
			}
		}
		page.Days = append(page.Days, d)
	}
	return markup.Send(w, "calendar", page)
}

func calendarPath(view string, at time.Time) string {
	return "/calendar?view=" + view + "&at=" + at.Format(time.DateOnly)
}

// span is what a view shows, and how to go on from it. Weeks start on Monday.
func span(view string, at time.Time) (from, to time.Time, step func(int) time.Time) {
	monday := func(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) }
	switch view {
	case "day":
		return at, at.AddDate(0, 0, 1), func(n int) time.Time { return at.AddDate(0, 0, n) }
	case "week":
		from = monday(at)
		return from, from.AddDate(0, 0, 7), func(n int) time.Time { return from.AddDate(0, 0, 7*n) }
	}
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, at.Location())
	last := first.AddDate(0, 1, 0)
	to = monday(last)
	if to.Before(last) {
		to = to.AddDate(0, 0, 7)
	}
	return monday(first), to, func(n int) time.Time { return first.AddDate(0, n, 0) }
}

func eventOn(e Event, day, next time.Time, zone *time.Location) eventView {
	v := eventView{Event: e}
	if !e.Start.Before(day) {
		v.From = e.Start.In(zone).Format("15:04")
	}
	if !e.End.After(next) {
		v.To = e.End.In(zone).Format("15:04")
	}
	switch {
	case v.From == "" && v.To == "":
		v.Clock = "all day"
	case v.From == "":
		v.Clock = "until " + v.To
	case v.To == "":
		v.Clock = "from " + v.From
	default:
		v.Clock = v.From + "–" + v.To
	}
	return v
}

// CalendarOf gives what stands in the calendar in [from, to).
type CalendarOf func(ctx context.Context, from, to time.Time) ([]Event, error)
