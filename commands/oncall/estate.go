package oncall

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// handedAhead is how far ahead the shifts of somebody who leaves are handed over. The turns themselves stay as they
// are, for what was is computed from them too.
const handedAhead = 90 * 24 * time.Hour

const (
	shiftsHolding = "shifts"
	leadHolding   = "lead"
)

// errNotTheirs ends a hand-over of what somebody else has by now.
var errNotTheirs = errors.New("it is not theirs any more")

// coming are the shifts of somebody that end within the time that is handed over.
func (r *Rota) coming(who bot.PersonID, now time.Time, stands []Stand) []Shift {
	var list []Shift
	for _, x := range r.Shifts(now, now.Add(handedAhead), stands) {
		if x.Person == who {
			list = append(list, x)
		}
	}
	return list
}

// owned are the shifts to come of somebody, and the rotas that they lead.
func (s *Service) owned(ctx context.Context, who bot.PersonID) ([]bot.Holding, error) {
	rotas, err := s.keep.Rotas(ctx)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	var list []bot.Holding
	for _, r := range rotas {
		stands, err := s.keep.Stands(ctx, r.Name, now)
		if err != nil {
			return nil, err
		}
		if shifts := r.coming(who, now, stands); len(shifts) > 0 {
			last := value.DayOf(shifts[len(shifts)-1].To.In(r.Location()))
			list = append(list, bot.Holding{
				Object: object(r.Name), What: shiftsHolding,
				Text: fmt.Sprintf("%s until %s; make the rota anew without them before that", value.Counted(len(shifts), "shift"),
					last.Long()),
			})
		}
		if r.Lead == who {
			list = append(list, bot.Holding{Object: object(r.Name), What: leadHolding, Text: "asked when nobody else answers"})
		}
	}
	return list, nil
}

// object is what the audit log calls a rota.
func object(rota string) string { return "rota/" + rota }

// hand gives the shifts to come, or the lead, to somebody else.
func (s *Service) hand(ctx context.Context, c *bot.Call, h bot.Holding, from, to bot.PersonID) error {
	name := strings.TrimPrefix(h.Object, object(""))
	err := s.keep.UpdateRota(ctx, name, c.Now.Add(-back), func(r *Rota, stands []Stand) ([]Stand, bot.Effects, error) {
		said := ""
		var added []Stand
		if h.What == leadHolding && r.Lead == from {
			r.Lead, said = to, "lead: @"+string(to)
		}
		if h.What == shiftsHolding {
			for _, x := range r.coming(from, c.Now, stands) {
				added = append(added, Stand{
					N: len(stands) + len(added) + 1, Person: to, From: x.From.UTC(), To: x.To.UTC(), For: from, Source: "override",
					By: c.Person.ID, At: c.Now, Why: "handed over",
				})
			}
			said = fmt.Sprintf("@%s takes over %s of @%s", to, value.Counted(len(added), "shift"), from)
		}
		if said == "" || h.What == shiftsHolding && len(added) == 0 {
			return nil, bot.Effects{}, errNotTheirs
		}
		return added, c.Effects(object(r.Name), r.Version, said), nil
	})
	if errors.Is(err, errNotTheirs) {
		return nil
	}
	return err
}
