package oncall

import (
	"context"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// handing changes a hand-over.
func (s *Service) handing(
	ctx context.Context, c *bot.Call, decide func(h *Handover, lead bot.PersonID) (bot.Message, error),
) (bot.Reply, error) {
	n, err := number(c.Text("handover"), "HO")
	if err != nil {
		return bot.Reply{}, err
	}
	rotas, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	_, err = s.keep.UpdateHandover(ctx, n, func(h *Handover) (bot.Effects, error) {
		lead := bot.PersonID("")
		for _, r := range rotas {
			if r.Name == h.Rota {
				lead = r.Lead
			}
		}
		m, err := decide(h, lead)
		if err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(h.ID(), h.Version, m.Plain(c.Zone))
		e.Answer, e.Jobs = bot.Answer(m), []bot.Job{s.o.Handover(h.ID())}
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no hand-over HO-%d.", n).About("handover")
	}
	return reply, err
}

func (s *Service) accept(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.handing(ctx, c, func(h *Handover, lead bot.PersonID) (bot.Message, error) {
		if err := h.Accept(c.Person.ID, lead, c.Now); err != nil {
			return bot.Message{}, err
		}
		return done("You are on call for ", bot.Bold(h.Rota), " until ", h.Until, "."), nil
	})
}

func (s *Service) feel(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.handing(ctx, c, func(h *Handover, lead bot.PersonID) (bot.Message, error) {
		var watch []Watch
		for _, text := range strings.Split(c.Text("watch"), "\n") {
			if text = value.Line(text); text != "" {
				watch = append(watch, Watch{Text: text, Until: h.Until})
			}
		}
		if err := h.Describe(c.Person.ID, lead, c.Text("feel"), watch); err != nil {
			return bot.Message{}, err
		}
		return done("Thank you. The hand-over of ", bot.Bold(h.Rota), " says so now."), nil
	})
}
