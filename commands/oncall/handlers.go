package oncall

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Chat is what being on call needs of the bot. *bot.Bot has it.
type Chat interface {
	ChannelName(ctx context.Context, c bot.Conversation) (string, error)
	Show(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	Post(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	// Ring reaches somebody beyond chat, once for each alarm, and Rung says what became of it.
	Ring(ctx context.Context, a bot.Alarm) error
	Rung(ctx context.Context, object string) ([]bot.Rung, error)
	// SetGroup makes a user group of a platform, like slack:@oncall, consist of these people alone.
	SetGroup(ctx context.Context, group string, people []bot.PersonID) error
	// WasDirected reports whether the message of a key reached somebody on each platform that they have an account on.
	WasDirected(ctx context.Context, key string, who bot.PersonID) (bool, error)
}

// Options are what on call needs to know of the installation.
type Options struct {
	People func(ctx context.Context) ([]bot.Person, error)
	// Handover makes the job that tells a hand-over, and shows it as it is by now.
	Handover func(id string) bot.Job
	Clock    bot.Clock
	Log      *slog.Logger
}

// Service runs the commands and jobs of being on call.
type Service struct {
	keep  Keeper
	chat  Chat
	o     Options
	clock bot.Clock
}

// New makes the service.
func New(keep Keeper, chat Chat, o Options) *Service {
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{keep: keep, chat: chat, o: o, clock: o.Clock}
}

// override lets somebody change rotas that they are not part of.
const override = "oncall:override"

// back is how far back stands are read: none of those in force began earlier.
const back = 200 * 24 * time.Hour

func (s *Service) active(ctx context.Context) (func(bot.PersonID) bool, []bot.Person, error) {
	people, err := s.o.People(ctx)
	known := map[bot.PersonID]bool{}
	for _, p := range people {
		known[p.ID] = p.Active
	}
	return func(who bot.PersonID) bool { return known[who] }, people, err
}

// rota finds the rota a call means: by its name, or the only one.
func (s *Service) rota(ctx context.Context, c *bot.Call) (*Rota, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(c.Text("rota"))
	var names []string
	for _, r := range all {
		if r.Name == name || name == "" && len(all) == 1 {
			return r, nil
		}
		names = append(names, r.Name)
	}
	if len(all) == 0 {
		return nil, bot.Errorf(
			bot.NotFound, "There is no rota yet. Make one: /oncall new primary people=@ana,@ben handover=\"mon 09:00\"",
		).About("rota")
	}
	if name == "" {
		return nil, bot.Errorf(bot.Invalid, "Name the rota: %s.", strings.Join(names, ", ")).About("rota")
	}
	return nil, bot.Errorf(
		bot.NotFound, "There is no rota %q. There are: %s.", value.Cut(name, 40), strings.Join(names, ", "),
	).About("rota")
}

// mine refuses to change a rota of others: its people, its lead, who made it and administrators may.
func mine(c *bot.Call, r *Rota) error {
	if slices.Contains(r.People, c.Person.ID) || r.Lead == c.Person.ID || r.By == c.Person.ID || c.May(override) {
		return nil
	}
	return bot.Errorf(bot.Forbidden, "You are not on the rota %s. Ask %s, who leads it.", r.Name, cmp.Or(r.Lead, r.By))
}

func number(id, prefix string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, prefix+"-"), 10, 64)
	if err != nil || n < 1 {
		return 0, bot.Errorf(bot.Invalid, "%q is not an id. Write it like %s-1.", value.Cut(id, 40), prefix)
	}
	return n, nil
}
