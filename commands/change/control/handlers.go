// Package control is what people and pipelines do with change requests: it reads one with what matters to it, lets it
// decide, saves it once, and tells everybody afterwards. handlers*.go hold the commands by topic, gate.go what
// pipelines ask, jobs*.go what happens after the commit. Commands that only read, of many changes at once, are in
// package register.
package control

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/register"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

// Chat is what changes need of the bot to show themselves. *bot.Bot has it.
type Chat interface {
	AddJobs(ctx context.Context, jobs []bot.Job) error
	Platforms() []string
	FindChannel(ctx context.Context, platform, name string) (bot.Conversation, bool, error)
	Post(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	Show(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	PostedAt(ctx context.Context, key string) (bot.MessageRef, error)
	ObjectOf(ctx context.Context, ref bot.MessageRef) (string, error)
	MessageAt(ctx context.Context, link string) (bot.MessageRef, error)
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	WasDirected(ctx context.Context, key string, who bot.PersonID) (bool, error)
	DirectOn(ctx context.Context, platform, key, object string, who bot.PersonID, m bot.Message) error
	DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	ZoneOf(ctx context.Context, who bot.PersonID) (*time.Location, error)
	MembersOf(ctx context.Context, group string) ([]bot.PersonID, error)
}

// Options are what changes need to know of the configuration.
type Options struct {
	Services bot.Services // default none
	People   func(ctx context.Context) ([]bot.Person, error)
	Channel  string // where changes are shown; default "changes"
	Policy   string // the file; "" is the policy that ships
	// LeadOf is who leads, or led, an incident; "" when nobody does or there is none. Optional.
	LeadOf func(ctx context.Context, incident string) (bot.PersonID, error)
	Read   func(path string) ([]byte, error)
	// SignIn is where somebody signs in on the web, surely enough, to go on to a page. Without it nobody can.
	SignIn  func(page string, enough bot.Assurance) (address string)
	Key     ed25519.PrivateKey // signs receipts and evidence
	Address string             // of the API, for links to the calendar's feed; "" when it is not served
	// Incident is the job that shows an incident anew, because a change that is linked to it has moved; Linked tells the
	// incident of the link. Optional.
	Incident func(incident string) bot.Job
	Linked   func(incident, change string, how change.Verdict, by bot.PersonID) bot.Job
	Clock    bot.Clock
	Log      *slog.Logger
}

// Service runs the commands and jobs of changes.
type Service struct {
	Register *register.Register // lists, the calendar and numbers: what only reads many changes

	store   change.Store
	ledger  change.Ledger
	memory  change.Memory
	history change.History
	dues    bot.DueSource
	chat    Chat
	o       Options
	clock   bot.Clock
	book    *rulebook.Book
	alive   atomic.Pointer[time.Time] // when the tick last looked here
}

// Keeper is all that changes keep; package storage implements it.
type Keeper interface {
	change.Store
	change.Ledger
	change.Memory
	change.History
	bot.DueSource
}

// New makes the service. Before anything is asked of it, LoadPolicy has to succeed.
func New(keep Keeper, chat Chat, o Options) *Service {
	o.Channel = cmp.Or(o.Channel, "changes")
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Services == nil {
		o.Services = bot.ServicesOf()
	}
	book := rulebook.New(rulebook.Options{
		Services: o.Services,
		People:   o.People,
		Policy:   o.Policy,
		SignIn:   o.SignIn != nil,
		Read:     o.Read,
		Memory:   keep,
		Chat:     chat,
		Clock:    o.Clock,
		Log:      o.Log,
	})
	return &Service{
		Register: &register.Register{Store: keep, Ledger: keep, Book: book, People: o.People, Clock: o.Clock},
		store:    keep, ledger: keep, memory: keep, history: keep, dues: keep, chat: chat, o: o, clock: o.Clock, book: book,
	}
}

// LoadPolicy puts the policy of the configuration in force, or keeps the one that was.
func (s *Service) LoadPolicy(ctx context.Context) error { return s.book.Load(ctx) }

// PolicyNow looks at the file of the policy at once and returns the policy in force with its cases, and what is wrong
// with the file, "" if nothing is.
func (s *Service) PolicyNow(ctx context.Context) (*policy.Policy, []policy.Case, string, error) {
	return s.book.Now(ctx)
}

// notFound turns a missing row into a sentence.
func notFound(id string, err error) error {
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no change %s. See them with: /change list", id).About("change")
	}
	return err
}

// around prepares everything for looking at a change without altering it.
func (s *Service) around(
	ctx context.Context, c *change.Change, live bool, horizon time.Duration,
) (change.World, error) {
	p, err := s.book.Prepare(ctx, c, live)
	if err != nil {
		return change.World{}, err
	}
	a, err := s.store.Look(ctx, c, p.Near(c), horizon)
	return s.world(c, p, a), err
}

// world puts together what the database knows with what was prepared.
func (s *Service) world(c *change.Change, p rulebook.Place, a change.Around) change.World {
	return p.World(c, a, s.clock.Now())
}

// actor is who acts, with what the policy lets them do.
func (s *Service) actor(c *bot.Call, w change.World) change.Actor { return rulebook.Actor(c.Person, w) }

// step is one alteration of a change: decide does it, answer says what the person is told. Both run in the transaction.
type step struct {
	live   bool // ask chat platforms who is in their groups
	open   bool // look at the open incidents of all services
	people bool // look at nothing but people
	decide func(c *change.Change, w change.World, look change.Look) error
	answer func(c *change.Change, w change.World) bot.Message
	data   func(c *change.Change, w change.World) any
	jobs   []bot.Job
}

// alter is the one way commands change a change.
func (s *Service) alter(ctx context.Context, call *bot.Call, do step) (bot.Reply, error) {
	id := call.Text("change")
	var reply bot.Reply
	var p rulebook.Place
	var now *change.Change
	var asked string // by what is known who is in its groups
	var revision int // that was looked at for it
	var w change.World
	lapsed := false
	_, err := s.store.Update(ctx, id, func(c *change.Change) (err error) {
		asked, revision = c.Asks(), c.Revision
		p, err = s.book.Prepare(ctx, c, do.live)
		return err
	}, func(c *change.Change, look change.Look) (bot.Effects, error) {
		now = c
		if c.Lapse(call.Now) {
			lapsed = true
			return s.bySystem(c, "change.expire", call.Now), nil
		}
		if call.Opened != nil { // a form, which showed something
			if err := call.Unchanged(view.FormValues(c, call.Zone)); err != nil {
				return bot.Effects{}, err
			}
		}
		call.Now = value.Onward(call.Now, c.Latest())
		var near []string
		horizon := time.Duration(0)
		switch {
		case do.people:
			horizon = change.OnlyPeople
		case !do.open:
			near = p.Near(c)
		}
		a, err := look(c, near, horizon)
		if err != nil {
			return bot.Effects{}, err
		}
		w = s.world(c, p, a)
		if do.live && c.Asks() != asked {
			return bot.Effects{}, change.ChangedError{Seen: revision} // its groups are others by now
		}
		if err := do.decide(c, w, look); err != nil {
			return bot.Effects{}, err
		}
		c.Mark(call.Agent, call.Person.ID)
		e := call.Effects(c.ID(), c.Version, said(c.Fresh()))
		e.Jobs = slices.Concat(s.follow(c), s.linked(c), do.jobs)
		e.Answer = bot.Answer(do.answer(c, w))
		if do.data != nil {
			e.Answer.Data = view.Encode(do.data(c, w))
		}
		reply = e.Answer
		return e, nil
	})
	switch {
	case err == nil && lapsed:
		return bot.Reply{}, now.Over()
	case err == nil:
		return reply, nil
	case now == nil:
		return bot.Reply{}, notFound(id, err)
	}
	return s.explain(ctx, call, now, w, err)
}

// bySystem is what the bot itself did.
func (s *Service) bySystem(c *change.Change, action string, at time.Time) bot.Effects {
	return bot.Effects{
		Audit: bot.Audit{
			Action: action, Object: c.ID(), Result: bot.ResultDone, Detail: said(c.Fresh()), Source: "watchbell", At: at,
		},
		Jobs: s.follow(c),
	}
}

// said is what the audit log says of an alteration: its timeline entries in short.
func said(entries []change.Entry) string {
	var texts []string
	for _, e := range entries {
		texts = append(texts, string(e.Kind)+": "+e.Text)
	}
	return strings.Join(texts, "; ")
}

// follow are the jobs that a changed change asks for: one that adds all others when it runs, so that whoever decides
// does not wait for them, and the next moment at which something comes due, as of now. So a moment that passes before
// the first one runs is not missed.
func (s *Service) follow(c *change.Change) []bot.Job {
	from, to := 0, 0
	if fresh := c.Fresh(); len(fresh) > 0 {
		from, to = fresh[0].Seq, fresh[len(fresh)-1].Seq
	}
	jobs := []bot.Job{{Kind: followUp, Object: c.ID(), Arg: fmt.Sprintf("%d-%d", from, to), Lane: c.ID()}}
	if at := c.NextAfter(s.clock.Now()); !at.IsZero() {
		jobs = append(jobs, bot.Job{Kind: lookAt, Object: c.ID(), At: at})
	}
	return jobs
}

// explain turns what an alteration was refused for into an answer with a way on.
func (s *Service) explain(
	ctx context.Context, call *bot.Call, c *change.Change, w change.World, err error,
) (bot.Reply, error) {
	var changed change.ChangedError
	var already change.AlreadyError
	var missing change.MissingError
	var blocked change.BlockedError
	var unproven change.UnprovenError
	switch {
	case errors.As(err, &changed):
		diff, err := s.diffSince(ctx, c, changed.Seen)
		if err != nil {
			return bot.Reply{}, err
		}
		m := view.ChangedMessage(c, changed.Seen, diff, call)
		return bot.Reply{Status: bot.Refused, Message: &m}, nil
	case errors.As(err, &already):
		v := already.Vote
		return bot.Answer(
			view.Done(
				fmt.Sprintf("You have %s %s already (%s), ", v.Decision.Past(), c.Ref(), v.Stage), v.At, ". It counts once.",
			),
		), nil
	case errors.As(err, &missing):
		m := view.MissingMessage(c, missing.Names)
		return bot.Reply{
			Status: bot.Refused, Message: &m, Data: view.Encode(map[string]any{"change": c.ID(), "missing": missing.Names}),
		}, nil
	case errors.As(err, &blocked):
		m := view.BlockedMessage(c, w, blocked.Blockers)
		return bot.Reply{
			Status: bot.Refused, Message: &m, Data: view.Encode(map[string]any{"change": c.ID(), "blockers": blocked.Blockers}),
		}, nil
	case errors.As(err, &unproven):
		return s.unproven(c, unproven), nil
	case errors.As(err, new(change.ApprovedError)):
		m := view.PullBackMessage(c)
		return bot.Reply{Status: bot.Refused, Message: &m}, nil
	}
	return bot.Reply{}, err
}

func (s *Service) show(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	id := c.Text("change")
	x, err := s.store.Get(ctx, id)
	if err != nil {
		return bot.Reply{}, notFound(id, err)
	}
	w, err := s.around(ctx, x, false, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	entries, err := s.store.Timeline(ctx, id, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Paged {
		return bot.Look(view.Page(x, w, entries, c)), nil
	}
	reply := bot.Answer(view.Details(x, w, entries, c))
	reply.Data = view.Encode(view.RecordOf(x, w, c.Now))
	return reply, nil
}

func (s *Service) explainRules(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("change"), err)
	}
	w, err := s.around(ctx, x, false, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(view.Reasons(x, w, c.Now)), nil
}

// preview is what everybody sees below a link to a change.
func (s *Service) preview(ctx context.Context, id string) (bot.Message, error) {
	c, err := s.store.Get(ctx, id)
	if err != nil {
		return bot.Message{}, err
	}
	w, err := s.around(ctx, c, false, 0)
	if err != nil {
		return bot.Message{}, err
	}
	return view.Card(c, w, s.clock.Now()), nil
}
