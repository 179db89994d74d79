package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Of what happened so far, whoever joins reads this much: ten lines with those of state and roles.
const (
	caughtUpdates   = 3
	caughtDecisions = 3
	caughtTasks     = 2
)

// decisions are the kinds of entries by which somebody decided something about an incident.
var decisions = map[EntryKind]bool{
	SeverityUp: true, SeverityEntry: true, StatusEntry: true, MitigatedEntry: true, PausedEntry: true, ResumedEntry: true,
	ResolvedEntry: true, ReopenedEntry: true, CancelledEntry: true, ImpactEntry: true, ChangeEntry: true,
}

// catchUp shows it.
func catchUp(i *Incident) bot.Action { return Act("Catch up", "incident.catchup", i) }

// Catchup is what happened so far in ten lines, for whoever joins: how it stands, who does what, what was told and
// decided last, and what is open.
func Catchup(i *Incident, entries []Entry, now time.Time) bot.Message {
	m := bot.Message{
		Tone: bot.Info, Title: i.ID() + " so far: " + value.Shown(i.Title, 100),
		Actions: []bot.Action{Act("Timeline", "incident.timeline", i), Act("Tasks", "incident.tasks", i)},
	}
	state := bot.T(
		i.Severity.Label()+" · "+i.State.Label()+" · since ", i.Started, " ("+value.FormatDuration(i.Duration(now))+")",
	)
	if len(i.Services) > 0 {
		state = append(state, bot.T(" · "+strings.Join(i.Services, ", "))...)
	}
	m.Sections = []bot.Section{{Text: append(append(state, bot.T("\n")...), roleLine(i)...)}}
	for _, part := range []struct {
		title string
		lines []bot.Text
	}{
		{"Last updates", told(entries, caughtUpdates, func(e Entry) bool { return e.Kind == UpdateEntry })},
		{"Decided", told(entries, caughtDecisions, func(e Entry) bool { return decisions[e.Kind] })},
		{"Open tasks", openTasks(i)},
	} {
		if len(part.lines) == 0 {
			continue
		}
		text := bot.T(bot.Bold(part.title))
		for _, line := range part.lines {
			text = append(append(text, bot.T("\n• ")...), line...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: text})
	}
	return m
}

// roleLine says who does what.
func roleLine(i *Incident) bot.Text {
	line := bot.T("Nobody leads yet")
	if i.Lead != "" {
		line = bot.T("Lead: ", i.Lead)
	}
	for _, r := range []Role{DeputyRole, CommsRole, ScribeRole} {
		if who := *i.holder(r); who != "" {
			line = append(line, bot.T(" · "+string(r)+": ", who)...)
		}
	}
	return line
}

// told are the last entries of a kind, the newest first.
func told(entries []Entry, most int, of func(Entry) bool) []bot.Text {
	var lines []bot.Text
	for _, e := range slices.Backward(entries) {
		if len(lines) == most {
			break
		}
		if !of(e) {
			continue
		}
		line := bot.T(e.At, " "+value.Shown(e.Text, 160))
		if e.By != "" {
			line = append(line, bot.T(" — ", e.By)...)
		}
		lines = append(lines, line)
	}
	return lines
}

// openTasks are the first tasks that are not done, and how many others there are.
func openTasks(i *Incident) []bot.Text {
	var lines []bot.Text
	more := 0
	for _, t := range i.Tasks {
		switch {
		case !t.Done.IsZero():
		case len(lines) == caughtTasks:
			more++
		default:
			line := bot.T(value.Shown(t.Text, 120))
			if t.Owner != "" {
				line = append(line, bot.T(" — ", t.Owner)...)
			} else {
				line = append(line, bot.T(" — nobody yet")...)
			}
			lines = append(lines, line)
		}
	}
	if more > 0 {
		last := &lines[len(lines)-1]
		*last = append(*last, bot.T(", and "+value.Counted(more, "other"))...)
	}
	return lines
}
