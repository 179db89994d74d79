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
	c.Needs.Services = w.Catalog.Facts(c.Services)
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
