package oncall

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"regexp"
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
		return nil, bot.Errorf(bot.NotFound, "There is no rota yet. Make one: /oncall new primary people=@ana,@ben handover=\"mon 09:00\"").About("rota")
	}
	if name == "" {
		return nil, bot.Errorf(bot.Invalid, "Name the rota: %s.", strings.Join(names, ", ")).About("rota")
	}
	return nil, bot.Errorf(bot.NotFound, "There is no rota %q. There are: %s.", value.Cut(name, 40), strings.Join(names, ", ")).About("rota")
}

// mine refuses to change a rota of others: its people, its lead, who made it and administrators may.
func mine(c *bot.Call, r *Rota) error {
	if slices.Contains(r.People, c.Person.ID) || r.Lead == c.Person.ID || r.By == c.Person.ID || c.May(override) {
		return nil
	}
	return bot.Errorf(bot.Forbidden, "You are not on the rota %s. Ask %s, who leads it.", r.Name, cmp.Or(r.Lead, r.By))
}

var (
	rotaName  = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	turnTime  = regexp.MustCompile(`(?i)^(?:(sun|mon|tue|wed|thu|fri|sat)[a-z]* )?(\d{1,2}):(\d\d)$`)
	weekdays  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	maxPeople = 30
)

func (s *Service) create(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r := &Rota{Name: strings.ToLower(c.Text("name")), Zone: c.Zone.String(), Escalate: 10 * time.Minute, Lead: cmp.Or(c.Who("lead").ID, c.Person.ID), By: c.Person.ID, Made: c.Now, Every: 7, Version: 1}
	if !rotaName.MatchString(r.Name) {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Name: %q cannot be the name of a rota. Write 2 to 40 small letters, digits and hyphens, like primary.", value.Cut(r.Name, 40)).About("name")
	}
	for _, p := range c.Whos("people") {
		r.People = append(r.People, p.ID)
	}
	if len(r.People) > maxPeople {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "People: at most %d take turns in one rota.", maxPeople).About("people")
	}
	if c.Text("tz") != "" {
		zone, err := value.Zone(c.Text("tz"))
		if err != nil {
			return bot.Reply{}, bot.Errorf(bot.Invalid, "Tz: %v", err).About("tz")
		}
		r.Zone = zone.String()
	}
	switch every := c.Text("every"); every {
	case "", "week":
	case "day":
		r.Every = 1
	case "two-weeks":
		r.Every = 14
	}
	if c.Given("escalate") {
		r.Escalate = c.Duration("escalate")
	}
	if r.Escalate < time.Minute {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Escalate: at least 1m. Write escalate=10m.").About("escalate")
	}
	m := turnTime.FindStringSubmatch(strings.TrimSpace(cmp.Or(c.Text("handover"), "mon 09:00")))
	if m == nil {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Handover: %q is not a time of the week. Write mon 09:00, or 09:00 for shifts of a day.", value.Cut(c.Text("handover"), 40)).About("handover")
	}
	hour, _ := strconv.Atoi(m[2])
	minute, _ := strconv.Atoi(m[3])
	if hour > 23 || minute > 59 {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Handover: %q is not a time of day. Write it from 00:00 to 23:59, like mon 09:00.", value.Cut(c.Text("handover"), 40)).About("handover")
	}
	r.Minute = hour*60 + minute
	// The first of the people is on call now: their shift began at the last turn.
	local := c.Now.In(r.Location())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	if m[1] != "" {
		want := slices.Index(weekdays, strings.ToLower(m[1]))
		day = day.AddDate(0, 0, -(int(day.Weekday())-want+7)%7)
	}
	r.Anchor = day.Format(time.DateOnly)
	if r.turn(0).After(c.Now) {
		r.Anchor = day.AddDate(0, 0, -r.Every).Format(time.DateOnly)
	}
	place := c.Place
	place.Thread = ""
	if place.Channel != "" {
		name, err := s.chat.ChannelName(ctx, place)
		if err != nil {
			return bot.Reply{}, err
		}
		if name != "" {
			r.Place, r.Channel = place, name
		}
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects("rota/"+r.Name, 1, strings.Join(names(r.People), ", "))
	e.Answer = bot.Answer(s.rotaMessage(r, nil, c.Now, "The rota "+r.Name+" is made. ", active))
	err = s.keep.AddRota(ctx, r, e)
	if errors.Is(err, bot.ErrRepeated) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "There is a rota %s already. See it with: /oncall list", r.Name).About("name")
	}
	return e.Answer, err
}

func names(people []bot.PersonID) []string {
	list := make([]string, len(people))
	for k, p := range people {
		list[k] = string(p)
	}
	return list
}

func (s *Service) end(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, _ []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		r.Ended = c.Now
		return nil, done("The rota " + r.Name + " has ended. Nobody is paged by it any more."), nil, nil
	})
}

// alter changes a rota or who stands in.
func (s *Service) alter(ctx context.Context, c *bot.Call, decide func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error)) (bot.Reply, error) {
	found, err := s.rota(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	err = s.keep.UpdateRota(ctx, found.Name, c.Now.Add(-back), func(r *Rota, stands []Stand) ([]Stand, bot.Effects, error) {
		changed, m, jobs, err := decide(r, stands)
		if err != nil {
			return nil, bot.Effects{}, err
		}
		e := c.Effects("rota/"+r.Name, r.Version, m.Plain(c.Zone))
		e.Answer, e.Jobs = bot.Answer(m), jobs
		reply = e.Answer
		return changed, e, nil
	})
	return reply, err
}

const longestStand = 60 * 24 * time.Hour

// span reads from= and until=; without them it is the next whole shift of whoever gives it away.
func span(c *bot.Call, r *Rota, stands []Stand, of bot.PersonID) (from, to time.Time, err error) {
	from, to = c.Time("from"), c.Time("until")
	if from.IsZero() && to.IsZero() {
		next, ok := r.NextOf(of, c.Now, stands)
		if !ok {
			return from, to, bot.Errorf(bot.Invalid, "%s has no coming shift on %s. Give the times, like from=\"fri 18:00\" until=\"sat 18:00\".", of, r.Name).About("from")
		}
		return next.From, next.To, nil
	}
	if from.IsZero() {
		from = c.Now
	}
	switch {
	case to.IsZero():
		return from, to, bot.Errorf(bot.Invalid, "Until: say when it ends, like until=\"sat 18:00\".").About("until")
	case !from.Before(to):
		return from, to, bot.Errorf(bot.Invalid, "Until: it ends before it begins. Write a later time, like until=\"sat 18:00\".").About("until")
	case to.Sub(from) > longestStand:
		return from, to, bot.Errorf(bot.Invalid, "Until: at most 60 days at once. Change the rota for more.").About("until")
	}
	return from, to, nil
}

func (s *Service) override(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		if err := mine(c, r); err != nil {
			return nil, bot.Message{}, nil, err
		}
		who := c.Who("person").ID
		if c.Time("until").IsZero() {
			return nil, bot.Message{}, nil, bot.Errorf(bot.Invalid, "Until: say when it ends, like until=\"sat 18:00\".").About("until")
		}
		from, to, err := span(c, r, stands, who)
		if err != nil {
			return nil, bot.Message{}, nil, err
		}
		now, _ := r.At(from, stands)
		x := Stand{N: len(stands) + 1, Person: who, From: from.UTC(), To: to.UTC(), For: now.Person, Source: "override", By: c.Person.ID, At: c.Now, Why: c.Text("why")}
		m := done(who, " is on call for ", bot.Bold(r.Name), " from ", from, " until ", to, ".")
		return []Stand{x}, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(x.N)}}, nil
	})
}

func (s *Service) swap(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		me, who := c.Person.ID, c.Who("person").ID
		if me == who {
			return nil, bot.Message{}, nil, bot.Errorf(bot.Invalid, "Person: name somebody else to swap with, like /oncall swap @ben.").About("person")
		}
		from, to, err := span(c, r, stands, me)
		if err != nil {
			return nil, bot.Message{}, nil, err
		}
		n := len(stands) + 1
		give := Stand{N: n, Person: who, From: from.UTC(), To: to.UTC(), For: me, Source: "swap", Offer: n, Asked: true, By: me, At: c.Now}
		changed := []Stand{give}
		m := done("Asked ", who, " to take your shift on ", bot.Bold(r.Name), " from ", from, " until ", to)
		if !c.Given("from") && !c.Given("until") {
			if theirs, ok := r.NextOf(who, c.Now, stands); ok {
				changed = append(changed, Stand{N: n + 1, Person: me, From: theirs.From, To: theirs.To, For: who, Source: "swap", Offer: n, Asked: true, By: me, At: c.Now})
				m.Sections[0].Text = append(m.Sections[0].Text, bot.T(", for theirs from ", theirs.From, " until ", theirs.To)...)
			}
		}
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T(". Until they take it, it stays yours.")...)
		return changed, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(n)}}, nil
	})
}

// take takes or declines an offer.
func (s *Service) take(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(r *Rota, stands []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		n := c.Number("offer")
		var changed []Stand
		for _, x := range stands {
			if x.Offer != n {
				continue
			}
			switch {
			case x.Gone:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That offer is gone: it was declined.")
			case !x.Asked:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That offer was taken already.")
			case x.N == n && x.Person != c.Person.ID:
				return nil, bot.Message{}, nil, bot.Errorf(bot.Forbidden, "The offer was made to %s.", x.Person)
			case x.N == n && !x.To.After(c.Now):
				return nil, bot.Message{}, nil, bot.Errorf(bot.Conflict, "That shift is over.")
			}
			if c.Text("answer") == "no" {
				x.Gone = true
			} else {
				x.Asked = false
			}
			changed = append(changed, x)
		}
		if len(changed) == 0 {
			return nil, bot.Message{}, nil, bot.Errorf(bot.NotFound, "There is no such offer on %s.", r.Name)
		}
		m := done("It is yours: you are on call for ", bot.Bold(r.Name), " from ", changed[0].From, " until ", changed[0].To, ".")
		if c.Text("answer") == "no" {
			m = done("Declined. ", changed[0].For, " is told.")
		}
		return changed, m, []bot.Job{{Kind: tellStand, Object: r.Name, Arg: strconv.Itoa(n) + "/answer"}}, nil
	})
}

func (s *Service) who(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) == 0 {
		m := bot.Say("There is no rota yet, so nobody is on call.")
		m.Actions = []bot.Action{newAction}
		return bot.Answer(m), nil
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "On call now", Tone: bot.Info}
	for _, r := range all {
		if c.Text("rota") != "" && r.Name != strings.ToLower(c.Text("rota")) {
			continue
		}
		v, err := s.view(ctx, r, c.Now, active)
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, v.section())
		if v.Open != nil && v.Open.To == c.Person.ID {
			m.Actions = append(m.Actions, acceptAction(v.Open))
		}
	}
	m.Actions = append(m.Actions, bot.Action{Label: "Page somebody", Command: "oncall.page", Form: true}, bot.Action{Label: "Swap a shift", Command: "oncall.swap", Form: true})
	return bot.Answer(m), nil
}

// view is a rota as it stands at a time.
type view struct {
	*Rota
	Now, Next Shift
	Who       bot.PersonID // responsible
	Open      *Handover
	Gaps      []Shift
	Stands    []Stand
}

func (s *Service) view(ctx context.Context, r *Rota, now time.Time, active func(bot.PersonID) bool) (view, error) {
	stands, err := s.keep.Stands(ctx, r.Name, now.Add(-back))
	if err != nil {
		return view{}, err
	}
	v := view{Rota: r, Stands: stands}
	v.Now, v.Next = r.At(now, stands)
	v.Now, v.Next = v.Now.present(active), v.Next.present(active)
	open, err := s.keep.Handovers(ctx, r.Name, true, 1)
	if err != nil {
		return view{}, err
	}
	if len(open) > 0 && active(open[0].To) && (open[0].From == "" || active(open[0].From)) { // who has left neither stays responsible nor takes over
		v.Open = open[0]
	}
	v.Who = Responsible(v.Now, v.Open)
	v.Gaps = r.Gaps(now, now.AddDate(0, 0, 14), stands, active)
	return v, nil
}

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) == 0 {
		return s.who(ctx, c)
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Rotas", Tone: bot.Info, Actions: []bot.Action{newAction}}
	for _, r := range all {
		stands, err := s.keep.Stands(ctx, r.Name, c.Now.Add(-back))
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, s.rotaMessage(r, stands, c.Now, "", active).Sections...)
	}
	return bot.Answer(m), nil
}

func (s *Service) gaps(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Gaps in the next 14 days", Tone: bot.Good}
	for _, r := range all {
		v, err := s.view(ctx, r, c.Now, active)
		if err != nil {
			return bot.Reply{}, err
		}
		for _, g := range v.Gaps {
			m.Tone = bot.Critical
			m.Sections = append(m.Sections, bot.Para(bot.Bold(r.Name), ": nobody from ", g.From, " until ", g.To, "."))
		}
	}
	if len(m.Sections) == 0 {
		m.Sections = []bot.Section{bot.Para("None: somebody is on call at any time.")}
		if len(all) == 0 {
			return s.who(ctx, c)
		}
	} else {
		m.Actions = []bot.Action{{Label: "Fill a gap", Command: "oncall.override", Form: true, Style: bot.Primary}}
	}
	return bot.Answer(m), nil
}

func number(id, prefix string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, prefix+"-"), 10, 64)
	if err != nil || n < 1 {
		return 0, bot.Errorf(bot.Invalid, "%q is not an id. Write it like %s-1.", value.Cut(id, 40), prefix)
	}
	return n, nil
}

// handing changes a hand-over.
func (s *Service) handing(ctx context.Context, c *bot.Call, decide func(h *Handover, lead bot.PersonID) (bot.Message, error)) (bot.Reply, error) {
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

func (s *Service) page(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.rota(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	v, err := s.view(ctx, r, c.Now, active)
	if err != nil {
		return bot.Reply{}, err
	}
	p := &Page{Rota: r.Name, At: c.Now, Text: c.Text("text"), By: c.Person.ID, Place: r.Place, Every: r.Escalate, Chain: chain(r, v.Now, v.Next, v.Open, active)}
	if len(p.Chain) == 0 {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "Nobody on the rota %s can be called: it has no active people. Add some: /oncall override %s @you until …", r.Name, r.Name)
	}
	var reply bot.Reply
	err = s.keep.AddPage(ctx, p, func(p *Page) bot.Effects {
		e := c.Effects(p.ID(), 1, r.Name+": "+p.Text)
		e.Jobs = []bot.Job{{Kind: callNext, Object: p.ID()}}
		e.Answer = bot.Answer(done(bot.Bold(p.ID()), " to "+r.Name+": ", p.Chain[0], " is called now: "+value.Isolate(p.Text)+". If nobody answers, it escalates after "+value.FormatDuration(p.Every)+"."))
		reply = e.Answer
		return e
	})
	return reply, err
}

// named finds a rota by its name, nil if there is none any more.
func named(rotas []*Rota, name string) *Rota {
	for _, r := range rotas {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// paging changes a page, for those whose page it is.
func (s *Service) paging(ctx context.Context, c *bot.Call, decide func(*Page) (bot.Message, error)) (bot.Reply, error) {
	n, err := number(c.Text("page"), "PAGE")
	if err != nil {
		return bot.Reply{}, err
	}
	rotas, err := s.keep.Rotas(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	_, err = s.keep.UpdatePage(ctx, n, func(p *Page) (bot.Effects, error) {
		if !p.For(c.Person.ID, named(rotas, p.Rota)) && !c.May(override) {
			return bot.Effects{}, bot.Errorf(bot.Forbidden, "%s calls the rota %s. Only the people it calls, those of the rota and administrators answer or end it.", p.ID(), p.Rota)
		}
		m, err := decide(p)
		if err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(p.ID(), p.Version, m.Plain(c.Zone))
		e.Answer, e.Jobs = bot.Answer(m), []bot.Job{{Kind: showPage, Object: p.ID()}}
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no page PAGE-%d.", n).About("page")
	}
	return reply, err
}

func (s *Service) ack(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.paging(ctx, c, func(p *Page) (bot.Message, error) {
		if p.AckBy == c.Person.ID {
			return done("You have answered " + p.ID() + " already."), nil
		}
		if err := p.Ack(c.Person.ID, c.Now); err != nil {
			return bot.Message{}, err
		}
		m := done("You have ", bot.Bold(p.ID()), ": "+value.Isolate(p.Text)+". Nobody else is called. Say later what it led to.")
		m.Actions = resultActions(p)
		return m, nil
	})
}

func (s *Service) finish(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.paging(ctx, c, func(p *Page) (bot.Message, error) {
		if err := p.Finish(c.Person.ID, Result(c.Text("result")), c.Text("note"), c.Now); err != nil {
			return bot.Message{}, err
		}
		return done(bot.Bold(p.ID()), " is done: "+resultLabel[p.Result]+"."), nil
	})
}
