// Package contract keeps what we signed: until when it binds us, by when notice has to be given, and what was decided.
//
//	draft ──start──> active <──> negotiation
//	                   ├──notice sent──> notice given ──last day──> cancelled
//	                   ├──last day, not renewed──> ended
//	                   └──notice day passes, renewal=auto──> active, locked to the next term
package contract

import (
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
)

// Renewal is what happens at the end of a term.
type Renewal string

const (
	None   Renewal = "none"
	Auto   Renewal = "auto"
	Manual Renewal = "manual"
)

// NoticeTo is to which days notice can be given.
type NoticeTo string

const (
	AnyDay     NoticeTo = "any"
	MonthEnd   NoticeTo = "month-end"
	QuarterEnd NoticeTo = "quarter-end"
)

// Per is what a price is for.
type Per string

const (
	Month   Per = "month"
	Quarter Per = "quarter"
	Year    Per = "year"
	Once    Per = "once"
)

// Decision is what is to become of a contract.
type Decision string

const (
	Renew       Decision = "renew"
	Renegotiate Decision = "renegotiate"
	Cancel      Decision = "cancel"
)

// Notice is that we cancelled.
type Notice struct {
	Sent, Ends value.Day
	Proof      string
}

// Contract is what we signed with a vendor.
type Contract struct {
	register.Head
	Vendor, Reference, Sort string `json:",omitempty"` // Sort is the kind of contract, like software
	Start                   value.Day
	Months                  int      `json:",omitempty"` // of the first term
	Renewal                 Renewal  `json:",omitempty"`
	RenewalMonths           int      `json:",omitempty"`
	Notice                  Period   // before the last day
	NoticeTo                NoticeTo `json:",omitempty"`
	Value                   value.Money
	Per                     Per `json:",omitempty"`
	Indexation              int `json:",omitempty"` // percent a year
	Billing                 int `json:",omitempty"` // month of the year
	PriceChange             value.Day
	SLA, Document           string `json:",omitempty"`

	// Renewed is how many months it renewed itself for under its Terms, Extended how many people renewed it for.
	Renewed, Extended int       `json:",omitempty"`
	Terms             string    `json:",omitempty"`
	Passed            value.Day // until when what happened was told
	Decision          Decision  `json:",omitempty"`
	DecidedBy         bot.PersonID
	DecidedOn         value.Day
	Given             *Notice   `json:",omitempty"`
	Over              value.Day // the first day without it
}

func (c *Contract) draft() bool { return c.Start.IsZero() || c.Months == 0 }

// Standing implements register.Stated.
func (c *Contract) Standing() string {
	switch {
	case !c.Over.IsZero() && c.Given != nil:
		return "cancelled"
	case !c.Over.IsZero():
		return "ended"
	case c.draft():
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

// Check implements register.Checker. When its terms were corrected, its renewals are counted anew.
func (c *Contract) Check() error {
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

// Dues implements register.Dated. A decision to cancel quiets nothing: notice has to be sent.
func (c *Contract) Dues() []register.Due {
	if !c.Over.IsZero() || c.draft() {
		return nil
	}
	act := func(label, verb string) *bot.Action { return &bot.Action{Label: label, Command: verb, Form: true} }
	var list []register.Due
	switch {
	case c.Given != nil:
		list = append(list, register.Due{What: "term-end", On: c.LastDay(), Text: "last day: see that all works without it"})
	case c.Renewal != Auto:
		list = append(list, register.Due{
			What: "term-end", On: c.LastDay(), Text: "last day: renew it" + c.worth() + ", or let it end",
			Done: act("Renew…", "renew"),
		})
	case c.Decision == Cancel:
		list = append(list, register.Due{
			What: "notice", On: c.NoticeBy(), Text: "send the notice, and record that", Done: act("Notice sent…", "notice"),
		})
	case c.Decision != Renew:
		list = append(list, register.Due{
			What: "notice", On: c.NoticeBy(), Text: "decide whether to renew" + c.worth(), Done: act("Decide…", "decide"),
		})
	}
	if !c.PriceChange.IsZero() {
		list = append(list, register.Due{
			What: "price", On: c.PriceChange, Text: "check the new price", Done: act("Edit…", "edit"),
		})
	}
	return list
}

// worth is what is at stake.
func (c *Contract) worth() string {
	if c.Yearly().IsZero() {
		return ""
	}
	return " for " + c.Yearly().String() + " a year"
}

// Wakes implements register.Timed: the day after notice would have been in time, or the first day without it.
func (c *Contract) Wakes() value.Day {
	switch {
	case !c.Over.IsZero() || c.draft():
		return value.Day{}
	case c.Given == nil && c.Renewal == Auto && c.RenewalMonths > 0 && c.Notice.N > 0:
		return c.NoticeBy().Add(1)
	}
	return c.LastDay().Add(1)
}

// Pass implements register.Timed. What happened before the contract was recorded is not told.
func (c *Contract) Pass(today value.Day) string {
	for on := c.Wakes(); !on.IsZero() && !today.Before(on); on = c.Wakes() {
		tell := func(name, words string) {
			if c.Passed.Before(on) && !on.Before(value.DayOf(c.Added.UTC())) {
				c.Tell(name, words)
				c.Passed = on
			}
		}
		if c.Given != nil || c.Renewal != Auto {
			c.Over = on
			tell(map[bool]string{true: "cancelled", false: "ended"}[c.Given != nil], "ended on "+on.Add(-1).Long()+c.covered())
			continue
		}
		c.Renewed += c.RenewalMonths
		words := fmt.Sprintf("locked to %s, cost %s", c.LastDay().Long(), c.cost(c.RenewalMonths))
		switch c.Decision {
		case Renew:
			tell("renewed", "renewed on "+on.Long()+" as decided, "+words)
		case Cancel:
			tell("missed", "the notice was not sent in time: auto-renewed on "+on.Long()+", "+words)
		default:
			tell("auto-renewed", "auto-renewed on "+on.Long()+", "+words)
		}
		c.undecide()
	}
	return ""
}

func (c *Contract) undecide() { c.Decision, c.DecidedBy, c.DecidedOn = "", "", value.Day{} }

func (c *Contract) cost(months int) string {
	if m := c.Cost(months); !m.IsZero() {
		return m.String()
	}
	return "not known"
}

// covered warns of what worked by it. Everybody who may see the contract reads it, so it names what everybody may see.
func (c *Contract) covered() string {
	var ids []string
	for _, l := range c.By(covers) {
		if l.Open && !l.Archived {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "; it covered " + strings.Join(ids, ", ")
}

// Decide records what is to become of it.
func (c *Contract) Decide(d Decision, by bot.PersonID, today value.Day) error {
	switch {
	case !c.Over.IsZero():
		return c.conflict("%s ended on %s, so there is nothing left to decide.", c.ID, c.Over.Add(-1).Long())
	case c.draft():
		return c.noTerm(today)
	case c.Given != nil:
		return c.conflict("Notice was given on %s, so there is nothing left to decide. If the contract goes on after all: "+
			"/ops contract renew %s months=12", c.Given.Sent.Long(), c.ID)
	}
	c.Decision, c.DecidedBy, c.DecidedOn = d, by, today
	return nil
}

func (c *Contract) conflict(format string, args ...any) error {
	return bot.Errorf(bot.Conflict, format, args...)
}

func (c *Contract) noTerm(today value.Day) error {
	return c.conflict("%s has no term yet. Say when it starts: /ops contract edit %[1]s start=%s months=12", c.ID, today)
}

// Cancel records that notice was sent on a day, with what proves it. ends is a day that the vendor agreed to, zero for
// the next possible one. A notice that was sent in time and is recorded late undoes the renewal since then.
func (c *Contract) Cancel(sent, ends value.Day, proof string, today value.Day) error {
	switch {
	case !c.Over.IsZero():
		return c.conflict("%s ended on %s already.", c.ID, c.Over.Add(-1).Long())
	case c.draft():
		return c.noTerm(today)
	case c.Given != nil:
		return c.conflict("Notice was given on %s already; it ends on %s.", c.Given.Sent.Long(), c.Given.Ends.Long())
	case today.Before(sent):
		return bot.Errorf(bot.Invalid, "Sent: %s is not yet. Record it when it was sent.", sent.Long()).About("sent")
	case sent.Before(c.Start):
		return bot.Errorf(bot.Invalid, "Sent: %s is before the contract started.", sent.Long()).About("sent")
	}
	before := func() value.Day { return c.noticeBy(c.nextTermEnd(-c.RenewalMonths)) }
	for c.Renewal == Auto && c.Renewed >= c.RenewalMonths && !before().Before(sent) {
		c.Renewed -= c.RenewalMonths
	}
	if ends.IsZero() {
		ends = c.leaves(c.End()).Add(-1)
		if by := c.NoticeBy(); !by.IsZero() && by.Before(sent) {
			return bot.Errorf(bot.Invalid, "Sent: notice had to be given by %s. If the vendor accepts it all the same, write the "+
				"agreed last day, like ends=%s.", by.Long(), ends).About("sent")
		}
	}
	if ends.Before(sent) {
		return bot.Errorf(bot.Invalid, "Ends: %s is before the notice was sent.", ends.Long()).About("ends")
	}
	c.undecide()
	c.Given = &Notice{Sent: sent, Ends: ends, Proof: proof}
	c.Tell("notice given", fmt.Sprintf("sent on %s, ends on %s, saves %s a year", sent.Long(), ends.Long(), c.cost(12)))
	return nil
}

// Extend renews it for some months, at a price that is given or the one before.
func (c *Contract) Extend(months int, price value.Money, today value.Day) error {
	if months == 0 {
		months = c.RenewalMonths
	}
	switch {
	case c.draft():
		return c.noTerm(today)
	case months == 0:
		return bot.Errorf(bot.Invalid, "Months: say for how many months, like months=12.").About("months")
	case !today.Before(c.End().AddMonths(months)):
		return bot.Errorf(bot.Invalid, "Months: with %s more it still ends on %s, which is past. Renew it for longer.",
			value.Counted(months, "month"), c.End().AddMonths(months).Add(-1).Long()).About("months")
	}
	if !price.IsZero() {
		c.Value = price
	}
	c.Extended += months
	c.Given, c.Over = nil, value.Day{}
	c.undecide()
	c.Tell("renewed", fmt.Sprintf("renewed until %s, cost %s", c.LastDay().Long(), c.cost(months)))
	return nil
}
