package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Done is an answer of one sentence to what succeeded.
func Done(parts ...any) bot.Message {
	return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para(parts...)}}
}

// Encode is a value as JSON, for answers that programs read.
func Encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types only
	}
	return data
}

// AskedLine says who is asked by now.
func AskedLine(c *change.Change, w change.World) string {
	var parts []string
	for _, s := range c.Stages() {
		if !s.Satisfied() && s.Active {
			parts = append(
				parts,
				fmt.Sprintf("%s: %d of %s. %s", s.Name, s.Quorum-len(s.Yes), s.From, change.WhoCan(c.CanUnblock(s, w.Roster))),
			)
		}
	}
	return strings.Join(parts, " ")
}

// OwedLine says what is owed, and until when.
func OwedLine(c *change.Change) string {
	var parts []string
	for _, d := range c.OpenDuties() {
		parts = append(parts, d.Kind.Label()+" until "+bot.FormatTime(d.Due, c.Needs.Location()))
	}
	if len(parts) == 0 {
		return "Nothing is owed."
	}
	return "Owed: " + strings.Join(parts, ", ") + "."
}

// MadeMessage answers a new change, or one that was just submitted.
func MadeMessage(c *change.Change, w change.World, call *bot.Call) bot.Message {
	switch c.State {
	case change.Draft:
		return MissingMessage(c, c.Missing())
	case change.Implementing:
		m := StartedMessage(c)
		m.Sections = append(m.Sections, bot.Para(OwedLine(c)))
		return m
	case change.Approved:
		m := Done(bot.Bold(c.ID()), ": "+value.Isolate(c.Title)+". It is approved.")
		if c.Type == policy.Emergency {
			m = BlockedMessage(c, w, c.Blockers(w, call.Now))
		}
		m.Actions = []bot.Action{Styled(Act("Start", "change.start", c), bot.Primary), Act("Details", "change.show", c)}
		return m
	}
	m := Done(
		"Requested ", bot.Bold(c.ID()), ": "+value.Isolate(c.Title)+". "+AskedLine(c, w)+" It expires ", c.Expires, ".",
	)
	m.Sections = append(m.Sections, bot.Section{Text: RiskText(c, 3)})
	if t := warnings(c, w, call.Now); len(t) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if outOfOffice := substitutes(c, w, call.Now); outOfOffice != "" {
		m.Sections = append(m.Sections, bot.Para(outOfOffice))
	}
	if free := c.FreeSlots(w, call.Now, 3); len(free) > 0 && slices.ContainsFunc(c.Conflicts(w), change.Conflict.Open) {
		m.Sections = append(m.Sections, bot.Para("Free windows: "+slots(free, call.Now)))
	}
	m.Actions = append([]bot.Action{Act("Details", "change.show", c)}, obstacleActions(c, w)...)
	return m
}

func slots(free []plan.Window, now time.Time) string {
	var parts []string
	for _, w := range free {
		parts = append(parts, w.Local(now))
	}
	return strings.Join(parts, " · ")
}

// substitutes warns when everybody asked is away, and names who votes for them.
func substitutes(c *change.Change, w change.World, at time.Time) string {
	var lines []string
	for _, s := range c.Stages() {
		who := c.CanUnblock(s, w.Roster)
		away := map[bot.PersonID]bot.PersonID{}
		for _, d := range w.Delegations {
			if slices.Contains(who, d.From) && d.Holds(at, s.From) {
				away[d.From] = d.To
			}
		}
		if len(who) == 0 || len(away) < len(who) {
			continue
		}
		var subs []string
		for _, p := range who {
			subs = append(subs, fmt.Sprintf("@%s for @%s", away[p], p))
		}
		lines = append(lines, fmt.Sprintf("Everybody who can decide %s has delegated: %s.", s.Name, strings.Join(subs, ", ")))
	}
	return strings.Join(lines, " ")
}

// MissingMessage says what a draft lacks, by name and as forms.
func MissingMessage(c *change.Change, missing []string) bot.Message {
	m := bot.Message{Tone: bot.Info, Actions: draftActions(c)}
	if len(missing) == 0 {
		m.Sections = []bot.Section{
			bot.Para(
				bot.Bold(c.ID()),
				" is a draft: "+value.Isolate(c.Title)+
					". Nothing is missing; submit it when it is ready. Unanswered questions about the risk count as medium.",
			),
		}
		return m
	}
	example := map[string]string{
		"service": "service=…", "env": "env=prod", "why": `why="…"`, "plan": `plan="…"`, "backout": `backout="…"`,
		"start": `start="tomorrow 22:00"`, "end": "end=1h", "title": `title="…"`,
	}
	var words []string
	for _, name := range missing {
		words = append(words, example[name])
	}
	m.Sections = []bot.Section{
		bot.Para(
			bot.Bold(c.ID()),
			" is kept as a draft: "+value.Isolate(c.Title)+". Still missing: "+strings.Join(missing, ", ")+".",
		),
		bot.Para(
			"Edit it below, or write ", bot.Code("/change edit "+c.ID()+" "+strings.Join(words, " ")), " and then ",
			bot.Code("/change submit "+c.ID()),
		),
	}
	return m
}

// EditedMessage is the answer to an edit: what it means for the votes.
func EditedMessage(c *change.Change, call *bot.Call) bot.Message {
	switch c.State {
	case change.Draft:
		return MissingMessage(c, c.Missing())
	case change.Approved:
		return Done(c.Ref() + " is saved. It only became smaller, so it stays approved.")
	}
	m := Done(c.Ref()+" is saved. ", askAgainLine(c), " It expires ", c.Expires, ".")
	m.Actions = []bot.Action{Act("Details", "change.show", c)}
	return m
}

func askAgainLine(c *change.Change) string {
	if former := c.FormerVoters(); len(former) > 0 && len(c.Counted()) == 0 {
		return "The people who approved the previous revision are asked again: " + change.Mentions(former) + "."
	}
	return "The approvers are asked."
}

// ConfirmText is what somebody reads before they decide.
func ConfirmText(c *change.Change, zone *time.Location, now time.Time) bot.Text {
	t := bot.T(
		bot.Bold(c.Ref()+" · "+c.ShortDigest()), " "+value.Shown(c.Title, 120)+" · "+value.Listed(c.Services)+" in "+c.Env,
	)
	if c.Risk.Level != "" {
		t = append(t, bot.T(fmt.Sprintf(" · risk %s %d", c.Risk.Level, c.Risk.Score))...)
	}
	if c.Window.Set() {
		t = append(t, bot.T("\nWhen: "+c.Window.Local(now))...)
		if there, here := value.Clock(
			c.Window.Start, now, c.Window.Location(),
		), value.Clock(c.Window.Start, now, zone); there != here {
			t = append(t, bot.T(" ("+here+" for you)")...)
		}
	}
	t = append(t, bot.T("\nPlan: "+value.Cut(c.Plan, 400))...)
	if c.Backout != "" {
		t = append(t, bot.T("\nBackout: "+value.Cut(c.Backout, 300))...)
	} else {
		t = append(t, bot.T("\nBackout: none")...)
	}
	for _, x := range c.Conditions {
		t = append(t, bot.T(fmt.Sprintf("\nCondition %d: %s", x.N, value.Cut(x.Text, 150)))...)
	}
	return t
}

// ApprovedMessage is the answer to an approval: what is still missing, or when it may start.
func ApprovedMessage(c *change.Change, w change.World, s change.StageView, call *bot.Call) bot.Message {
	var m bot.Message
	before := slices.DeleteFunc(slices.Clone(s.Yes), func(v change.Vote) bool { return v.Person == call.Person.ID })
	switch {
	case c.State.Running() || c.State == change.Review || c.State == change.Closed:
		m = Done("Your approval of " + c.Ref() + " afterwards is recorded. " + OwedLine(c))
	case len(before) >= s.Quorum && s.Quorum > 0:
		last := before[len(before)-1]
		m = Done(
			"Already approved by ", last.Person,
			" "+ago(call.Now.Sub(last.At))+" ago. Yours is recorded as an extra endorsement.",
		)
	case c.State == change.Approved:
		m = Done(c.Ref()+" is approved. It may start ", c.Window.Start, ".")
	default:
		m = Done("Your approval of " + c.Ref() + " is recorded (" + s.Name + "). " + AskedLine(c, w))
	}
	return m
}

func ago(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return value.FormatDuration(d)
}

// ChangedMessage answers a vote on a revision that is no longer current: what changed, and the buttons for what there
// is now.
func ChangedMessage(c *change.Change, seenRevision int, diff []plan.Difference, call *bot.Call) bot.Message {
	m := bot.Message{Tone: bot.Warning, Title: c.ID() + " changed since you looked", Sections: []bot.Section{
		bot.Para(
			fmt.Sprintf("You saw r%d, it is now r%d (%s). Nothing was counted.", seenRevision, c.Revision, c.ShortDigest()),
		),
	}}
	if len(diff) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: DiffText(diff)})
	}
	if words := cmp.Or(call.Text("comment"), call.Text("reason")); words != "" {
		m.Sections = append(m.Sections, bot.Section{Quote: true, Text: bot.T("You had written: " + words)})
	}
	m.Actions = []bot.Action{Act("Details", "change.show", c)}
	if c.State == change.Pending {
		again := ApproveAction(c, fmt.Sprintf("Approve r%d", c.Revision))
		again.Form = true
		again.Values = map[string]string{}
		if t := call.Text("comment"); t != "" {
			again.Values["comment"] = t
		}
		no := Formed(Seen(Styled(Act("Reject", "change.reject", c), bot.Danger), c))
		if t := call.Text("reason"); t != "" {
			no.Values = map[string]string{"reason": t}
		}
		m.Actions = append(m.Actions, again, no)
	}
	return m
}

// PullBackMessage is the answer to a rejection that comes too late, with what can be done instead.
func PullBackMessage(c *change.Change) bot.Message {
	last := change.Vote{}
	for _, v := range c.Counted() {
		if v.At.After(last.At) {
			last = v
		}
	}
	m := bot.Message{
		Tone: bot.Warning,
		Sections: []bot.Section{
			bot.Para(
				c.ID()+" was approved ", c.Decided, " (", last.Person,
				" last), so it cannot be rejected any more. Until it starts you can hold it, or take your own vote back.",
			),
		},
	}
	m.Actions = []bot.Action{
		Styled(Act("Hold", "change.hold", c), bot.Danger), Act("Take your vote back", "change.withdraw", c),
	}
	return m
}

// BlockedMessage says why a change cannot start, and offers what would help.
func BlockedMessage(c *change.Change, w change.World, blockers []change.Blocker) bot.Message {
	m := bot.Message{Tone: bot.Warning, Title: c.ID() + " cannot start now"}
	for _, b := range blockers {
		m.Sections = append(m.Sections, bot.Para(strings.ToUpper(b.Text[:1])+b.Text[1:]+"."))
	}
	m.Actions = append(
		obstacleActions(c, w), Formed(Act("Move the window", "change.window", c)), Act("Details", "change.show", c),
	)
	if len(blockers) > 0 && blockers[0].Code == change.ReasonPending && c.State == change.Pending {
		m.Sections = append(m.Sections, bot.Para(AskedLine(c, w)))
	}
	return m
}

// StartedMessage is the answer to a start, with what comes next.
func StartedMessage(c *change.Change) bot.Message {
	m := Done(c.ID() + " has started. Say when it is done; if something breaks, roll back.")
	m.Sections = append(m.Sections, bot.Para(bot.Bold("Plan: "), value.Cut(c.Plan, 1500)))
	m.Actions = []bot.Action{
		Styled(Act("Done", "change.done", c), bot.Primary), Styled(Act("Roll back", "change.rollback", c), bot.Danger),
		goingWrong(c),
	}
	return m
}

// BackoutMessage shows the backout plan to whoever rolls back.
func BackoutMessage(c *change.Change) bot.Message {
	plan := c.Backout
	if plan == "" {
		plan = "There is no backout plan. Undo the plan: " + c.Plan
	}
	return bot.Message{
		Tone: bot.Critical, Title: "Roll back " + c.ID(),
		Sections: []bot.Section{
			bot.Para(bot.Bold("Backout plan: "), value.Cut(plan, 2000)), bot.Para("Say when it is rolled back."),
		},
		Actions: []bot.Action{Styled(Act("Rolled back", "change.done", c), bot.Primary), goingWrong(c)},
	}
}

// Details is a change with everything.
func Details(c *change.Change, w change.World, entries []change.Entry, call *bot.Call) bot.Message {
	m := Card(c, w, call.Now)
	for _, p := range []struct{ name, text string }{
		{"Why", c.Why}, {"Plan", c.Plan}, {"Tested", c.Test}, {"Backout", c.Backout}, {"Deploys", value.Listed(c.Artifacts)},
	} {
		if p.text != "" {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(p.name+": "), value.Cut(p.text, 700)))
		}
	}
	if free := c.FreeSlots(w, call.Now, 3); c.State.Open() && len(free) > 0 &&
		slices.ContainsFunc(c.Conflicts(w), change.Conflict.Open) {
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Free windows: "), slots(free, call.Now)))
	}
	var lines []bot.Text
	for _, e := range entries[max(0, len(entries)-10):] {
		t := bot.T(e.At, " ")
		if e.By != "" {
			t = append(t, bot.T(bot.By(e.By, e.Agent), " ")...)
		}
		lines = append(lines, append(t, bot.T(value.Cut(e.Text, 200))...))
	}
	if len(lines) > 0 {
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(bot.Bold("History\n")), Joined(lines, "\n")...)})
	}
	m.Context = append(m.Context, bot.T("digest "+c.Digest+" · policy "+c.Needs.SHA[:min(12, len(c.Needs.SHA))]))
	return m
}

// DiffText shows what an edit changed.
func DiffText(diff []plan.Difference) bot.Text {
	var lines []bot.Text
	for _, d := range diff {
		was, is := value.Cut(d.Old, 150), value.Cut(d.New, 150)
		if was == "" {
			was = "(nothing)"
		}
		if is == "" {
			is = "(nothing)"
		}
		lines = append(lines, bot.T(bot.Bold(d.Field+": "), was+" → "+is))
	}
	return Joined(lines, "\n")
}
