package contract

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Period is a period of notice, like 3 months.
type Period struct {
	N    int    `json:",omitempty"`
	Unit string `json:",omitempty"` // day, week or month
}

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

// nextTerm is the first day after the first term and k renewals. It counts from the start each time, so that the 31st
// and 29 February do not drift.
func (c *Contract) nextTerm(k int) value.Day { return c.Start.AddMonths(c.Months + k*c.RenewalMonths) }

// End is the first day that the contract no longer binds us for, unless it renews.
func (c *Contract) End() value.Day { return c.nextTermEnd(0) }

// nextTermEnd is the end, some months later or earlier, counted from the start.
func (c *Contract) nextTermEnd(months int) value.Day {
	return c.Start.AddMonths(c.Months + c.Extended + c.Renewed + months)
}

// LastDay is the last day that we are bound for, unless it renews: of the term, or the day to which notice was given.
func (c *Contract) LastDay() value.Day {
	if c.Given != nil {
		return c.Given.Ends
	}
	return c.End().Add(-1)
}

// leaves is the first day without the contract when notice is given to an end: where notice has to be to the end of a
// month or a quarter, the last such one within the term. This may be earlier than what the vendor takes, never later.
func (c *Contract) leaves(end value.Day) value.Day {
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
func (c *Contract) noticeBy(end value.Day) value.Day { return c.Notice.before(c.leaves(end)).Add(-1) }

// NoticeBy is the last day on which notice is in time, zero where none is needed.
func (c *Contract) NoticeBy() value.Day {
	if c.draft() || c.Renewal != Auto || c.Notice.N == 0 {
		return value.Day{}
	}
	return c.noticeBy(c.End())
}

// periods is how many months each price is for.
var periods = map[Per]int64{Month: 1, Quarter: 3, Year: 12}

// Cost is what so many months cost, zero where that is not known or is paid once.
func (c *Contract) Cost(months int) value.Money {
	of := periods[c.Per]
	if c.Value.IsZero() || of == 0 {
		return value.Money{}
	}
	// Halves are rounded up, as an invoice does. Check keeps the product small enough.
	sum := new(big.Int).Mul(big.NewInt(c.Value.Minor), big.NewInt(int64(months)*2))
	sum.Add(sum, big.NewInt(of)).Div(sum, big.NewInt(2*of))
	return value.Money{Minor: sum.Int64(), Currency: c.Value.Currency}
}

// Yearly implements register.Costed.
func (c *Contract) Yearly() value.Money { return c.Cost(12) }
