package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Done is an answer of one sentence: it was done.
func Done(parts ...any) bot.Message {
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para(parts...)}}
}

// DeclaredMessage answers whoever declared an incident.
func DeclaredMessage(i *Incident, mayLead bool) bot.Message {
	text := bot.T("Declared ", bot.Bold(i.ID()), " ("+i.Severity.Label()+"): "+value.Isolate(i.Title)+".")
	if len(i.Services) > 0 {
		text = append(text, bot.T(" Services: "+strings.Join(i.Services, ", ")+".")...)
	}
	if i.Impact != "" {
		text = append(text, bot.T(" Impact: "+value.Cut(i.Impact, 200)+".")...)
	}
	text = append(text, bot.T(" Its channel opens now and you are invited.")...)
	switch {
	case i.Lead == "" && mayLead:
		text = append(text, bot.T(" Nobody leads it yet: /incident lead me "+i.ID())...)
	case i.Lead == "":
		text = append(text, bot.T(" Nobody leads it yet; its channel is asked for somebody.")...)
	}
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: text}}}
}

// AlreadyMessage offers a similar incident before a new one is made.
func AlreadyMessage(like *Incident, shares string, d Declaration, now time.Time) bot.Message {
	anyway := bot.Action{
		Label: "Declare anyway", Command: "incident.declare", Style: bot.Primary, Quote: d.Quote,
		Args: map[string]string{"title": d.Title, "anyway": "yes"},
	}
	if d.Severity != "" {
		anyway.Args["severity"] = string(d.Severity)
	}
	if len(d.Services) > 0 {
		anyway.Args["service"] = strings.Join(d.Services, ",")
	}
	if d.Impact != "" {
		anyway.Args["impact"] = d.Impact
	}
	return bot.Message{Tone: bot.Warning, Sections: []bot.Section{
		bot.Para(
			bot.Bold(like.ID()),
			" "+shares+". It was declared "+value.FormatDuration(now.Sub(like.Declared))+" ago: "+value.Isolate(like.Title)+
				". Nothing was declared yet: join it, or declare yours with anyway=yes.",
		),
	}, Actions: []bot.Action{JoinAction(like, "Join "+like.ID()), anyway}}
}

// Welcome is what somebody who joins needs to know, in a few lines.
func Welcome(i *Incident, now time.Time) bot.Message {
	m := bot.Message{Tone: bot.Info, Title: "You are on " + i.ID() + ": " + value.Shown(i.Title, 100)}
	line := bot.T(
		i.Severity.Label()+" · "+i.State.Label()+" · since ", i.Started, " ("+value.FormatDuration(i.Duration(now))+")",
	)
	if i.Lead != "" {
		line = append(line, bot.T("\nLead: ", i.Lead)...)
	} else {
		line = append(line, bot.T("\nNobody leads yet: /incident lead me "+i.ID())...)
	}
	if i.LastUpdate.Text != "" {
		line = append(line, bot.T("\nLast update: "+value.Cut(i.LastUpdate.Text, 300))...)
	}
	m.Sections = []bot.Section{
		{Text: append(line, bot.T("\nHow to help: ask the lead, or see what is open with /incident tasks "+i.ID())...)},
	}
	m.Actions = []bot.Action{catchUp(i)}
	return m
}

// HandoverPacket is what a new lead needs to know.
func HandoverPacket(i *Incident, now time.Time) bot.Message {
	m := Welcome(i, now)
	m.Actions = nil
	m.Title = "You lead " + i.ID() + " now: " + value.Shown(i.Title, 100)
	line := bot.T(fmt.Sprintf("%s · %s · since ", i.Severity.Label(), i.State.Label()), i.Started)
	if i.LastUpdate.Text != "" {
		line = append(line, bot.T("\nLast update: "+value.Cut(i.LastUpdate.Text, 300)+" — ", i.LastUpdate.At)...)
	}
	if !i.NextUpdate.IsZero() {
		line = append(line, bot.T("\nNext update due ", i.NextUpdate)...)
	}
	m.Sections = []bot.Section{{Text: line}}
	m.Sections = append(m.Sections, taskSections(i, false, true)...)
	return m
}

// Understood says what was made of a task that somebody typed: "Task 3 of INC-1, owner @ben, due Fri 27 Nov 17:00:
// Check the disk".
func Understood(c *bot.Call, i *Incident, t Task) bot.Text {
	text := bot.T(fmt.Sprintf("%s %d of %s, ", t.Kind(), t.N, i.ID()))
	if t.Owner != "" {
		text = append(text, bot.T("owner ", t.Owner)...)
	} else {
		text = append(text, bot.T("no owner")...)
	}
	if !t.Due.IsZero() {
		text = append(text, bot.T(", due "+t.Due.In(c.Zone).Format("Mon "), t.Due)...)
	} else {
		text = append(text, bot.T(", no due date")...)
	}
	return append(text, bot.T(": "+value.Isolate(t.Text))...)
}

// AddedMessage answers whoever added a task, with what was understood.
func AddedMessage(c *bot.Call, i *Incident, t Task) bot.Message {
	m := Done(Understood(c, i, t))
	m.Actions = []bot.Action{Numbered("Done", "incident.done", i, t.N), Act("All tasks", "incident.tasks", i)}
	if t.Owner == "" {
		assign := Numbered("Assign", "incident.owner", i, t.N)
		assign.Form = true
		m.Actions = append([]bot.Action{assign}, m.Actions...)
	}
	if c.Several("person") {
		m.Sections = append(
			m.Sections,
			bot.Para(
				fmt.Sprintf(
					"The text names several people, so nobody owns it yet. Assign it: /incident owner %s %d @%s", i.ID(), t.N,
					c.Person.ID,
				),
			),
		)
	}
	return m
}

// TaskDetail is who has a task and when it is due.
func TaskDetail(t Task) bot.Text {
	var text bot.Text
	if t.Owner != "" {
		text = append(text, bot.T(" · ", t.Owner)...)
	}
	if !t.Due.IsZero() {
		text = append(text, bot.T(" · due ", t.Due)...)
	}
	if !t.Done.IsZero() {
		text = append(text, bot.T(" · done by ", t.DoneBy)...)
	}
	return text
}

func taskSections(i *Incident, followUps, openOnly bool) []bot.Section {
	var s []bot.Section
	for _, t := range i.Tasks {
		if t.FollowUp != followUps || openOnly && !t.Done.IsZero() {
			continue
		}
		box := "☐ "
		if !t.Done.IsZero() {
			box = "☑ "
		}
		s = append(s, bot.Section{Text: append(bot.T(box, bot.Bold(strconv.Itoa(t.N)+". "), t.Text), TaskDetail(t)...)})
	}
	return s
}

// TasksMessage lists all tasks.
func TasksMessage(i *Incident) bot.Message {
	m := bot.Message{Title: "Tasks of " + i.ID(), Sections: taskSections(i, false, false)}
	if follow := taskSections(i, true, false); len(follow) > 0 {
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Follow-ups")))
		m.Sections = append(m.Sections, follow...)
	}
	if len(i.Tasks) == 0 {
		m.Sections = []bot.Section{
			bot.Para(
				"Nothing to do yet. Add a task with: /incident task " + i.ID() + " Check the database @" + string(i.Reporter) +
					" due 30m",
			),
		}
	}
	finish := Act("Mark as done", "incident.done", i)
	finish.Choose = "number"
	for _, t := range i.Tasks {
		if t.Done.IsZero() && len(finish.Options) < bot.MaxOptions {
			finish.Options = append(finish.Options, bot.Option{
				Value: strconv.Itoa(t.N), Label: strconv.Itoa(t.N) + ". " + value.Shown(t.Text, 65),
			})
		}
	}
	if i.State.Open() {
		m.Actions = append(m.Actions, Act("Add a task", "incident.task", i))
	}
	m.Actions = append(m.Actions, Act("Add a follow-up", "incident.followup", i))
	if len(finish.Options) > 0 {
		m.Actions = append(m.Actions, finish)
	}
	return m
}

// TimeFields are the times of an incident that are known.
func TimeFields(i *Incident) []bot.Field {
	var f []bot.Field
	for _, fact := range facts(i) {
		if !fact.at.IsZero() {
			f = append(f, bot.Field{Label: fact.name, Value: bot.T(fact.at)})
		}
	}
	return f
}

// inOrder sorts entries by when things happened, not by when they were written down.
func inOrder(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq)) })
	return sorted
}

const timelineLines = 40

// TimelineMessage shows the newest entries.
func TimelineMessage(i *Incident, entries []Entry) bot.Message {
	m := bot.Message{Title: "Timeline of " + i.ID()}
	sorted := inOrder(entries)
	if cut := len(sorted) - timelineLines; cut > 0 {
		sorted = sorted[cut:]
		m.Sections = append(
			m.Sections, bot.Para(fmt.Sprintf("… %d earlier entries; all of them: /incident export %s", cut, i.ID())),
		)
	}
	for _, e := range sorted {
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(e.At, " "), e.short(500).signed()...)})
	}
	m.Actions = []bot.Action{Act("Add a note", "incident.note", i)}
	return m
}
