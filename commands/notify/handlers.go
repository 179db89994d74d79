package notify

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Chat is what the service needs of the bot. *engine.Bot has it.
type Chat interface {
	// Ringing is what an alarm about a thing says by now.
	Ringing(ctx context.Context, object string) (bot.Ringing, error)
	// Crew is what a capability calls a group of people that whoever calls may change. ErrNoSuch: there is none.
	Crew(ctx context.Context, c *bot.Call, name string) (string, error)
	// Does carries out an action for a person, by an account of theirs.
	Does(ctx context.Context, who bot.PersonID, a bot.Action, key, via string) bot.Reply
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
}

// Options are what the service is made of.
type Options struct {
	// Secret is the installation's, by which addresses are sealed and links are made.
	Secret   func(ctx context.Context) ([]byte, error)
	Notifier bot.Notifier
	Services []string // that are offered, for people who ask
	// Links is where links in notes lead, like https://watchbell.example.com; "" where nobody could open them.
	Links string
	Clock bot.Clock // default bot.SystemClock
}

// Service carries out the commands and tells people.
type Service struct {
	store Store
	chat  Chat
	o     Options
}

var _ bot.Bell = (*Service)(nil)

// New makes a service. Without a store it only describes its commands.
func New(store Store, chat Chat, o Options) *Service {
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	o.Links = strings.TrimSuffix(o.Links, "/")
	return &Service{store, chat, o}
}

// offered says which services there are.
func (s *Service) offered() bot.Text {
	return bot.T("Offered are " + strings.Join(s.o.Services, ", ") + ". Browsers are added on their own page.")
}

// owner is whose places a call is about: the caller's, or those of a group that they may change.
func (s *Service) owner(ctx context.Context, c *bot.Call) (string, error) {
	name := strings.TrimSpace(c.Text("rota"))
	if name == "" {
		return OfPerson(c.Person.ID), nil
	}
	owner, err := s.chat.Crew(ctx, c, name)
	if errors.Is(err, bot.ErrNoSuch) {
		err = bot.Errorf(bot.NotFound, "Rota: there is no rota %q. See them with: /oncall list", bot.Shown(name)).About("rota")
	}
	return owner, err
}

func (s *Service) add(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	owner, err := s.owner(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	a, err := s.o.Notifier.Read(c.Text("address"))
	if err != nil {
		return bot.Reply{}, err
	}
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	p := &Place{
		Owner: owner, Service: a.Service, Label: a.Label, Mark: mark(secret, owner, a.Secret), By: c.Person.ID, Made: c.Now,
	}
	if p.Sealed, err = seal(secret, owner, a.Secret); err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	err = s.store.AddPlace(ctx, p, maxPlaces, func(p *Place) bot.Effects {
		e := c.Effects(p.ID(), 1, "added "+p.Name()+" for "+owner)
		e.Answer = bot.Answer(added(p))
		reply = e.Answer
		return e
	})
	if errors.Is(err, bot.ErrRepeated) {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "Address: this one is on the list already, or the list has %d, which is the most. See it with: "+
				"/ops notify list", maxPlaces,
		).About("address")
	}
	return reply, err
}

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	owner, err := s.owner(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	places, err := s.store.PlacesOf(ctx, owner)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Paged {
		return bot.Look(page(places)), nil
	}
	return bot.Answer(listed(places, s.offered())), nil
}

// found is the place that a call means, if it is the caller's to change.
func (s *Service) found(ctx context.Context, c *bot.Call) (*Place, error) {
	none := bot.Errorf(
		bot.NotFound, "Place: there is no %s of yours. See yours with: /ops notify list", bot.Shown(c.Text("place")),
	).About("place")
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(c.Text("place")), prefix+"-"), 10, 64)
	if err != nil {
		return nil, none
	}
	p, err := s.store.Place(ctx, n)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, none
	}
	if err != nil || p.Owner == OfPerson(c.Person.ID) {
		return p, err
	}
	if personOf(p.Owner) != "" {
		return nil, none // whether there is one of somebody else, nobody learns
	}
	_, name, _ := strings.Cut(p.Owner, "/")
	if _, err := s.chat.Crew(ctx, c, name); err != nil {
		return nil, none
	}
	return p, nil
}

func (s *Service) test(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, err := s.found(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(p.ID(), 1, "tried out "+p.Name())
	e.Jobs = []bot.Job{{Kind: sendTest, Object: p.ID(), Arg: string(c.Person.ID)}}
	e.Answer = bot.Answer(done("A test is on its way to " + p.Name() + ". You are told what came of it."))
	return e.Answer, s.store.Record(ctx, e)
}

func (s *Service) remove(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, err := s.found(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(p.ID(), 2, "removed "+p.Name()+" of "+p.Owner)
	e.Answer = bot.Answer(done(bot.Bold(p.ID()), ", "+p.Name()+", is removed. Nothing is sent there any more."))
	err = s.store.RemovePlace(ctx, p.Number, e)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Answer(done(bot.Bold(p.ID()), " is removed already.")), nil
	}
	return e.Answer, err
}
