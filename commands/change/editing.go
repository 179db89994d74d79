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
