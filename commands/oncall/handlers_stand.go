package oncall

import (
	"context"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
)

const longestStand = 60 * 24 * time.Hour

// span reads from= and until=; without them it is the next whole shift of whoever gives it away.
func span(c *bot.Call, r *Rota, stands []Stand, of bot.PersonID) (from, to time.Time, err error) {
	from, to = c.Time("from"), c.Time("until")
	if from.IsZero() && to.IsZero() {
		next, ok := r.NextOf(of, c.Now, stands)
		if !ok {
			return from, to, bot.Errorf(
				bot.Invalid, "%s has no coming shift on %s. Give the times, like from=\"fri 18:00\" until=\"sat 18:00\".", of,
				r.Name,
			).About("from")
		}
		return next.From, next.To, nil
	}
	if from.IsZero() {
		from = c.Now
	}
	switch {
	case to.IsZero():
		return from, to, bot.Errorf(bot.Invalid, "Until: say when it ends, like until=\"sat 18:00\".").About("until")
	case !from.Before(to):
		return from, to, bot.Errorf(
			bot.Invalid, "Until: it ends before it begins. Write a later time, like until=\"sat 18:00\".",
		).About("until")
	case to.Sub(from) > longestStand:
		return from, to, bot.Errorf(bot.Invalid, "Until: at most 60 days at once. Change the rota for more.").About("until")
	}
	return from, to, nil
}

func (s *Service) override(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		if err := mine(c, r); err != nil {
			return nil, bot.Message{}, nil, err
		}
		who := c.Who("person").ID
		if c.Time("until").IsZero() {
			return nil, bot.Message{}, nil, bot.Errorf(bot.Invalid, "Until: say when it ends, like until=\"sat 18:00\".").About(
				"until",
			)
		}
		from, to, err := span(c, r, stands, who)
		if err != nil {
			return nil, bot.Message{}, nil, err
		}
		now, _ := r.At(from, stands)
		x := Stand{
			N: len(stands) + 1, Person: who, From: from.UTC(), To: to.UTC(), For: now.Person, Source: "override",
			By: c.Person.ID, At: c.Now, Why: c.Text("why"),
		}
		m := done(who, " is on call for ", bot.Bold(r.Name), " from ", from, " until ", to, ".")
		return []Stand{x}, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(x.N)}}, nil
	})
}

func (s *Service) swap(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		me, who := c.Person.ID, c.Who("person").ID
		if me == who {
			return nil, bot.Message{}, nil, bot.Errorf(
				bot.Invalid, "Person: name somebody else to swap with, like /oncall swap @ben.",
			).About("person")
		}
		from, to, err := span(c, r, stands, me)
		if err != nil {
			return nil, bot.Message{}, nil, err
		}
		n := len(stands) + 1
		give := Stand{
			N: n, Person: who, From: from.UTC(), To: to.UTC(), For: me, Source: "swap", Offer: n, Asked: true, By: me,
			At: c.Now,
		}
		changed := []Stand{give}
		m := done("Asked ", who, " to take your shift on ", bot.Bold(r.Name), " from ", from, " until ", to)
		if !c.Given("from") && !c.Given("until") {
			if theirs, ok := r.NextOf(who, c.Now, stands); ok {
				changed = append(changed, Stand{
					N: n + 1, Person: me, From: theirs.From, To: theirs.To, For: who, Source: "swap", Offer: n, Asked: true, By: me,
					At: c.Now,
				})
				m.Sections[0].Text = append(m.Sections[0].Text, bot.T(", for theirs from ", theirs.From, " until ", theirs.To)...)
			}
		}
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T(". Until they take it, it stays yours.")...)
		return changed, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(n)}}, nil
	})
}

// take takes or declines an offer.
func (s *Service) take(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		n := c.Number("offer")
		var changed []Stand
		for _, x := range stands {
			if x.Offer != n {
				continue
			}
			switch {
			case x.Gone:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That offer is gone: it was declined.")
			case !x.Asked:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That offer was taken already.")
			case x.N == n && x.Person != c.Person.ID:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Forbidden, "The offer was made to %s.", x.Person)
			case x.N == n && !x.To.After(c.Now):
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That shift is over.")
			}
			if c.Text("answer") == "no" {
				x.Gone = true
			} else {
				x.Asked = false
			}
			changed = append(changed, x)
		}
		if len(changed) == 0 {
			return nil, bot.Message{}, nil, bot.Errorf(bot.NotFound, "There is no such offer on %s.", r.Name)
		}
		m := done(
			"It is yours: you are on call for ", bot.Bold(r.Name), " from ", changed[0].From, " until ", changed[0].To, ".",
		)
		if c.Text("answer") == "no" {
			m = done("Declined. ", changed[0].For, " is told.")
		}
		return changed, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(n) + "/answer"}}, nil
	})
}
