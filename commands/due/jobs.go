package due

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
)

// TellJob tells somebody what is due. Its object is the person, its arg the message: a day, or what names a moment.
const TellJob = "ops.tell-due"

const lookDue = "ops.look-due" // each minute

const (
	lookAtOnce = 200
	// A message of a day takes in what comes so soon after its first: a round may need several commits.
	gather = 5 * time.Minute
)

// idle reports that nothing is to be looked at yet.
func (s *Service) idle(ctx context.Context, now time.Time) (bool, error) {
	at, err := s.store.NextLook(ctx)
	return at.IsZero() || at.After(now), err
}

// look looks at what is to be looked at by now, and has people told.
func (s *Service) look(ctx context.Context, _ bot.Job) error {
	staff, err := s.staff(ctx)
	if err != nil {
		return err
	}
	restricted, err := s.o.Services(ctx)
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	for {
		n, err := s.store.Look(ctx, now, lookAtOnce, func(
			list []Entry, sent func(bot.PersonID, string) (time.Time, error),
		) ([]Outcome, error) {
			r := round{now, staff, restricted, s.o.Hours, sent, map[Message]time.Time{}}
			return r.decide(list)
		})
		if err != nil || n < lookAtOnce {
			return err
		}
	}
}

// round is what one commit of a round is decided on.
type round struct {
	now        time.Time
	staff      ladder.Staff
	restricted bot.Restrictions
	hours      ladder.Hours
	sent       func(bot.PersonID, string) (time.Time, error)
	begun      map[Message]time.Time // by person and name
}

func (r *round) decide(list []Entry) ([]Outcome, error) {
	outcomes := make([]Outcome, len(list))
	for k, e := range list {
		var err error
		if outcomes[k], err = r.outcome(e); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func (r *round) outcome(e Entry) (Outcome, error) {
	zone := r.staff.ZoneOf(e.Due.Owner)
	x := ladder.Reminder{Due: e.Due, Told: e.Told, Hours: r.hours, Zone: zone}
	p := x.Plan(r.now)
	later := Outcome{Look: p.Look}
	if !p.Tell {
		return later, nil
	}
	tomorrow := r.hours.After(value.DayOf(r.now.In(zone)), zone)
	hearers := r.allowed(e.Due, ladder.Hearers(e.Due, p.Step, r.staff))
	if len(hearers) == 0 {
		return Outcome{Look: tomorrow}, nil // there may be somebody by then
	}
	o := Outcome{Step: p.Step, Look: p.Look}
	for _, who := range hearers {
		m := Message{Who: who, Name: momentName(e.Due, p.Step), At: r.now}
		if !x.OwnTime(p.Step) {
			var err error
			if m, err = r.slot(who); err != nil {
				return later, err
			}
			if who == e.Due.Owner && m.At.After(r.now) { // today's message went out before
				return Outcome{Look: tomorrow}, nil
			}
		}
		o.To = append(o.To, m)
	}
	return o, nil
}

// momentName names the message about a moment for ever.
func momentName(d bot.Due, step int) string {
	return fmt.Sprintf("%s/%s/%s/%d", d.Object, d.What, d.Key(), step)
}

// allowed are those of hearers who may know of a due. Where that is nobody, the managers are told who belong to its
// audience: that it was said in a restricted channel must not keep it from everybody.
func (r *round) allowed(d bot.Due, hearers []bot.PersonID) []bot.PersonID {
	may := func(in bot.Restrictions, who bot.PersonID) bool {
		return who == d.Owner || who == d.Lead || in.Include(bot.Reader{Person: who, Groups: r.staff.Active[who].Groups}, d.Audience)
	}
	list := slices.DeleteFunc(hearers, func(p bot.PersonID) bool { return !may(r.restricted, p) })
	if len(list) == 0 {
		return slices.DeleteFunc(slices.Clone(r.staff.Managers), func(p bot.PersonID) bool { return !may(nil, p) })
	}
	return list
}

// slot is the message in which somebody hears of dates: the one of today, or when that went out or their day is over,
// the one of their next working day.
func (r *round) slot(who bot.PersonID) (m Message, err error) {
	zone := r.staff.ZoneOf(who)
	for at := r.hours.Open(r.now, zone); ; {
		day := value.DayOf(at.In(zone))
		m = Message{Who: who, Name: day.String()}
		begun, known := r.begun[m]
		if !known {
			if begun, err = r.sent(who, m.Name); err != nil {
				return m, err
			}
		}
		if begun.IsZero() {
			begun = at
		}
		r.begun[m] = begun
		if r.now.Sub(begun) < gather {
			m.At = begun
			return m, nil
		}
		at = r.hours.After(day, zone)
	}
}

// tell sends somebody a message, or makes it say what is true by now. What is settled is no longer in it.
func (s *Service) tell(ctx context.Context, job bot.Job) error {
	who := bot.PersonID(job.Object)
	staff, err := s.staff(ctx)
	if err != nil {
		return err
	}
	person, here := staff.Active[who]
	if !here {
		return nil
	}
	now := s.o.Clock.Now()
	v := view{reader: person, staff: staff, now: now, zone: staff.ZoneOf(who)}
	if _, daily := value.ParseDate(job.Arg); daily {
		if open := s.o.Hours.Open(now, v.zone); open.After(now) {
			return bot.SnoozeUntil(open)
		}
	}
	items, err := s.store.Of(ctx, who, job.Arg)
	if err != nil || len(items) == 0 {
		return err
	}
	key, object := "ops.due/"+job.Object+"/"+job.Arg, "people/"+job.Object
	if len(items) == 1 {
		object = items[0].Due.Object
	}
	if err = s.chat.DirectShow(ctx, key, object, who, v.message(items)); err != nil && !never(err) {
		return err
	}
	reached, err := s.chat.WasDirected(ctx, key, who)
	if err != nil || reached {
		return err
	}
	return s.mention(ctx, key, who, len(items))
}

// mention calls somebody who lets nobody write to them directly, in the channel that everybody reads. It names nothing,
// for not everybody may know of it.
func (s *Service) mention(ctx context.Context, key string, who bot.PersonID, n int) error {
	m := bot.Message{Tone: bot.Warning, Sections: []bot.Section{bot.Para(
		who, ", a direct message about "+value.Counted(n, "thing")+" did not reach you everywhere. See what is due with: ",
		bot.Code("/"+mineLine),
	)}}
	for _, platform := range s.chat.Platforms() {
		if _, err := s.chat.PostedAt(ctx, key+"/"+platform); !errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		to, ok, err := s.chat.FindChannel(ctx, platform, s.o.Channel)
		if err == nil && ok {
			_, err = s.chat.Post(ctx, key+"/here/"+platform, "people/"+string(who), to, m)
		}
		if err != nil && !never(err) {
			return err
		}
	}
	return nil
}

// never reports whether nothing arrives however often we try.
func never(err error) bool {
	var permanent *bot.PermanentError
	return errors.As(err, &permanent) || errors.Is(err, bot.ErrGone) || errors.Is(err, bot.ErrRefused)
}

func (s *Service) staff(ctx context.Context) (ladder.Staff, error) {
	people, err := s.o.People(ctx)
	return ladder.StaffOf(people, s.o.Zone), err
}
