package change

import (
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const reviewHolding = "review"

// Owned is what somebody has to do about it. A change that they requested stays theirs: who may approve it depends on
// who requested it.
func (c *Change) Owned(who bot.PersonID) []bot.Holding {
	if c.State.Ended() {
		return nil
	}
	var list []bot.Holding
	if d := c.Owed(PIR); d != nil && d.Owner == who {
		list = append(list, bot.Holding{
			Object: c.ID(), What: reviewHolding, Text: PIR.Label() + " of " + value.Shown(c.Title, 60),
		})
	}
	if c.Requester == who {
		list = append(list, bot.Holding{
			Object: c.ID(), Text: "requested: " + value.Shown(c.Title, 60),
			Stays: "Who may approve a change depends on who requested it. Request it anew, and cancel this one.",
		})
	}
	return list
}

// AssignReview gives the post-implementation review to somebody else: as whoever owes it, as requester or as a change
// manager.
func (c *Change) AssignReview(by Actor, to bot.PersonID, at time.Time) error {
	d := c.Owed(PIR)
	switch {
	case d == nil || c.State.Ended():
		return bot.Errorf(bot.Conflict, "%s owes no %s.", c.ID(), PIR.Label())
	case by.Person != d.Owner && by.Person != c.Requester && !by.Manager:
		return bot.Errorf(
			bot.Forbidden, "Only %s, who requested %s and change managers can give its review away.", d.Owner, c.ID(),
		)
	case d.Owner == to:
		return bot.Errorf(bot.Conflict, "%s writes the review of %s already.", to, c.ID())
	}
	c.HandReview(d.Owner, to, by.Person, at)
	return nil
}

// HandReview gives the post-implementation review that somebody owes to somebody else. It reports whether it was still
// theirs.
func (c *Change) HandReview(from, to, by bot.PersonID, at time.Time) bool {
	d := c.Owed(PIR)
	if d == nil || d.Owner != from || c.State.Ended() {
		return false
	}
	d.Owner = to
	c.Log(DutyEntry, by, at, fmt.Sprintf("@%s writes the %s.", to, PIR.Label()))
	return true
}
