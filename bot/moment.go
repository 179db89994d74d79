package bot

import (
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Moment is the point in time that an input shows or showed, zero when it is empty or stands for none. Words that count
// from something else, like the length of a window, are none.
func (p *Param) Moment(raw string, now time.Time, zone *time.Location) time.Time {
	if at, err := time.ParseInLocation("2006-01-02 15:04", raw, zone); err == nil {
		return at
	}
	if at, err := time.Parse(time.RFC3339, raw); err == nil || p.Kind != TimeParam {
		return at
	}
	for _, toward := range []value.Toward{value.Past, value.Future} {
		if at, err := value.When(raw, now, zone, toward); err == nil {
			return at
		}
	}
	return time.Time{}
}

// sameMoment reports whether two texts are the same minute: pickers of platforms spell a time in another way than we
// do.
func (p *Param) sameMoment(a, b string, c *Call) bool {
	x, y := p.Moment(a, c.Now, c.Zone), p.Moment(b, c.Now, c.Zone)
	return !x.IsZero() && x.Truncate(time.Minute).Equal(y.Truncate(time.Minute))
}
