package due

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
)

// Chat reaches people. *engine.Bot does.
type Chat interface {
	Platforms() []string
	FindChannel(ctx context.Context, platform, name string) (bot.Conversation, bool, error)
	ChannelName(ctx context.Context, c bot.Conversation) (string, error)
	Post(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	PostedAt(ctx context.Context, key string) (bot.MessageRef, error)
	DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	// WasDirected reports whether the message of a key reached somebody on each platform that they have an account on.
	WasDirected(ctx context.Context, key string, who bot.PersonID) (bool, error)
}

// Options are what the service is made of.
type Options struct {
	People   func(ctx context.Context) ([]bot.Person, error)
	Services bot.Services
	Clock    bot.Clock      // default bot.SystemClock
	Zone     *time.Location // of people who have none, and of what nobody owns; default UTC
	Hours    ladder.Hours   // when people are told of dates; default ladder.OfficeHours
	// Channel is where people are mentioned whom a direct message does not reach.
	Channel string
}

// Service runs the rounds and the commands.
type Service struct {
	store Store
	chat  Chat
	o     Options
}

// New makes a service.
func New(store Store, chat Chat, o Options) *Service {
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Services == nil {
		o.Services = bot.ServicesOf()
	}
	if o.Hours.To == 0 {
		o.Hours = ladder.OfficeHours
	}
	return &Service{store, chat, o}
}

// How far ahead a list looks, and how much it shows: in chat, and on a page.
const (
	day      = 24 * time.Hour
	ahead    = 30 * day
	pageSize = 10
	rows     = 50
	readMost = 200 // at once, to find those that somebody may see
)

// list shows what is due, what is overdue first.
func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	within, size := ahead, pageSize
	if c.Given("within") {
		within = c.Duration("within")
	}
	if c.Paged {
		size = rows
	}
	f := Filter{
		Until: value.DayOf(c.Now.In(c.Zone)).Add(int(within / day)), Owner: c.Who("person").ID, Team: c.Text("team"),
		Limit: size * 3 / 2, // which mostly is enough, even where some of it is hidden
	}
	var err error
	if f.After, err = parseCursor(c.Text("after")); err != nil {
		return bot.Reply{}, err
	}
	staff, err := s.staff(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	may, err := s.may(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	kind := c.Text("type")
	keep := func(d bot.Due) bool { return (kind == "" || isOf(d, kind)) && may(d) }
	f.Bare = kind == "" && (c.Paged || f.Owner != c.Person.ID) // a type may be the noun of what opens it
	found, more, err := s.find(ctx, f, size, keep)
	if err == nil && f.Bare && !c.Paged && allOf(found, c.Person.ID) { // so there are buttons
		f.Bare = false
		found, more, err = s.find(ctx, f, size, keep)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	var next map[string]string
	if more {
		next = given(c)
		next["after"] = CursorAt(found[size-1]).String()
	}
	v := view{reader: c.Person, staff: staff, now: c.Now, zone: c.Zone}
	title := "Overdue, or due in the next " + value.Counted(max(1, int(within/day)), "day")
	if c.Paged {
		return bot.Look(v.listPage(found, next, title)), nil
	}
	return bot.Answer(v.listMessage(found, next, title)), nil
}

// allOf reports whether dues are somebody's own.
func allOf(dues []bot.Due, who bot.PersonID) bool {
	return !slices.ContainsFunc(dues, func(d bot.Due) bool { return d.Owner != who })
}

// given are the arguments of a list, to go on with it.
func given(c *bot.Call) map[string]string {
	args := map[string]string{}
	for _, name := range []string{"within", "person", "team", "type"} {
		if raw := c.Raw[name]; raw != "" {
			args[name] = raw
		}
	}
	return args
}

// find reads on until so many were found that keep takes. more says that there are others.
func (s *Service) find(
	ctx context.Context, f Filter, size int, keep func(bot.Due) bool,
) (found []bot.Due, more bool, err error) {
	for {
		some, err := s.store.List(ctx, f)
		if err != nil {
			return nil, false, err
		}
		for _, d := range some {
			if !keep(d) {
				continue
			}
			if len(found) == size {
				return found, true, nil
			}
			found = append(found, d)
		}
		if len(some) < f.Limit {
			return found, false, nil
		}
		f.After, f.Limit = CursorAt(some[len(some)-1]), min(2*f.Limit, readMost)
	}
}

// may tells what whoever calls may know of where they are: what its audience may, and what is theirs.
func (s *Service) may(ctx context.Context, c *bot.Call) (func(bot.Due) bool, error) {
	services, err := s.o.Services(ctx)
	if err != nil {
		return nil, err
	}
	restricted := bot.Restrictions(services)
	channel, err := s.chat.ChannelName(ctx, c.Place)
	me := bot.Reader{Person: c.Person.ID, Groups: c.Person.Groups, Channel: channel}
	return func(d bot.Due) bool {
		return d.Owner == c.Person.ID || d.Lead == c.Person.ID || restricted.Include(me, d.Audience)
	}, err
}

// isOf reports whether a due is of a kind of things: INC, or incident.
func isOf(d bot.Due, kind string) bool {
	prefix, _, _ := strings.Cut(d.Object, "-")
	noun := ""
	if d.Open != nil {
		noun, _, _ = strings.Cut(d.Open.Command, ".")
	}
	return strings.EqualFold(prefix, kind) || noun != "" && strings.EqualFold(noun, kind)
}

// cursorSep stands between the parts of a cursor; no id has it.
const cursorSep = "|"

// String writes a cursor as parseCursor reads it.
func (c Cursor) String() string { return c.Day.String() + cursorSep + c.Object + cursorSep + c.What }

func parseCursor(raw string) (Cursor, error) {
	if raw == "" {
		return Cursor{}, nil
	}
	parts := strings.SplitN(raw, cursorSep, 3)
	on, ok := value.ParseDate(parts[0])
	if !ok || len(parts) != 3 {
		return Cursor{}, bot.Errorf(bot.Invalid, "That is no place in the list. Look at it from its start: /ops due")
	}
	return Cursor{on, parts[1], parts[2]}, nil
}

// snooze keeps a due quiet for some days.
func (s *Service) snooze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	days, _ := strconv.Atoi(c.Text("days")) // the choices are numbers
	e, err := s.one(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	staff, err := s.staff(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if !s.owns(c, e.Due, staff) {
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden, "%s is not yours to snooze. Its owner, their team and managers may.", e.Due.Label(),
		)
	}
	zone := staff.ZoneOf(e.Due.Owner)
	wish, err := s.wish(c, e, zone, days)
	if err != nil {
		return bot.Reply{}, err
	}
	until := value.DayOf(wish.Until.In(zone)).UTC().Format(dayFormat)
	detail := named(e.Due) + ": no reminders until " + until
	if wish.Why != "" {
		detail += ", because " + wish.Why
	}
	effects := c.Effects(e.Due.Object, 0, detail)
	v := view{reader: c.Person, staff: staff, now: c.Now, zone: c.Zone}
	m := bot.Say(bot.Bold(e.Due.Label()), " is quiet until "+until+". It stays ", v.when(e.Due), ".")
	m.Tone = bot.Good
	effects.Answer = bot.Answer(m)
	err = s.store.Snooze(ctx, wish, effects)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s is done, or has moved to another date.", e.Due.Label())
	}
	return effects.Answer, err
}

// wish is what somebody asks for, if there is anything to be quiet about. Beyond the date itself it takes a reason.
func (s *Service) wish(c *bot.Call, e Entry, zone *time.Location, days int) (Snooze, error) {
	r := ladder.Reminder{Due: e.Due, Told: e.Told, Hours: s.o.Hours, Zone: zone}
	until := value.DayOf(c.Now.In(zone)).Add(days)
	w := Snooze{Due: e.Due, By: c.Person.ID, At: c.Now, Until: until.At(0, zone).UTC(), Why: c.Text("why")}
	switch step, reached := r.Reached(c.Now); {
	case reached:
		w.Step = step
	case len(e.Told) > 0:
		w.Step = r.Lowest()
	default:
		return w, bot.Errorf(
			bot.Conflict, "Nobody is reminded of %s before %s, so there is nothing to snooze.", e.Due.Label(),
			r.Plan(c.Now).Look,
		)
	}
	if until.Since(r.Day()) > 0 && w.Why == "" {
		return w, bot.Errorf(
			bot.Invalid, "%s has its date before that, on %s. Say why it can wait.", e.Due.Label(),
			r.Day().UTC().Format(dayFormat),
		).About("why")
	}
	return w, nil
}

// owns reports whether somebody may snooze a due: it is theirs or their team's, they lead what it belongs to, nobody
// owns it, or they may do so for others.
func (s *Service) owns(c *bot.Call, d bot.Due, staff ladder.Staff) bool {
	return d.Owner == c.Person.ID || d.Lead == c.Person.ID || d.Team != "" && slices.Contains(c.Person.Groups, d.Team) ||
		staff.Active[d.Owner].ID == "" || c.May(others)
}

// one finds the due that somebody names: its thing, and what of it where several are due.
func (s *Service) one(ctx context.Context, c *bot.Call) (Entry, error) {
	typed := c.Text("due")
	object, _, _ := strings.Cut(typed, " ")
	may, err := s.may(ctx, c)
	if err != nil {
		return Entry{}, err
	}
	list, err := s.store.Find(ctx, strings.ToUpper(object))
	if err != nil {
		return Entry{}, err
	}
	list = slices.DeleteFunc(list, func(e Entry) bool { return !may(e.Due) })
	var names []string
	for _, e := range list {
		if strings.EqualFold(named(e.Due), typed) || strings.EqualFold(e.Due.Label(), typed) {
			return e, nil
		}
		names = append(names, named(e.Due))
	}
	switch {
	case len(list) == 1 && strings.EqualFold(object, typed):
		return list[0], nil
	case len(list) == 0:
		return Entry{}, bot.Errorf(
			bot.NotFound, "Nothing is due of %q. See what is due with: /ops due", bot.Shown(object),
		).About("due")
	}
	return Entry{}, bot.Errorf(
		bot.Invalid, "Several things are due of %s. Write one of: %s.", bot.Shown(strings.ToUpper(object)),
		strings.Join(names[:min(len(names), 10)], ", "),
	).About("due")
}
