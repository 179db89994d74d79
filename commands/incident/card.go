package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Icon is how an incident stands, at a glance.
func Icon(i *Incident) string {
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

// Headline is an incident in one line.
func Headline(i *Incident) string {
	return fmt.Sprintf(
		"%s %s · %s · %s — %s", Icon(i), i.ID(), i.Severity.Label(), i.State.Label(), value.Shown(i.Title, 120),
	)
}

// Act is a button for a command on an incident.
func Act(label, command string, i *Incident) bot.Action {
	return bot.Action{Label: label, Command: command, Args: map[string]string{"incident": i.ID()}}
}

// Numbered is an action on one of an incident's tasks.
func Numbered(label, command string, i *Incident, n int) bot.Action {
	a := Act(label, command, i)
	a.Args["number"] = strconv.Itoa(n)
	return a
}

// JoinAction lets somebody join.
func JoinAction(i *Incident, label string) bot.Action { return Act(label, "incident.join", i) }

// Styled is an action with a style.
func Styled(a bot.Action, s bot.Style) bot.Action { a.Style = s; return a }

// Card is how an incident looks in its channel. It is edited in place, so it shows no running clocks.
func Card(i *Incident) bot.Message {
	m := bot.Message{
		Title: Headline(i), Tone: tone(i),
		Fallback: fmt.Sprintf("%s %s: %s", i.ID(), i.Severity.Label(), value.Shown(i.Title, 100)),
	}
	m.Sections = append(m.Sections, bot.Section{Text: aboutLine(i)})
	m.Sections = append(m.Sections, bot.Section{Fields: roleFields(i)})
	if line := progressLine(i); len(line) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	if todo := todoText(i); len(todo) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: todo})
	}
	if i.LastUpdate.Text != "" {
		m.Sections = append(m.Sections, bot.Section{
			Quote: true, Text: bot.T(value.Cut(i.LastUpdate.Text, 300), "\n— ", i.LastUpdate.By, ", ", i.LastUpdate.At),
		})
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
		t = append(t, bot.T(
			" · ", bot.Bold("resolved "), i.Times.Resolved, " after "+value.FormatDuration(i.Duration(i.Times.Resolved)),
		)...)
	case !i.Mitigated.IsZero():
		t = append(t, bot.T(
			" · ", bot.Bold("impact over "), i.Mitigated, " after "+value.FormatDuration(i.Mitigated.Sub(i.Started)),
		)...)
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
	return []bot.Field{
		{Label: "Lead", Value: lead}, {Label: "Deputy", Value: holder(i.Deputy, "—")},
		{Label: "Comms", Value: holder(i.Comms, "—")}, {Label: "Scribe", Value: holder(i.Scribe, "—")},
	}
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
	if open, all := i.OpenTasks(false); all > 0 {
		parts = append(parts, bot.T(fmt.Sprintf("Tasks: %d open of %d", open, all)))
	}
	if open, all := i.OpenTasks(true); all > 0 {
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

// How many open tasks a card lists; it counts them all.
const cardTasks = 3

// todoText lists what is to be done next: tasks before follow-ups, what is due first before the rest.
func todoText(i *Incident) bot.Text {
	if i.State == Cancelled {
		return nil
	}
	open := slices.DeleteFunc(slices.Clone(i.Tasks), func(t Task) bool { return !t.Done.IsZero() })
	slices.SortStableFunc(open, func(a, b Task) int {
		return cmp.Or(compareBool(a.FollowUp, b.FollowUp), compareBool(a.Due.IsZero(), b.Due.IsZero()), a.Due.Compare(b.Due))
	})
	var text bot.Text
	for n, t := range open[:min(cardTasks, len(open))] {
		if n > 0 {
			text = append(text, bot.T("\n")...)
		}
		text = append(text, bot.T(fmt.Sprintf("☐ %d. %s", t.N, value.Shown(t.Text, 100)))...)
		text = append(text, TaskDetail(t)...)
	}
	return text
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// cardActions are what can be done now, the best next step first.
func cardActions(i *Incident) []bot.Action {
	switch {
	case i.State.Active():
		return activeActions(i)
	case i.State == Paused:
		return []bot.Action{
			Styled(Act("Resume", "incident.resume", i), bot.Primary), Act("Note", "incident.note", i),
			Act("Task", "incident.task", i),
		}
	case i.State == Cancelled:
		return []bot.Action{Act("Timeline", "incident.timeline", i), Act("Reopen", "incident.reopen", i)}
	}
	actions := []bot.Action{
		Act("Write the review", "incident.review", i), Act("Add follow-up", "incident.followup", i),
		Act("Post-mortem", "incident.export", i),
	}
	if i.State != Closed {
		actions = append(actions, Act("Close", "incident.close", i))
	}
	return append(actions, Act("Correct times", "incident.times", i), Act("Reopen", "incident.reopen", i))
}

// activeActions begin with who leads, then with how bad it is: without these nothing else goes right.
func activeActions(i *Incident) []bot.Action {
	update, severity, resolve := Act("Give update", "incident.update", i), severityMenu(i), Act(
		"Resolve", "incident.resolve", i,
	)
	var actions []bot.Action
	switch {
	case i.Lead == "":
		actions = []bot.Action{Act("Take lead", "incident.lead", i), update, severity}
	case i.Severity == Unknown:
		actions = []bot.Action{update, severity, Act("Task", "incident.task", i)}
	default:
		actions = []bot.Action{update, resolve, Act("Task", "incident.task", i), severity}
	}
	actions[0].Style = bot.Primary
	actions = append(actions, statusMenu(i))
	if i.Lead == "" {
		actions = append(actions, Act("Task", "incident.task", i))
	} else {
		actions = append(actions, Act("Hand over", "incident.handover", i))
	}
	actions = append(
		actions, Act("Assign role", "incident.role", i), Act("Note", "incident.note", i),
		Act("Changes", "incident.changes", i),
	)
	if i.Mitigated.IsZero() {
		over := Act("Impact over", "incident.mitigate", i)
		over.Confirm = "Is the impact for customers over? The clock of the impact stops; work goes on."
		actions = append(actions, over)
	}
	actions = append(actions, Act("Pause", "incident.pause", i))
	if i.Lead == "" || i.Severity == Unknown {
		actions = append(actions, resolve)
	}
	return append(actions, Act("Cancel as false alarm", "incident.cancel", i))
}

// RecordActions are what can be done with a record beside working on it from its card.
func RecordActions(i *Incident) []bot.Action {
	actions := []bot.Action{
		Act("Timeline", "incident.timeline", i), Act("Tasks", "incident.tasks", i), Act("Edit", "incident.edit", i),
		Act("Correct times", "incident.times", i),
	}
	for n := range actions[2:] {
		actions[2+n].Form = true
	}
	if i.State.Open() {
		return append(
			actions, JoinAction(i, "Join"), Act("Free a role", "incident.unassign", i), Act("Cancel", "incident.cancel", i),
		)
	}
	return append(actions, Act("Post-mortem", "incident.export", i))
}

func severityMenu(i *Incident) bot.Action {
	a := Act("Change severity", "incident.sev", i)
	a.Choose = "severity"
	for _, e := range Severities {
		if e.Severity != i.Severity {
			a.Options = append(a.Options, bot.Option{
				Value: string(e.Severity), Label: value.Cut(e.Severity.Label()+" – "+e.Meaning, 75),
			})
		}
	}
	return a
}

func statusMenu(i *Incident) bot.Action {
	a := Act("Status", "incident.status", i)
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
	m := bot.Message{Title: Headline(i), Tone: tone(i), Fallback: Card(i).Fallback}
	line := aboutLine(i)
	lead := bot.T("nobody leads yet")
	if i.Lead != "" {
		lead = bot.T("lead ", i.Lead)
	}
	line = append(line, bot.T(" · ")...)
	line = append(line, lead...)
	if room != nil {
		line = append(line, bot.T(" · ", bot.InChannel(*room, RoomName(i)))...)
	}
	m.Sections = []bot.Section{{Text: line}}
	if i.LastUpdate.Text != "" {
		m.Sections = append(m.Sections, bot.Section{
			Quote: true, Text: bot.T(value.Cut(i.LastUpdate.Text, 300), "\n— ", i.LastUpdate.By, ", ", i.LastUpdate.At),
		})
	}
	if i.State.Open() {
		m.Actions = []bot.Action{JoinAction(i, "Join"), Act("Show", "incident.show", i)}
	} else {
		m.Actions = []bot.Action{Act("Show", "incident.show", i), Act("Post-mortem", "incident.export", i)}
	}
	return m
}

// RoomName is the name of an incident's channel: ASCII, at most 80 characters, without the severity, which changes.
func RoomName(i *Incident) string {
	name := strings.ToLower(i.ID())
	if slug := value.Slug(i.Title, 60); slug != "" {
		name += "-" + slug
	}
	return name
}

// Topic is the one line above an incident's channel; leader is the name of its lead.
func Topic(i *Incident, leader string) string {
	lead := "no lead yet"
	if i.Lead != "" {
		lead = "lead " + cmp.Or(leader, "@"+string(i.Lead))
	}
	return value.Cut(
		fmt.Sprintf("%s · %s · %s · %s · %s", i.Severity.Label(), i.State.Label(), lead, i.ID(), value.Isolate(i.Title)),
		250,
	)
}
