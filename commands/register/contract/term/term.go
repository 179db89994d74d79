// Package term is until when a contract binds us, by when notice has to be given, and what became of it. It is pure:
// days come in, and what happens is told by what it returns.
//
//	draft ──start──> active <──> negotiation
//	                   ├──notice sent──> notice given ──last day──> cancelled
//	                   ├──last day, not renewed──> ended
//	                   └──notice day passes, renewal=auto──> active, locked to the next term
package term

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
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

// Period is a period of notice, like 3 months.
type Period struct {
	N    int    `json:",omitempty"`
	Unit string `json:",omitempty"` // day, week or month
}

// String is the period as people write it, "" for none.
func (p Period) String() string {
	if p.N == 0 {
		return ""
	}
	return value.Counted(p.N, p.Unit)
}

var periodForm = regexp.MustCompile(`^([1-9][0-9]{0,2}) ?(d|days?|w|weeks?|m|months?)$`)

// ParsePeriod reads a period like 90 days, 6 weeks or 3 months.
func ParsePeriod(s string) (Period, error) {
	m := periodForm.FindStringSubmatch(strings.ToLower(s))
	if s == "" {
		return Period{}, nil
	}
	if m == nil {
		return Period{}, fmt.Errorf("%q is not a period like 90 days, 6 weeks or 3 months", value.Shown(s, 40))
	}
	n, _ := strconv.Atoi(m[1]) // three digits
	return Period{N: n, Unit: map[byte]string{'d': "day", 'w': "week", 'm': "month"}[m[2][0]]}, nil
}

// before is so long before a day.
func (p Period) before(d value.Day) value.Day {
	switch p.Unit {
	case "month":
		return d.AddMonths(-p.N)
	case "week":
		return d.Add(-7 * p.N)
	}
	return d.Add(-p.N)
}

// Term is what binds us: the dates and the price of a contract, and what became of them.
type Term struct {
	Start         value.Day
	Months        int      `json:",omitempty"` // of the first term
	Renewal       Renewal  `json:",omitempty"`
	RenewalMonths int      `json:",omitempty"`
	Notice        Period   // before the last day
	NoticeTo      NoticeTo `json:",omitempty"`
	Value         value.Money
	Per           Per `json:",omitempty"`

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

// Draft reports that it does not run yet.
func (c *Term) Draft() bool { return c.Start.IsZero() || c.Months == 0 }

// End is the first day that the contract no longer binds us for, unless it renews.
func (c *Term) End() value.Day { return c.nextTermEnd(0) }

// nextTermEnd is the end, some months later or earlier. It counts from the start each time, so that the 31st and
// 29 February do not drift.
func (c *Term) nextTermEnd(months int) value.Day {
	return c.Start.AddMonths(c.Months + c.Extended + c.Renewed + months)
}

// LastDay is the last day that we are bound for, unless it renews: of the term, or the day to which notice was given.
func (c *Term) LastDay() value.Day {
	if c.Given != nil {
		return c.Given.Ends
	}
	return c.End().Add(-1)
}

// leaves is the first day without the contract when notice is given to an end: where notice has to be to the end of a
// month or a quarter, the last such one within the term. This may be earlier than what the vendor takes, never later.
func (c *Term) leaves(end value.Day) value.Day {
	first := value.Day{Year: end.Year, Month: end.Month, Day: 1}
	switch c.NoticeTo {
	case MonthEnd:
		return first
	case QuarterEnd:
		return first.AddMonths(-int(end.Month-time.January) % 3)
	}
	return end
}

// noticeBy is the last day on which notice to an end is in time.
func (c *Term) noticeBy(end value.Day) value.Day { return c.Notice.before(c.leaves(end)).Add(-1) }

// NoticeBy is the last day on which notice is in time, zero where none is needed.
func (c *Term) NoticeBy() value.Day {
	if c.Draft() || c.Renewal != Auto || c.Notice.N == 0 {
		return value.Day{}
	}
	return c.noticeBy(c.End())
}

// periods is how many months each price is for.
var periods = map[Per]int64{Month: 1, Quarter: 3, Year: 12}

// Cost is what so many months cost, zero where that is not known or is paid once.
func (c *Term) Cost(months int) value.Money {
	of := periods[c.Per]
	if c.Value.IsZero() || of == 0 {
		return value.Money{}
	}
	// Halves are rounded up, as an invoice does. Check keeps the product small enough.
	sum := new(big.Int).Mul(big.NewInt(c.Value.Minor), big.NewInt(int64(months)*2))
	sum.Add(sum, big.NewInt(of)).Div(sum, big.NewInt(2*of))
	return value.Money{Minor: sum.Int64(), Currency: c.Value.Currency}
}

// Yearly is what a year costs.
func (c *Term) Yearly() value.Money { return c.Cost(12) }

// Price is the price with what it is for, "" where it is not known.
func (c *Term) Price() string {
	switch {
	case c.Value.IsZero():
		return ""
	case periods[c.Per] > 0:
		return c.Value.String() + " a " + string(c.Per)
	}
	return c.Value.String() + " once"
}
