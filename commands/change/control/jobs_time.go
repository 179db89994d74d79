package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// lookAt does what has come due for a change, each thing once, and comes back when the next does.
func (s *Service) lookAt(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	due := map[change.MomentKind]time.Time{}
	for _, m := range c.Moments() {
		if !m.At.After(now) && m.At.After(due[m.Kind]) {
			due[m.Kind] = m.At
		}
	}
	for _, k := range slices.Sorted(maps.Keys(due)) {
		if err := s.moment(ctx, c, k, due[k], now); err != nil {
			return err
		}
	}
	for _, platform := range s.chat.Platforms() { // what the clock says on the card
		if err := s.paint(ctx, c, platform); err != nil {
			return err
		}
	}
	if c, err = s.store.Get(ctx, job.Object); err != nil {
		return err
	}
	if next := c.NextAfter(now); !next.IsZero() {
		return bot.SnoozeUntil(next)
	}
	return nil
}

// remindPeople reminds those who have not decided, because the requester asked for it.
func (s *Service) remindPeople(ctx context.Context, job bot.Job) error {
	c, err := s.store.Get(ctx, job.Object)
	if err != nil || c.State != change.Pending {
		return err
	}
	return s.askAgain(ctx, c, change.PageDue, "remind/"+job.Arg)
}

func (s *Service) moment(ctx context.Context, c *change.Change, k change.MomentKind, at, now time.Time) error {
	late := ""
	if d := now.Sub(at); d > 2*time.Minute {
		late = ", " + value.FormatDuration(d) + " ago"
	}
	once := fmt.Sprintf("%s/%d", k, at.Unix())
	switch k {
	case change.ExpireDue:
		return s.system(ctx, c.ID(), "change.expire", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			return x.Lapse(at), nil
		})
	case change.SecondDue:
		return s.system(ctx, c.ID(), "change.hold", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			return x.Unwitnessed(at), nil
		})
	case change.SilentDue:
		return s.system(ctx, c.ID(), "change.silent", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			return x.GoneSilent(at), nil
		})
	case change.OpensSoon:
		if !now.Before(c.Window.Start) {
			return nil
		}
		return s.notice(
			ctx, c, once, c.CarriedOutBy(), bot.T("Its window opens ", c.Window.Start, "."),
			view.Act("Details", "change.show", c),
		)
	case change.Opened:
		if !now.Before(c.Window.End) {
			return nil
		}
		return s.notice(
			ctx, c, once, c.CarriedOutBy(),
			bot.T("Its window has been open since ", c.Window.Start, late+". It starts when somebody starts it."),
			view.Styled(view.Act("Start", "change.start", c), bot.Primary),
		)
	case change.OverrunDue:
		return s.notice(
			ctx, c, once, c.CarriedOutBy(),
			bot.T("Its window has been over since ", c.Window.End, ". Finish it, roll back, or ask an approver for more time."),
			view.Styled(view.Act("Done", "change.done", c), bot.Primary), view.Act("Roll back", "change.rollback", c),
			view.Act("More time", "change.extend", c),
		)
	case change.AskAgain, change.PageDue:
		if err := s.askPeople(ctx, bot.Job{Object: c.ID()}); err != nil { // who can decide may be others by now
			return err
		}
		return s.askAgain(ctx, c, k, once)
	case change.DutyDue:
		return s.nag(ctx, c, once)
	}
	return nil
}

// notice says something below the card and to some people, once.
func (s *Service) notice(
	ctx context.Context, c *change.Change, once string, who []bot.PersonID, text bot.Text, actions ...bot.Action,
) error {
	m := bot.Message{
		Tone:     bot.Warning,
		Sections: []bot.Section{{Text: append(bot.T(bot.Bold(c.ID()), " "+value.Shown(c.Title, 100)+": "), text...)}},
		Actions:  actions,
	}
	for _, platform := range s.chat.Platforms() {
		card, err := s.chat.PostedAt(ctx, key("card", c.ID(), platform))
		if errors.Is(err, bot.ErrNoSuch) {
			continue
		}
		if err != nil {
			return err
		}
		thread := card.Conversation
		thread.Thread = card.ID
		if _, err := s.chat.Post(ctx, key("notice", c.ID(), platform)+"/"+once, c.ID(), thread, m); err != nil &&
			!errors.Is(err, bot.ErrGone) {
			return err
		}
	}
	for _, p := range who {
		if err := s.chat.Direct(ctx, fmt.Sprintf("change.notice/%s/%s/%s", c.ID(), once, p), c.ID(), p, m); err != nil {
			return err
		}
	}
	return nil
}

// nag reminds the requester and the change managers of an approval that is overdue, every day. Of a review the ledger
// of reminders does.
func (s *Service) nag(ctx context.Context, c *change.Change, once string) error {
	d := c.Owed(change.RetroApproval)
	if d == nil || d.Due.After(s.clock.Now()) {
		return nil
	}
	w, err := s.around(ctx, c, false, 0)
	if err != nil {
		return err
	}
	who := []bot.PersonID{c.Requester}
	if w.Policy != nil {
		for _, m := range w.Today.Groups[w.Policy.Managers] {
			who = append(who, m.Person)
		}
	}
	return s.notice(
		ctx, c, once+"/"+string(d.Kind), value.Sorted(who),
		bot.T("the "+d.Kind.Label()+" is overdue since ", d.Due, ". It is listed as an exception in the evidence."),
		view.Act("Details", "change.show", c),
	)
}

// tick looks at everything each minute: whether the bot was away, whether the policy file was refused, whether those
// who voted still may.
func (s *Service) tick(ctx context.Context, _ bot.Job) error {
	now := s.clock.Now()
	last, err := s.memory.Seen(ctx, now)
	if err != nil {
		return err
	}
	if alive := s.alive.Load(); alive != nil {
		last = value.Later(last, *alive) // while nothing waits for anybody, that the bot is alive is not written down
	}
	s.alive.Store(&now)
	away := time.Duration(0)
	if !last.IsZero() && now.Sub(last) > outage {
		away = now.Sub(last)
	}
	if err := s.tellProblem(ctx); err != nil {
		return err
	}
	return s.recheckAll(ctx, change.Filter{}, away, now)
}

// recheckService looks again at what is open on a service.
func (s *Service) recheckService(ctx context.Context, job bot.Job) error {
	return s.recheckAll(ctx, change.Filter{Service: job.Object}, 0, s.clock.Now())
}

// recheckAll looks again at what is pending or approved.
func (s *Service) recheckAll(ctx context.Context, f change.Filter, away time.Duration, now time.Time) error {
	f.States, f.Limit = []change.State{change.Pending, change.Approved}, 200
	for {
		list, err := s.store.List(ctx, f)
		if err != nil {
			return err
		}
		for _, c := range list {
			f.Before = c.Number
			if err := s.recheck(ctx, c, away, now); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return nil
		}
	}
}

// idle reports that the tick has nothing to look at.
func (s *Service) idle(ctx context.Context, now time.Time) (bool, error) {
	if s.o.Policy != "" {
		if _, _, problem, err := s.PolicyNow(ctx); err != nil || problem != "" {
			return false, err
		}
	}
	list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Pending, change.Approved}, Limit: 1})
	if err != nil || len(list) > 0 {
		return false, err
	}
	s.alive.Store(&now)
	return true, nil
}

func (s *Service) recheck(ctx context.Context, c *change.Change, away time.Duration, now time.Time) error {
	if away = min(away, now.Sub(c.Submitted)); away <= outage { // it was submitted to somebody
		away = 0
	}
	w, err := s.around(ctx, c, true, 0)
	if err != nil {
		return err
	}
	probe := *c
	probe.Votes = slices.Clone(c.Votes)
	if probe.Recount(w.Roster, w.Delegations, now) || probe.CheckZone(now) || probe.Tighten(w, now) ||
		away > 0 && probe.State == change.Pending && !probe.Extended {
		err := s.system(ctx, c.ID(), "change.recheck", func(x *change.Change, _ change.Look, at time.Time) (bool, error) {
			if x.Revision != c.Revision {
				return false, nil
			}
			did := x.Recount(w.Roster, w.Delegations, at)
			did = x.CheckZone(at) || did
			did = x.Tighten(w, at) || did
			return x.Extend(away, at) || did, nil
		})
		if err != nil {
			return err
		}
	}
	if soon := c.State == change.Approved && c.Window.Set() && c.Window.Start.Sub(now) < 24*time.Hour; soon ||
		c.State == change.Pending {
		for _, platform := range s.chat.Platforms() { // an incident or a freeze may have come up
			if err := s.paint(ctx, c, platform); err != nil {
				return err
			}
		}
	}
	return nil
}

// weekly tells the channel the numbers of the week, if there are any.
func (s *Service) weekly(ctx context.Context, job bot.Job) error {
	now := s.clock.Now()
	x, err := s.Register.Measure(ctx, now.AddDate(0, 0, -7), now)
	if err != nil {
		return err
	}
	if x.Implemented+x.Submitted+x.OverdueDuty == 0 {
		return nil
	}
	m := view.MetricsMessage(x, "Changes of the last seven days")
	for _, platform := range s.chat.Platforms() {
		to, ok, err := s.chat.FindChannel(ctx, platform, s.o.Channel)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := s.chat.Post(ctx, key("weekly", job.Arg, platform), "", to, m); err != nil {
			return err
		}
	}
	return nil
}
