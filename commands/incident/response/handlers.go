// Package response is what people do about incidents: the commands, the jobs that follow, the rooms they work in and
// the reminders.
package response

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
)

// Store keeps incidents. Both changing methods commit the new state, its timeline and the effects together or not at
// all.
type Store interface {
	bot.DueSource
	bot.OwnSource
	// Declare gives the next number, without gaps, to the incident that decide makes.
	// ErrSameOrigin: an open one was declared from the same message.
	Declare(
		ctx context.Context, decide func(number int64) (*incident.Incident, bot.Effects, error),
	) (*incident.Incident, error)
	// Update locks an incident, lets decide change it and saves it. bot.ErrNoSuch: there is none.
	Update(
		ctx context.Context, id string, decide func(*incident.Incident) (bot.Effects, error),
	) (*incident.Incident, error)
	Get(ctx context.Context, id string) (*incident.Incident, error)
	// List returns incidents, newest first, without responders and tasks.
	List(ctx context.Context, f Filter) ([]*incident.Incident, error)
	// Timeline returns the entries after a number, in the order they were recorded.
	Timeline(ctx context.Context, id string, after int) ([]incident.Entry, error)
	// Recent lists open incidents declared since, newest first, twenty at most.
	Recent(ctx context.Context, since time.Time) ([]Recent, error)
}

// Recent is as much of an incident as it takes to see whether another tells of the same.
type Recent struct {
	Number   int64
	Title    string
	Services []string
}

// ErrSameOrigin is returned by Store.Declare when an open incident was declared from the same chat message.
var ErrSameOrigin = errors.New("an open incident was declared from this message")

// Filter says which incidents to list. Zero fields do not restrict.
type Filter struct {
	Open       bool
	Severities []string
	Service    string
	Person     bot.PersonID // reporter or responder of an open one
	Since      time.Time
	Before     int64  // only smaller numbers: the next page
	Origin     string // declared from this message, and open
	Limit      int
}

// Chat is what incidents need of the bot to show themselves. *bot.Bot has it.
type Chat interface {
	Rooms
	Poster
	Reach
	// AddJobs adds jobs outside of a change, at least once.
	AddJobs(ctx context.Context, jobs []bot.Job) error
	// Alarms are the jobs by which others hear of a grave incident.
	Alarms(incident string) []bot.Job
}

// Rooms are the channels incidents live in.
type Rooms interface {
	Platforms() []string
	OpenRoom(ctx context.Context, key, object string, in bot.Conversation, name string) (bot.Conversation, error)
	Room(ctx context.Context, key string) (bot.Conversation, error)
	UseRoom(ctx context.Context, key, object string, c bot.Conversation) error
	LoseRoom(ctx context.Context, key string, c bot.Conversation) (bool, error)
	CloseRoom(ctx context.Context, key string) error
	FindChannel(ctx context.Context, platform, name string) (bot.Conversation, bool, error)
	SetTopic(ctx context.Context, c bot.Conversation, topic string) error
}

// Poster shows messages, each once for its key.
type Poster interface {
	Post(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	Show(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	PostedAt(ctx context.Context, key string) (bot.MessageRef, error)
	StandsFor(ctx context.Context, key, object string, ref bot.MessageRef) error
	Pin(ctx context.Context, key, object string, ref bot.MessageRef) error
	Bookmark(ctx context.Context, key, object string, c bot.Conversation, title string, ref bot.MessageRef) error
}

// Reach is how people are reached.
type Reach interface {
	Invite(ctx context.Context, c bot.Conversation, who bot.PersonID) error
	Whisper(ctx context.Context, key, object string, to bot.Conversation, who bot.PersonID, m bot.Message) error
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	DirectOr(
		ctx context.Context, key, object string, who bot.PersonID, m bot.Message,
		otherwise func(platform string) (bot.Conversation, bool, error),
	) error
	ZoneOf(ctx context.Context, who bot.PersonID) (*time.Location, error)
	Names(ctx context.Context) (map[bot.PersonID]string, error)
	MembersOf(ctx context.Context, group string) ([]bot.PersonID, error)
}

// Options are what incidents need to know of the configuration.
type Options struct {
	Policy   incident.Policy // default DefaultPolicy
	Services bot.Services    // default none
	Channel  string          // where incidents are announced; default "incidents"
	Keep     time.Duration   // how long the channel of an ended incident stays open; default 7 days
	Changes  Changes         // optional
	Clock    bot.Clock
}

// Service runs the commands and jobs of incidents.
type Service struct {
	store    Store
	chat     Chat
	policy   incident.Policy
	services bot.Services
	channel  string
	keep     time.Duration
	changes  Changes
	clock    bot.Clock
}

// New makes the service.
func New(store Store, chat Chat, o Options) *Service {
	s := &Service{
		store: store, chat: chat, policy: o.Policy, services: o.Services, channel: o.Channel,
		keep: cmp.Or(o.Keep, 7*24*time.Hour), changes: o.Changes, clock: o.Clock,
	}
	if s.policy == nil {
		s.policy = incident.DefaultPolicy()
	}
	if s.services == nil {
		s.services = bot.ServicesOf()
	}
	if s.channel == "" {
		s.channel = "incidents"
	}
	if s.clock == nil {
		s.clock = bot.SystemClock{}
	}
	return s
}

func actor(c *bot.Call) incident.Actor {
	return incident.Actor{Person: c.Person.ID, Override: c.May("incident:override"), Guest: !c.May("incident.join")}
}

// notFound turns a missing row into a sentence.
func notFound(id string, err error) error {
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no incident %s. See them with: /incident list all", id).About("incident")
	}
	return err
}

// change is the one way commands change an incident: decide does it, answer says what the person is told. Both run in
// the transaction. further are jobs about it beside those that follow every change.
func (s *Service) change(
	ctx context.Context, c *bot.Call, decide func(*incident.Incident) error, answer func(*incident.Incident) bot.Message,
	further ...bot.Job,
) (bot.Reply, error) {
	for n := range further {
		further[n].Object = c.Text("incident")
	}
	return s.changeWith(ctx, c, decide, answer, further)
}

// changeWith is change with jobs about other things too.
func (s *Service) changeWith(
	ctx context.Context, c *bot.Call, decide func(*incident.Incident) error, answer func(*incident.Incident) bot.Message,
	further []bot.Job,
) (bot.Reply, error) {
	id := c.Text("incident")
	var reply bot.Reply
	_, err := s.store.Update(ctx, id, func(i *incident.Incident) (bot.Effects, error) {
		if c.Quote == nil { // a form that was opened on a message shows the message, and nothing of the incident
			if err := c.Unchanged(shown(i, c.Zone)); err != nil {
				return bot.Effects{}, err
			}
		}
		c.Now = value.Onward(c.Now, i.Latest())
		if err := decide(i); err != nil {
			return bot.Effects{}, err
		}
		i.Mark(c.Agent, c.Person.ID)
		e := c.Effects(i.ID(), i.Version, said(i.Fresh()))
		e.Jobs = append(s.follow(i), further...)
		e.Answer = bot.Answer(answer(i))
		reply = e.Answer
		return e, nil
	})
	if err != nil {
		return bot.Reply{}, notFound(id, err)
	}
	return reply, nil
}

// said is what the audit log says of a change: its timeline entries in short.
func said(entries []incident.Entry) string {
	var texts []string
	for _, e := range entries {
		texts = append(texts, string(e.Kind)+": "+e.Text)
	}
	return strings.Join(texts, "; ")
}

// follow are the jobs that a changed incident asks for: show it wherever it is shown, post what is worth a message,
// remind when due.
func (s *Service) follow(i *incident.Incident) []bot.Job {
	var jobs []bot.Job
	for _, platform := range s.chat.Platforms() {
		lane := i.ID() + "/" + platform
		jobs = append(jobs, bot.Job{Kind: showCard, Object: i.ID(), Arg: platform, Lane: lane})
		for _, e := range i.Fresh() {
			if incident.Announced[e.Kind] {
				jobs = append(jobs, bot.Job{
					Kind: postEntry, Object: i.ID(), Arg: fmt.Sprintf("%s/%d", platform, e.Seq), Lane: lane,
				})
			}
		}
	}
	if i.State == incident.Closed || i.State == incident.Cancelled {
		for _, platform := range s.chat.Platforms() {
			jobs = append(jobs, bot.Job{Kind: closeRoom, Object: i.ID(), Arg: platform, At: i.Times.Closed.Add(s.keep)})
		}
	}
	now := s.clock.Now()
	jobs = slices.Concat(jobs, tells(i), s.nudges(i, now))
	if i.Grave() && slices.ContainsFunc(i.Fresh(), alarming) {
		jobs = append(jobs, s.chat.Alarms(i.ID())...)
	}
	return ahead(i, jobs, now)
}

// alarming reports whether an entry may make an incident grave, or grave for somebody else.
func alarming(e incident.Entry) bool {
	switch e.Kind {
	case incident.SeverityUp, incident.SeverityEntry, incident.DescribedEntry:
		return true
	}
	return false
}

func (s *Service) declare(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	d := incident.Declaration{
		Title: c.Text("title"), Severity: incident.Severity(c.Text("severity")), Services: c.List("service"),
		Impact: c.Text("impact"),
		By:     c.Person.ID, MayLead: c.May("incident.update"), Source: incident.SourceOf(c.From), Quote: c.Quote,
		Change: c.Text("change"),
	}
	if q := c.Quote; q != nil && q.Ref.ID != "" {
		d.Origin = strings.Join([]string{q.Ref.Platform, q.Ref.Workspace, q.Ref.Channel, q.Ref.ID}, "/")
	}
	if d.Origin != "" {
		if same, err := s.store.List(ctx, Filter{Open: true, Origin: d.Origin, Limit: 1}); err != nil || len(same) > 0 {
			return s.sameOrigin(same, err)
		}
	}
	if d.Severity != incident.SEV1 && !c.Given("anyway") {
		like, shares, err := s.similar(ctx, d, c.Now)
		if err != nil {
			return bot.Reply{}, err
		}
		if like != nil {
			m := incident.AlreadyMessage(like, shares, d, c.Now)
			return bot.Reply{Status: bot.Refused, Message: &m}, nil
		}
	}
	var reply bot.Reply
	_, err := s.store.Declare(ctx, func(number int64) (*incident.Incident, bot.Effects, error) {
		i := incident.Declare(number, d, c.Now, s.policy)
		i.Mark(c.Agent, c.Person.ID)
		e := c.Effects(i.ID(), 1, said(i.Fresh()))
		e.Jobs = ahead(i, []bot.Job{{Kind: startResponse, Object: i.ID()}}, c.Now)
		e.Answer = bot.Answer(incident.DeclaredMessage(i, d.MayLead))
		reply = e.Answer
		return i, e, nil
	})
	if errors.Is(err, ErrSameOrigin) {
		return s.sameOrigin(s.store.List(ctx, Filter{Open: true, Origin: d.Origin, Limit: 1}))
	}
	return reply, err
}

func (s *Service) nudges(i *incident.Incident, now time.Time) []bot.Job {
	var jobs []bot.Job
	for _, r := range incident.Reminders {
		switch n := i.Nudge(r, now, s.policy); {
		case !n.Due.IsZero():
			jobs = append(jobs, bot.Job{Kind: nudge, Object: i.ID(), Arg: string(r)})
		case !n.Next.IsZero():
			jobs = append(jobs, bot.Job{Kind: nudge, Object: i.ID(), Arg: string(r), At: n.Next})
		}
	}
	return jobs
}

func (s *Service) sameOrigin(list []*incident.Incident, err error) (bot.Reply, error) {
	if err != nil || len(list) == 0 {
		return bot.Reply{}, errors.Join(err, errors.New("no open incident with this origin"))
	}
	return bot.Answer(bot.Message{
		Sections: []bot.Section{
			bot.Para("This message was already declared as ", bot.Bold(list[0].ID()), ": "+value.Isolate(list[0].Title)+"."),
		},
		Actions: []bot.Action{incident.JoinAction(list[0], "Join "+list[0].ID())},
	}), nil
}

// How recent a similar incident must be to be offered instead of a new one.
const similarWithin = 10 * time.Minute

// similar finds an open incident of the last minutes that tells of the same thing, and says what the two share.
func (s *Service) similar(
	ctx context.Context, d incident.Declaration, now time.Time,
) (like *incident.Incident, shares string, err error) {
	list, err := s.store.Recent(ctx, now.Add(-similarWithin))
	if err != nil {
		return nil, "", err
	}
	alike := incident.Alike(d.Title)
	for _, r := range list {
		switch {
		case alike(r.Title):
			shares = "sounds the same"
		case slices.ContainsFunc(r.Services, func(service string) bool { return slices.Contains(d.Services, service) }):
			shares = "is about the same service"
		default:
			continue
		}
		like, err = s.store.Get(ctx, incident.FormatID(r.Number))
		return like, shares, err
	}
	return nil, "", nil
}

func (s *Service) show(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	i, err := s.store.Get(ctx, c.Text("incident"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("incident"), err)
	}
	if c.Paged {
		return s.page(ctx, c, i)
	}
	m, err := s.card(ctx, i)
	if err != nil {
		return bot.Reply{}, err
	}
	if room, err := s.chat.Room(ctx, key("room", i.ID(), c.From.Platform)); err == nil {
		m.Sections = append(m.Sections, bot.Para("Its channel: ", bot.InChannel(room, incident.RoomName(i))))
	}
	m.Actions = append(incident.RecordActions(i), incident.Act("Changes", "incident.changes", i))
	return bot.Answer(m), nil
}

func (s *Service) update(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r := incident.Report{Text: c.Text("text"), Next: c.Duration("next")}
	return s.change(ctx, c, func(i *incident.Incident) error {
		if c.Changed("severity") {
			r.Severity = incident.Severity(c.Text("severity"))
		}
		if c.Changed("status") {
			r.Status = incident.State(c.Text("status"))
		}
		if c.Changed("impact") {
			r.Impact = new(c.Text("impact"))
		}
		return i.Tell(actor(c), r, c.Now, s.policy)
	}, func(i *incident.Incident) bot.Message {
		text := bot.T("Update ", bot.Bold(fmt.Sprintf("#%d", i.Updates)), " of "+i.ID()+" is out.")
		switch {
		case i.State == incident.Paused:
			text = append(text, bot.T(" The incident stays paused until ", i.ResumeAt, ".")...)
		case !i.NextUpdate.IsZero():
			text = append(text, bot.T(" The next one is due ", i.NextUpdate, ".")...)
		}
		return bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: text}}}
	})
}

func (s *Service) severity(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		return i.SetSeverity(actor(c), incident.Severity(c.Text("severity")), c.Text("why"), c.Now, s.policy)
	}, func(i *incident.Incident) bot.Message {
		return incident.Done(i.ID() + " is now " + i.Severity.Label() + ".")
	})
}

func (s *Service) status(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		return i.SetStatus(actor(c), incident.State(c.Text("status")), c.Text("why"), c.Now)
	}, func(i *incident.Incident) bot.Message {
		return incident.Done(i.ID() + " is now " + string(i.State) + ".")
	})
}

func (s *Service) mitigate(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		return i.Mitigate(actor(c), cmp.Or(c.Time("at"), c.Now), c.Now)
	},
		func(i *incident.Incident) bot.Message {
			return incident.Done("The impact of "+i.ID()+" is over since ", i.Mitigated, ". Work goes on until you resolve it.")
		})
}

func (s *Service) pause(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error {
		return i.Pause(actor(c), c.Time("until"), c.Text("why"), c.Now)
	}, func(i *incident.Incident) bot.Message {
		return incident.Done(i.ID()+" is paused until ", i.ResumeAt, ". Reminders stay quiet until then.")
	})
}

func (s *Service) unpause(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Unpause(actor(c), c.Now, s.policy) },
		func(i *incident.Incident) bot.Message { return incident.Done("Work on " + i.ID() + " goes on.") })
}

func (s *Service) resolve(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	o := incident.Outcome{Summary: c.Text("summary")}
	return s.change(ctx, c, func(i *incident.Incident) error {
		if c.Changed("started") {
			o.Started = c.Time("started")
		}
		if c.Changed("impact") {
			o.Impact = new(c.Text("impact"))
		}
		return i.Resolve(actor(c), o, c.Now)
	}, func(i *incident.Incident) bot.Message {
		text := " is resolved. Close it when nothing is left to do: /incident close "
		if i.NeedsReview() {
			text = " is resolved. Its post-mortem is being written from the record; add your part with /incident review "
		}
		return incident.Done(i.ID() + text + i.ID())
	}, bot.Job{Kind: beginReview})
}
