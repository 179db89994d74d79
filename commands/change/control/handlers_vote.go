package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

func ballot(c *bot.Call, comment string) change.Ballot {
	surface := c.From.Platform
	if c.Place.Channel != "" {
		surface += "/" + c.Place.Channel
	}
	return change.Ballot{
		Person: c.Person.ID, Stage: c.Text("stage"), Revision: c.Number("revision"), Comment: comment, Surface: surface,
		Account: rulebook.AccountName(c.From), Assured: c.Assurance,
	}
}

// unproven leads a voter to where they sign in surely enough, and from there to the page of the change. The address
// lets nobody in, and the vote is for the revision that its page shows.
func (s *Service) unproven(x *change.Change, e change.UnprovenError) bot.Reply {
	m := bot.Message{Title: "Not counted yet", Tone: bot.Warning, Sections: []bot.Section{bot.Para(e.Error())}}
	if s.o.SignIn != nil {
		m.Sections = append(m.Sections, bot.Para(
			bot.Link("Sign in and vote on "+x.ID(), s.o.SignIn("/changes/"+x.ID(), e.Needs)),
		))
	}
	return bot.Reply{Status: bot.Refused, Message: &m}
}

// confirm is what stands above the form of a vote: what is decided, by its digest.
func (s *Service) confirm(ctx context.Context, c *bot.Call) (bot.Text, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return nil, notFound(c.Text("change"), err)
	}
	return view.ConfirmText(x, c.Zone, c.Now), nil
}

// signInFirst is the refusal of somebody who has not signed in surely enough, as a sentence with the address.
func (s *Service) signInFirst(x *change.Change, err error) error {
	var e change.UnprovenError
	if !errors.As(err, &e) {
		return err
	}
	text := e.Error()
	if s.o.SignIn != nil {
		text += " " + s.o.SignIn("/changes/"+x.ID(), e.Needs)
	}
	refused := bot.Errorf(bot.Forbidden, "%s", text)
	refused.Denied = false // they may; they only have to come another way
	return refused
}

// mayVote refuses whoever has no vote on the change as it is now, before they fill in a form.
func (s *Service) mayVote(ctx context.Context, c *bot.Call) error {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return notFound(c.Text("change"), err)
	}
	w, err := s.around(ctx, x, true, change.OnlyPeople)
	if err != nil {
		return err
	}
	if err := x.Proven(c.Assurance, w.Policy); err != nil {
		return s.signInFirst(x, err)
	}
	err = x.CanVote(ballot(c, ""), w.Roster, w.Delegations, c.Now)
	// a group that cannot be read may be there by the time the form is sent
	if e, ok := err.(*bot.Error); ok && e.Kind == bot.Unavailable {
		return nil
	}
	return err
}

func (s *Service) approve(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	var stage change.StageView
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			if !c.Given("revision") && x.Risk.Level != policy.Low && (x.State == change.Pending || x.State == change.Approved) {
				return bot.Errorf(
					bot.Invalid,
					"The risk of %s is %s, so name the revision that you looked at, for nobody should approve what they have not "+
						"seen: /change approve %s r%d",
					x.ID(), x.Risk.Level, x.ID(), x.Revision,
				).About("revision")
			}
			was := x.State
			err := x.Proven(c.Assurance, w.Policy)
			if err != nil {
				return err
			}
			if stage, err = x.Approve(ballot(c, c.Text("comment")), w.Roster, w.Delegations, c.Now); err != nil {
				return err
			}
			if text := c.Text("condition"); text != "" && (was == change.Pending || was == change.Approved) {
				return x.Demand(c.Person.ID, text, c.Now)
			}
			return nil
		}, answer: func(x *change.Change, w change.World) bot.Message { return view.ApprovedMessage(x, w, stage, c) },
	})
}

func (s *Service) reject(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			if err := x.Proven(c.Assurance, w.Policy); err != nil {
				return err
			}
			_, err := x.Decline(ballot(c, c.Text("reason")), w.Roster, w.Delegations, c.Now)
			return err
		},
		answer: func(x *change.Change, _ change.World) bot.Message {
			switch {
			case x.State == change.Rejected:
				return view.Done(x.Ref()+" is rejected. ", x.Requester, " is told why.")
			case x.State.Running() || x.State == change.Review:
				return view.Done(
					"Your objection to " + x.ID() +
						" is recorded. It started already, so it is reviewed and listed as an exception; nothing is rolled back by that.",
				)
			}
			return view.Done("Your rejection of " + x.Ref() + " is recorded. It takes more of them to reject it.")
		},
	})
}

func (s *Service) ask(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			return x.Ask(ballot(c, ""), c.Text("question"), w.Roster, w.Delegations, c.Now)
		},
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done(
				x.Requester, " is asked. The clock of "+x.ID()+" is paused until they answer, for five days at most.",
			)
		},
	})
}

func (s *Service) answer(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{people: true, decide: func(x *change.Change, _ change.World, _ change.Look) error {
		return x.Answer(c.Person.ID, c.Text("text"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message {
			if x.OpenQuestion("") != nil {
				return view.Done("Answered. Another question about " + x.ID() + " waits.")
			}
			return view.Done("Answered. The clock of "+x.ID()+" runs again, until ", x.Expires, ".")
		}})
}

func (s *Service) withdraw(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{people: true, decide: func(x *change.Change, _ change.World, _ change.Look) error {
		return x.Withdraw(c.Person.ID, c.Text("why"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done("Your vote on " + x.Ref() + " is taken back. It is " + strings.ToLower(x.State.Label()) + ".")
		}})
}

func (s *Service) hold(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			return x.PutOnHold(s.actor(c, w), x.Approver(c.Person.ID, w, c.Now), c.Text("why"), c.Now)
		},
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done(x.ID() + " is on hold. Nobody can approve or start it, and pipelines wait.")
		},
	})
}

func (s *Service) resume(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			return x.Resume(s.actor(c, w), x.Approver(c.Person.ID, w, c.Now), c.Now)
		}, answer: func(x *change.Change, _ change.World) bot.Message { return view.Done(x.ID() + " goes on.") },
	})
}

func (s *Service) tickOff(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{people: true, decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Tick(s.actor(c, w), c.Number("number"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done(fmt.Sprintf("Condition %d of %s is met.", c.Number("number"), x.ID()))
		}})
}

func (s *Service) breakGlass(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{live: true, decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.BreakGlass(s.actor(c, w), c.Text("why"), c.Now)
	}, answer: func(x *change.Change, w change.World) bot.Message {
		m := view.Done(
			x.ID()+" has started against the policy, and everybody is told. A second person has to witness it before ",
			x.Glass.At.Add(change.SecondWithin), ", or it is put on hold. An approval and a review are owed.",
		)
		m.Tone = bot.Critical
		return m
	}})
}

func (s *Service) witness(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, people: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error { return x.Witness(s.actor(c, w), c.Now) },
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done("You are the second person of " + x.ID() + ".")
		},
	})
}

// How often the requester may have approvers reminded.
const remindEvery = 2 * time.Hour

func (s *Service) remind(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("change"), err)
	}
	entries, err := s.store.Timeline(ctx, x.ID(), 0)
	if err != nil {
		return bot.Reply{}, err
	}
	for _, e := range entries {
		if e.Kind == change.ReminderEntry && e.By != "" && c.Now.Sub(e.At) < remindEvery {
			return bot.Reply{}, bot.Errorf(
				bot.Conflict, "%s reminded them %s ago. You can remind them again at %s.", e.By,
				value.FormatDuration(c.Now.Sub(e.At)), e.At.Add(remindEvery),
			)
		}
	}
	again := bot.Job{Kind: remindPeople, Object: x.ID(), Arg: fmt.Sprint(c.Now.Unix())}
	return s.alter(ctx, c, step{
		people: true, jobs: []bot.Job{again},
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			if x.State != change.Pending {
				return x.Over()
			}
			if !x.Owns(c.Person.ID) && !s.actor(c, w).Manager {
				return bot.Errorf(bot.Forbidden, "Only its requester (%s) can remind the approvers.", x.Requester)
			}
			x.Reminders++
			x.Log(change.ReminderEntry, c.Person.ID, c.Now, "The approvers are reminded.")
			return nil
		},
		answer: func(x *change.Change, w change.World) bot.Message {
			return view.Done("They are reminded. " + view.AskedLine(x, w))
		},
	})
}

// bulk approves several changes of low risk, each by itself: one that was edited meanwhile keeps nobody else from being
// approved.
func (s *Service) bulk(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	m := bot.Message{Title: "Approvals", Tone: bot.Good}
	for n, part := range strings.Split(c.Text("changes"), ",") {
		id, rev, _ := strings.Cut(strings.TrimSpace(part), ":")
		revision, err := strconv.Atoi(rev)
		if _, ok := change.ParseID(id); !ok || err != nil {
			return bot.Reply{}, bot.Errorf(
				bot.Invalid, "%q is not a change with its revision. Write CHG-1:1", value.Cut(part, 40),
			).About("changes")
		}
		b := ballot(c, "")
		b.Revision, b.Stage = revision, ""
		text := "approved"
		err = s.voteAlone(ctx, c, id, b, fmt.Sprintf("%s/%d", c.Key, n))
		var people *bot.Error
		switch {
		case errors.As(err, &people):
			text, m.Tone = people.Text, bot.Warning
		case errors.As(err, new(change.ChangedError)):
			text, m.Tone = "changed since you looked, so nothing was counted. Look at it again: /change show "+id, bot.Warning
		case errors.As(err, new(change.AlreadyError)):
			text = "approved by you already"
		case errors.Is(err, bot.ErrRepeated):
		case err != nil:
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, bot.Para(bot.Bold(id), " "+text))
	}
	return bot.Answer(m), nil
}

func (s *Service) voteAlone(ctx context.Context, c *bot.Call, id string, b change.Ballot, key string) error {
	var p rulebook.Place
	_, err := s.store.Update(ctx, id, func(x *change.Change) (err error) {
		p, err = s.book.Prepare(ctx, x, true)
		return err
	}, func(x *change.Change, look change.Look) (bot.Effects, error) {
		if x.Lapse(c.Now) {
			return s.bySystem(x, "change.expire", c.Now), nil
		}
		at := value.Onward(c.Now, x.Latest()) // of this one alone: the others of the list have times of their own
		a, err := look(x, nil, change.OnlyPeople)
		if err != nil {
			return bot.Effects{}, err
		}
		w := s.world(x, p, a)
		if x.Risk.Level != policy.Low {
			return bot.Effects{}, bot.Errorf(
				bot.Conflict, "its risk is %s, so it has to be looked at on its own: /change show %s", x.Risk.Level, id,
			)
		}
		if err := x.Proven(c.Assurance, w.Policy); err != nil {
			return bot.Effects{}, s.signInFirst(x, err)
		}
		if _, err := x.Approve(b, w.Roster, w.Delegations, at); err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(x.ID(), x.Version, said(x.Fresh()))
		e.Audit.Key, e.Audit.At = key, at
		e.Jobs = s.follow(x)
		return e, nil
	})
	return notFound(id, err)
}

func (s *Service) delegate(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	to, until := c.Who("person"), c.Time("until")
	switch {
	case to.ID == c.Person.ID:
		return bot.Reply{}, bot.Errorf(bot.Invalid, "You cannot delegate to yourself. Name somebody else.").About("person")
	case !to.Active || !c.Allows(to, "change.approve"):
		return bot.Reply{}, bot.Errorf(bot.Invalid, "%s may not vote on changes. Choose somebody else.", to.ID).
			About("person")
	case until.Sub(c.Now) > 60*24*time.Hour:
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "A delegation lasts 60 days at most. Choose an earlier day, like %s.",
			c.Now.AddDate(0, 0, 14).In(c.Zone).Format("2006-01-02"),
		).About("until")
	}
	scope := c.Text("scope")
	if scope != "" {
		p, _, _, err := s.PolicyNow(ctx)
		if err != nil {
			return bot.Reply{}, err
		}
		if p != nil {
			groups := slices.Sorted(maps.Keys(p.Groups))
			if !slices.Contains(groups, scope) {
				return bot.Reply{}, bot.Errorf(
					bot.Invalid, "The policy has no group %q. There is: %s.", value.Cut(scope, 40), value.Listed(groups),
				).About("scope")
			}
		}
	}
	d := change.Delegation{From: c.Person.ID, To: to.ID, Since: c.Now, Until: until.UTC(), Scope: scope}
	e := c.Effects(
		"delegation/"+string(c.Person.ID), 1,
		fmt.Sprintf("to @%s until %s %s", to.ID, until.UTC().Format(time.RFC3339), scope),
	)
	e.Answer = bot.Answer(
		view.Done(
			to.ID, " may vote for you until ", until,
			". You may still vote yourself; one seat is one vote. Neither of you can decide what either of you requested. "+
				"End it with: /change undelegate",
		),
	)
	return e.Answer, s.ledger.Delegate(ctx, d, e)
}

func (s *Service) undelegate(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	e := c.Effects("delegation/"+string(c.Person.ID), 1, "ended")
	e.Answer = bot.Answer(view.Done("Nobody votes for you any more. Votes that were given stay."))
	n, err := s.ledger.Undelegate(ctx, c.Person.ID, c.Now, e)
	if err == nil && n == 0 {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "You have no delegation. Make one with: /change delegate @person until fri 18:00",
		)
	}
	return e.Answer, err
}
