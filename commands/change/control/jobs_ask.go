package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// askPeople asks those whose turn it is, and tells those who were asked when nothing is needed of them any more.
func (s *Service) askPeople(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	if fresh := c.ToAsk(w); len(fresh) > 0 {
		err := s.system(ctx, c.ID(), "change.ask-people", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			if x.Revision != c.Revision {
				return false, nil
			}
			for _, a := range fresh {
				a.At = at
				x.Asked = append(x.Asked, a)
			}
			return true, nil
		})
		if err != nil {
			return err
		}
		return nil // that change asks for this job again
	}
	return s.tellAsked(ctx, c, w)
}

// tellAsked makes the message of everybody who was asked say what is true by now.
func (s *Service) tellAsked(ctx context.Context, c *change.Change, w change.World) error {
	for _, a := range c.Asked {
		m, err := s.askMessage(ctx, c, w, a)
		if err != nil {
			return err
		}
		once := fmt.Sprintf("change.ask/%s/r%d/%s", c.ID(), a.Revision, a.Person)
		waiting, err := s.bundled(ctx, once, a.Person, len(m.Actions) > 1)
		if err != nil {
			return err
		}
		if waiting {
			continue
		}
		if err := s.chat.DirectShow(ctx, once, c.ID(), a.Person, m); err != nil {
			return err
		}
	}
	return nil
}

// bundled reports whether somebody, who was not told of this ask yet, is told of all that waits for them in one message
// instead.
func (s *Service) bundled(ctx context.Context, once string, who bot.PersonID, needed bool) (bool, error) {
	for _, platform := range s.chat.Platforms() {
		if _, err := s.chat.PostedAt(ctx, once+"/"+platform); err == nil {
			return false, nil // it is there, so it is kept right
		}
	}
	if !needed {
		return true, nil // nothing to ask any more
	}
	return s.bundle(ctx, who)
}

// bundle tells somebody for whom much waits of all of it in one message, once in a while, and reports whether that much
// waits.
func (s *Service) bundle(ctx context.Context, who bot.PersonID) (bool, error) {
	most, err := s.Register.WaitingUpTo(ctx, who, bundleFrom+1)
	if err != nil || len(most) <= bundleFrom {
		return false, err
	}
	once := fmt.Sprintf("change.waiting/%s/%d", who, s.clock.Now().Truncate(bundleEvery).Unix())
	if told, err := s.chat.WasDirected(ctx, once, who); told || err != nil {
		return true, err // a moment ago, so that all of it need not be read
	}
	waiting, err := s.Register.Waiting(ctx, who, bundleFrom+11)
	if err != nil {
		return true, err
	}
	return true, s.chat.Direct(ctx, once, "", who, view.PendingMessage(waiting, 10))
}

// askMessage asks one person, or says why that is no longer needed.
func (s *Service) askMessage(
	ctx context.Context, c *change.Change, w change.World, a change.Asked,
) (bot.Message, error) {
	m, needed := view.AskMessage(c, w, a, s.clock.Now())
	if !needed || !slices.Contains(c.FormerVoters(), a.Person) {
		return m, nil
	}
	diff, err := s.diffSince(ctx, c, c.Revision-1)
	if err != nil {
		return m, err
	}
	return view.AskedAgain(m, c, diff), nil
}

// diffSince is what changed since a revision.
func (s *Service) diffSince(ctx context.Context, c *change.Change, since int) ([]plan.Difference, error) {
	all, err := s.history.Revisions(ctx, []int64{c.Number})
	if err != nil {
		return nil, err
	}
	for _, r := range all[c.Number] {
		if r.N == since {
			return r.Content.Differences(c.Content), nil
		}
	}
	return nil, nil
}

// askAgain reminds those who have not decided; at night only of emergencies.
func (s *Service) askAgain(ctx context.Context, c *change.Change, k change.MomentKind, once string) error {
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	for _, st := range c.OpenStages() {
		if st.Satisfied() || !st.Active {
			continue
		}
		who := c.CanUnblock(st, w.Roster)
		if len(who) > change.AskEach {
			turn := int(c.Number+s.clock.Now().Unix()/3600) % len(who)
			who = []bot.PersonID{who[turn], who[(turn+1)%len(who)]}
		}
		for _, p := range who {
			quiet, err := s.quiet(ctx, p)
			if err != nil {
				return err
			}
			if quiet && k != change.PageDue {
				continue
			}
			if k != change.PageDue {
				if told, err := s.bundle(ctx, p); told || err != nil {
					if err != nil {
						return err
					}
					continue
				}
			}
			m := view.StillAsked(c, st.Name)
			if err := s.chat.Direct(ctx, fmt.Sprintf("change.again/%s/%s/%s", c.ID(), once, p), c.ID(), p, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// quiet reports whether it is night, or the weekend, where somebody is.
func (s *Service) quiet(ctx context.Context, who bot.PersonID) (bool, error) {
	zone, err := s.chat.ZoneOf(ctx, who)
	if err != nil {
		return false, err
	}
	local := s.clock.Now().In(zone)
	return local.Hour() < 8 || local.Hour() >= 20 || !value.Week{}.Workday(value.DayOf(local)), nil
}
