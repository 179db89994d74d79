package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// EntryMessage is the message of its own that an announced entry gets in the incident's channel.
func EntryMessage(i *Incident, e Entry) bot.Message {
	say := func(tone bot.Tone, title string, sections ...bot.Section) bot.Message {
		return bot.Message{Tone: tone, Title: title, Sections: sections}
	}
	by := func(parts ...any) bot.Section { return bot.Section{Text: bot.T(append(parts, " by ", e.who())...)} }
	signed := func(parts ...any) bot.Section { return bot.Section{Text: bot.T(append(parts, " — ", e.who())...)} }
	switch e.Kind {
	case UpdateEntry:
		m := say(bot.Info, "Update on "+i.ID(), bot.Section{Quote: true, Text: bot.T(e.Text)}, bot.Section{
			Text: bot.T("— ", e.who(), ", ", e.At),
		})
		return m
	case SeverityUp:
		return say(bot.Critical, "Severity raised: "+e.Text, by("Raised"))
	case LeadEntry:
		if e.Agent != "" {
			return say(bot.Info, "", bot.Section{Text: append(e.Words(), byline(e)...)})
		}
		return say(bot.Info, "", bot.Section{Text: e.Words()})
	case RoleEntry:
		return say(bot.Info, "", bot.Section{Text: append(e.Words(), byline(e)...)})
	case AssignedEntry:
		return say(bot.Info, "", bot.Section{Text: append(assignedText(i, e), byline(e)...)})
	case HandoverEntry:
		m := say(bot.Info, "", bot.Section{Text: handoverText(i, e)})
		if i.HandoverTo != "" {
			m.Actions = []bot.Action{
				Styled(Act("I take the lead", "incident.accept", i), bot.Primary), Act("Not now", "incident.decline", i),
			}
		}
		return m
	case ResolvedEntry:
		m := say(bot.Good, "✅ "+i.ID()+" is resolved", bot.Section{Quote: true, Text: bot.T(e.Text)}, bot.Section{
			Fields: outcomeFields(i),
		}, by("Resolved"))
		m.Actions = []bot.Action{
			Act("Write the review", "incident.review", i), Act("Add follow-up", "incident.followup", i),
			Act("Reopen", "incident.reopen", i),
		}
		return m
	case ReopenedEntry:
		return say(bot.Critical, i.ID()+" is open again", bot.Section{Quote: true, Text: bot.T(e.Text)}, by("Reopened"))
	case MitigatedEntry:
		return say(bot.Good, "", signed("The impact is over since ", e.At, ". Work goes on."))
	case CancelledEntry:
		return say(bot.Neutral, i.ID()+" is cancelled", bot.Section{Quote: true, Text: bot.T(e.Text)}, by("Cancelled"))
	}
	if e.By == "" {
		return say(bot.Info, "", bot.Section{Text: e.Words()})
	}
	return say(bot.Info, "", bot.Section{Text: append(e.Words(), byline(e)...)})
}

// platformNames are what people call the platforms.
var platformNames = map[string]string{"slack": "Slack", "discord": "Discord", "web": "the web chat"}

// MissedMessage tells in one message what happened while a platform could not be reached, in order and at its own
// times.
func MissedMessage(i *Incident, platform string, entries []Entry) bot.Message {
	name := platformNames[platform]
	if name == "" {
		name = platform
	}
	m := bot.Message{Tone: bot.Info, Title: i.ID() + ": while " + name + " was out"}
	for _, e := range entries {
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(e.At, " "), e.short(500).signed()...)})
	}
	return m
}

// byline says who did it, unless the bot did.
func byline(e Entry) bot.Text {
	if e.By == "" {
		return nil
	}
	return bot.T(" — ", e.who())
}

// who is who did it, with the agent that did it for them.
func (e Entry) who() bot.Text { return bot.By(e.By, e.Agent) }

// assignedText is a task that somebody got, in one line.
func assignedText(i *Incident, e Entry) bot.Text {
	t, ok := i.TaskOf(e)
	if !ok {
		return e.Words()
	}
	line := bot.T(fmt.Sprintf("%s %d for ", t.Kind(), t.N), t.Owner, ": "+value.Shown(t.Text, 300))
	if !t.Due.IsZero() {
		line = append(line, bot.T(", due ", t.Due)...)
	}
	return line
}

func handoverText(i *Incident, e Entry) bot.Text {
	t := e.Words()
	if i.HandoverTo == "" {
		return append(t, bot.T(" — answered.")...)
	}
	return append(t, bot.T(". Until they accept, ", i.Lead, " stays lead.")...)
}

// ours are the entries whose text the bot writes, with people by their ids. In all others people say what they like,
// and no id is made a mention.
var ours = map[EntryKind]bool{
	LeadEntry: true, HandoverEntry: true, HandoverRefused: true, RoleEntry: true, JoinEntry: true, AssignedEntry: true,
	ReviewEntry: true,
}

// short is the entry with its text cut.
func (e Entry) short(n int) Entry { e.Text = value.Cut(e.Text, n); return e }

// signed is what an entry says, after who says it; nobody is named twice.
func (e Entry) signed() bot.Text {
	if e.By == "" || ours[e.Kind] && Leading(e.Text) == e.By && e.Agent == "" {
		return e.Words()
	}
	return append(bot.T(e.who(), ": "), e.Words()...)
}

// Words is what an entry says, with people by name and times in the reader's zone where the bot wrote them.
func (e Entry) Words() bot.Text {
	for _, before := range []string{pausedUntil, snoozedUntil} {
		raw, ok := strings.CutPrefix(e.Text, before)
		if !ok || e.Kind != PausedEntry && e.Kind != ReminderEntry {
			continue
		}
		for n := range len(raw) + 1 { // up to the reason
			if at, err := time.Parse(time.RFC3339, raw[:n]); err == nil {
				return bot.T(before, at, raw[n:])
			}
		}
	}
	if !ours[e.Kind] {
		return bot.T(e.Text)
	}
	text := e.Text
	var t bot.Text
	if id := Leading(text); id != "" {
		t, text = bot.T(id), strings.TrimPrefix(text, "@"+string(id))
	}
	if head, rest, ok := strings.Cut(text, tookOver); ok && e.Kind == LeadEntry {
		gone, tail, _ := strings.Cut(rest, ",")
		return append(t, bot.T(head+strings.TrimSuffix(tookOver, "@"), bot.PersonID(gone), ","+tail)...)
	}
	return append(t, bot.T(text)...)
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

// NudgeMessage reminds of something. who is asked is part of it.
func NudgeMessage(i *Incident, r Reminder, n Nudge) bot.Message {
	lead := bot.T("The lead")
	if i.Lead != "" {
		lead = bot.T(i.Lead)
	}
	update := Styled(Act("Give update", "incident.update", i), bot.Primary)
	m := bot.Message{Tone: bot.Warning}
	switch r {
	case UpdateDue:
		text := append(lead, bot.T(": an update on ", bot.Bold(i.ID()), " was due ", i.NextUpdate, ".")...)
		if n.Round >= 2 {
			text = append(text, bot.T(fmt.Sprintf(" %d in a row were missed.", n.Round+1))...)
			if i.Deputy != "" {
				text = append(text, bot.T(" ", i.Deputy, ", can you?")...)
			}
		}
		m.Sections = []bot.Section{{Text: text}}
		m.Actions = []bot.Action{update, snoozeMenu(i)}
		if n.Round >= 1 && i.Lead != "" {
			over := Act("Take over the lead", "incident.lead", i)
			over.Args["anyway"] = "yes"
			over.Confirm = "Take the lead in place of somebody who does not answer? They are told."
			m.Actions = append(m.Actions, over)
		}
		m.Actions = append(m.Actions, confirmed(Act("Stop reminders", "incident.remind", i)))
	case NoLead:
		text := bot.T(
			"Nobody leads ", bot.Bold(i.ID()), " yet. Somebody has to decide: take the lead, it can be handed over later.",
		)
		if n.Round > 0 {
			text = append(text, bot.T(fmt.Sprintf(" Asked %d times since ", n.Round+1), n.First, ".")...)
		}
		m.Sections = []bot.Section{{Text: append(text, i.calls()...)}}
		m.Actions = []bot.Action{Styled(Act("Take lead", "incident.lead", i), bot.Primary)}
	case Stale:
		m.Sections = []bot.Section{
			bot.Para("Nothing was recorded on ", bot.Bold(i.ID()), " since ", i.LastHuman, ". Is it still going on?"),
		}
		m.Actions = []bot.Action{update, Styled(Act("Resolve", "incident.resolve", i), bot.Danger)}
	case NoSev:
		m.Sections = []bot.Section{bot.Para("How bad is ", bot.Bold(i.ID()), "? If unsure pick the higher.")}
		m.Actions = []bot.Action{severityMenu(i)}
	}
	return m
}

// How many people a reminder calls by name.
const called = 4

// calls names those who are on it, so that they hear of the reminder.
func (i *Incident) calls() bot.Text {
	var t bot.Text
	for _, p := range i.Responders[:min(called, len(i.Responders))] {
		t = append(t, bot.T(" ", p)...)
	}
	return t
}

// SettledMessage is what becomes of a reminder that stands in the room once it has had its answer.
func SettledMessage(i *Incident, r Reminder) bot.Message {
	m := bot.Message{Tone: bot.Good}
	switch {
	case !i.State.Active():
		m.Tone, m.Sections = bot.Neutral, []bot.Section{
			bot.Para(bot.Bold(i.ID()), " is "+strings.ToLower(i.State.Label())+"."),
		}
	case r == NoLead && i.Lead == "":
		m.Tone, m.Sections = bot.Info, []bot.Section{
			bot.Para("Nobody leads ", bot.Bold(i.ID()), ". A "+i.Severity.Label()+" can do without."),
		}
	case r == NoLead:
		m.Sections = []bot.Section{bot.Para(i.Lead, " leads ", bot.Bold(i.ID()), ".")}
	case r == UpdateDue:
		m.Sections = []bot.Section{bot.Para("No update on ", bot.Bold(i.ID()), " is overdue.")}
	case r == Stale:
		m.Sections = []bot.Section{bot.Para("Work on ", bot.Bold(i.ID()), " goes on.")}
	default:
		m.Sections = []bot.Section{bot.Para(bot.Bold(i.ID()), " is "+i.Severity.Label()+".")}
	}
	return m
}

func snoozeMenu(i *Incident) bot.Action {
	a := Act("Snooze", "incident.snooze", i)
	a.Choose = "for"
	a.Options = []bot.Option{
		{Value: "15m", Label: "15 minutes"}, {Value: "30m", Label: "30 minutes"}, {Value: "60m", Label: "1 hour"},
	}
	return a
}

func confirmed(a bot.Action) bot.Action {
	a.Args["reminders"] = "off"
	a.Confirm = "Stop the update reminders of this incident? Only the lead can."
	return a
}
