package oncall

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

func (s *Service) page(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.rota(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	v, err := s.view(ctx, r, c.Now, active)
	if err != nil {
		return bot.Reply{}, err
	}
	p := &Page{
		Rota: r.Name, At: c.Now, Text: c.Text("text"), By: c.Person.ID, Place: r.Place, Every: r.Escalate,
		Chain: chain(r, v.Now, v.Next, v.Open, active),
	}
	if len(p.Chain) == 0 {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict,
			"Nobody on the rota %s can be called: it has no active people. Add some: /oncall override %s @you until …", r.Name,
			r.Name,
		)
	}
	var reply bot.Reply
	err = s.keep.AddPage(ctx, p, func(p *Page) bot.Effects {
		e := c.Effects(p.ID(), 1, r.Name+": "+p.Text)
		e.Jobs = []bot.Job{{Kind: callNext, Object: p.ID()}}
		e.Answer = bot.Answer(
			done(
				bot.Bold(p.ID()), " to "+r.Name+": ", p.Chain[0],
				" is called now: "+value.Isolate(p.Text)+". If nobody answers, it escalates after "+value.FormatDuration(p.Every)+
					".",
			),
		)
		reply = e.Answer
		return e
	})
	return reply, err
}

// named finds a rota by its name, nil if there is none any more.
func named(rotas []*Rota, name string) *Rota {
	for _, r := range rotas {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// paging changes a page, for those whose page it is.
func (s *Service) paging(ctx context.Context, c *bot.Call, decide func(*Page) (bot.Message, error)) (bot.Reply, error) {
	n, err := number(c.Text("page"), "PAGE")
	if err != nil {
		return bot.Reply{}, err
	}
	rotas, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	_, err = s.keep.UpdatePage(ctx, n, func(p *Page) (bot.Effects, error) {
		if !p.For(c.Person.ID, named(rotas, p.Rota)) && !c.May(override) {
			return bot.Effects{}, bot.Errorf(
				bot.Forbidden,
				"%s calls the rota %s. Only the people it calls, those of the rota and administrators answer or end it.", p.ID(),
				p.Rota,
			)
		}
		m, err := decide(p)
		if err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(p.ID(), p.Version, m.Plain(c.Zone))
		e.Answer, e.Jobs = bot.Answer(m), []bot.Job{{Kind: showPage, Object: p.ID()}}
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no page PAGE-%d.", n).About("page")
	}
	return reply, err
}

func (s *Service) ack(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.paging(ctx, c, func(p *Page) (bot.Message, error) {
		if p.AckBy == c.Person.ID {
			return done("You have answered " + p.ID() + " already."), nil
		}
		if err := p.Ack(c.Person.ID, c.Now); err != nil {
			return bot.Message{}, err
		}
		m := done(
			"You have ", bot.Bold(p.ID()), ": "+value.Isolate(p.Text)+". Nobody else is called. Say later what it led to.",
		)
		m.Actions = resultActions(p)
		return m, nil
	})
}

func (s *Service) finish(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.paging(ctx, c, func(p *Page) (bot.Message, error) {
		if err := p.Finish(c.Person.ID, Result(c.Text("result")), c.Text("note"), c.Now); err != nil {
			return bot.Message{}, err
		}
		return done(bot.Bold(p.ID()), " is done: "+resultLabel[p.Result]+"."), nil
	})
}
