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

func icon(i *Incident) string {
	switch {
	case i.State == Cancelled:
		return "⚪"
	case i.State == Paused:
		return "⏸️"
	case !i.State.Open():
		return "✅"
	}
	return map[Severity]string{SEV1: "🔴", SEV2: "🟠", SEV3: "🟡", SEV4: "🔵", Unknown: "❓"}[i.Severity]
}

func tone(i *Incident) bot.Tone {
	switch {
	case !i.State.Open():
		return bot.Good
	case i.State == Paused:
		return bot.Neutral
	case i.Severity == SEV1:
		return bot.Critical
	case i.Severity == SEV4:
		return bot.Info
	}
	return bot.Warning
}

func headline(i *Incident) string {
	return fmt.Sprintf("%s %s · %s · %s — %s", icon(i), i.ID(), i.Severity.Label(), i.State.Label(), value.Cut(i.Title, 120))
}

// act is a button for a command on an incident.
func act(label, command string, i *Incident) bot.Action {
	return bot.Action{Label: label, Command: command, Args: map[string]string{"incident": i.ID()}}
}

func numbered(label, command string, i *Incident, n int) bot.Action {
	a := act(label, command, i)
	a.Args["number"] = strconv.Itoa(n)
	return a
}

func joinAction(i *Incident, label string) bot.Action { return act(label, "incident.join", i) }

func styled(a bot.Action, s bot.Style) bot.Action { a.Style = s; return a }

// Card is how an incident looks in its channel. It is edited in place, so it shows no running clocks.
func Card(i *Incident) bot.Message {
	m := bot.Message{Title: headline(i), Tone: tone(i), Fallback: fmt.Sprintf("%s %s: %s", i.ID(), i.Severity.Label(), value.Cut(i.Title, 100))}
	m.Sections = append(m.Sections, bot.Section{Text: aboutLine(i)})
	m.Sections = append(m.Sections, bot.Section{Fields: roleFields(i)})
	if line := progressLine(i); len(line) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if i.LastUpdate.Text != "" {
		m.Sections = append(m.Sections, bot.Section{Quote: true, Text: bot.T(value.Cut(i.LastUpdate.Text, 300), "\n— ", i.LastUpdate.By, ", ", i.LastUpdate.At)})
	}
	m.Actions = cardActions(i)
	small := bot.T(fmt.Sprintf("v%d · reported by ", i.Version), i.Reporter)
	if i.Reopened > 0 {
		small = append(small, bot.T(fmt.Sprintf(" · reopened %d×", i.Reopened))...)
	}
	m.Context = []bot.Text{small}
	return m
}

func aboutLine(i *Incident) bot.Text {
	impact := i.Impact
	if impact == "" {
		impact = "not described yet"
	}
	t := bot.T(bot.Bold("Impact: "), value.Cut(impact, 300))
	if len(i.Services) > 0 {
		t = append(t, bot.T(" · ", bot.Bold("Services: "), strings.Join(i.Services, ", "))...)
	}
	t = append(t, bot.T("\n", bot.Bold("Started "), i.Started)...)
	switch {
	case !i.Times.Resolved.IsZero() && !i.State.Open():
		t = append(t, bot.T(" · ", bot.Bold("resolved "), i.Times.Resolved, " after "+value.FormatDuration(i.Duration(i.Times.Resolved)))...)
	case !i.Mitigated.IsZero():
		t = append(t, bot.T(" · ", bot.Bold("impact over "), i.Mitigated, " after "+value.FormatDuration(i.Mitigated.Sub(i.Started)))...)
	}
	return t
}

func roleFields(i *Incident) []bot.Field {
	holder := func(p bot.PersonID, none string) bot.Text {
		if p == "" {
			return bot.T(none)
		}
		return bot.T(p)
	}
	lead := holder(i.Lead, "⚠ unassigned — take it")
	if !i.State.Open() {
		lead = holder(i.Lead, "nobody")
	}
	if i.HandoverTo != "" {
		lead = append(lead, bot.T(" → ", i.HandoverTo, " is asked")...)
	}
	return []bot.Field{{Label: "Lead", Value: lead}, {Label: "Deputy", Value: holder(i.Deputy, "—")}, {Label: "Comms", Value: holder(i.Comms, "—")}, {Label: "Scribe", Value: holder(i.Scribe, "—")}}
}

func progressLine(i *Incident) bot.Text {
	var parts []bot.Text
	switch {
	case i.State == Paused:
		parts = append(parts, bot.T(bot.Bold("Paused until "), i.ResumeAt))
	case i.State.Active() && i.Muted:
		parts = append(parts, bot.T("Update reminders are off"))
	case i.State.Active() && !i.NextUpdate.IsZero():
		parts = append(parts, bot.T(bot.Bold("Next update due "), i.NextUpdate))
	case i.Resolution != "":
		parts = append(parts, bot.T(bot.Bold("Resolution: "), value.Cut(i.Resolution, 300)))
	case i.State == Cancelled:
		parts = append(parts, bot.T(bot.Bold("Cancelled: "), value.Cut(i.EndReason, 300)))
	}
	if i.State == Review {
		parts = append(parts, bot.T(bot.Bold("Review due "), i.ReviewDue, " by ", i.ReviewOwner))
	}
	if open, all := i.openTasks(false); all > 0 {
		parts = append(parts, bot.T(fmt.Sprintf("Tasks: %d open of %d", open, all)))
	}
	if open, all := i.openTasks(true); all > 0 {
		parts = append(parts, bot.T(fmt.Sprintf("Follow-ups: %d open of %d", open, all)))
	}
	var t bot.Text
	for n, p := range parts {
		if n > 0 {
			t = append(t, bot.T(" · ")...)
		}
		t = append(t, p...)
	}
	return t
}

func cardActions(i *Incident) []bot.Action {
	switch {
	case i.State.Active():
		actions := []bot.Action{styled(act("Give update", "incident.update", i), bot.Primary), severityMenu(i), statusMenu(i)}
		if i.Lead == "" {
			actions = append(actions, act("Take lead", "incident.lead", i))
		} else {
			actions = append(actions, act("Hand over", "incident.handover", i))
		}
		actions = append(actions, act("Assign role", "incident.role", i), act("Task", "incident.task", i), act("Note", "incident.note", i))
		if i.Mitigated.IsZero() {
			a := act("Impact over", "incident.mitigate", i)
			a.Confirm = "Is the impact for customers over? The clock of the impact stops; work goes on."
			actions = append(actions, a)
		}
		return append(actions, act("Pause", "incident.pause", i), styled(act("Resolve", "incident.resolve", i), bot.Danger))
	case i.State == Paused:
		return []bot.Action{styled(act("Resume", "incident.resume", i), bot.Primary), act("Note", "incident.note", i), act("Task", "incident.task", i)}
	case i.State == Cancelled:
		return []bot.Action{act("Timeline", "incident.timeline", i)}
	}
	actions := []bot.Action{act("Write the review", "incident.review", i), act("Add follow-up", "incident.followup", i), act("Post-mortem", "incident.export", i), act("Correct times", "incident.times", i)}
	if i.State != Closed {
		actions = append(actions, act("Close", "incident.close", i))
	}
	return append(actions, act("Reopen", "incident.reopen", i))
}

// recordActions are what can be done with a record beside working on it from its card.
func recordActions(i *Incident) []bot.Action {
	actions := []bot.Action{act("Timeline", "incident.timeline", i), act("Tasks", "incident.tasks", i), act("Edit", "incident.edit", i), act("Correct times", "incident.times", i)}
	for n := range actions[2:] {
		actions[2+n].Form = true
	}
	if i.State.Open() {
		return append(actions, joinAction(i, "Join"), act("Free a role", "incident.unassign", i), act("Cancel", "incident.cancel", i))
	}
	return append(actions, act("Post-mortem", "incident.export", i))
}

func severityMenu(i *Incident) bot.Action {
	a := act("Change severity", "incident.sev", i)
	a.Choose = "severity"
	for _, e := range severities {
		if e.Severity != i.Severity {
			a.Options = append(a.Options, bot.Option{Value: string(e.Severity), Label: value.Cut(e.Severity.Label()+" – "+e.Meaning, 75)})
		}
	}
	return a
}

func statusMenu(i *Incident) bot.Action {
	a := act("Status", "incident.status", i)
	a.Choose = "status"
	for _, s := range []State{Investigating, Identified, Monitoring} {
		if s != i.State {
			a.Options = append(a.Options, bot.Option{Value: string(s), Label: s.Label()})
		}
	}
	return a
}

// Broadcast is how an incident looks to everybody else, in the channel where all are announced.
func Broadcast(i *Incident, room *bot.Conversation) bot.Message {
	m := bot.Message{Title: headline(i), Tone: tone(i), Fallback: Card(i).Fallback}
	line := aboutLine(i)
	lead := bot.T("nobody leads yet")
	if i.Lead != "" {
		lead = bot.T("lead ", i.Lead)
	}
	line = append(line, bot.T(" · ")...)
	line = append(line, lead...)
	if room != nil {
		line = append(line, bot.T(" · ", bot.InChannel(*room, roomName(i)))...)
	}
	m.Sections = []bot.Section{{Text: line}}
	if i.LastUpdate.Text != "" {
		m.Sections = append(m.Sections, bot.Section{Quote: true, Text: bot.T(value.Cut(i.LastUpdate.Text, 300), "\n— ", i.LastUpdate.By, ", ", i.LastUpdate.At)})
	}
	if i.State.Open() {
		m.Actions = []bot.Action{joinAction(i, "Join"), act("Show", "incident.show", i)}
	} else {
		m.Actions = []bot.Action{act("Show", "incident.show", i), act("Post-mortem", "incident.export", i)}
	}
	return m
}

// roomName is the name of an incident's channel: ASCII, at most 80 characters, without the severity, which changes.
func roomName(i *Incident) string {
	name := strings.ToLower(i.ID())
	if slug := value.Slug(i.Title, 60); slug != "" {
		name += "-" + slug
	}
	return name
}

// Topic is the one line above an incident's channel.
func Topic(i *Incident) string {
	lead := "no lead yet"
	if i.Lead != "" {
		lead = "lead @" + string(i.Lead)
	}
	return value.Cut(fmt.Sprintf("%s · %s · %s · %s · %s", i.Severity.Label(), i.State.Label(), lead, i.ID(), i.Title), 250)
}

func done(parts ...any) bot.Message {
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para(parts...)}}
}

func declaredMessage(i *Incident) bot.Message {
	text := bot.T("Declared ", bot.Bold(i.ID()), " ("+i.Severity.Label()+"): "+i.Title+". Its channel opens now and you are invited.")
	if i.Lead == "" {
		text = append(text, bot.T(" Nobody leads it yet: /incident lead me "+i.ID())...)
	}
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: text}}}
}

// alreadyMessage offers a similar incident before a new one is made.
func (s *Service) alreadyMessage(like *Incident, d Declaration, now time.Time) bot.Message {
	anyway := bot.Action{Label: "Declare anyway", Command: "incident.declare", Style: bot.Primary, Args: map[string]string{"title": d.Title, "anyway": "yes"}}
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
		bot.Para(bot.Bold(like.ID()), " looks the same, declared "+value.FormatDuration(now.Sub(like.Declared))+" ago: "+like.Title+". Nothing was declared yet: join it, or declare yours with anyway=yes."),
	}, Actions: []bot.Action{joinAction(like, "Join "+like.ID()), anyway}}
}

// welcome is what somebody who joins needs to know, in a few lines.
func welcome(i *Incident, now time.Time) bot.Message {
	m := bot.Message{Tone: bot.Info, Title: "You are on " + i.ID() + ": " + value.Cut(i.Title, 100)}
	line := bot.T(i.Severity.Label()+" · "+i.State.Label()+" · since ", i.Started, " ("+value.FormatDuration(i.Duration(now))+")")
	if i.Lead != "" {
		line = append(line, bot.T("\nLead: ", i.Lead)...)
	} else {
		line = append(line, bot.T("\nNobody leads yet: /incident lead me")...)
	}
	if i.LastUpdate.Text != "" {
		line = append(line, bot.T("\nLast update: "+value.Cut(i.LastUpdate.Text, 300))...)
	}
	m.Sections = []bot.Section{{Text: append(line, bot.T("\nHow to help: ask the lead, or see what is open with /incident tasks")...)}}
	return m
}

// handoverPacket is what a new lead needs to know.
func handoverPacket(i *Incident, now time.Time) bot.Message {
	m := welcome(i, now)
	m.Title = "You lead " + i.ID() + " now: " + value.Cut(i.Title, 100)
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

func taskDetail(t Task) bot.Text {
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
		s = append(s, bot.Section{Text: append(bot.T(box, bot.Bold(strconv.Itoa(t.N)+". "), t.Text), taskDetail(t)...)})
	}
	return s
}

func tasksMessage(i *Incident) bot.Message {
	m := bot.Message{Title: "Tasks of " + i.ID(), Sections: taskSections(i, false, false)}
	if follow := taskSections(i, true, false); len(follow) > 0 {
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Follow-ups")))
		m.Sections = append(m.Sections, follow...)
	}
	if len(i.Tasks) == 0 {
		m.Sections = []bot.Section{bot.Para("Nothing to do yet. Add a task with: /incident task Check the database @" + string(i.Reporter) + " due 30m")}
	}
	finish := act("Mark as done", "incident.done", i)
	finish.Choose = "number"
	for _, t := range i.Tasks {
		if t.Done.IsZero() && len(finish.Options) < bot.MaxOptions {
			finish.Options = append(finish.Options, bot.Option{Value: strconv.Itoa(t.N), Label: value.Cut(strconv.Itoa(t.N)+". "+t.Text, 70)})
		}
	}
	if i.State.Open() {
		m.Actions = append(m.Actions, act("Add a task", "incident.task", i))
	}
	m.Actions = append(m.Actions, act("Add a follow-up", "incident.followup", i))
	if len(finish.Options) > 0 {
		m.Actions = append(m.Actions, finish)
	}
	return m
}

func timeFields(i *Incident) []bot.Field {
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

func timelineMessage(i *Incident, entries []Entry) bot.Message {
	m := bot.Message{Title: "Timeline of " + i.ID()}
	sorted := inOrder(entries)
	if cut := len(sorted) - timelineLines; cut > 0 {
		sorted = sorted[cut:]
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("… %d earlier entries; all of them: /incident export %s", cut, i.ID())))
	}
	for _, e := range sorted {
		line := bot.T(e.At, " ")
		if e.By != "" {
			line = append(line, bot.T(e.By, ": ")...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(line, bot.T(value.Cut(e.Text, 500))...)})
	}
	m.Actions = []bot.Action{act("Add a note", "incident.note", i)}
	return m
}

// EntryMessage is the message of its own that an announced entry gets in the incident's channel.
func EntryMessage(i *Incident, e Entry) bot.Message {
	say := func(tone bot.Tone, title string, sections ...bot.Section) bot.Message {
		return bot.Message{Tone: tone, Title: title, Sections: sections}
	}
	by := func(parts ...any) bot.Section { return bot.Section{Text: bot.T(append(parts, " by ", e.By)...)} }
	signed := func(parts ...any) bot.Section { return bot.Section{Text: bot.T(append(parts, " — ", e.By)...)} }
	switch e.Kind {
	case UpdateEntry:
		m := say(bot.Info, "Update on "+i.ID(), bot.Section{Quote: true, Text: bot.T(e.Text)}, bot.Section{Text: bot.T("— ", e.By, ", ", e.At)})
		return m
	case SeverityUp:
		return say(bot.Critical, "Severity raised: "+e.Text, by("Raised"))
	case LeadEntry:
		return say(bot.Info, "", bot.Section{Text: leadText(e)})
	case HandoverEntry:
		m := say(bot.Info, "", bot.Section{Text: handoverText(i, e)})
		if i.HandoverTo != "" {
			m.Actions = []bot.Action{styled(act("I take the lead", "incident.accept", i), bot.Primary), act("Not now", "incident.decline", i)}
		}
		return m
	case ResolvedEntry:
		m := say(bot.Good, "✅ "+i.ID()+" is resolved", bot.Section{Quote: true, Text: bot.T(e.Text)}, bot.Section{Fields: outcomeFields(i)}, by("Resolved"))
		m.Actions = []bot.Action{act("Write the review", "incident.review", i), act("Add follow-up", "incident.followup", i), act("Reopen", "incident.reopen", i)}
		return m
	case ReopenedEntry:
		return say(bot.Critical, i.ID()+" is open again", bot.Section{Quote: true, Text: bot.T(e.Text)}, by("Reopened"))
	case MitigatedEntry:
		return say(bot.Good, "", signed("The impact is over since ", e.At, ". Work goes on."))
	case CancelledEntry:
		return say(bot.Neutral, i.ID()+" is cancelled", bot.Section{Quote: true, Text: bot.T(e.Text)}, by("Cancelled"))
	}
	if e.By == "" {
		return say(bot.Info, "", bot.Para(e.Text))
	}
	return say(bot.Info, "", signed(e.Text))
}

// leadText names the person by their id at the start of the entry's text.
func leadText(e Entry) bot.Text { return named(e.Text) }

func handoverText(i *Incident, e Entry) bot.Text {
	t := named(e.Text)
	if i.HandoverTo == "" {
		return append(t, bot.T(" — answered.")...)
	}
	return append(t, bot.T(". Until they accept, ", i.Lead, " stays lead.")...)
}

// named turns a leading @id into a mention.
func named(text string) bot.Text {
	id, rest, ok := strings.Cut(strings.TrimPrefix(text, "@"), " ")
	if !ok || !strings.HasPrefix(text, "@") {
		return bot.T(text)
	}
	return bot.T(bot.PersonID(id), " "+rest)
}

func outcomeFields(i *Incident) []bot.Field {
	f := []bot.Field{{Label: "Lasted", Value: bot.T(value.FormatDuration(i.Duration(i.Times.Resolved)))}}
	if !i.Mitigated.IsZero() {
		f = append(f, bot.Field{Label: "Impact", Value: bot.T(value.FormatDuration(i.Mitigated.Sub(i.Started)))})
	}
	if i.Lead != "" {
		f = append(f, bot.Field{Label: "Lead", Value: bot.T(i.Lead)})
	}
	return f
}

// nudgeMessage reminds of something. who is asked is part of it.
func nudgeMessage(i *Incident, r Reminder, n Nudge) bot.Message {
	lead := bot.T("The lead")
	if i.Lead != "" {
		lead = bot.T(i.Lead)
	}
	update := styled(act("Give update", "incident.update", i), bot.Primary)
	m := bot.Message{Tone: bot.Warning}
	switch r {
	case UpdateDue:
		text := append(lead, bot.T(": an update on ", bot.Bold(i.ID()), " was due ", n.First, ".")...)
		if n.Round >= 2 {
			text = append(text, bot.T(fmt.Sprintf(" %d in a row were missed.", n.Round+1))...)
			if i.Deputy != "" {
				text = append(text, bot.T(" ", i.Deputy, ", can you?")...)
			}
		}
		m.Sections = []bot.Section{{Text: text}}
		m.Actions = []bot.Action{update, snoozeMenu(i), confirmed(act("Stop reminders", "incident.remind", i))}
	case NoLead:
		m.Sections = []bot.Section{bot.Para("Nobody leads ", bot.Bold(i.ID()), " yet. Somebody has to decide: take the lead, it can be handed over later.")}
		m.Actions = []bot.Action{styled(act("Take lead", "incident.lead", i), bot.Primary)}
	case Stale:
		m.Sections = []bot.Section{bot.Para("Nothing was recorded on ", bot.Bold(i.ID()), " since ", i.LastHuman, ". Is it still going on?")}
		m.Actions = []bot.Action{update, styled(act("Resolve", "incident.resolve", i), bot.Danger)}
	case NoSev:
		m.Sections = []bot.Section{bot.Para("How bad is ", bot.Bold(i.ID()), "? If unsure pick the higher.")}
		m.Actions = []bot.Action{severityMenu(i)}
	}
	return m
}

func snoozeMenu(i *Incident) bot.Action {
	a := act("Snooze", "incident.snooze", i)
	a.Choose = "for"
	a.Options = []bot.Option{{Value: "15m", Label: "15 minutes"}, {Value: "30m", Label: "30 minutes"}, {Value: "60m", Label: "1 hour"}}
	return a
}

func confirmed(a bot.Action) bot.Action {
	a.Args["reminders"] = "off"
	a.Confirm = "Stop the update reminders of this incident? Only the lead can."
	return a
}
