package control

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
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

func (s *Service) freeze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	what := cmp.Or(c.Text("what"), "list")
	if c.Opened != nil {
		what = "add"
	}
	switch what {
	case "add":
		return s.addFreeze(ctx, c)
	case "end":
		return s.endFreeze(ctx, c)
	}
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	added, err := s.ledger.Freezes(ctx, c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(view.Freezes(slices.Concat(p.Freezes, added), c.Now)), nil
}

// manager refuses those who do not manage changes.
func (s *Service) manager(ctx context.Context, c *bot.Call, what string) (rulebook.Place, error) {
	p, err := s.book.Prepare(ctx, &change.Change{}, true)
	if err != nil {
		return p, err
	}
	w := s.world(&change.Change{}, p, change.Around{})
	if !s.actor(c, w).Manager {
		group := "managers"
		if p.Policy != nil {
			group = p.Policy.Managers
		}
		return p, bot.Errorf(
			bot.Forbidden, "Only change managers can %s; the policy says who (%s).", what, cmp.Or(group, "nobody"),
		)
	}
	return p, nil
}

func (s *Service) addFreeze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, err := s.manager(ctx, c, "add a freeze")
	if err != nil {
		return bot.Reply{}, err
	}
	from := c.Time("from")
	if from.IsZero() {
		from = c.Now
	}
	raw := c.Text("to")
	if raw == "" || c.Text("reason") == "" {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Say until when and why, like: %s", c.Command.Example).About("to")
	}
	base := from
	if ownDay.MatchString(raw) {
		base = c.Now
	}
	to, err := value.When(raw, base, c.Zone, value.Future)
	if err != nil {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "To: %s", err.Error()).About("to")
	}
	switch {
	case !to.After(from):
		return bot.Reply{}, bot.Errorf(bot.Invalid, "The freeze would end before it starts.").About("to")
	case to.Sub(from) > 92*24*time.Hour:
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "A freeze that is added lasts 92 days at most. Put longer ones into the policy.",
		).About("to")
	}
	var scope policy.Scope
	if e := c.Text("env"); e != "" {
		scope.Envs = []string{e}
	}
	scope.Services = c.List("service")
	f := policy.Freeze{
		Hard: c.Text("mode") != "soft", Scope: scope,
		Span: policy.Span{From: from.UTC(), To: to.UTC(), Zone: c.Zone, Wide: true}, Allow: []policy.Type{policy.Emergency},
		Reason: c.Text("reason"), Owner: c.Person.ID, Added: c.Now,
	}
	hit, err := s.store.List(ctx, change.Filter{
		States: []change.State{change.Pending, change.Approved, change.Implementing}, From: f.Span.From, To: f.Span.To,
		Limit: 500,
	})
	if err != nil {
		return bot.Reply{}, err
	}
	hit = slices.DeleteFunc(hit, func(x *change.Change) bool { return !f.Meets(x.Type, x.Env, x.Services, p.Catalog) })
	var reply bot.Reply
	_, err = s.ledger.AddFreeze(ctx, func(id string) (policy.Freeze, bot.Effects, error) {
		f.ID = id
		f.Exempt = &policy.Stage{Name: policy.ExemptStage(id), From: p.Policy.Managers, Quorum: 1}
		e := c.Effects(
			id, 1,
			fmt.Sprintf(
				"%s to %s, %s: %s", f.Span.From.Format(time.RFC3339), f.Span.To.Format(time.RFC3339), f.Scope.Label(), f.Reason,
			),
		)
		m := view.Done(
			bot.Bold(id), ": nothing is changed in "+f.Scope.Label()+" from ", from, " to ", to, ". Emergencies may go ahead.",
		)
		var ids []string
		for _, x := range hit {
			for _, platform := range s.chat.Platforms() {
				e.Jobs = append(e.Jobs, bot.Job{Kind: showCard, Object: x.ID(), Arg: platform, Lane: x.ID() + "/" + platform})
			}
			ids = append(ids, x.ID())
		}
		if len(ids) > 0 {
			m.Sections = append(
				m.Sections,
				bot.Para(
					"These changes fall into it. Approved ones stay approved, but cannot start until they are moved or exempted, "+
						"or the freeze ends; running ones are not stopped: "+strings.Join(ids, ", ")+".",
				),
			)
		}
		e.Answer = bot.Answer(m)
		reply = e.Answer
		return f, e, nil
	})
	return reply, err
}

func (s *Service) endFreeze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if err := c.InPerson(); err != nil {
		return bot.Reply{}, err
	}
	if _, err := s.manager(ctx, c, "end a freeze"); err != nil {
		return bot.Reply{}, err
	}
	id := c.Text("freeze")
	if id == "" || c.Text("reason") == "" {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Say which and why, like: /change freeze end FRZ-1 The data centre has moved",
		).About("freeze")
	}
	var reply bot.Reply
	err := s.ledger.EndFreeze(ctx, id, func(f *policy.Freeze) (bot.Effects, error) {
		if !f.Ended.IsZero() || !f.Span.To.After(c.Now) {
			return bot.Effects{}, bot.Errorf(bot.Conflict, "%s is over already.", id)
		}
		f.Ended, f.EndedBy, f.EndReason = value.Later(c.Now, f.Span.From.Add(time.Second)), c.Person.ID, c.Text("reason")
		e := c.Effects(id, 2, "ended: "+c.Text("reason"))
		e.Answer = bot.Answer(view.Done(bot.Bold(id), " is over. Changes that it blocked may start in their windows."))
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound,
			"There is no added freeze %s. Freezes of the policy are ended in the policy file. See them with: /change freeze list",
			id,
		)
	}
	return reply, err
}
