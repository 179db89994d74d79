package term

import (
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// At is what somebody acts on, and when.
type At struct {
	ID    string // of the contract
	Today value.Day
}

// Standing is the state that it is in.
func (c *Term) Standing() string {
	switch {
	case !c.Over.IsZero() && c.Given != nil:
		return "cancelled"
	case !c.Over.IsZero():
		return "ended"
	case c.Draft():
		return "draft"
	case c.Given != nil:
		return "notice given"
	case c.Decision == Renegotiate:
		return "negotiation"
	}
	return "active"
}

// most keeps sums of many years within what can be counted.
const most = int64(1e15)

// Check refuses what does not fit together. When its terms were corrected, its renewals are counted anew.
func (c *Term) Check() error {
	invalid := func(field, format string, args ...any) error {
		return bot.Errorf(bot.Invalid, format, args...).About(field)
	}
	switch {
	case !c.Start.IsZero() && c.Months == 0:
		return invalid("months", "Say how many months the first term has, like months=12.")
	case c.Start.IsZero() && c.Months > 0:
		return invalid("start", "Say which day it starts, like start=2026-01-01.")
	case !c.Start.IsZero() && (c.Start.Year < 1950 || c.Start.Year > 2150):
		return invalid("start", "Start: %s is out of reach. Write a day from 1950 to 2150, like 2026-01-01.", c.Start)
	case c.Renewal == Auto && c.RenewalMonths == 0:
		return invalid("renewal-months", "Say for how many months it renews by itself, like renewal-months=12.")
	case c.Renewal == Auto && c.Notice.N == 0:
		return invalid("notice", "A contract that renews by itself needs a period of notice, like notice=\"3 months\".")
	case !c.Value.IsZero() && c.Per == "":
		return invalid("per", "Say what the value is for: per=month, quarter, year or once.")
	case c.Value.Minor > most:
		return invalid("value", "Value: %s is too much to be summed up. Is this right?", c.Value)
	}
	terms := fmt.Sprint(c.Start, c.Months, c.Renewal, c.RenewalMonths, c.Notice, c.NoticeTo)
	if terms != c.Terms && c.Given == nil {
		c.Renewed, c.Over = 0, value.Day{}
	}
	c.Terms = terms
	return nil
}

// Worth is what is at stake.
func (c *Term) Worth() string {
	if c.Yearly().IsZero() {
		return ""
	}
	return " for " + c.Yearly().String() + " a year"
}

// Wakes is the day on which time changes it next: the day after notice would have been in time, or the first day
// without it.
func (c *Term) Wakes() value.Day {
	switch {
	case !c.Over.IsZero() || c.Draft():
		return value.Day{}
	case c.Given == nil && c.Renewal == Auto && c.RenewalMonths > 0 && c.Notice.N > 0:
		return c.NoticeBy().Add(1)
	}
	return c.LastDay().Add(1)
}

// Event is what happened to a contract, by a name that its register tells of.
type Event struct{ Name, Words string }

// Advance makes it what it is on a day, which is the one on which it wakes or later, and returns what happened since it
// was recorded. covered ends what is said of its end.
func (c *Term) Advance(today, recorded value.Day, covered string) []Event {
	var list []Event
	for on := c.Wakes(); !on.IsZero() && !today.Before(on); on = c.Wakes() {
		e := c.step(on, covered)
		if c.Passed.Before(on) && !on.Before(recorded) {
			list, c.Passed = append(list, e), on
		}
	}
	return list
}

// step is what one day changes.
func (c *Term) step(on value.Day, covered string) Event {
	if c.Given != nil || c.Renewal != Auto {
		c.Over = on
		name := "ended"
		if c.Given != nil {
			name = "cancelled"
		}
		return Event{name, "ended on " + on.Add(-1).Long() + covered}
	}
	decision := c.Decision
	c.Renewed += c.RenewalMonths
	c.undecide()
	words := fmt.Sprintf("locked to %s, cost %s", c.LastDay().Long(), c.cost(c.RenewalMonths))
	switch decision {
	case Renew:
		return Event{"renewed", "renewed on " + on.Long() + " as decided, " + words}
	case Cancel:
		return Event{"missed", "the notice was not sent in time: auto-renewed on " + on.Long() + ", " + words}
	}
	return Event{"auto-renewed", "auto-renewed on " + on.Long() + ", " + words}
}

func (c *Term) undecide() { c.Decision, c.DecidedBy, c.DecidedOn = "", "", value.Day{} }

func (c *Term) cost(months int) string {
	if m := c.Cost(months); !m.IsZero() {
		return m.String()
	}
	return "not known"
}

// Decide records what is to become of it.
func (c *Term) Decide(at At, d Decision, by bot.PersonID) error {
	switch {
	case !c.Over.IsZero():
		return c.conflict("%s ended on %s, so there is nothing left to decide.", at.ID, c.Over.Add(-1).Long())
	case c.Draft():
		return c.noTerm(at)
	case c.Given != nil:
		return c.conflict("Notice was given on %s, so there is nothing left to decide. If the contract goes on after all: "+
			"/ops contract renew %s months=12", c.Given.Sent.Long(), at.ID)
	}
	c.Decision, c.DecidedBy, c.DecidedOn = d, by, at.Today
	return nil
}

func (c *Term) conflict(format string, args ...any) error {
	return bot.Errorf(bot.Conflict, format, args...)
}

func (c *Term) noTerm(at At) error {
	return c.conflict("%s has no term yet. Say when it starts: /ops contract edit %[1]s start=%s months=12", at.ID,
		at.Today)
}

// Cancel records that notice was sent on a day, with what proves it. ends is a day that the vendor agreed to, zero for
// the next possible one. A notice that was sent in time and is recorded late undoes the renewal since then.
func (c *Term) Cancel(at At, sent, ends value.Day, proof string) (words string, err error) {
	switch {
	case !c.Over.IsZero():
		return "", c.conflict("%s ended on %s already.", at.ID, c.Over.Add(-1).Long())
	case c.Draft():
		return "", c.noTerm(at)
	case c.Given != nil:
		return "", c.conflict("Notice was given on %s already; it ends on %s.", c.Given.Sent.Long(), c.Given.Ends.Long())
	case at.Today.Before(sent):
		return "", bot.Errorf(bot.Invalid, "Sent: %s is not yet. Record it when it was sent.", sent.Long()).About("sent")
	case sent.Before(c.Start):
		return "", bot.Errorf(bot.Invalid, "Sent: %s is before the contract started.", sent.Long()).About("sent")
	}
	before := func() value.Day { return c.noticeBy(c.nextTermEnd(-c.RenewalMonths)) }
	for c.Renewal == Auto && c.Renewed >= c.RenewalMonths && !before().Before(sent) {
		c.Renewed -= c.RenewalMonths
	}
	if ends.IsZero() {
		ends = c.leaves(c.End()).Add(-1)
		if by := c.NoticeBy(); !by.IsZero() && by.Before(sent) {
			return "", bot.Errorf(bot.Invalid, "Sent: notice had to be given by %s. If the vendor accepts it all the same, "+
				"write the agreed last day, like ends=%s.", by.Long(), ends).About("sent")
		}
	}
	if ends.Before(sent) {
		return "", bot.Errorf(bot.Invalid, "Ends: %s is before the notice was sent.", ends.Long()).About("ends")
	}
	c.undecide()
	c.Given = &Notice{Sent: sent, Ends: ends, Proof: proof}
	return fmt.Sprintf("sent on %s, ends on %s, saves %s a year", sent.Long(), ends.Long(), c.cost(12)), nil
}

// Extend renews it for some months, at a price that is given or the one before.
func (c *Term) Extend(at At, months int, price value.Money) (words string, err error) {
	if months == 0 {
		months = c.RenewalMonths
	}
	switch {
	case c.Draft():
		return "", c.noTerm(at)
	case months == 0:
		return "", bot.Errorf(bot.Invalid, "Months: say for how many months, like months=12.").About("months")
	case !at.Today.Before(c.End().AddMonths(months)):
		return "", bot.Errorf(bot.Invalid, "Months: with %s more it still ends on %s, which is past. Renew it for longer.",
			value.Counted(months, "month"), c.End().AddMonths(months).Add(-1).Long()).About("months")
	}
	if !price.IsZero() {
		c.Value = price
	}
	c.Extended += months
	c.Given, c.Over = nil, value.Day{}
	c.undecide()
	return fmt.Sprintf("renewed until %s, cost %s", c.LastDay().Long(), c.cost(months)), nil
}
