package ask

import (
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// readDay reads a day. It has no zone: what is typed as a date, or picked, is that day for everybody.
func readDay(p *bot.Param, raw string, today value.Day) (value.Day, error) {
	d, err := value.OnDay(raw, today, p.Toward)
	if err != nil {
		return d, invalid(p, err)
	}
	away := d.Since(today)
	if bounded(p) && (away < p.Min || away > p.Max) {
		first, last := today.Add(p.Min), today.Add(p.Max)
		near := last
		if d.Before(first) {
			near = first
		}
		return d, bot.Errorf(bot.Invalid, "%s: %s is not from %s to %s. Write %s.", p.Caption(), d, first, last, near)
	}
	return d, nil
}

// bounded reports whether Min and Max limit the parameter, of the kinds that need no limits.
func bounded(p *bot.Param) bool { return p.Min != 0 || p.Max != 0 }

func readMoney(p *bot.Param, raw string) (value.Money, error) {
	m, err := value.ParseMoney(raw, p.Sign)
	switch {
	case err != nil:
		return m, invalid(p, err)
	case bounded(p) && m.CompareUnits(int64(p.Min)) < 0:
		return m, bot.Errorf(bot.Invalid, "%s: %s is less than the limit of %d %s. Write %[3]d %[4]s.",
			p.Caption(), m, p.Min, m.Currency)
	case bounded(p) && m.CompareUnits(int64(p.Max)) > 0:
		return m, bot.Errorf(bot.Invalid, "%s: %s is more than the limit of %d %s. Write %[3]d %[4]s.",
			p.Caption(), m, p.Max, m.Currency)
	}
	return m, nil
}
