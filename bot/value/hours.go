package value

import (
	"slices"
	"time"
)

// Hours are the hours of a week by the clocks of a zone.
type Hours struct {
	Days     []time.Weekday
	From, To int // minutes of the day; To may be 24*60
	Zone     *time.Location
}

// In lists the hours in a period.
func (h Hours) In(p Span) Spans {
	var list []Span
	for day := DayOf(p.From.In(h.Zone).AddDate(0, 0, -1)); !day.At(0, h.Zone).After(p.To); day = day.Add(1) {
		if slices.Contains(h.Days, day.Weekday()) {
			list = append(list, Span{From: day.At(h.From, h.Zone), To: day.At(h.To, h.Zone)})
		}
	}
	return Union(list...).And(Union(p))
}
