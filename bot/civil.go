package bot

import (
	"cmp"
	"fmt"

	"github.com/watchbell/watchbell/bot/value"
)

// Today is the day of the call where the person is: all that a day depends on.
func (c *Call) Today() value.Day { return value.DayOf(c.Now.In(c.Zone)) }

// PickedDay is the day that an input shows or showed, the zero Day when it is empty or stands for none.
func (p *Param) PickedDay(raw string, today value.Day) value.Day {
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
		x, y := p.PickedDay(a, c.Today()), p.PickedDay(b, c.Today())
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
