package bot

import (
	"cmp"
	"fmt"

	"github.com/watchbell/watchbell/bot/value"
)

// today is the day of the call where the person is: all that a day depends on.
func (c *Call) today() value.Day { return value.DayOf(c.Now.In(c.Zone)) }

// readDay reads a day. It has no zone: what is typed as a date, or picked, is that day for everybody.
func (p *Param) readDay(raw string, today value.Day) (value.Day, error) {
	d, err := value.OnDay(raw, today, p.Toward)
	if err != nil {
		return d, invalid(p, err)
	}
	away := d.Since(today)
	if p.bounded() && (away < p.Min || away > p.Max) {
		first, last := today.Add(p.Min), today.Add(p.Max)
		near := last
		if d.Before(first) {
			near = first
		}
		return d, Errorf(Invalid, "%s: %s is not from %s to %s. Write %s.", p.label(), d, first, last, near)
	}
	return d, nil
}

// bounded reports whether Min and Max limit the parameter, of the kinds that need no limits.
func (p *Param) bounded() bool { return p.Min != 0 || p.Max != 0 }

func (p *Param) readMoney(raw string) (value.Money, error) {
	m, err := value.ParseMoney(raw, p.Sign)
	switch {
	case err != nil:
		return m, invalid(p, err)
	case p.bounded() && m.CompareUnits(int64(p.Min)) < 0:
		return m, Errorf(Invalid, "%s: %s is less than the limit of %d %s. Write %[3]d %[4]s.",
			p.label(), m, p.Min, m.Currency)
	case p.bounded() && m.CompareUnits(int64(p.Max)) > 0:
		return m, Errorf(Invalid, "%s: %s is more than the limit of %d %s. Write %[3]d %[4]s.",
			p.label(), m, p.Max, m.Currency)
	}
	return m, nil
}

// pickedDay is the day that an input shows or showed, the zero Day when it is empty or stands for none.
func (p *Param) pickedDay(raw string, today value.Day) value.Day {
	for _, toward := range []value.Toward{p.Toward, value.Either} {
		if d, err := value.OnDay(raw, today, toward); err == nil {
			return d
		}
	}
	return value.Day{}
}

// sameCivil reports whether two texts are the same day or amount, however that is spelled.
func (p *Param) sameCivil(a, b string, c *Call) bool {
	if p.Kind == DayParam {
		x, y := p.pickedDay(a, c.today()), p.pickedDay(b, c.today())
		return x == y && !x.IsZero()
	}
	x, errX := value.ParseMoney(a, value.AnySign)
	y, errY := value.ParseMoney(b, value.AnySign)
	return x == y && cmp.Or(errX, errY) == nil
}

// checkCivil holds a day or an amount to bounds that something fits in.
func (p *Param) checkCivil() error {
	switch {
	case p.Kind != DayParam && p.Kind != MoneyParam:
		return nil
	case p.Min > p.Max:
		return fmt.Errorf("%q has bounds that nothing fits in", p.Name)
	case p.Kind == MoneyParam && p.Min < 0 && p.Sign == value.NotNegative:
		return fmt.Errorf("%q has a negative bound, and may not be negative", p.Name)
	case p.Kind == DayParam && (p.Toward == value.Past && p.Max > 0 || p.Toward == value.Future && p.Min < 0):
		return fmt.Errorf("%q has bounds on the other side of today", p.Name)
	}
	return nil
}
