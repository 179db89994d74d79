package response

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// owned is what somebody has to do on incidents.
func (s *Service) owned(ctx context.Context, who bot.PersonID) ([]bot.Holding, error) {
	ids, err := s.store.Owned(ctx, who)
	if err != nil {
		return nil, err
	}
	var list []bot.Holding
	for _, id := range ids {
		i, err := s.store.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, i.Owned(who)...)
	}
	return list, nil
}

// hand gives one of these to somebody else.
func (s *Service) hand(ctx context.Context, c *bot.Call, h bot.Holding, from, to bot.PersonID) error {
	_, err := s.store.Update(ctx, h.Object, func(i *incident.Incident) (bot.Effects, error) {
		c.Now = value.Onward(c.Now, i.Latest())
		if !i.HandOver(h.What, from, to, c.Person.ID, c.Now) {
			return bot.Effects{}, errUnchanged
		}
		e := c.Effects(i.ID(), i.Version, said(i.Fresh()))
		e.Jobs = s.follow(i)
		return e, nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
