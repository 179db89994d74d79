package report

import (
	"context"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// errNotTheirs ends a hand-over of what somebody else owns by now.
var errNotTheirs = errors.New("it is not theirs any more")

func holding(n int) string { return fmt.Sprintf("action %d", n) }

// owned are the open actions of somebody.
func (s *Service) owned(ctx context.Context, who bot.PersonID) ([]bot.Holding, error) {
	ids, err := s.keep.Owned(ctx, who)
	if err != nil {
		return nil, err
	}
	var list []bot.Holding
	for _, id := range ids {
		n, err := parseRun(id)
		if err != nil {
			return nil, err
		}
		r, err := s.keep.Run(ctx, n)
		if err != nil {
			return nil, err
		}
		for _, a := range r.Review.Actions {
			if a.Owner == who && a.Done.IsZero() {
				list = append(list, bot.Holding{Object: id, What: holding(a.N), Text: value.Shown(a.Text, 80)})
			}
		}
	}
	return list, nil
}

// hand gives an action to somebody else.
func (s *Service) hand(ctx context.Context, c *bot.Call, h bot.Holding, from, to bot.PersonID) error {
	n, err := parseRun(h.Object)
	if err != nil {
		return err
	}
	_, err = s.keep.UpdateRun(ctx, n, func(r *Run) (bot.Effects, error) {
		for k := range r.Review.Actions {
			a := &r.Review.Actions[k]
			if holding(a.N) == h.What && a.Owner == from && a.Done.IsZero() {
				a.Owner = to
				e := c.Effects(r.ID(), r.Version, fmt.Sprintf("%s: @%s, was @%s", figures.ActionID(r.ID(), a.N), to, from))
				if !r.Review.Started.IsZero() {
					e.Jobs = []bot.Job{{Kind: showReview, Object: r.ID()}}
				}
				return e, nil
			}
		}
		return bot.Effects{}, errNotTheirs
	})
	if errors.Is(err, errNotTheirs) {
		return nil
	}
	return err
}
