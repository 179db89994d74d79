package oncall

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Duty is a rota as others need to know it.
type Duty struct {
	Rota     *Rota
	Who      bot.PersonID // responsible now; "" is nobody
	Now      Shift
	Next     Shift
	Open     *Handover
	Gaps     []Shift // of the next fortnight
	StandIns []Stand // that are in force, now or in the next fortnight
	Pages    []*Page // since the time asked for
}

// Duties are all rotas at a time, with their pages since another.
func (s *Service) Duties(ctx context.Context, since, now time.Time) ([]Duty, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return nil, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return nil, err
	}
	var list []Duty
	for _, r := range all {
		v, err := s.view(ctx, r, now, active)
		if err != nil {
			return nil, err
		}
		d := Duty{Rota: r, Who: v.Who, Now: v.Now, Next: v.Next, Open: v.Open, Gaps: v.Gaps}
		for _, x := range v.Stands {
			if x.counts() && active(x.Person) && x.Source != "calendar" && x.To.After(now) &&
				x.From.Before(now.AddDate(0, 0, 14)) {
				d.StandIns = append(d.StandIns, x)
			}
		}
		if d.Pages, err = s.keep.Pages(ctx, r.Name, since); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// Find finds a hand-over by its id, with its rota. bot.ErrNoSuch: there is none.
func (s *Service) Find(ctx context.Context, id string) (*Handover, *Rota, error) {
	n, err := number(id, "HO")
	if err != nil {
		return nil, nil, bot.ErrNoSuch
	}
	h, err := s.keep.Handover(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		if r.Name == h.Rota {
			return h, r, nil
		}
	}
	return h, &Rota{Name: h.Rota, Zone: "UTC"}, nil // it has ended
}
