package control

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

// prefill shows a form as the change is.
func (s *Service) prefill(ctx context.Context, call *bot.Call) (map[string]string, error) {
	c, err := s.store.Get(ctx, call.Text("change"))
	if err != nil {
		return nil, notFound(call.Text("change"), err)
	}
	all := view.FormValues(c, call.Zone)
	values := map[string]string{}
	for i := range call.Command.Params {
		if p := &call.Command.Params[i]; p.Form {
			values[p.Name] = all[p.Name]
		}
	}
	return values, nil
}

// contentOf is what a call asks for, on top of what was asked for before.
func contentOf(c *bot.Call, old plan.Content) (plan.Content, error) {
	x := old
	x.Answers = map[string]string{}
	for k, v := range old.Answers {
		x.Answers[k] = v
	}
	text := func(name string, to *string) {
		if c.Changed(name) {
			*to = c.Text(name)
		}
	}
	text("title", &x.Title)
	text("env", &x.Env)
	text("why", &x.Why)
	text("plan", &x.Plan)
	text("backout", &x.Backout)
	text("test", &x.Test)
	if c.Changed("service") {
		x.Services = value.Sorted(c.List("service"))
	}
	if c.Changed("implementer") {
		x.Implementers = nil
		for _, p := range c.Whos("implementer") {
			if !p.Active {
				return x, bot.Errorf(bot.Invalid, "%s is deactivated and cannot carry it out. Choose somebody else.", p.ID).About(
					"implementer",
				)
			}
			x.Implementers = append(x.Implementers, p.ID)
		}
		x.Implementers = value.Sorted(x.Implementers)
	}
	if c.Changed("artifact") {
		x.Artifacts = nil
		for a := range strings.SplitSeq(c.Text("artifact"), ",") {
			if a = strings.TrimSpace(a); a != "" {
				x.Artifacts = append(x.Artifacts, a)
			}
		}
		x.Artifacts = value.Sorted(x.Artifacts)
	}
	if c.Changed("author") {
		x.Author = c.Who("author").ID
	}
	for _, q := range plan.Questions {
		if !c.Changed(q.ID) {
			continue
		}
		if x.Answers[q.ID] = c.Text(q.ID); x.Answers[q.ID] == "" {
			delete(x.Answers, q.ID)
		}
	}
	switch {
	case len(x.Services) > change.MaxServices:
		return x, bot.Errorf(
			bot.Invalid, "A change is about %d services at most, this has %d. Split it.", change.MaxServices, len(x.Services),
		).About("service")
	case len(x.Artifacts) > change.MaxArtifacts:
		return x, bot.Errorf(
			bot.Invalid, "A change deploys %d artifacts at most, this has %d. Split it.", change.MaxArtifacts, len(x.Artifacts),
		).About("artifact")
	}
	if len(x.Answers) == 0 {
		x.Answers = nil
	}
	return x, windowOf(c, &x)
}

var ownDay = regexp.MustCompile(`(?i)^(today|tomorrow|now|(mon|tue|wed|thu|fri|sat|sun))`)

// windowOf reads start and end. An end that is a length or a time of day counts from the start; one that names a day
// counts like the start does.
func windowOf(c *bot.Call, x *plan.Content) error {
	startChanged, endChanged := c.Changed("start"), c.Changed("end")
	if !startChanged && !endChanged {
		return nil
	}
	from, to := x.Window.Start, x.Window.End
	length := to.Sub(from)
	if startChanged {
		from = c.Time("start").UTC()
		if !from.IsZero() && x.Window.Set() && !endChanged {
			to = from.Add(length) // moved as a whole
		}
	}
	if raw := c.Text("end"); endChanged && raw == "" {
		to = time.Time{}
	} else if endChanged {
		base := from
		if from.IsZero() || ownDay.MatchString(raw) {
			base = c.Now
		}
		at, err := value.When(raw, base, c.Zone, value.Future)
		if err != nil {
			return bot.Errorf(bot.Invalid, "Window closes: %s", err.Error()).About("end")
		}
		to = at.UTC()
	}
	x.Window = plan.Window{Start: from, End: to}
	if x.Window.Set() {
		x.Window = plan.NewWindow(from.Truncate(time.Minute), to.Truncate(time.Minute), c.Zone)
		return x.Window.Check(c.Now)
	}
	return nil
}

// fromTemplate fills in what a template fixes.
func fromTemplate(x *plan.Content, t policy.Template) {
	x.Type, x.Template = policy.Standard, t.At()
	x.Title = cmp.Or(x.Title, t.Title)
	x.Why = cmp.Or(x.Why, cmp.Or(t.Why, t.Title))
	x.Plan, x.Backout, x.Test = cmp.Or(x.Plan, t.Plan), cmp.Or(x.Backout, t.Backout), cmp.Or(x.Test, t.Test)
	if len(x.Services) == 0 {
		x.Services = value.Sorted(t.Services)
	}
	if x.Env == "" && len(t.Envs) == 1 {
		x.Env = t.Envs[0]
	}
}

func (s *Service) create(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := contentOf(c, plan.Content{Type: policy.Type(cmp.Or(c.Text("type"), string(policy.Normal)))})
	if err != nil {
		return bot.Reply{}, err
	}
	if x.Title == "" && !c.Given("template") {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Title is needed. What is changed, like: Resize billing-db to r6g.4xlarge.",
		).About("title")
	}
	probe := change.Request(0, x, c.Person.ID, c.Who("for").ID, c.From.Platform, c.Now)
	p, err := s.book.Prepare(ctx, probe, true)
	if err != nil {
		return bot.Reply{}, err
	}
	if name := c.Text("template"); name != "" && p.Policy != nil {
		i := slices.IndexFunc(p.Policy.Templates, func(t policy.Template) bool { return t.Name == name })
		fromTemplate(&x, p.Policy.Templates[i]) // the choice was one of them
		if p, err = s.book.Prepare(ctx, change.Request(0, x, c.Person.ID, "", "", c.Now), true); err != nil {
			return bot.Reply{}, err
		}
	}
	return s.make(ctx, c, x, p, func(n *change.Change, w change.World) error {
		if c.Given("incident") {
			n.LinkIncident(c.Text("incident"), change.Fixes, c.Person.ID, c.Now)
		}
		if c.Given("draft") {
			return nil
		}
		err := n.Submit(s.actor(c, w), w, c.Now)
		if _, missing := err.(change.MissingError); missing {
			return nil // it stays a draft, and the answer says what is missing
		}
		return err
	})
}

// foresee says what would come of a request as it is filled in so far.
func (s *Service) foresee(ctx context.Context, c *bot.Call) ([]bot.Panel, error) {
	x, err := contentOf(c, plan.Content{Type: policy.Type(cmp.Or(c.Text("type"), string(policy.Normal)))})
	if err != nil {
		return nil, err
	}
	n := change.Request(0, x, c.Person.ID, c.Who("for").ID, c.From.Platform, c.Now)
	p, err := s.book.Prepare(ctx, n, true)
	if err != nil {
		return nil, err
	}
	a, err := s.store.Look(ctx, n, p.Near(n), 0)
	if err != nil {
		return nil, err
	}
	w := s.world(n, p, a)
	missing, refused := n.Missing(), error(nil)
	if len(missing) == 0 {
		refused = n.Submit(s.actor(c, w), w, c.Now)
	} else {
		n.Risk = n.Assess(w, c.Now)
	}
	w.Roster = w.Today
	var why *bot.Error
	if refused != nil && !errors.As(refused, &why) {
		return nil, refused
	}
	return view.Checked(n, w, missing, why, c.Now), nil
}

// make creates a change and lets then go on with it, in one transaction.
func (s *Service) make(
	ctx context.Context, c *bot.Call, x plan.Content, p rulebook.Place, then func(*change.Change, change.World) error,
) (bot.Reply, error) {
	var reply bot.Reply
	var made *change.Change
	var w change.World
	_, err := s.store.Create(ctx, func(number int64, look change.Look) (*change.Change, bot.Effects, error) {
		n := change.Request(number, x, c.Person.ID, c.Who("for").ID, c.From.Platform, c.Now)
		made = n
		a, err := look(n, p.Near(n), 0)
		if err != nil {
			return nil, bot.Effects{}, err
		}
		w = s.world(n, p, a)
		if err := then(n, w); err != nil {
			return nil, bot.Effects{}, err
		}
		w.Roster = w.Today
		n.Mark(c.Agent, c.Person.ID)
		e := c.Effects(n.ID(), 1, said(n.Fresh()))
		e.Jobs = append(s.follow(n), s.linked(n)...)
		e.Answer = bot.Answer(view.MadeMessage(n, w, c))
		e.Answer.Data = view.Encode(view.RecordOf(n, w, c.Now))
		reply = e.Answer
		return n, e, nil
	})
	if err != nil && made != nil {
		return s.explain(ctx, c, made, w, err)
	}
	return reply, err
}

func (s *Service) emergency(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x := plan.Content{
		Type: policy.Emergency, Title: c.Text("title"), Why: c.Text("why"), Plan: cmp.Or(c.Text("plan"), c.Text("title")),
		Services: value.Sorted(c.List("service")), Env: c.Text("env"),
	}
	incident := c.Text("incident")
	if incident != "" {
		x.Why = cmp.Or(x.Why, "For "+incident+".")
	}
	if x.Env == "" {
		x.Env = "prod"
	}
	probe := change.Request(0, x, c.Person.ID, "", c.From.Platform, c.Now)
	around, err := s.store.Look(ctx, probe, nil, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	if i := slices.IndexFunc(around.Open, func(o change.OpenIncident) bool { return o.ID == incident }); i >= 0 &&
		len(x.Services) == 0 {
		x.Services = around.Open[i].Services
	}
	switch {
	case len(x.Services) == 0:
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Which service is it about? For example: /change emergency %s service=%s", x.Title, s.anyService(ctx),
		).About("service")
	case x.Why == "":
		return bot.Reply{}, bot.Errorf(
			bot.Invalid,
			"Why can it not wait? Name the incident, like incident=INC-1, or write at least %d characters: why=\"…\"",
			change.MinEmergency,
		).About("why")
	}
	p, err := s.book.Prepare(ctx, change.Request(0, x, c.Person.ID, "", "", c.Now), true)
	if err != nil {
		return bot.Reply{}, err
	}
	return s.make(ctx, c, x, p, func(n *change.Change, w change.World) error {
		if incident != "" {
			n.LinkIncident(incident, change.Fixes, c.Person.ID, c.Now)
		}
		by := s.actor(c, w)
		if err := n.Submit(by, w, c.Now); err != nil {
			return err
		}
		if n.State != change.Approved {
			return nil // the policy wants it approved first
		}
		w.Roster = w.Today
		err := n.Start(by, w, "", c.Now)
		if b, blocked := err.(change.BlockedError); blocked { // it is kept, and the answer says what is in the way
			n.Log(change.NoticeEntry, "", c.Now, "Not started: "+b.Error()+".")
			return nil
		}
		return err
	})
}

func (s *Service) anyService(ctx context.Context) string {
	list, err := s.o.Services(ctx)
	if err != nil || len(list) == 0 {
		return "…"
	}
	return list[0].ID
}

func (s *Service) submit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live:   true,
		decide: func(x *change.Change, w change.World, _ change.Look) error { return x.Submit(s.actor(c, w), w, c.Now) },
		answer: func(x *change.Change, w change.World) bot.Message {
			w.Roster = w.Today
			return view.MadeMessage(x, w, c)
		},
		data: func(x *change.Change, w change.World) any { return view.RecordOf(x, w, c.Now) },
	})
}

func (s *Service) edit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	var others rulebook.Place // with the owners of the services that it is about from now on
	if c.Changed("service") {
		var err error
		if others, err = s.book.Prepare(
			ctx, &change.Change{Content: plan.Content{Services: value.Sorted(c.List("service"))}}, true,
		); err != nil {
			return bot.Reply{}, err
		}
	}
	return s.alter(ctx, c, step{live: true, decide: func(x *change.Change, w change.World, look change.Look) error {
		content, err := contentOf(c, x.Content)
		if err != nil {
			return err
		}
		probe := *x
		probe.Content = content
		a, err := look(&probe, rulebook.Place{Catalog: w.Catalog}.Near(&probe), 0)
		if err != nil {
			return err
		}
		p := rulebook.Place{Policy: w.Policy, Catalog: w.Catalog, Roster: w.Roster, Today: w.Today}
		if c.Changed("service") {
			p = others
		}
		return x.Edit(s.actor(c, w), content, s.world(&probe, p, a), c.Now)
	}, answer: func(x *change.Change, _ change.World) bot.Message { return view.EditedMessage(x, c) },
		data: func(x *change.Change, w change.World) any { return view.RecordOf(x, w, c.Now) }})
}

func (s *Service) cancel(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Cancel(s.actor(c, w), c.Text("why"), c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message { return view.Done(x.ID() + " is cancelled.") }})
}

func (s *Service) revise(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		decide: func(x *change.Change, w change.World, _ change.Look) error { return x.Revise(s.actor(c, w), c.Now) },
		answer: func(x *change.Change, w change.World) bot.Message { return view.MadeMessage(x, w, c) },
	})
}

func (s *Service) ack(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{decide: func(x *change.Change, w change.World, _ change.Look) error {
		return x.Acknowledge(s.actor(c, w), strings.TrimSpace(c.Text("what")), w, c.Now)
	},
		answer: func(x *change.Change, _ change.World) bot.Message {
			return view.Done("You acknowledged the conflict with " + c.Text("what") + ". An edit of " + x.ID() + " voids that.")
		}})
}

func (s *Service) exempt(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, step{
		live: true, open: true,
		decide: func(x *change.Change, w change.World, _ change.Look) error {
			what := strings.TrimPrefix(strings.TrimSpace(c.Text("what")), "freeze:")
			if what == "" {
				if what = onlyObstacle(x, w); what == "" {
					return bot.Errorf(
						bot.Invalid, "From what? Name the freeze or the incident, like what=year-end. See them with: /change show %s",
						x.ID(),
					).About("what")
				}
			}
			if i := slices.IndexFunc(w.Open, func(o change.OpenIncident) bool { return strings.EqualFold(o.ID, what) }); i >= 0 {
				if err := c.InPerson(); err != nil {
					return err
				}
				return x.ExemptFromIncident(s.actor(c, w), w.Open[i], c.May("incident:override"), c.Text("why"), c.Now)
			}
			i := slices.IndexFunc(w.Freezes, func(f policy.Freeze) bool { return strings.EqualFold(f.ID, what) })
			if i < 0 {
				return bot.Errorf(
					bot.NotFound, "There is neither a freeze nor an open incident called %q. See them with: /change show %s",
					value.Cut(what, 60), x.ID(),
				).About("what")
			}
			return x.AskExemption(s.actor(c, w), w.Freezes[i], w.Policy, w.Today, c.Text("why"), c.Now)
		},
		answer: func(x *change.Change, w change.World) bot.Message {
			if x.State == change.Pending {
				return view.Done("The exemption is asked for. " + x.ID() + " is pending until it is given. " + view.AskedLine(x, w))
			}
			return view.Done(x.ID() + " may go ahead.")
		},
	})
}

// onlyObstacle is the one freeze or incident that is in the way, "" when there are none or several.
func onlyObstacle(c *change.Change, w change.World) string {
	found := ""
	for _, x := range c.Conflicts(w) {
		if x.Code != "C4" && x.Code != "C6" {
			continue
		}
		if found != "" {
			return ""
		}
		found = strings.TrimPrefix(x.What, "freeze:")
	}
	return found
}
