// Package view is how changes look: cards, answers, lists, figures and the calendar, as neutral messages that every
// platform shows in its own way. All of it is pure: the same change, with what matters to it, looks the same.
package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

func icon(c *change.Change) string {
	switch c.State {
	case change.Closed:
		if c.Outcome == policy.Success || c.Outcome == policy.WithIssues {
			return "✅"
		}
		return "🔴"
	case change.Rejected:
		return "⛔"
	case change.Cancelled, change.Expired:
		return "⚪"
	case change.Implementing, change.Verifying:
		return "⚙️"
	case change.RollingBack:
		return "⏪"
	case change.Review:
		if _, back := c.WentBack(); back {
			return "🔴"
		}
	case change.Draft:
		return "📝"
	}
	return map[policy.Level]string{policy.Low: "🔵", policy.Medium: "🟡", policy.High: "🟠"}[c.Risk.Level]
}

func tone(c *change.Change) bot.Tone {
	switch {
	case c.Glass.By != "" || c.Type == policy.Emergency && !c.State.Ended():
		return bot.Critical
	case c.Hold.Why != "":
		return bot.Warning
	case c.State == change.Rejected || c.State == change.RollingBack || c.Outcome == policy.RolledBack ||
		c.Outcome == policy.Failed:
		return bot.Critical
	case c.State == change.Closed || c.State == change.Approved:
		return bot.Good
	case c.State == change.Pending && c.Risk.Level != policy.Low:
		return bot.Warning
	case c.State == change.Pending, c.State.Running(), c.State == change.Review:
		return bot.Info
	}
	return bot.Neutral
}

func typeLabel(c *change.Change) string {
	label := strings.ToUpper(string(c.Type[:1])) + string(c.Type[1:])
	if c.Glass.By != "" {
		label += " · GLASS BROKEN"
	}
	return label
}

func headline(c *change.Change, label string) string { return Asking("", c, label) }

// Asking is the headline of a message that asks something. The mark stays in front: it is the only one.
func Asking(what string, c *change.Change, label string) string {
	risk := ""
	if c.Risk.Level != "" {
		risk = fmt.Sprintf(" · %s %d", c.Risk.Level.Label(), c.Risk.Score)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s%s · %s%s · %s", icon(c), what, c.ID(), typeLabel(c), risk, label))
}

// Act is a button for a command on a change.
func Act(label, command string, c *change.Change) bot.Action {
	return bot.Action{Label: label, Command: command, Args: map[string]string{"change": c.ID()}}
}

// Styled gives an action a style.
func Styled(a bot.Action, s bot.Style) bot.Action { a.Style = s; return a }

// Formed always opens the form.
func Formed(a bot.Action) bot.Action { a.Form = true; return a }

// ApproveAction approves the revision that is shown: at once where the risk is low, else after showing what is
// approved.
func ApproveAction(c *change.Change, label string) bot.Action {
	a := Styled(Act(label, "change.approve", c), bot.Primary)
	a.Args["revision"] = fmt.Sprint(c.Revision)
	a.Form = c.Risk.Level != policy.Low
	return a
}

// Seen binds an action to the revision that is shown with it.
func Seen(a bot.Action, c *change.Change) bot.Action {
	a.Args["revision"] = fmt.Sprint(c.Revision)
	return a
}

// Card is how a change looks where changes are shown: a rendering of the record, and of what is around it at that time.
func Card(c *change.Change, w change.World, at time.Time) bot.Message {
	label := c.Label(w, at)
	m := bot.Message{
		Title: headline(c, label), Tone: tone(c),
		Fallback: fmt.Sprintf("%s %s: %s", c.ID(), label, value.Shown(c.Title, 100)),
	}
	m.Sections = append(m.Sections, bot.Section{Text: aboutText(c, w)})
	if c.Risk.Level != "" && !c.State.Ended() {
		m.Sections = append(m.Sections, bot.Section{Text: RiskText(c, 3)})
	}
	if t := warnings(c, w, at); len(t) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if t := stagesText(c, w); len(t) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if t := notesText(c); len(t) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if q := c.OpenQuestion(""); q != nil {
		m.Sections = append(m.Sections, bot.Section{Quote: true, Text: bot.T("❓ ", q.By, ": "+value.Cut(q.Text, 300))})
	}
	m.Actions = cardActions(c, w, at)
	small := bot.T(fmt.Sprintf("rev %d · %s · v%d", c.Revision, c.ShortDigest(), c.Version))
	if c.State == change.Pending {
		if c.Stopped.IsZero() {
			small = append(small, bot.T(" · expires ", c.Deadline())...)
		} else {
			small = append(small, bot.T(" · the clock is paused")...)
		}
	}
	m.Context = []bot.Text{small}
	return m
}

func aboutText(c *change.Change, w change.World) bot.Text {
	var services []string
	for _, id := range c.Services {
		label := id
		if s, ok := w.Catalog.Service(id); ok && s.Tier > 0 {
			label += fmt.Sprintf(" (tier %d)", s.Tier)
		}
		services = append(services, label)
	}
	t := bot.T(bot.Bold(value.Shown(c.Title, 150)), "\n", strings.Join(services, ", "))
	if c.Env != "" {
		t = append(t, bot.T(" · "+c.Env)...)
	}
	t = append(t, bot.T(" · by ", bot.By(c.Requester, c.Agent))...)
	if c.Beneficiary != c.Requester {
		t = append(t, bot.T(" for ", c.Beneficiary)...)
	}
	if len(c.Implementers) > 0 {
		t = append(t, bot.T(" · carried out by ")...)
		for n, p := range c.Implementers {
			if n > 0 {
				t = append(t, bot.T(", ")...)
			}
			t = append(t, bot.T(p)...)
		}
	}
	if c.Window.Set() {
		t = append(t, bot.T(
			"\n", bot.Bold("When "), c.Window.Start, " to ", c.Window.End, " ("+c.Window.Local(w.At)+"; "+c.Window.Length()+")",
		)...)
	} else if c.Type != policy.Emergency {
		t = append(t, bot.T("\n", bot.Bold("When "), "not planned yet")...)
	}
	if back := backText(c, 300); len(back) > 0 {
		if !c.Started.IsZero() {
			t = append(t, bot.T("\n", bot.Bold("Started "), c.Started)...)
		}
		return append(append(t, bot.T("\n")...), back...)
	}
	switch {
	case !c.Times.Ended.IsZero() && c.Outcome != "":
		t = append(t, bot.T("\n", bot.Bold("Outcome "), c.Outcome.Label())...)
		if c.OutcomeNote != "" {
			t = append(t, bot.T(": "+value.Cut(c.OutcomeNote, 200))...)
		}
	case c.EndReason != "":
		t = append(t, bot.T("\n", bot.Bold(c.State.Label()+": "), value.Cut(c.EndReason, 300))...)
	case !c.Started.IsZero():
		t = append(t, bot.T("\n", bot.Bold("Started "), c.Started)...)
		if !c.Finished.IsZero() {
			t = append(t, bot.T(" · ", bot.Bold("done "), c.Finished)...)
		}
	}
	return t
}

// backText says that a change was rolled back and why, and what its review says of it; nothing of any other.
func backText(c *change.Change, most int) bot.Text {
	why, did := c.WentBack()
	if !did {
		return nil
	}
	label := "Rolled back: "
	if c.State == change.RollingBack {
		label = "Rolling back: "
	}
	t := bot.T(bot.Bold(label), value.Cut(cmp.Or(why, "no reason was given"), most))
	if c.OutcomeNote != "" && c.OutcomeNote != why {
		t = append(t, bot.T("\n", bot.Bold("Review: "), value.Cut(c.OutcomeNote, most))...)
	}
	return t
}

// RiskText is the risk with its first n factors.
func RiskText(c *change.Change, n int) bot.Text {
	var parts []string
	for _, f := range c.Risk.Factors[:min(n, len(c.Risk.Factors))] {
		parts = append(parts, fmt.Sprintf("%+d %s", f.Points, f.Text))
	}
	if c.Risk.Rule != "" {
		parts = append(parts, "at least "+string(c.Risk.Level)+" by the rule "+c.Risk.Rule)
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing speaks against it")
	}
	return bot.T(bot.Bold("Risk "), strings.Join(parts, " · "))
}

// warnings are what is in the way, by the clock and by what is around.
func warnings(c *change.Change, w change.World, at time.Time) bot.Text {
	if c.State.Ended() || c.State == change.Review {
		return nil
	}
	var lines []bot.Text
	if c.Hold.Why != "" {
		by := bot.T("Watchbell")
		if c.Hold.By != "" {
			by = bot.T(c.Hold.By)
		}
		lines = append(lines, append(bot.T("✋ On hold by "), append(by, bot.T(": "+value.Cut(c.Hold.Why, 200))...)...))
	}
	for _, x := range c.Conflicts(w) {
		switch {
		case x.Acked != "":
			lines = append(lines, bot.T("⚠ "+x.Text+", acknowledged by ", x.Acked))
		case x.Blocks:
			lines = append(lines, bot.T("⛔ "+x.Text))
		case x.NeedAck:
			lines = append(lines, bot.T("⚠ "+x.Text+": its requester has to acknowledge it"))
		default:
			lines = append(lines, bot.T("ℹ "+x.Text))
		}
	}
	if c.State == change.Approved {
		for _, b := range c.Blockers(w, at) {
			if b.Code == change.ReasonReapproval || b.Code == change.ReasonPending {
				lines = append(lines, bot.T("⛔ "+b.Text))
			}
		}
	}
	if c.State == change.Pending {
		for _, s := range c.Stages() {
			if !s.Satisfied() && len(s.Yes)+len(c.CanUnblock(s, w.Roster)) < s.Quorum {
				lines = append(lines, bot.T(fmt.Sprintf("⛔ %s cannot be satisfied: %d of %s are needed", s.Name, s.Quorum, s.From)))
			}
		}
	}
	if c.State == change.Implementing && c.Label(w, at) == "Overrun" {
		lines = append(lines, bot.T("⚠ its window is over; an approver can allow more time"))
	}
	if c.Silent {
		lines = append(lines, bot.T("⚠ no word from its pipeline since ", c.Beat))
	}
	if c.Reconfirm {
		lines = append(lines, bot.T("⚠ the rules of its time zone changed; check the window"))
	}
	return Joined(lines, "\n")
}

// Joined puts lines together.
func Joined(lines []bot.Text, with string) bot.Text {
	var t bot.Text
	for n, l := range lines {
		if n > 0 {
			t = append(t, bot.T(with)...)
		}
		t = append(t, l...)
	}
	return t
}

// stagesText shows each stage with its votes and who can unblock it.
func stagesText(c *change.Change, w change.World) bot.Text {
	var lines []bot.Text
	if c.Needs.Auto != "" {
		lines = append(lines, bot.T("✅ approved by the rule "+c.Needs.Auto+" of the policy"))
	}
	stages := c.Stages()
	retro := c.Type == policy.Emergency || c.Glass.By != ""
	if retro {
		stages = c.Retro()
	}
	for _, s := range stages {
		name := bot.Bold(strings.ToUpper(s.Name[:1]) + s.Name[1:] + " ")
		if retro {
			name = bot.Bold("Afterwards (" + s.Name + ") ")
		}
		t := bot.T(name)
		switch {
		case s.Satisfied():
			t = append(t, bot.T("✅")...)
		case !s.Active:
			t = append(t, bot.T(fmt.Sprintf("🔒 after %s · %d of %s", strings.Join(s.After, ", "), s.Quorum, s.From))...)
		default:
			t = append(t, bot.T(fmt.Sprintf("⬜ %d of %d", len(s.Yes), s.Quorum))...)
		}
		for _, v := range s.Yes {
			t = append(t, bot.T(" ", v.Person)...)
			if v.Seat != v.Person {
				t = append(t, bot.T(" for ", v.Seat)...)
			}
			t = append(t, bot.T(" ", v.At)...)
		}
		for _, v := range s.No {
			t = append(t, bot.T(" · ✖ ", v.Person)...)
		}
		if who := c.CanUnblock(s, w.Roster); !s.Satisfied() && s.Active && len(who) > 0 &&
			(c.State == change.Pending || retro) {
			t = append(t, bot.T(" · can decide: ")...)
			for n, p := range who[:min(5, len(who))] {
				if n > 0 {
					t = append(t, bot.T(", ")...)
				}
				t = append(t, bot.T(p)...)
			}
			if len(who) > 5 {
				t = append(t, bot.T(fmt.Sprintf(" and %d more", len(who)-5))...)
			}
		}
		lines = append(lines, t)
	}
	return Joined(lines, "\n")
}

// notesText are conditions, duties and incidents.
func notesText(c *change.Change) bot.Text {
	var lines []bot.Text
	for _, x := range c.Conditions {
		box := "☐ "
		if !x.Done.IsZero() {
			box = "☑ "
		}
		lines = append(lines, bot.T(fmt.Sprintf("%sCondition %d: %s", box, x.N, value.Cut(x.Text, 200))))
	}
	for _, d := range c.Duties {
		switch d.State {
		case change.Owed:
			lines = append(lines, bot.T("☐ Owed: "+d.Kind.Label()+", due ", d.Due))
		case change.Disputed:
			lines = append(lines, bot.T("⛔ "+d.Kind.Label()+" disputed by ", d.DoneBy))
		}
	}
	for _, i := range c.Incidents {
		lines = append(lines, bot.T(i.ID+": "+string(i.How)))
	}
	if c.Glass.By != "" {
		t := bot.T("Glass broken by ", c.Glass.By, ": "+value.Cut(c.Glass.Why, 200))
		if c.Glass.Second != "" {
			t = append(t, bot.T(" · witnessed by ", c.Glass.Second)...)
		}
		lines = append(lines, t)
	}
	return Joined(lines, "\n")
}

// goingWrong declares an incident with what is known of the change.
func goingWrong(c *change.Change) bot.Action {
	return bot.Action{
		Label: "This is going wrong", Command: "incident.declare", Form: true, Args: map[string]string{"change": c.ID()},
		Values: map[string]string{
			"title": value.Cut(c.ID()+" is going wrong: "+c.Title, 200), "service": strings.Join(c.Services, ","),
			"severity": "sev2",
		},
	}
}

// VerifyActions are the buttons that say whether a change works.
func VerifyActions(c *change.Change) []bot.Action {
	ok := Styled(Act("It works", "change.verify", c), bot.Primary)
	ok.Args["result"] = "ok"
	issues := Act("Works, with issues", "change.verify", c)
	issues.Args["result"] = "issues"
	return []bot.Action{ok, issues, Styled(Act("Roll back", "change.rollback", c), bot.Danger)}
}

func cardActions(c *change.Change, w change.World, at time.Time) []bot.Action {
	details, explain := Act("Details", "change.show", c), Act("Why these?", "change.explain", c)
	edit, hold, cancel := Formed(Act("Edit", "change.edit", c)), Act("Hold", "change.hold", c), Act(
		"Cancel", "change.cancel", c,
	)
	if c.Hold.Why != "" && !c.State.Ended() {
		actions := []bot.Action{Styled(Act("Go on", "change.resume", c), bot.Primary), details}
		if c.Glass.By != "" && c.Glass.Second == "" {
			actions = append(actions, Act("Witness", "change.witness", c))
		}
		return append(actions, explain)
	}
	switch c.State {
	case change.Draft:
		return draftActions(c)
	case change.Pending:
		actions := []bot.Action{ApproveAction(c, "Approve"), Seen(Styled(Act("Reject", "change.reject", c), bot.Danger), c)}
		if c.OpenQuestion("") != nil {
			actions = append(actions, Act("Answer", "change.answer", c))
		}
		actions = append(append(actions, Seen(Act("Ask", "change.ask", c), c), details), obstacleActions(c, w)...)
		if len(c.Counted()) > 0 {
			actions = append(actions, Act("Take vote back", "change.withdraw", c))
		}
		return append(actions, edit, hold, Act("Remind", "change.remind", c), explain, cancel)
	case change.Approved:
		start := Styled(Act("Start", "change.start", c), bot.Primary)
		if c.Risk.Level != policy.Low {
			start.Confirm = fmt.Sprintf("Start %s now? %s", c.Ref(), value.Shown(c.Title, 120))
		}
		return append([]bot.Action{start, details}, append(
			obstacleActions(c, w), edit, hold, Act("Take vote back", "change.withdraw", c), explain, cancel,
		)...)
	case change.Implementing:
		actions := []bot.Action{
			Styled(Act("Done", "change.done", c), bot.Primary), Styled(Act("Roll back", "change.rollback", c), bot.Danger),
			goingWrong(c),
		}
		if c.Label(w, at) == "Overrun" {
			actions = append(actions, Act("More time", "change.extend", c))
		}
		return append(actions, retroActions(c, details, hold)...)
	case change.Verifying:
		return append(append(VerifyActions(c), goingWrong(c)), retroActions(c, details)...)
	case change.RollingBack:
		return append([]bot.Action{Styled(Act("Rolled back", "change.done", c), bot.Primary), goingWrong(c)}, retroActions(
			c, details,
		)...)
	case change.Review:
		return append([]bot.Action{Styled(Formed(Act("Write the review", "change.review", c)), bot.Primary)}, retroActions(
			c, details, Act("Evidence", "change.evidence", c),
		)...)
	case change.Rejected, change.Expired, change.Cancelled:
		return []bot.Action{Act("Revise", "change.revise", c), details}
	}
	return []bot.Action{details, Act("Evidence", "change.evidence", c)}
}

// retroActions puts the votes that are owed before other actions.
func retroActions(c *change.Change, more ...bot.Action) []bot.Action {
	var actions []bot.Action
	if c.Owed(change.RetroApproval) != nil {
		actions = append(
			actions, Formed(ApproveAction(c, "Ratify")), Seen(Styled(Act("Dispute", "change.reject", c), bot.Danger), c),
		)
	}
	if c.Glass.By != "" && c.Glass.Second == "" {
		actions = append(actions, Act("Witness", "change.witness", c))
	}
	return append(actions, more...)
}

// obstacleActions are what can be done about what is in the way.
func obstacleActions(c *change.Change, w change.World) []bot.Action {
	var actions []bot.Action
	conflicts := c.Conflicts(w)
	var acks []bot.Option
	for _, x := range conflicts {
		if x.NeedAck && !x.Blocks && x.Acked == "" && len(acks) < 10 {
			acks = append(acks, bot.Option{Value: value.Cut(x.What, 75), Label: value.Cut(x.What+": "+x.Text, 75)})
		}
	}
	if len(acks) > 0 {
		a := Act("Acknowledge a conflict", "change.ack", c)
		a.Choose, a.Options = "what", acks
		actions = append(actions, a)
	}
	for _, code := range []string{"C4", "C6"} {
		i := slices.IndexFunc(conflicts, func(x change.Conflict) bool { return x.Code == code && x.Blocks })
		if i < 0 {
			continue
		}
		a := Act("Request exemption", "change.exempt", c)
		if code == "C6" {
			a.Label = "Exempt from " + conflicts[i].What
		}
		a.Args["what"] = strings.TrimPrefix(conflicts[i].What, "freeze:")
		actions = append(actions, a)
	}
	for _, x := range c.Conditions {
		if x.Done.IsZero() {
			a := Act(fmt.Sprintf("Condition %d is met", x.N), "change.tick", c)
			a.Args["number"] = fmt.Sprint(x.N)
			return append(actions, a)
		}
	}
	return actions
}

func draftActions(c *change.Change) []bot.Action {
	edit, details, cancel := Formed(Act("Edit", "change.edit", c)), Act("Details", "change.show", c), Act(
		"Cancel", "change.cancel", c,
	)
	if len(c.Missing()) > 0 {
		return []bot.Action{Styled(edit, bot.Primary), details, cancel}
	}
	return []bot.Action{Styled(Act("Submit", "change.submit", c), bot.Primary), edit, details, cancel}
}
