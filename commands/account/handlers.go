package account

import (
	"context"
	"log/slog"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Store keeps accounts, the codes that link them, and when they changed hands. Package storage implements it.
type Store interface {
	// Owner finds somebody with all of their accounts. bot.ErrNoSuch: there is nobody of that id.
	Owner(ctx context.Context, who bot.PersonID) (*Owner, error)
	// SaveCode keeps a code in place of the one that its person had.
	SaveCode(ctx context.Context, c Code, e bot.Effects) error
	// Decide lets decide look at an account while nothing else is saved, and saves what it decides: all of it, or nothing
	// when it returns an error, bot.ErrStale say. What decide reads with its context is of the same moment.
	Decide(ctx context.Context, q Question, decide func(ctx context.Context, s Situation) (Decision, error)) error
	// LastMove is when an account changed hands last. bot.ErrNoSuch: it never did.
	LastMove(ctx context.Context, a bot.Account) (Move, error)
	// Record saves an entry of the audit log. bot.ErrRepeated: it is there already.
	Record(ctx context.Context, e bot.Effects) error
}

// Question says what a decision is about: an account, and the hash of a code or whom it is to be given to.
type Question struct {
	Account bot.Account
	Hash    string
	To      bot.PersonID
}

// Decision is what becomes of an account, and of the code that was typed with it.
type Decision struct {
	Move *Move // nil: it stays where it is
	// Retires makes the owner of before inactive.
	Retires bool
	Spends  bool        // the code is used
	Wrong   []time.Time // the wrong codes that count against the account from now on
	Effects bot.Effects
}

// Chat reaches people's accounts. *engine.Bot does.
type Chat interface {
	// Platforms names those that are there.
	Platforms() []string
	// DirectTo sends a message to one account alone, once per key.
	DirectTo(ctx context.Context, to bot.Account, key, object string, m bot.Message) error
}

// Options are what the service is made of.
type Options struct {
	// Secret is the installation's, by which codes are kept.
	Secret func(ctx context.Context) ([]byte, error)
	// Parts lists what somebody has a part in that is not over, where each person counts for one. It reads with the
	// context. Optional.
	Parts func(ctx context.Context, who bot.PersonID) ([]Part, error)
	// Left does what follows when people are no longer active. It may be called again for the same. Optional.
	Left func(ctx context.Context, who []bot.PersonID) error
	// Log hears of accounts that cannot be told of their move. Default: discard.
	Log *slog.Logger
}

// Service carries out the commands.
type Service struct {
	store Store
	chat  Chat
	o     Options
}

// New makes a service. Without a store it only describes its commands.
func New(store Store, chat Chat, o Options) *Service {
	if o.Parts == nil {
		o.Parts = func(context.Context, bot.PersonID) ([]Part, error) { return nil, nil }
	}
	if o.Left == nil {
		o.Left = func(context.Context, []bot.PersonID) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{store, chat, o}
}

// me says who somebody is.
func (s *Service) me(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	owner, err := s.store.Owner(ctx, c.Person.ID)
	if err != nil {
		return bot.Reply{}, err
	}
	owner.Roles, owner.Active = c.Person.Roles, c.Person.Active // as they are on this platform just now
	using, _ := owner.Using(c.From)
	if c.Paged {
		return bot.Look(page(owner, using, c.Zone)), nil
	}
	return bot.Answer(card(owner, using, c.Zone)), nil
}

// linkMine makes a code, or takes one.
func (s *Service) linkMine(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if c.Given("code") {
		return s.take(ctx, c)
	}
	owner, using, err := s.acting(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	code := NewCode()
	x := Code{
		Person: owner.ID, By: using, Hash: hashCode(secret, code), Made: c.Now, Expires: c.Now.Add(codeLife),
	}
	e := c.Effects(object(owner.ID), 1, "made a code to link another account, with "+Name(using))
	kept := codeWasMade(c.Now)
	e.Answer = bot.Answer(kept)
	if err := s.store.SaveCode(ctx, x, e); err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(codeMessage(code, x.Expires))
	reply.Kept = &kept
	return reply, nil
}

// acting is who acts, and by which account.
func (s *Service) acting(ctx context.Context, c *bot.Call) (*Owner, bot.Account, error) {
	owner, err := s.store.Owner(ctx, c.Person.ID)
	if err != nil {
		return nil, bot.Account{}, err
	}
	using, ok := owner.Using(c.From)
	if !ok {
		return nil, using, bot.Errorf(
			bot.Conflict, "Watchbell knows you here by more than one account, so it cannot tell which one is meant. Ask an "+
				"administrator to link it: /ops account link",
		)
	}
	return owner, using, nil
}

// take gives the account that somebody acts by to whoever made the code that they type.
func (s *Service) take(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	code, err := ParseCode(c.Text("code"))
	if err != nil {
		return bot.Reply{}, err
	}
	_, using, err := s.acting(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	var wrong error
	q := Question{Account: using, Hash: hashCode(secret, code)}
	err = s.store.Decide(ctx, q, func(ctx context.Context, x Situation) (d Decision, err error) {
		wrong = nil
		if x.owner() != c.Person.ID {
			return d, bot.ErrStale // it has changed hands since it was asked who acts
		}
		if err := tooMany(x.Wrong, c.Now); err != nil {
			return d, err
		}
		if x.Code == nil {
			d, wrong = wrongCode(c, x)
			return d, nil
		}
		move, err := x.Take(c.Now)
		if err != nil {
			return d, err
		}
		if err := s.noParts(ctx, x); err != nil {
			return d, err
		}
		d = Decision{Move: &move, Retires: true, Spends: true}
		d.Effects = moved(c, x, move)
		d.Effects.Answer = bot.Answer(linkedMessage(x, move))
		reply = d.Effects.Answer
		return d, nil
	})
	if err == nil {
		err = wrong
	}
	return reply, err
}

// wrongCode counts a wrong code against the account that it was typed with.
func wrongCode(c *bot.Call, x Situation) (Decision, error) {
	d := Decision{Wrong: append(recent(x.Wrong, c.Now), c.Now)}
	left := wrongMost - len(d.Wrong)
	d.Effects = c.Effects(object(c.Person.ID), 0, "typed a wrong code with "+Name(x.Account))
	d.Effects.Audit.Result, d.Effects.Audit.Key = bot.ResultDenied, "" // it may be typed again
	text := "Code: this one is wrong. Either it is mistyped, or whoever made it has made a newer one."
	if left == 0 {
		return d, bot.Errorf(
			bot.Invalid, "%s That was the last of %d tries: this account can use a code again at %s.", text, wrongMost,
			d.Wrong[0].Add(wrongWithin),
		).About("code")
	}
	return d, bot.Errorf(bot.Invalid, "%s Tries that are left: %d.", text, left).About("code")
}

// noParts refuses to link an account whose owner would count twice, or whom it was unlinked from.
func (s *Service) noParts(ctx context.Context, x Situation) error {
	for _, acted := range []struct {
		who bot.PersonID
		is  string
	}{{x.owner(), "is"}, {x.unlinkedFrom(), "was"}} {
		if acted.who == "" {
			continue
		}
		list, err := s.o.Parts(ctx, acted.who)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return partsError(acted.who, acted.is, list)
		}
	}
	return nil
}

// moved are the effects of an account that changes hands.
func moved(c *bot.Call, x Situation, m Move) bot.Effects {
	detail := Name(m.Account) + " is no longer an account of " + string(m.From)
	about := m.From
	if m.Linked {
		about = m.To
		detail = Name(m.Account) + " is an account of " + string(m.To)
		if m.From != "" {
			detail += ", no longer of " + string(m.From)
		}
		if x.Owner != nil && x.Owner.Active {
			detail += ", who is inactive from now on and keeps their history"
		}
		if x.Code != nil {
			detail += "; by a code that was made with " + Name(x.Code.By)
		}
	}
	e := c.Effects(object(about), 1, detail)
	e.Jobs = []bot.Job{{Kind: tellMove, Object: Name(m.Account), Arg: m.arg()}}
	return e
}

// object is a person as the audit log names them.
func object(who bot.PersonID) string { return "people/" + string(who) }
