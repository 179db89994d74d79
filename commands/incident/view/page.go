// Package view shows incidents as pages: the page of one, their list, and what stands of them on Home.
package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// severity is how bad an incident is, as a mark.
func severity(s incident.Severity) bot.Mark {
	level := map[incident.Severity]int{incident.SEV1: 1, incident.SEV2: 2, incident.SEV3: 3, incident.SEV4: 4}[s]
	return bot.Mark{Text: s.Label(), Level: cmp.Or(level, 2)}
}

// state is how an incident stands, as a mark.
func state(i *incident.Incident) bot.Mark {
	m := bot.Mark{Text: i.State.Label()}
	switch i.State {
	case incident.Investigating, incident.Identified:
		m.Tone = bot.Warning
	case incident.Monitoring, incident.Review:
		m.Tone = bot.Info
	case incident.Resolved:
		m.Tone = bot.Good
	case incident.Closed, incident.Cancelled:
		m.Over = true
	}
	return m
}

// Page is the page of one incident. room is its channel, nil when it has none where the page is read.
func Page(
	i *incident.Incident, entries []incident.Entry, near []incident.Change, room *bot.Conversation, now time.Time,
) bot.Page {
	p := bot.Page{
		Title: value.Isolate(i.Title), Object: i.ID(), Marks: []bot.Mark{severity(i.Severity), state(i)},
		Meta: meta(i, now), Actions: Actions(i),
		Files: []bot.Download{
			{Label: "Post-mortem as Markdown", Name: i.ID() + ".md"}, {Label: "Post-mortem as HTML", Name: i.ID() + ".html"},
			{Label: "Record as JSON", Name: i.ID() + ".json"},
		},
	}
	if i.LastUpdate.Text != "" {
		p.Panels = append(p.Panels, bot.Panel{Title: "Newest update", Message: &bot.Message{Sections: []bot.Section{
			{Text: bot.T(value.Cut(i.LastUpdate.Text, 2000)), Quote: true},
			{Text: bot.T("by ", i.LastUpdate.By, " at ", i.LastUpdate.At)},
		}}})
	}
	p.Panels = append(p.Panels, tasks(i, now, false))
	if i.State == incident.Resolved || i.State == incident.Review || i.State == incident.Closed || hasFollowUps(i) {
		p.Panels = append(p.Panels, tasks(i, now, true))
	}
	return p.With(Timeline(i, entries), facts(i, room), times(i), changes(i, near))
}

// meta is what is said below the title.
func meta(i *incident.Incident, now time.Time) []bot.Text {
	var list []bot.Text
	switch {
	case i.Lead != "":
		list = append(list, bot.T("Lead ", i.Lead))
	case i.State.Open():
		list = append(list, bot.T("nobody leads yet"))
	}
	switch {
	case i.State == incident.Paused:
		list = append(list, bot.T("paused until ", i.ResumeAt))
	case i.State.Active() && !i.NextUpdate.IsZero():
		list = append(list, bot.T(updateDue(i, now), " (", i.NextUpdate, ")"))
	}
	long := value.FormatDuration(i.Duration(now))
	if i.State.Open() {
		return append(list, bot.T("open for "+long))
	}
	return append(list, bot.T("lasted "+long))
}

func updateDue(i *incident.Incident, now time.Time) string {
	if left := i.NextUpdate.Sub(now); left > 0 {
		return "Next update in " + value.FormatDuration(left)
	}
	return "The update is overdue by " + value.FormatDuration(now.Sub(i.NextUpdate))
}

// onPage are the commands that show what stands on the page already.
var onPage = map[string]bool{
	"incident.tasks": true, "incident.timeline": true, "incident.changes": true, "incident.export": true,
}

// Actions are those of the card, then those of the record, each once.
func Actions(i *incident.Incident) []bot.Action {
	list := incident.Card(i).Actions
	for _, a := range incident.RecordActions(i) {
		if !slices.ContainsFunc(list, func(b bot.Action) bool { return a.Command == b.Command }) {
			list = append(list, a)
		}
	}
	return slices.DeleteFunc(list, func(a bot.Action) bool { return onPage[a.Command] })
}

func hasFollowUps(i *incident.Incident) bool {
	return slices.ContainsFunc(i.Tasks, func(t incident.Task) bool { return t.FollowUp })
}

// tasks lists what is to be done, what is open first.
func tasks(i *incident.Incident, now time.Time, followUps bool) bot.Panel {
	p := bot.Panel{Title: "Tasks", Empty: "No tasks yet."}
	add := incident.Act("Add a task", "incident.task", i)
	if followUps {
		p.Title, p.Empty = "Follow-ups", "No follow-ups yet."
		add = incident.Act("Add a follow-up", "incident.followup", i)
	}
	if followUps || i.State.Open() {
		add.Form = true
		p.Actions = []bot.Action{add}
	}
	open := 0
	for _, t := range i.Tasks {
		if t.FollowUp != followUps {
			continue
		}
		if t.Done.IsZero() {
			open++
		}
		p.Lines = append(p.Lines, TaskLine(i, t, now))
	}
	slices.SortStableFunc(p.Lines, func(a, b bot.Line) int {
		switch {
		case a.Done == b.Done:
			return 0
		case a.Done:
			return 1
		}
		return -1
	})
	if len(p.Lines) > 0 {
		p.Note = fmt.Sprintf("%d open", open)
	}
	return p
}

// TaskLine is a task with its box to tick.
func TaskLine(i *incident.Incident, t incident.Task, now time.Time) bot.Line {
	l := bot.Line{Title: value.Shown(t.Text, 200), Done: !t.Done.IsZero()}
	if t.Owner != "" {
		l.Note = bot.T(t.Owner)
	} else {
		l.Note = bot.T("nobody has it")
	}
	if l.Done {
		l.End = bot.T("done ", t.Done)
		return l
	}
	tick := incident.Numbered("Mark as done", "incident.done", i, t.N)
	l.Tick = &tick
	if !t.Due.IsZero() {
		l.End, l.Tone = bot.T(t.Due), DueTone(t.Due, now)
	}
	return l
}

// soon is how long before a moment it counts as near.
const soon = 24 * time.Hour

// DueTone says whether a moment is near or past.
func DueTone(at, now time.Time) bot.Tone {
	switch {
	case at.Before(now):
		return bot.Critical
	case at.Sub(now) < soon:
		return bot.Warning
	}
	return bot.Neutral
}

// mostEntries is how many entries a page shows; the post-mortem has all of them.
const mostEntries = 100

// signs are how entries look. Those that are not named here have a dot.
var signs = map[incident.EntryKind]struct {
	icon bot.Icon
	tone bot.Tone
}{
	incident.DeclaredEntry:  {"flag", bot.Critical},
	incident.SeverityUp:     {"up", bot.Warning},
	incident.UpdateEntry:    {"chat", bot.Info},
	incident.StatusEntry:    {"info", bot.Info},
	incident.NoteEntry:      {"pin", bot.Neutral},
	incident.LeadEntry:      {"person", bot.Neutral},
	incident.HandoverEntry:  {"person", bot.Neutral},
	incident.RoleEntry:      {"person", bot.Neutral},
	incident.JoinEntry:      {"person", bot.Neutral},
	incident.TaskEntry:      {"check", bot.Neutral},
	incident.AssignedEntry:  {"check", bot.Neutral},
	incident.MitigatedEntry: {"good", bot.Good},
	incident.ResolvedEntry:  {"good", bot.Good},
	incident.ClosedEntry:    {"good", bot.Good},
	incident.ReopenedEntry:  {"undo", bot.Warning},
	incident.ReminderEntry:  {"clock", bot.Neutral},
	incident.TimeEntry:      {"clock", bot.Neutral},
	incident.ChangeEntry:    {"swap", bot.Neutral},
	incident.LinkedEntry:    {"swap", bot.Neutral},
}

// names are what an entry is called that has words of a person.
var names = map[incident.EntryKind]string{
	incident.UpdateEntry: "Update", incident.NoteEntry: "Note", incident.DeclaredEntry: "Declared",
}

// Timeline is everything that happened, the newest first.
func Timeline(i *incident.Incident, entries []incident.Entry) bot.Panel {
	p := bot.Panel{Title: "Timeline", Note: fmt.Sprint(len(entries))}
	if i.State.Open() {
		add := incident.Act("Add an entry", "incident.note", i)
		add.Form = true
		p.Actions = []bot.Action{add}
	}
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b incident.Entry) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Seq, a.Seq))
	})
	if len(sorted) > mostEntries {
		p.Note = fmt.Sprintf("the newest %d of %d", mostEntries, len(sorted))
		sorted = sorted[:mostEntries]
	}
	for _, e := range sorted {
		p.Entries = append(p.Entries, entry(e))
	}
	return p
}

func entry(e incident.Entry) bot.Entry {
	sign := signs[e.Kind]
	line := bot.Entry{At: bot.T(e.At), Icon: sign.icon, Tone: sign.tone}
	e.Text = value.Cut(e.Text, 1000)
	said := e.Words()
	if name := names[e.Kind]; name != "" {
		line.Text, line.Said = bot.T(bot.Bold(name)), said
	} else {
		line.Text = said
	}
	if e.By != "" && incident.Leading(e.Text) != e.By {
		line.Text = append(line.Text, bot.T(" by ", e.By)...)
	}
	return line
}

func facts(i *incident.Incident, room *bot.Conversation) bot.Panel {
	p := bot.Panel{Title: "Facts", Place: bot.Aside}
	edit := incident.Act("Edit", "incident.edit", i)
	edit.Form = true
	p.Actions = []bot.Action{edit}
	add := func(label string, parts ...any) {
		p.Facts = append(p.Facts, bot.Field{Label: label, Value: bot.T(parts...)})
	}
	if len(i.Services) > 0 {
		add("Services", strings.Join(i.Services, ", "))
	} else {
		add("Services", "none named yet")
	}
	add("Impact", cmp.Or(value.Cut(i.Impact, 500), "not described yet"))
	for _, r := range []struct {
		label string
		who   bot.PersonID
	}{{"Lead", i.Lead}, {"Deputy", i.Deputy}, {"Comms", i.Comms}, {"Scribe", i.Scribe}} {
		switch {
		case r.who != "" && r.label == "Lead" && i.HandoverTo != "":
			add(r.label, r.who, "; ", i.HandoverTo, " is asked to take it")
		case r.who != "":
			add(r.label, r.who)
		case r.label == "Lead":
			add(r.label, "nobody yet")
		}
	}
	helping := slices.DeleteFunc(slices.Clone(i.Responders), func(p bot.PersonID) bool {
		return p == i.Lead || p == i.Deputy || p == i.Comms || p == i.Scribe
	})
	if len(helping) > 0 {
		var all bot.Text
		for n, who := range helping {
			if n > 0 {
				all = append(all, bot.T(", ")...)
			}
			all = append(all, bot.T(who)...)
		}
		add("Helping", all)
	}
	if i.Resolution != "" {
		add("Resolution", value.Cut(i.Resolution, 500))
	}
	if i.EndReason != "" {
		add("Cancelled", value.Cut(i.EndReason, 500))
	}
	if i.State == incident.Review {
		add("Review", "due ", i.ReviewDue, " by ", i.ReviewOwner)
	}
	if room != nil {
		add("Room", bot.InChannel(*room, incident.RoomName(i)))
	}
	return p
}

func times(i *incident.Incident) bot.Panel {
	p := bot.Panel{Title: "Times", Place: bot.Aside, Facts: incident.TimeFields(i)}
	if !i.State.Open() {
		correct := incident.Act("Correct", "incident.times", i)
		correct.Form = true
		p.Actions = []bot.Action{correct}
	}
	return p
}

// mostChanges is how many changes stand beside an incident.
const mostChanges = 8

func changes(i *incident.Incident, near []incident.Change) bot.Panel {
	p := bot.Panel{Title: "Changes near it", Place: bot.Aside, Empty: "No changes on its services around that time."}
	for _, c := range near[:min(len(near), mostChanges)] {
		p.Lines = append(p.Lines, bot.Line{
			Mark: bot.Mark{Text: "swap"}, Object: c.ID, Title: value.Shown(c.Title, 120), Note: c.Detail,
		})
	}
	return p
}
