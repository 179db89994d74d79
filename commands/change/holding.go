package change

import (
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
)

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
