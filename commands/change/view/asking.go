package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// AskMessage asks one person for a decision, or says why that is no longer needed; needed tells which.
func AskMessage(c *change.Change, w change.World, a change.Asked, at time.Time) (m bot.Message, needed bool) {
	details := Act("Details", "change.show", c)
	over := func(parts ...any) (bot.Message, bool) {
		named := []any{bot.Bold(c.ID()), " " + value.Shown(c.Title, 120) + ": "}
		text := bot.Para(append(named, parts...)...)
		return bot.Message{Sections: []bot.Section{text}, Actions: []bot.Action{details}}, false
	}
	started := !c.State.Ended() && c.State != change.Pending && c.State != change.Approved
	retro := c.Owed(change.RetroApproval) != nil && started
	if a.Revision != c.Revision {
		return over(fmt.Sprintf("r%d was replaced by r%d.", a.Revision, c.Revision))
	}
	if v, voted := c.Mine(a.Person, a.Person, a.Stage); voted {
		return over("you have "+v.Decision.Past()+" it ", v.At, ".")
	}
	switch {
	case c.State == change.Pending || retro:
	case c.State == change.Approved:
		return over("no longer needed, it is approved by " + change.Voters(c.Stages()) + ".")
	default:
		return over("no longer needed, it is " + strings.ToLower(c.State.Label()) + ".")
	}
	stages := c.OpenStages()
	i := slices.IndexFunc(stages, func(v change.StageView) bool { return v.Name == a.Stage })
	if i < 0 || stages[i].Satisfied() {
		return over("no longer needed, " + a.Stage + " is approved.")
	}
	m = Card(c, w, at)
	m.Title = Asking("Your decision is needed: ", c, c.Label(w, at))
	if retro {
		m.Title = Asking("Your approval is needed afterwards: ", c, c.State.Label())
	}
	m.Actions = []bot.Action{
		ApproveAction(c, "Approve"),
		Seen(Styled(Act("Reject", "change.reject", c), bot.Danger), c),
		Seen(Act("Ask", "change.ask", c), c),
		details,
		Act("Delegate", "change.delegate", c),
	}
	m.Actions[4].Args, m.Actions[4].Form = nil, true
	return m, true
}

// AskedAgain makes of an AskMessage one for somebody who approved a former revision.
func AskedAgain(m bot.Message, c *change.Change, diff []plan.Difference) bot.Message {
	m.Title = fmt.Sprintf("Changed since you approved it: %s r%d", c.ID(), c.Revision)
	m.Sections = append([]bot.Section{{Text: DiffText(diff)}}, m.Sections...)
	m.Actions[0].Label, m.Actions[0].Form = "Approve again", false
	return m
}

// StillAsked reminds somebody who has not decided in a stage.
func StillAsked(c *change.Change, stage string) bot.Message {
	title := " " + value.Shown(c.Title, 100)
	waits := title + " still waits for your decision (" + stage + "). It expires "
	text := bot.Para(bot.Bold(c.Ref()), waits, c.Deadline(), ".")
	if c.State != change.Pending {
		waits = title + " was started as an emergency and waits for your approval (" + stage + ")."
		text = bot.Para(bot.Bold(c.Ref()), waits)
	}
	return bot.Message{Tone: bot.Warning, Sections: []bot.Section{text}, Actions: []bot.Action{
		ApproveAction(c, "Approve"),
		Seen(Act("Reject", "change.reject", c), c),
		Act("Details", "change.show", c),
	}}
}

// EntryMessage tells one entry of the timeline.
func EntryMessage(c *change.Change, e change.Entry) bot.Message {
	m := bot.Message{Tone: bot.Info}
	text := bot.T(bot.Bold(c.ID()+" "), value.Cut(e.Text, 1000))
	if e.By != "" {
		text = bot.T(bot.Bold(c.ID()+" "), bot.By(e.By, e.Agent), ": "+value.Cut(e.Text, 1000))
	}
	switch e.Kind {
	case change.AskedEntry:
		m.Tone, m.Actions = bot.Warning, []bot.Action{Styled(Act("Answer", "change.answer", c), bot.Primary)}
	case change.RejectedEntry, change.ExpiredEntry, change.CancelledEntry:
		m.Tone, m.Actions = bot.Critical, []bot.Action{Act("Revise", "change.revise", c)}
	case change.GlassEntry, change.RollbackEntry:
		m.Tone = bot.Critical
	case change.HeldEntry, change.ReopenedEntry, change.NoticeEntry, change.ExemptEntry:
		m.Tone = bot.Warning
	case change.DecidedEntry, change.ClosedEntry, change.DoneEntry:
		m.Tone = bot.Good
	}
	m.Sections = []bot.Section{{Text: text}}
	return m
}
