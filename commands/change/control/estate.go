package control

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// errNotTheirs ends a hand-over of what somebody else has to do by now.
var errNotTheirs = errors.New("it is not theirs any more")

// owned is what somebody has to do about changes, and those that they requested.
func (s *Service) owned(ctx context.Context, who bot.PersonID) ([]bot.Holding, error) {
	ids, err := s.store.Owned(ctx, who)
	if err != nil {
		return nil, err
	}
	var list []bot.Holding
	for _, id := range ids {
		c, err := s.store.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, c.Owned(who)...)
	}
	return list, nil
}

// hand gives a review to somebody else.
func (s *Service) hand(ctx context.Context, call *bot.Call, h bot.Holding, from, to bot.PersonID) error {
	_, err := s.store.Update(ctx, h.Object, nil, func(c *change.Change, _ change.Look) (bot.Effects, error) {
		call.Now = value.Onward(call.Now, c.Latest())
		if !c.HandReview(from, to, call.Person.ID, call.Now) {
			return bot.Effects{}, errNotTheirs
		}
		e := call.Effects(c.ID(), c.Version, said(c.Fresh()))
		e.Jobs = s.follow(c)
		return e, nil
	})
	if errors.Is(err, errNotTheirs) {
		return nil
	}
	return err
}
