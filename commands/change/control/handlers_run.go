package control

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
)

func (s *Service) start(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Start(s.actor(c, w), w, c.Text("artifact"), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message { return view.StartedMessage(x) },
		data: func(x *change.Change, w change.World) any { return view.RecordOf(x, w, c.Now) }})
}

func (s *Service) finish(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Finish(s.actor(c, w), c.Text("note"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message {
			if x.State == change.Review {
				m := view.Done(x.ID() + " is rolled back. A review is owed: what went wrong, and what to do about it.")
				m.Actions = []bot.Action{view.Styled(view.Act("Write the review", "change.review", x), bot.Primary)}
				return m
			}
			m := view.Done(x.ID() + " is done. Does it work?")
			m.Actions = view.VerifyActions(x)
			return m
		}, data: func(x *change.Change, w change.World) any { return view.RecordOf(x, w, c.Now) }})
}

func (s *Service) verify(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	result := c.Text("result")
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		if result != "ok" && c.Text("note") == "" {
			return bot.Errorf(bot.Invalid, "Say what is wrong, like: /change verify %s %s Two replicas lag", x.ID(), result).
				About("note")
		}
		outcome := policy.Success
		if result == "issues" {
			outcome = policy.WithIssues
		}
		return x.Verify(s.actor(c, w), result != "fail", outcome, c.Text("note"), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		switch x.State {
		case change.RollingBack:
			return view.BackoutMessage(x)
		case change.Closed:
			return view.Done(x.ID() + " is closed: " + x.Outcome.Label() + ".")
		}
		m := view.Done(x.ID() + " works. Write its review to close it.")
		m.Actions = []bot.Action{view.Styled(view.Act("Write the review", "change.review", x), bot.Primary)}
		return m
	}})
}

func (s *Service) rollback(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Rollback(s.actor(c, w), c.Text("why"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message { return view.BackoutMessage(x) },
		data:   func(x *change.Change, w change.World) any { return view.RecordOf(x, w, c.Now) }})
}

func (s *Service) extend(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{live: true, decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.ExtendWindow(s.actor(c, w), x.Approver(c.Person.ID, w, c.Now), c.Time("until").UTC(), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		return view.Done(x.ID()+" may go on until ", x.Until, ".")
	}})
}

func (s *Service) review(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.WriteReview(s.actor(c, w), policy.Outcome(c.Text("outcome")), c.Text("text"), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		if x.State == change.Closed {
			return view.Done(x.ID() + " is closed: " + x.Outcome.Label() + ".")
		}
		return view.Done("The review of " + x.ID() + " is saved. " + view.OwedLine(x))
	}})
}

func (s *Service) waive(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{live: true, decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Waive(s.actor(c, w), change.DutyKind(c.Text("duty")), c.Text("why"), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		return view.Done("Waived. It is listed as an exception in the evidence of " + x.ID() + ".")
	}})
}

// assign gives the post-implementation review to somebody else.
func (s *Service) assign(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	who := c.Who("person").ID
	return s.alter(ctx, c, step{people: true, decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.AssignReview(s.actor(c, w), who, c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		return view.Done(who, " writes the "+change.PIR.Label()+" of "+x.ID()+" now.")
	}})
}

func (s *Service) leadOf(ctx context.Context, incident string) (bot.PersonID, error) {
	if s.o.LeadOf == nil {
		return "", nil
	}
	return s.o.LeadOf(ctx, incident)
}

func (s *Service) link(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	id := c.Text("incident")
	lead, err := s.leadOf(ctx, id)
	if err != nil {
		return bot.Reply{}, err
	}
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		if change.Verdict(c.Text("how")) == change.Caused && !x.Implements(c.Person.ID) && c.Person.ID != lead &&
			!s.actor(c, w).Manager {
			return bot.Errorf(
				bot.Forbidden,
				"Only who implements %s, who leads %s and change managers say that it caused the incident. Link it as suspected "+
					"instead: /change link %s %s suspected",
				x.ID(), id, x.ID(), id,
			)
		}
		if !x.LinkIncident(id, change.Verdict(c.Text("how")), c.Person.ID, c.Now) {
			return bot.Errorf(bot.Conflict, "%s is linked to %s as %s already.", x.ID(), id, c.Text("how"))
		}
		return nil
	}, answer: func(x *change.Change, _ change.World) bot.Message {
		return view.Done(fmt.Sprintf("%s: %s is %s.", id, x.ID(), c.Text("how")))
	}})
}

func (s *Service) heartbeat(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		if err := x.Worker(s.actor(c, w), "tell that they are alive"); err != nil {
			return err
		}
		if x.State != change.Implementing {
			return x.Illegal("worked on")
		}
		x.Alive(c.Now)
		return nil
	}, answer: func(x *change.Change, _ change.World) bot.Message { return view.Done(x.ID() + " goes on.") }})
}

const (
	deploys  = "change:deploy" // lets people tell what was deployed, as pipelines do
	operator = "cli"           // the platform of whoever runs the program itself
)

// deployed writes down what a pipeline deployed. What no change allowed is kept all the more, and listed as an
// exception.
func (s *Service) deployed(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	d := change.Deployment{
		ID: "DEP-" + rand.Text()[:12], Service: c.Text("service"), Env: c.Text("env"), Artifact: c.Text("artifact"),
		Change: c.Text("change"), Person: c.Person.ID, At: c.Now,
	}
	if c.Scopes == nil && c.From.Platform != operator && !c.May(deploys) {
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden,
			"Pipelines tell what was deployed: by the API with a token of the scope change.deployed, or with watchbell do. A "+
				"role may have the permission %s too.",
			deploys,
		)
	}
	if d.Service == "" || d.Env == "" {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Name the service and the env, like: /change deployed service=billing-db env=prod",
		).About("service")
	}
	d.Note = "no change is named"
	if d.Change != "" {
		d.Note = ""
		x, err := s.store.Get(ctx, d.Change)
		switch {
		case notFound(d.Change, err) != err:
			d.Note = "there is no change " + d.Change
		case err != nil:
			return bot.Reply{}, err
		case x.Started.IsZero() && len(x.Grants) == 0:
			d.Note = d.Change + " was neither started nor granted"
		case !slices.Contains(x.Services, d.Service) || x.Env != d.Env:
			d.Note = d.Change + " is for " + value.Listed(x.Services) + " in " + x.Env
		case d.Artifact != "" && len(x.Artifacts) > 0 && !slices.Contains(x.Artifacts, d.Artifact):
			d.Note = d.Change + " was approved for another artifact"
		}
	}
	e := c.Effects("deployment/"+d.ID, 1, fmt.Sprintf("%s %s %s %s %s", d.Service, d.Env, d.Artifact, d.Change, d.Note))
	m := view.Done("Recorded as " + d.ID + ".")
	if d.Note != "" {
		m = bot.Message{
			Tone: bot.Warning, Sections: []bot.Section{bot.Para("Recorded as " + d.ID + ", as an exception: " + d.Note + ".")},
		}
	}
	e.Answer = bot.Answer(m)
	e.Answer.Data = view.Encode(d)
	return e.Answer, s.ledger.Deployed(ctx, d, e)
}
