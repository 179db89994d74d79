package account

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// unlinkMine takes away one of somebody's own accounts.
func (s *Service) unlinkMine(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	owner, using, err := s.acting(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	held, err := owner.Find(c.Text("account"))
	if err != nil {
		return bot.Reply{}, err
	}
	return s.release(ctx, c, held.Account, using)
}

// prefillUnlink fills in the account when there is only one that can be meant.
func (s *Service) prefillUnlink(ctx context.Context, c *bot.Call) (map[string]string, error) {
	owner, using, err := s.acting(ctx, c)
	if err != nil {
		return nil, err
	}
	list := owner.removable(using)
	if len(list) != 1 {
		return nil, nil
	}
	return map[string]string{"account": Name(list[0].Account)}, nil
}

// unlinkAnybody takes an account from whoever has it.
func (s *Service) unlinkAnybody(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	a, err := ParseName(c.Text("account"))
	if err != nil {
		return bot.Reply{}, err
	}
	return s.release(ctx, c, a, bot.Account{})
}

func (s *Service) release(ctx context.Context, c *bot.Call, a, using bot.Account) (bot.Reply, error) {
	var reply bot.Reply
	err := s.store.Decide(ctx, Question{Account: a}, func(_ context.Context, x Situation) (d Decision, err error) {
		if using != (bot.Account{}) && x.owner() != c.Person.ID {
			return d, bot.ErrStale
		}
		move, err := x.Release(c.Person.ID, using, c.Now)
		if err != nil {
			return d, err
		}
		d = Decision{Move: &move, Wrong: x.Wrong, Effects: moved(c, x, move)}
		d.Effects.Answer = bot.Answer(unlinkedMessage(move))
		reply = d.Effects.Answer
		return d, nil
	})
	return reply, err
}

// linkAnybody gives an account to somebody.
func (s *Service) linkAnybody(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	a, err := ParseName(c.Text("account"))
	if err != nil {
		return bot.Reply{}, err
	}
	if there := s.chat.Platforms(); !slices.Contains(there, a.Platform) && !everybodys(a.Platform) {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Account: there is no platform %s here. There is: %s.", a.Platform, strings.Join(there, ", "),
		).About("account")
	}
	var reply bot.Reply
	q := Question{Account: a, To: c.Who("person").ID}
	err = s.store.Decide(ctx, q, func(ctx context.Context, x Situation) (d Decision, err error) {
		move, err := x.Assign(c.Person.ID, c.Now)
		if err != nil {
			return d, err
		}
		if err := s.noParts(ctx, x); err != nil {
			return d, err
		}
		d = Decision{Move: &move, Retires: true, Effects: moved(c, x, move)}
		d.Effects.Answer = bot.Answer(linkedMessage(x, move))
		reply = d.Effects.Answer
		return d, nil
	})
	return reply, err
}
