package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Limits of an approval's clock.
const (
	approvalLead   = 15 * time.Minute   // before the window opens, an approval comes too late
	longestPause   = 5 * 24 * time.Hour // a question that nobody answers stops the clock no longer
	startGrace     = time.Minute        // after the window's end
	MinEmergency   = 20                 // characters of its reason, without an incident
	reviewDue      = 5 * 24 * time.Hour // of a post-implementation review
	SecondWithin   = 15 * time.Minute   // a second person after glass was broken
	retroDue       = 2                  // business days
	silentAfter    = 15 * time.Minute   // without a sign of life of a pipeline
	outageExtends  = 30 * time.Minute   // at most, once
	MaxConditions  = 10
	MaxServices    = 20
	MaxArtifacts   = 20
	MinGlassReason = 20
)

// Request makes a draft. Whoever asks on somebody else's behalf names them: neither may decide it then.
func Request(number int64, content plan.Content, by, behalf bot.PersonID, source string, at time.Time) *Change {
	if behalf == "" {
		behalf = by
	}
	if content.Type == "" {
		content.Type = policy.Normal
	}
	content.Services = value.Sorted(content.Services)
	c := &Change{
		Number: number, Content: content, Revision: 1, Digest: content.Sum(), Requester: by, Beneficiary: behalf,
		State: Draft, Source: source, Editor: by, Times: Times{Created: at}, revised: true,
	}
	text := content.Title
	if behalf != by {
		text += " (on behalf of @" + string(behalf) + ")"
	}
	c.Log(CreatedEntry, by, at, text)
	return c
}

// mine refuses those who did not request the change.
func (c *Change) requesterOnly(by Actor, what string) error {
	if c.Owns(by.Person) {
		return nil
	}
	return bot.Errorf(bot.Forbidden, "Only its requester (%s) can %s %s.", c.Requester, what, c.ID())
}

// Submit asks for the approval that policy wants. What is risky by rule or by answers is computed here, and the
// requirement is kept with the revision.
func (c *Change) Submit(by Actor, w World, at time.Time) error {
	if c.State != Draft {
		return c.Illegal("submitted")
	}
	if err := c.requesterOnly(by, "submit"); err != nil {
		return err
	}
	if missing := c.Missing(); len(missing) > 0 {
		return MissingError{missing}
	}
	if err := c.Window.Check(at); err != nil {
		return err
	}
	if err := c.demote(w, by, at); err != nil {
		return err
	}
	if err := c.ask(w, at); err != nil {
		return err
	}
	switch {
	case c.Type == policy.Emergency && c.Needs.Start:
		return c.declareEmergency(by, at)
	case c.Needs.Auto != "":
		for _, x := range c.Conflicts(w) {
			if x.Blocks || x.Code == "C4" {
				return bot.Errorf(
					bot.Conflict,
					"A standard change cannot be approved by its rule while it %s. Move the window, or ask people: type=normal",
					x.Text,
				).About("start")
			}
		}
		c.State, c.Submitted, c.Decided = Approved, at, at
		c.Log(
			DecidedEntry, "", at,
			"Approved by the rule "+c.Needs.Auto+" of the policy, because its template "+c.Template+" is approved.",
		)
		return nil
	}
	c.State, c.Submitted = Pending, at
	c.Expires = c.deadline(at)
	if !c.Expires.After(at) {
		return bot.Errorf(
			bot.Invalid,
			"The window opens %s, and approvals are needed 15 minutes before. Choose a later start, or if it cannot wait: "+
				"/change emergency <why>",
			c.Window.Start,
		).About("start")
	}
	c.Log(
		SubmittedEntry, by.Person, at,
		fmt.Sprintf("Asks for %s. Risk %s (%d).", c.stagesLabel(), c.Risk.Level, c.Risk.Score),
	)
	return nil
}

// MissingError is what a draft gets that is not complete.
type MissingError struct{ Names []string }

func (e MissingError) Error() string { return "missing: " + strings.Join(e.Names, ", ") }

func (c *Change) stagesLabel() string {
	var parts []string
	for _, s := range c.Needs.Stages {
		parts = append(parts, fmt.Sprintf("%d of %s", s.Quorum, s.From))
	}
	return strings.Join(parts, ", then ")
}

// demote makes a standard change a normal one when its template may not be used, and refuses one that is not what its
// template allows.
func (c *Change) demote(w World, by Actor, at time.Time) error {
	if c.Type != policy.Standard {
		return nil
	}
	if w.Template == nil {
		return bot.Errorf(
			bot.Invalid, "A standard change needs a template of the policy. See them with: /change template list",
		).About("template")
	}
	t := *w.Template
	if !slices.Contains(t.Envs, c.Env) || !value.Subset(c.Services, t.Services) {
		return bot.Errorf(
			bot.Invalid, "The template %s is for %s in %s only. Ask people instead: type=normal", t.Name,
			value.Listed(t.Services), value.Listed(t.Envs),
		).About("service")
	}
	if c.Window.End.Sub(c.Window.Start) > t.Longest {
		return bot.Errorf(
			bot.Invalid, "The template %s allows at most %s, the window lasts %s.", t.Name, value.FormatDuration(t.Longest),
			c.Window.Length(),
		).About("end")
	}
	if c.Plan != t.Plan || c.Backout != t.Backout {
		return bot.Errorf(
			bot.Invalid,
			"The plan and the backout plan of a standard change are those of its template %s. Leave them as they are, or ask "+
				"people: type=normal",
			t.Name,
		).About("plan")
	}
	if why := t.Active(w.Record, at); why != "" {
		c.Type = policy.Normal
		c.Digest = c.Sum()
		c.revised = true
		c.Log(
			NoticeEntry, "", at, "The template "+t.Name+" cannot be used without asking, so this is a normal change: "+why+".",
		)
	}
	return nil
}

// ask computes the risk and what policy asks for, and refuses what nobody could ever approve.
func (c *Change) ask(w World, at time.Time) error {
	if w.Policy == nil {
		return bot.Errorf(
			bot.Unavailable,
			"There is no policy in force, so nothing can be approved. An administrator has to fix the policy file; the log "+
				"says what is wrong.",
		)
	}
	c.Needs = policy.Requirement{}
	c.Risk = c.Assess(w, at)
	c.Needs, _ = w.Policy.Evaluate(c.Facts(w, at))
	if err := c.brings(at); err != nil {
		return err
	}
	if len(c.Needs.Stages) == 0 && c.Needs.Auto == "" && !c.Needs.Start {
		return bot.Errorf(
			bot.Conflict,
			"No rule of the policy covers this change, so nobody can approve it. An administrator has to add a rule.",
		)
	}
	if why := c.unsatisfiable(slices.Concat(c.Needs.Stages, c.Needs.Retro), w.Today); why != "" {
		return bot.Errorf(
			bot.Conflict, "Nobody could approve this: %s. Ask somebody else to request it, or have people added to the group.",
			why,
		)
	}
	return nil
}

// brings refuses a change that lacks what its rules require.
func (c *Change) brings(at time.Time) error {
	r := c.Needs.Require
	switch {
	case r.Backout && c.Backout == "":
		return bot.Errorf(
			bot.Invalid,
			"The policy asks for a backout plan here (risk %s, %s). For example: backout=\"restore the snapshot of 21:55\"",
			c.Risk.Level, c.Env,
		).About("backout")
	case r.TestEvidence && c.Test == "":
		return bot.Errorf(
			bot.Invalid, "The policy asks how it was tested. For example: test=\"run on staging on Monday, see build 812\"",
		).About("test")
	case r.Artifact && len(c.Artifacts) == 0:
		return bot.Errorf(bot.Invalid, "The policy asks what is deployed. For example: artifact=sha256:9f3c…").About(
			"artifact",
		)
	case r.LeadTime > 0 && c.Window.Set() && c.Window.Start.Sub(at) < r.LeadTime:
		return bot.Errorf(
			bot.Invalid, "The policy asks for %s notice, and the window opens in %s. Choose a start after %s.",
			value.FormatDuration(r.LeadTime), value.FormatDuration(c.Window.Start.Sub(at)),
			at.Add(r.LeadTime),
		).About("start")
	}
	return nil
}

// declareEmergency approves at once and writes down what is owed.
func (c *Change) declareEmergency(by Actor, at time.Time) error {
	if !by.Emergency {
		return bot.Errorf(
			bot.Forbidden,
			"You may not start an emergency before it is approved. Ask somebody who may, or request a normal change: /change new",
		)
	}
	if len(c.Incidents) == 0 && value.Count(c.Why) < MinEmergency {
		return bot.Errorf(
			bot.Invalid,
			"An emergency without an incident needs a reason of at least %d characters. Use it in an incident's channel, or "+
				"write why it cannot wait.",
			MinEmergency,
		).About("why")
	}
	c.State, c.Submitted, c.Decided = Approved, at, at
	due, days := time.Duration(0), retroDue
	for _, s := range c.Needs.Retro {
		if s.DueBiz > 0 {
			days = s.DueBiz
		}
		due = max(due, s.Due)
	}
	when := value.Week{}.Later(at.In(c.Needs.Location()), days).UTC()
	if due > 0 {
		when = at.Add(due)
	}
	c.Duties = append(c.Duties, Duty{Kind: RetroApproval, Due: when, Owner: c.Requester, State: Owed})
	c.oweReview(at, "it was an emergency")
	c.Log(
		DecidedEntry, by.Person, at,
		"An emergency: it may start before it is approved. Its approval is owed until "+bot.FormatTime(
			when, c.Needs.Location(),
		)+".",
	)
	return nil
}

// deadline is until when a change that is pending has to be approved.
func (c *Change) deadline(from time.Time) time.Time {
	ttl := c.Needs.Pending
	if ttl == 0 {
		ttl = 72 * time.Hour
	}
	end := from.Add(ttl)
	if latest := c.Window.Start.Add(-approvalLead); c.Window.Set() && c.Type != policy.Emergency && latest.Before(end) {
		end = latest
	}
	return end
}

// again is until when a change has to be approved that was approved before: it may be in its window already.
func (c *Change) again(from time.Time) time.Time {
	if d := c.deadline(from); d.After(from) || !c.Window.Set() {
		return d
	}
	return c.Window.End
}

// stopClock and runClock stop and go on with the time an approval has. The window never moves.
func (c *Change) stopClock(at time.Time) {
	if c.Stopped.IsZero() {
		c.Stopped = at
	}
}

func (c *Change) runClock(at time.Time) {
	if c.Stopped.IsZero() || c.Hold.Why != "" || c.OpenQuestion("") != nil {
		return
	}
	stood := min(at.Sub(c.Stopped), longestPause)
	c.Paused += stood
	c.Stopped = time.Time{}
	if c.State == Pending && !c.Expires.IsZero() {
		latest := c.Window.Start.Add(-approvalLead)
		if c.Expires.After(latest) {
			latest = c.Window.End
		}
		c.Expires = c.Expires.Add(stood)
		if c.Window.Set() && c.Type != policy.Emergency && c.Expires.After(latest) {
			c.Expires = latest
		}
	}
}

// Deadline is when a pending change expires, with what its clock stood still, or when an approved one does. Zero:
// never.
func (c *Change) Deadline() time.Time {
	switch c.State {
	case Pending:
		if !c.Stopped.IsZero() {
			end := c.Expires.Add(longestPause)
			if latest := c.Window.Start.Add(-approvalLead); c.Window.Set() && c.Type != policy.Emergency && latest.Before(end) {
				end = value.Later(latest, c.Expires)
			}
			return end
		}
		return c.Expires
	case Approved:
		end := c.Decided.Add(c.Needs.Valid)
		if c.Window.Set() {
			end = c.Window.End.Add(startGrace)
		}
		if c.Hold.Why != "" && !c.Window.Set() {
			return time.Time{}
		}
		return end
	}
	return time.Time{}
}

// Lapse makes a change expired whose time is over, and reports whether it did.
func (c *Change) Lapse(at time.Time) bool {
	d := c.Deadline()
	if d.IsZero() || at.Before(d) {
		return false
	}
	why := "nobody approved it in time"
	switch {
	case c.State == Approved:
		why, c.Outcome = "its window closed before it was started", policy.NotImplemented
	case !c.Stopped.IsZero() && c.OpenQuestion("") != nil:
		why = "a question about it was never answered"
	case len(c.lacks()) > 0:
		why = "not approved in time: " + strings.Join(c.lacks(), "; ")
	}
	c.State, c.Ended, c.EndReason = Expired, at, why
	c.Log(ExpiredEntry, "", at, "Expired: "+why+".")
	return true
}

// Extend gives approvers time back in which the bot could not be reached: at most half an hour, once. Windows and
// freezes do not move.
func (c *Change) Extend(outage time.Duration, at time.Time) bool {
	if c.State != Pending || c.Extended || !c.Stopped.IsZero() || outage <= 0 {
		return false
	}
	c.Extended = true
	c.Expires = c.Expires.Add(min(outage, outageExtends))
	c.Log(
		NoticeEntry, "", at,
		fmt.Sprintf(
			"Watchbell could not be reached for %s, so the approval may take %s longer.", value.FormatDuration(outage),
			value.FormatDuration(min(outage, outageExtends)),
		),
	)
	return true
}

// Tighten asks for what a policy that became stricter wants beside what was given. An approved change is pending again;
// votes stay, and count where they are asked for.
func (c *Change) Tighten(w World, at time.Time) bool {
	if c.State != Approved || c.Needs.Start || w.Policy == nil || w.Policy.SHA == c.Needs.SHA {
		return false
	}
	q, _ := w.Policy.Evaluate(c.Facts(w, at))
	missing := c.Stricter(q, w.Today)
	if len(missing) == 0 {
		return false
	}
	for _, s := range c.Needs.Stages {
		if strings.HasPrefix(s.Name, "exempt-") {
			q.Stages = policy.Merge(q.Stages, s)
			w.Policy.AddGroup(q.Groups, s.From)
		}
	}
	c.Needs = q
	c.State, c.Decided = Pending, time.Time{}
	c.Expires = c.again(at)
	c.Log(
		ReopenedEntry, "", at, "Not approved any more, because the policy became stricter: "+strings.Join(missing, "; ")+".",
	)
	return true
}

// Edit replaces the content. Whoever approved it is asked again, unless the change only became smaller.
func (c *Change) Edit(by Actor, content plan.Content, w World, at time.Time) error {
	if err := c.requesterOnly(by, "edit"); err != nil {
		return err
	}
	if !c.State.Open() {
		return c.Illegal("edited")
	}
	content.Services = value.Sorted(content.Services)
	diff := c.Content.Differences(content)
	if len(diff) == 0 {
		return bot.Errorf(
			bot.Invalid, "Nothing would change. Say what to change, like: /change edit %s start=\"tomorrow 23:00\"", c.ID(),
		)
	}
	shrinks := c.Content.Shrinks(content) && c.Needs.Keep
	votes := c.Counted()
	was := c.State
	c.Content = content
	c.Revision++
	c.Digest = content.Sum()
	c.Editor = by.Person
	c.revised = true
	if c.State == Draft {
		c.Log(EditedEntry, by.Person, at, fieldsOf(diff))
		return nil
	}
	if err := c.Window.Check(at); err != nil {
		return err
	}
	if missing := c.Missing(); len(missing) > 0 {
		return bot.Errorf(bot.Invalid, "%s cannot be emptied while it is %s.", missing[0], was).About(missing[0])
	}
	if err := c.demote(w, by, at); err != nil {
		return err
	}
	if err := c.ask(w, at); err != nil {
		return err
	}
	text := "r" + fmt.Sprint(c.Revision) + ": " + fieldsOf(diff)
	if shrinks {
		for _, v := range votes {
			v.Revision, v.Digest, v.Note = c.Revision, c.Digest, "carried(shrink)"
			c.Votes = append(c.Votes, v)
		}
		text += ". It only became smaller, so votes stay."
	} else if len(votes) > 0 {
		text += ". Votes for r" + fmt.Sprint(c.Revision-1) + " count no more."
	}
	c.Decided, c.State = time.Time{}, Pending
	c.Questions = nil
	c.Stopped = time.Time{}
	c.Submitted = at
	c.Expires = c.deadline(at)
	if !c.Expires.After(at) {
		return bot.Errorf(
			bot.Invalid, "The window opens %s, and approvals are needed 15 minutes before. Choose a later start.",
			c.Window.Start,
		).About("start")
	}
	c.Log(EditedEntry, by.Person, at, text)
	switch {
	case c.Needs.Auto != "":
		c.State, c.Decided = Approved, at
	case shrinks && satisfied(c.Stages()):
		c.State, c.Decided, c.Expires = Approved, at, time.Time{}
		c.Log(DecidedEntry, by.Person, at, "Still approved by "+Voters(c.Stages())+".")
	}
	return nil
}

func fieldsOf(diff []plan.Difference) string {
	var names []string
	for _, d := range diff {
		names = append(names, d.Field)
	}
	return "changed " + strings.Join(names, ", ")
}

// Voters are those who voted on the revision before, for asking them again.
func (c *Change) FormerVoters() []bot.PersonID {
	var who []bot.PersonID
	for _, v := range c.Votes {
		if v.Revision == c.Revision-1 && v.Decision == Approve && v.State == Counted && !slices.Contains(who, v.Person) {
			who = append(who, v.Person)
		}
	}
	return who
}

// Ask stops the clock until somebody answers.
func (c *Change) Ask(b Ballot, text string, r Roster, d []Delegation, at time.Time) error {
	if c.State != Pending {
		return c.Over()
	}
	if b.Revision != 0 && b.Revision != c.Revision {
		return ChangedError{b.Revision}
	}
	if err := c.barred(b.Person); err != nil {
		return err
	}
	s, err := c.chooseStage(b, r, d, at)
	if err != nil {
		return err
	}
	c.Questions = append(c.Questions, Question{N: len(c.Questions) + 1, Stage: s.Name, By: b.Person, At: at, Text: text})
	c.stopClock(at)
	c.Log(AskedEntry, b.Person, at, "Asks: "+text)
	return nil
}

// OpenQuestion is the first that waits for an answer, of anybody but the given person.
func (c *Change) OpenQuestion(but bot.PersonID) *Question {
	for i := range c.Questions {
		if q := &c.Questions[i]; q.Answered.IsZero() && (but == "" || q.By != but) {
			return q
		}
	}
	return nil
}

// Answer answers the oldest open question.
func (c *Change) Answer(by bot.PersonID, text string, at time.Time) error {
	if c.State != Pending {
		return c.Over()
	}
	if !c.Owns(by) && !c.Implements(by) {
		return bot.Errorf(
			bot.Forbidden, "%s requested %s and is asked. You can add what you know in the thread.", c.Requester, c.ID(),
		)
	}
	q := c.OpenQuestion("")
	if q == nil {
		return bot.Errorf(bot.Conflict, "No question about %s waits for an answer.", c.ID())
	}
	q.Answer, q.AnsweredBy, q.Answered = text, by, at
	c.Log(AnsweredEntry, by, at, "Answers: "+text)
	c.runClock(at)
	return nil
}

// PutOnHold stops everything without deciding it: nobody can approve or start it, and pipelines are told to wait.
func (c *Change) PutOnHold(by Actor, approver bool, why string, at time.Time) error {
	switch {
	case c.State.Ended() || c.State == Draft:
		return c.Illegal("held")
	case c.Hold.Why != "":
		return bot.Errorf(bot.Conflict, "%s is on hold already, by %s: %s", c.ID(), c.Hold.who(), sentence(c.Hold.Why))
	case !c.Owns(by.Person) && !c.Implements(by.Person) && !by.Manager && !approver:
		return bot.Errorf(
			bot.Forbidden, "%s can be held by its requester, its implementers, its approvers and change managers.", c.ID(),
		)
	}
	c.Hold = Hold{by.Person, at, why}
	c.stopClock(at)
	c.Log(HeldEntry, by.Person, at, "On hold: "+why)
	return nil
}

// Resume ends a hold.
func (c *Change) Resume(by Actor, approver bool, at time.Time) error {
	switch {
	case c.Hold.Why == "":
		return bot.Errorf(bot.Conflict, "%s is not on hold.", c.ID())
	case by.Person != c.Hold.By && !c.Owns(by.Person) && !by.Manager && !approver:
		return bot.Errorf(
			bot.Forbidden, "%s put %s on hold. Its approvers and change managers can resume it.", c.Hold.who(), c.ID(),
		)
	case c.Hold.By != by.Person && !by.Manager && !approver:
		return bot.Errorf(
			bot.Forbidden, "%s put %s on hold: %s Ask an approver or a change manager to resume it.", c.Hold.who(), c.ID(),
			sentence(c.Hold.Why),
		)
	case c.Glass.By != "" && c.Glass.Second == "":
		return bot.Errorf(
			bot.Conflict,
			"%s was started by breaking glass, and no second person has witnessed it. Somebody else has to: /change witness %s",
			c.ID(), c.ID(),
		)
	}
	c.Hold = Hold{}
	c.Log(ResumedEntry, by.Person, at, "Goes on.")
	c.runClock(at)
	return nil
}

// Cancel ends a change that has not started.
func (c *Change) Cancel(by Actor, why string, at time.Time) error {
	if !c.State.Open() {
		return c.Illegal("cancelled")
	}
	if !c.Owns(by.Person) && !by.Manager {
		return bot.Errorf(bot.Forbidden, "Only its requester (%s) and change managers can cancel %s.", c.Requester, c.ID())
	}
	c.State, c.Ended, c.EndReason, c.Outcome, c.Expires = Cancelled, at, why, policy.NotImplemented, time.Time{}
	c.Hold = Hold{}
	c.Log(CancelledEntry, by.Person, at, "Cancelled: "+why)
	return nil
}

// Revise makes a draft of a change that was rejected, expired or cancelled. No vote is carried over.
func (c *Change) Revise(by Actor, at time.Time) error {
	if c.State != Rejected && c.State != Expired && c.State != Cancelled {
		return c.Illegal("revised")
	}
	if err := c.requesterOnly(by, "revise"); err != nil {
		return err
	}
	c.State, c.EndReason, c.Outcome, c.OutcomeNote = Draft, "", "", ""
	c.Revision++
	c.Editor, c.revised = by.Person, true
	c.Needs, c.Questions, c.Conditions, c.Acks, c.Exemptions = policy.Requirement{}, nil, nil, nil, nil
	c.Hold, c.Extended, c.Duties = Hold{}, false, nil
	c.Times = Times{Created: c.Created}
	c.Log(RevisedEntry, by.Person, at, fmt.Sprintf("A draft again (r%d).", c.Revision))
	return nil
}

// Acknowledge takes on a conflict, or a soft freeze, by name. An edit voids it.
func (c *Change) Acknowledge(by Actor, what string, w World, at time.Time) error {
	if !c.State.Open() {
		return c.Illegal("planned anew")
	}
	if !c.Owns(by.Person) && !c.Implements(by.Person) {
		return bot.Errorf(bot.Forbidden, "Only its requester and its implementers can acknowledge a conflict of %s.", c.ID())
	}
	for _, x := range c.Conflicts(w) {
		if x.What != what {
			continue
		}
		switch {
		case x.Blocks:
			return bot.Errorf(
				bot.Conflict, "%s %s, and that cannot be acknowledged. Move its window: /change edit %s start=…", c.ID(), x.Text,
				c.ID(),
			)
		case x.Acked != "":
			return bot.Errorf(bot.Conflict, "%s has acknowledged that already.", x.Acked)
		}
		c.Acks = append(c.Acks, Ack{what, by.Person, at, c.Revision})
		c.Log(AckEntry, by.Person, at, "Acknowledges that it "+x.Text+".")
		return nil
	}
	return bot.Errorf(bot.NotFound, "%s has no conflict with %s. See them with: /change show %s", c.ID(), what, c.ID())
}

// AskExemption adds the approval that lets a change happen in a freeze. Until it is given, the change is pending again.
func (c *Change) AskExemption(by Actor, f policy.Freeze, p *policy.Policy, r Roster, why string, at time.Time) error {
	if c.State != Pending && c.State != Approved {
		return c.Illegal("exempted")
	}
	if !c.Owns(by.Person) && !c.Implements(by.Person) {
		return bot.Errorf(bot.Forbidden, "Only its requester and its implementers can ask for an exemption of %s.", c.ID())
	}
	if f.Exempt == nil {
		return bot.Errorf(
			bot.Conflict, "Nobody can exempt a change from the freeze %s. Move the window: /change edit %s start=…", f.Label(),
			c.ID(),
		)
	}
	if slices.ContainsFunc(c.Needs.Stages, func(s policy.Stage) bool { return s.Name == f.Exempt.Name }) {
		return bot.Errorf(bot.Conflict, "The exemption from %s is asked for already.", f.Label())
	}
	if c.Needs.Groups == nil {
		c.Needs.Groups = map[string]policy.Group{}
	}
	p.AddGroup(c.Needs.Groups, f.Exempt.From)
	stages := append(slices.Clone(c.Needs.Stages), *f.Exempt)
	if why := c.unsatisfiable(stages, r); why != "" {
		return bot.Errorf(bot.Conflict, "Nobody could give this exemption: %s.", why)
	}
	c.Needs.Stages = stages
	if c.Needs.Auto != "" {
		c.Needs.Auto = ""
	}
	c.Log(ExemptEntry, by.Person, at, "Asks for an exemption from the freeze "+f.Label()+": "+why)
	c.settle(by.Person, at)
	return nil
}

// ExemptFromIncident lets whoever leads the incident allow the change while it is open.
func (c *Change) ExemptFromIncident(by Actor, i OpenIncident, override bool, why string, at time.Time) error {
	if !c.State.Open() {
		return c.Illegal("exempted")
	}
	if i.Lead != by.Person && !override {
		lead := "nobody yet"
		if i.Lead != "" {
			lead = "@" + string(i.Lead)
		}
		return bot.Errorf(
			bot.Forbidden, "Whoever leads %s (%s) decides whether %s may go ahead meanwhile.", i.ID, lead, c.ID(),
		)
	}
	if c.Owns(by.Person) {
		return bot.Errorf(bot.Forbidden, "You requested %s, so somebody else has to let it go ahead during %s.", c.ID(), i.ID)
	}
	if slices.ContainsFunc(c.Exemptions, func(e Exemption) bool { return e.What == i.ID }) {
		return bot.Errorf(bot.Conflict, "%s may go ahead during %s already.", c.ID(), i.ID)
	}
	c.Exemptions = append(c.Exemptions, Exemption{i.ID, by.Person, at, why})
	c.Log(ExemptEntry, by.Person, at, "May go ahead although "+i.ID+" is open: "+why)
	return nil
}

// Demand adds something that has to be done before the change starts.
func (c *Change) Demand(by bot.PersonID, text string, at time.Time) error {
	if len(c.Conditions) >= MaxConditions {
		return bot.Errorf(bot.Conflict, "%s has %d conditions, which is the limit.", c.ID(), MaxConditions)
	}
	c.Conditions = append(c.Conditions, Condition{N: len(c.Conditions) + 1, Text: text, By: by})
	c.Log(ConditionEntry, by, at, fmt.Sprintf("On the condition %d: %s", len(c.Conditions), text))
	return nil
}

// Tick marks a condition as met.
func (c *Change) Tick(by Actor, n int, at time.Time) error {
	if n < 1 || n > len(c.Conditions) {
		return bot.Errorf(bot.NotFound, "%s has no condition %d.", c.ID(), n).About("number")
	}
	x := &c.Conditions[n-1]
	switch {
	case !c.State.Open():
		return c.Illegal("prepared")
	case !x.Done.IsZero():
		return bot.Errorf(bot.Conflict, "Condition %d has been met since %s, says %s.", n, x.Done, x.DoneBy)
	case !c.Owns(by.Person) && !c.Implements(by.Person) && by.Person != x.By:
		return bot.Errorf(bot.Forbidden, "Its requester, its implementers and %s can say that this condition is met.", x.By)
	}
	x.Done, x.DoneBy = at, by.Person
	c.Log(ConditionEntry, by.Person, at, fmt.Sprintf("Condition %d is met: %s", n, x.Text))
	return nil
}
