package due

import (
	"fmt"
	"maps"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
)

// How much one message shows: things, and of how many of them the buttons.
const (
	mostShown = 25
	fewShown  = 5
)

// dayFormat is how a day is read.
const dayFormat = "Mon 2 Jan 2006"

// mineLine is the command that lists what is somebody's own.
const mineLine = "ops due me"

// view is how dues look to somebody.
type view struct {
	reader bot.Person
	staff  ladder.Staff
	now    time.Time
	zone   *time.Location
}

// message is what somebody is told, the most urgent first.
func (v view) message(items []Item) bot.Message {
	m := bot.Message{Tone: bot.Info}
	late := 0
	dues := make([]bot.Due, len(items))
	for k, x := range items {
		dues[k] = x.Due
		if v.late(x.Due) {
			late++
		}
		if k < mostShown {
			m.Sections = append(m.Sections, bot.Section{Text: append(v.line(x.Due), v.why(x)...)})
		}
	}
	switch n := len(items); {
	case n == 1 && late == 1:
		m.Title = dues[0].Label() + " is overdue"
	case n == 1:
		m.Title = dues[0].Label() + " is due"
	default:
		m.Title = value.Counted(n, "thing") + " due"
		if late > 0 {
			m.Title += fmt.Sprintf(", %d overdue", late)
		}
	}
	if late > 0 {
		m.Tone = bot.Warning
	}
	m.Actions = actions(dues)
	if n := len(items) - fewShown; n > 0 {
		m.Context = append(m.Context, bot.T(
			"Buttons are for the first "+fmt.Sprint(fewShown)+". For all: ", bot.Code("/"+mineLine), ", and for instance ",
			bot.Code("/ops due-snooze "+named(dues[fewShown])+" days=7"),
		))
	}
	if n := len(items) - mostShown; n > 0 {
		m.Context = append(m.Context, bot.T(fmt.Sprintf("%d more are not shown here.", n)))
	}
	return m
}

// late reports whether a due is overdue where its reader is. A moment that has just come is not yet.
func (v view) late(d bot.Due) bool {
	by := d.By(v.zone)
	if !d.At.IsZero() {
		by = by.Add(ladder.WaitLeast)
	}
	return !by.After(v.now)
}

// line says what is due and when.
func (v view) line(d bot.Due) bot.Text {
	icon := "🔔 "
	if v.late(d) {
		icon = "🔴 "
	}
	text := bot.T(icon, bot.Bold(d.Label()), ": "+value.Shown(d.Text, 150)+" – ")
	return append(append(text, v.when(d)...), v.whose(d)...)
}

// when says when something is or was due. A date is named as it is, whatever the zone.
func (v view) when(d bot.Due) bot.Text {
	if !d.At.IsZero() {
		if v.late(d) {
			return bot.T("overdue since ", d.At)
		}
		return bot.T("due ", d.At)
	}
	day := d.On.UTC().Format(dayFormat)
	switch left := (ladder.Reminder{Due: d, Zone: v.zone}).Left(v.now); {
	case left < 0:
		return bot.T("overdue by " + value.Counted(-left, "day") + ", was due on " + day)
	case left == 0:
		return bot.T("due today, " + day)
	case left == 1:
		return bot.T("due tomorrow, " + day)
	default:
		return bot.T(fmt.Sprintf("due in %d days, on %s", left, day))
	}
}

// whose says who owns a due, to everybody else.
func (v view) whose(d bot.Due) bot.Text {
	switch {
	case d.Owner == v.reader.ID && d.Owner != "":
		return nil
	case d.Owner == "" && d.Done == nil: // something else settles it
		return nil
	case d.Owner == "":
		return bot.T(". Nobody owns it.")
	case v.staff.Active[d.Owner].ID == "":
		return bot.T(". ", d.Owner, " owns it and is no longer active, so somebody else has to.")
	}
	return bot.T(" – ", d.Owner)
}

// why says why somebody hears of a step.
func (v view) why(x Item) bot.Text {
	if !x.Due.At.IsZero() && x.Step == ladder.Again {
		return bot.T(". Nobody has acted on it since it was due.")
	}
	return nil
}

// named is how a due is typed.
func named(d bot.Due) string { return d.Object + " " + d.What }

// snoozeDays are the choices of how long to be quiet.
var snoozeDays = []bot.Option{
	{Value: "3", Label: "3 days"}, {Value: "7", Label: "7 days"}, {Value: "14", Label: "14 days"},
}

// actions are the buttons of dues: of one all that can be done with it, of several what settles the first few first.
func actions(dues []bot.Due) []bot.Action {
	dues = dues[:min(len(dues), fewShown)]
	var list []bot.Action
	add := func(d bot.Due, a *bot.Action) {
		if a == nil {
			return
		}
		x := *a
		x.Args = maps.Clone(a.Args)
		if len(dues) > 1 {
			x.Label += ": " + value.Cut(d.Label(), 45)
		}
		list = append(list, x)
	}
	kinds := []func(bot.Due) *bot.Action{
		func(d bot.Due) *bot.Action { return d.Done },
		func(d bot.Due) *bot.Action {
			return &bot.Action{
				Label: "Snooze", Command: snoozeDue, Args: map[string]string{"due": named(d)}, Choose: "days",
				Options: snoozeDays,
			}
		},
		func(d bot.Due) *bot.Action { return d.Reassign },
		func(d bot.Due) *bot.Action { return d.Open },
	}
	for _, kind := range kinds {
		for _, d := range dues {
			add(d, kind(d))
		}
	}
	return list
}

// listMessage is a list in a chat.
func (v view) listMessage(found []bot.Due, next map[string]string, title string) bot.Message {
	if len(found) == 0 {
		return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para("🟢 Nothing is due.")}}
	}
	m := bot.Message{Title: title}
	for _, d := range found {
		m.Sections = append(m.Sections, bot.Section{Text: v.line(d)})
	}
	if allOf(found, v.reader.ID) {
		m.Actions = actions(found)
	}
	if next != nil {
		m.Actions = append([]bot.Action{{Label: "More", Command: listDue, Args: next}}, m.Actions...)
	}
	return m
}

// listPage is the same for consoles and programs.
func (v view) listPage(found []bot.Due, next map[string]string, title string) bot.Page {
	t := &bot.Table{Columns: []string{"Due", "When", "What", "Owner", "Team"}, Next: next, Main: 2}
	for _, d := range found {
		owner := bot.Text{}
		if d.Owner != "" {
			owner = bot.T(d.Owner)
		}
		t.Rows = append(t.Rows, bot.Row{Object: d.Object, Cells: []bot.Text{
			bot.T(d.Label()), v.when(d), bot.T(value.Isolate(d.Text)), owner, bot.T(value.Isolate(d.Team)),
		}})
	}
	return bot.Page{Title: title, Table: t, Filters: []bot.Filter{
		{Arg: "person", Label: "Whose", Pick: true, Options: []bot.Option{
			{Value: "", Label: "Everybody's"}, {Value: "me", Label: "Mine"},
		}},
		{Arg: "within", Label: "How far ahead", Options: []bot.Option{
			{Value: "7d", Label: "7 days"}, {Value: "30d", Label: "30 days"}, {Value: "90d", Label: "90 days"},
			{Value: "365d", Label: "a year"},
		}},
		{Arg: "team", Label: "Team"}, {Arg: "type", Label: "Kind, like INC"},
	}}
}
