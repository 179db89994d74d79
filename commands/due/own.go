package due

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// own is what is overdue or due of somebody's in the next days, whatever it is of.
func (s *Service) own(ctx context.Context, p bot.Person) (bot.Own, error) {
	o := bot.Own{
		Title: "Due", Actions: []bot.Action{{Label: "What is due of mine", Command: listDue, Args: map[string]string{"person": "@" + string(p.ID)}}},
	}
	now, zone := s.o.Clock.Now(), p.LocationOr(s.o.Zone)
	staff, err := s.staff(ctx)
	if err != nil {
		return o, err
	}
	list, err := s.store.List(ctx, Filter{
		Until: value.DayOf(now.In(zone)).Add(int(ahead / day)), Owner: p.ID, Limit: bot.OwnLines + 1,
	})
	v := view{reader: p, staff: staff, now: now, zone: zone}
	for _, d := range list {
		o.Lines = append(o.Lines, v.line(d))
	}
	return o, err
}
