package change

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

func (s *Service) explainRules(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("change"), err)
	}
	w, err := s.around(ctx, x, false, 0)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Why " + x.ID() + " needs what it needs", Tone: bot.Info}
	if x.Needs.SHA != "" {
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Asked for "), x.Needs.Summary()+" (policy "+x.Needs.SHA[:12]+", rules "+list(x.Needs.Rules)+")"))
	}
	probe := *x
	if x.Risk.Level == "" {
		probe.Risk = probe.Assess(w, c.Now)
	}
	m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(bot.Bold(fmt.Sprintf("Score %d of 100 (%s). ", probe.Risk.Score, probe.Risk.Level))), riskText(&probe, 20)...)})
	if w.Policy != nil {
		q, results := w.Policy.Evaluate(probe.facts(w, c.Now))
		var lines []bot.Text
		for _, r := range results {
			mark := "✖ "
			if r.Matched {
				mark = "✔ "
			}
			lines = append(lines, bot.T(mark, bot.Bold(r.Rule.ID), ": "+r.Why))
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(bot.Bold("By the policy in force ("+w.Policy.SHA[:12]+"): "), q.Summary()+"\n"), joined(lines, "\n")...)})
		if missing := x.stricter(q, w.Today); x.State == Approved && q.SHA != x.Needs.SHA && len(missing) > 0 {
			m.Sections = append(m.Sections, bot.Para("⛔ The policy became stricter since: "+strings.Join(missing, "; ")))
		}
	}
	if x.State.Open() {
		var lines []string
		for _, b := range x.Blockers(w, c.Now) {
			lines = append(lines, b.Text)
		}
		if len(lines) > 0 {
			m.Sections = append(m.Sections, bot.Para(bot.Bold("It cannot start now: "), strings.Join(lines, "; ")))
		} else {
			m.Sections = append(m.Sections, bot.Para(bot.Bold("It can start now.")))
		}
	}
	return bot.Answer(m), nil
}

func (s *Service) showPolicy(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, cases, problem, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if p == nil {
		return bot.Reply{}, bot.Errorf(bot.Unavailable, "No policy is in force.")
	}
	k, err := s.catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Change policy " + p.SHA[:12], Tone: bot.Info}
	if problem != "" {
		m.Tone = bot.Critical
		m.Sections = append(m.Sections, bot.Para(bot.Bold("The changed file is refused, so this policy stays in force. "), value.Cut(problem, 1000)))
	}
	switch c.Text("what") {
	case "test":
		failed := 0
		for _, x := range cases {
			mark, text := "✔ ", ""
			if bad := p.Check(x, k); len(bad) > 0 {
				mark, text, failed = "✖ ", ": "+strings.Join(bad, "; "), failed+1
			}
			m.Sections = append(m.Sections, bot.Para(mark+x.Name+text))
		}
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%s, %d failed.", value.Counted(len(cases), "case"), failed)))
	case "diff":
		return s.policyDiff(ctx, c, p, k)
	default:
		for _, r := range p.Rules {
			q := Requirement{Stages: r.Stages, Start: r.Start}
			if r.Auto {
				q.Auto = r.ID
			}
			if r.Retro != nil {
				q.Retro = []Stage{*r.Retro}
			}
			line := r.When.label()
			if r.Cond != "" {
				line += " and " + r.Cond
			}
			if r.Fallback {
				line = "when no other rule asks for anything"
			}
			m.Sections = append(m.Sections, bot.Para(bot.Bold(r.ID+" "), line+": "+q.Summary()))
		}
		m.Context = []bot.Text{bot.T("Test a file with: watchbell change policy test FILE")}
	}
	return bot.Answer(m), nil
}

func (w When) label() string {
	var parts []string
	add := func(name, values string) {
		if values != "" {
			parts = append(parts, name+" "+values)
		}
	}
	add("type", list(w.Types))
	add("env", list(w.Envs))
	add("risk", list(w.Risks))
	add("service", list(w.Services))
	add("tag", list(w.Tags))
	add("template", list(w.Templates))
	if len(w.Tiers) > 0 {
		add("tier", strings.Trim(fmt.Sprint(w.Tiers), "[]"))
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, ", ")
}

const diffSince = 90 * 24 * time.Hour

func (s *Service) policyDiff(ctx context.Context, c *bot.Call, p *Policy, k Catalog) (bot.Reply, error) {
	lines, n, err := s.Replay(ctx, nil, p, k, c.Now.Add(-diffSince))
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "What this policy would have asked for in the last 90 days", Tone: bot.Info}
	m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%s, %d with another result than when submitted.", value.Counted(n, "change"), len(lines))))
	for _, l := range lines[:min(20, len(lines))] {
		m.Sections = append(m.Sections, bot.Para(l))
	}
	return bot.Answer(m), nil
}

// Replay says of each change since a time that was submitted what a policy would ask for instead of what was asked, or of what another policy would ask, and how many there were.
func (s *Service) Replay(ctx context.Context, old, p *Policy, k Catalog, since time.Time) (lines []string, n int, err error) {
	for after := int64(1); ; {
		list, err := s.store.List(ctx, Filter{Created: [2]time.Time{since}, After: after, Limit: 500})
		if err != nil {
			return nil, n, err
		}
		for _, c := range list {
			after = c.Number + 1
			if c.Needs.SHA == "" {
				continue
			}
			n++
			asked := c.Needs.withoutExemptions()
			if old != nil {
				asked = old.Replay(c, k)
			}
			if was, is := asked.Summary(), p.Replay(c, k).Summary(); was != is {
				lines = append(lines, fmt.Sprintf("%s %s: %s → %s", c.ID(), value.Shown(c.Title, 60), was, is))
			}
		}
		if len(list) < 500 {
			return lines, n, nil
		}
	}
}

func (q Requirement) withoutExemptions() Requirement {
	q.Stages = slices.DeleteFunc(slices.Clone(q.Stages), func(s Stage) bool { return strings.HasPrefix(s.Name, "exempt-") })
	return q
}

func (s *Service) freeze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	what := orElse(c.Text("what"), "list")
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
	m := bot.Message{Title: "Freezes", Tone: bot.Info, Actions: []bot.Action{{Label: "Add a freeze", Command: "change.freeze", Args: map[string]string{"what": "add"}, Form: true}}}
	for _, f := range slices.Concat(p.Freezes, added) {
		next := f.between(c.Now, c.Now.AddDate(1, 0, 0))
		if len(next) == 0 {
			continue
		}
		mode := "soft"
		if f.Hard {
			mode = "hard"
		}
		when := bot.T("from ", next[0].Start, " to ", next[0].End)
		if next[0].holds(c.Now) {
			when = bot.T("in force until ", next[0].End)
		}
		t := append(bot.T(bot.Bold(f.ID), " · "+mode+" · "+f.Scope.label()+" · "), when...)
		if f.Reason != "" {
			t = append(t, bot.T(" — "+f.Reason)...)
		}
		if f.Owner != "" {
			t = append(t, bot.T(" · ", f.Owner)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: t})
	}
	if len(m.Sections) == 0 {
		m.Sections = []bot.Section{bot.Para("No freezes are active or planned.")}
	}
	return bot.Answer(m), nil
}

// manager refuses those who do not manage changes.
func (s *Service) manager(ctx context.Context, c *bot.Call, what string) (place, error) {
	p, err := s.prepare(ctx, &Change{}, true)
	if err != nil {
		return p, err
	}
	w := s.world(&Change{}, p, Around{})
	if !s.actor(c, w).Manager {
		group := "managers"
		if p.policy != nil {
			group = p.policy.Managers
		}
		return p, bot.Errorf(bot.Forbidden, "Only change managers can %s; the policy says who (%s).", what, orElse(group, "nobody"))
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
		return bot.Reply{}, bot.Errorf(bot.Invalid, "A freeze that is added lasts 92 days at most. Put longer ones into the policy.").About("to")
	}
	var scope Scope
	if e := c.Text("env"); e != "" {
		scope.Envs = []string{e}
	}
	scope.Services = c.List("service")
	f := Freeze{Hard: c.Text("mode") != "soft", Scope: scope, Span: Span{From: from.UTC(), To: to.UTC(), Zone: c.Zone, Wide: true}, Allow: []Type{Emergency}, Reason: c.Text("reason"), Owner: c.Person.ID, Added: c.Now}
	hit, err := s.store.List(ctx, Filter{States: []State{Pending, Approved, Implementing}, From: f.Span.From, To: f.Span.To, Limit: 500})
	if err != nil {
		return bot.Reply{}, err
	}
	hit = slices.DeleteFunc(hit, func(x *Change) bool { return !f.meets(x.Content, p.kat) })
	var reply bot.Reply
	_, err = s.ledger.AddFreeze(ctx, func(id string) (Freeze, bot.Effects, error) {
		f.ID = id
		f.Exempt = &Stage{Name: exemptStage(id), From: p.policy.Managers, Quorum: 1}
		e := c.Effects(id, 1, fmt.Sprintf("%s to %s, %s: %s", f.Span.From.Format(time.RFC3339), f.Span.To.Format(time.RFC3339), f.Scope.label(), f.Reason))
		m := done(bot.Bold(id), ": nothing is changed in "+f.Scope.label()+" from ", from, " to ", to, ". Emergencies may go ahead.")
		var ids []string
		for _, x := range hit {
			for _, platform := range s.chat.Platforms() {
				e.Jobs = append(e.Jobs, bot.Job{Kind: showCard, Object: x.ID(), Arg: platform, Lane: x.ID() + "/" + platform})
			}
			ids = append(ids, x.ID())
		}
		if len(ids) > 0 {
			m.Sections = append(m.Sections, bot.Para("These changes fall into it. Approved ones stay approved, but cannot start until they are moved or exempted, or the freeze ends; running ones are not stopped: "+strings.Join(ids, ", ")+"."))
		}
		e.Answer = bot.Answer(m)
		reply = e.Answer
		return f, e, nil
	})
	return reply, err
}

func (s *Service) endFreeze(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if _, err := s.manager(ctx, c, "end a freeze"); err != nil {
		return bot.Reply{}, err
	}
	id := c.Text("freeze")
	if id == "" || c.Text("reason") == "" {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Say which and why, like: /change freeze end FRZ-1 The data centre has moved").About("freeze")
	}
	var reply bot.Reply
	err := s.ledger.EndFreeze(ctx, id, func(f *Freeze) (bot.Effects, error) {
		if !f.Ended.IsZero() || !f.Span.To.After(c.Now) {
			return bot.Effects{}, bot.Errorf(bot.Conflict, "%s is over already.", id)
		}
		f.Ended, f.EndedBy, f.EndReason = value.Later(c.Now, f.Span.From.Add(time.Second)), c.Person.ID, c.Text("reason")
		e := c.Effects(id, 2, "ended: "+c.Text("reason"))
		e.Answer = bot.Answer(done(bot.Bold(id), " is over. Changes that it blocked may start in their windows."))
		reply = e.Answer
		return e, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no added freeze %s. Freezes of the policy are ended in the policy file. See them with: /change freeze list", id)
	}
	return reply, err
}

func (s *Service) template(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Text("what") == "approve" {
		return s.approveTemplate(ctx, c, p)
	}
	m := bot.Message{Title: "Templates of standard changes", Tone: bot.Info}
	for _, t := range p.Templates {
		approvals, runs, err := s.ledger.Template(ctx, t.Name)
		if err != nil {
			return bot.Reply{}, err
		}
		state := "active: may be used without asking"
		if why := t.Active(TemplateRecord{Approvals: approvals[t.Digest], Runs: runs}, c.Now); why != "" {
			state = "asks people, because " + why
		}
		m.Sections = append(m.Sections, bot.Para(bot.Bold(t.At()), " "+value.Isolate(t.Title)+" · "+list(t.Services)+" in "+list(t.Envs)+" · at most "+value.FormatDuration(t.Longest)+" · owner ", t.Owner, fmt.Sprintf(" · %d runs\n", len(runs))+state))
		if len(m.Actions) < 5 {
			m.Actions = append(m.Actions, bot.Action{Label: "Approve " + t.Name, Command: "change.template", Args: map[string]string{"what": "approve", "name": t.Name},
				Confirm: value.Cut("Approve this template for use without asking? Plan: "+t.Plan, 280)})
		}
	}
	if len(p.Templates) == 0 {
		m.Sections = []bot.Section{bot.Para("The policy has no templates. Add them to the policy file under templates.")}
	}
	return bot.Answer(m), nil
}

func (s *Service) approveTemplate(ctx context.Context, c *bot.Call, p *Policy) (bot.Reply, error) {
	i := slices.IndexFunc(p.Templates, func(t Template) bool { return t.Name == c.Text("name") })
	if i < 0 {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "The policy has no template %q. See them with: /change template list", value.Cut(c.Text("name"), 40)).About("name")
	}
	t := p.Templates[i]
	if t.Owner == c.Person.ID {
		return bot.Reply{}, bot.Errorf(bot.Forbidden, "You own the template %s, so two others have to approve it.", t.Name)
	}
	k, err := s.catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	// Whoever could approve such a change by itself may approve its template.
	q := p.Try(CaseChange{Type: string(Normal), Env: t.Envs[0], Risk: string(High), Services: t.Services}, k)
	pl := place{policy: p, people: k.People, kat: k}
	r, err := s.roster(ctx, pl, q.Groups, t.Services, true)
	if err != nil {
		return bot.Reply{}, err
	}
	probe := &Change{Needs: q}
	if !slices.ContainsFunc(q.Stages, func(st Stage) bool {
		_, ok := in(probe.pool(st, q.Groups, r), c.Person.ID)
		return ok
	}) {
		return bot.Reply{}, bot.Errorf(bot.Forbidden, "Only those who could approve such a change may approve its template: %s.", q.Summary())
	}
	e := c.Effects("template/"+t.Name, 1, "approved "+t.Digest)
	e.Answer = bot.Answer(done("You have approved " + t.At() + ". It takes two people, and its owner does not count."))
	return e.Answer, s.ledger.ApproveTemplate(ctx, t.Name, t.Digest, TemplateApproval{c.Person.ID, c.Now}, e)
}

func (s *Service) showEvidence(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := s.store.Get(ctx, c.Text("change"))
	if err != nil {
		return bot.Reply{}, notFound(c.Text("change"), err)
	}
	all, err := s.history.Revisions(ctx, []int64{x.Number})
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Evidence of " + x.ID(), Tone: bot.Info}
	m.Sections = append(m.Sections, bot.Para(bot.Bold(x.Title), "\nrequested by ", x.Requester, " ", x.Created, " · "+x.State.Label()+" · policy "+x.Needs.SHA[:min(12, len(x.Needs.SHA))]+" · rules "+list(x.Needs.Rules)))
	for _, r := range all[x.Number] {
		m.Sections = append(m.Sections, bot.Para(bot.Bold(fmt.Sprintf("Revision %d ", r.N)), r.At, " by ", r.By, " · "+r.Digest))
	}
	for _, v := range x.Votes {
		m.Sections = append(m.Sections, bot.Para(bot.Bold(string(v.Decision)+" "), v.Person, fmt.Sprintf(" · r%d · %s · ", v.Revision, v.Stage), v.At, " · "+string(v.State)+" · eligible: "+v.Membership+" · by "+v.Surface))
	}
	if x.Needs.Auto != "" {
		m.Sections = append(m.Sections, bot.Para("Approved by the rule "+x.Needs.Auto))
	}
	for _, why := range x.Exceptions(all[x.Number], c.Now) {
		m.Sections = append(m.Sections, bot.Para("⚠ "+why))
	}
	m.Context = []bot.Text{bot.T("The complete package, signed: watchbell change evidence --from … --to … --format zip")}
	return bot.Answer(m), nil
}

func (s *Service) showMetrics(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	since := 30 * 24 * time.Hour
	if c.Given("since") {
		since = c.Duration("since")
	}
	x, err := s.Measure(ctx, c.Now.Add(-since), c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	m := metricsMessage(x, "Changes of the last "+value.FormatDuration(since))
	reply := bot.Answer(m)
	reply.Data = encode(x)
	return reply, nil
}

func (s *Service) calendar(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	days := map[string]int{"today": 1, "": 7, "week": 7, "month": 31}[c.Text("range")]
	day := c.Now.In(c.Zone)
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	events, err := s.Events(ctx, from, from.AddDate(0, 0, days))
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Change calendar", Tone: bot.Info}
	last := ""
	for _, e := range events[:min(40, len(events))] {
		if d := value.Short(e.Start.In(c.Zone), c.Now, "Mon 2 Jan"); d != last {
			m.Sections = append(m.Sections, bot.Para(bot.Bold(d)))
			last = d
		}
		m.Sections = append(m.Sections, bot.Para(e.icon()+" ", e.Start, " to ", e.End, " "+e.Title))
	}
	if len(events) == 0 {
		m.Sections = []bot.Section{bot.Para("Nothing is planned.")}
	}
	m.Context = []bot.Text{bot.T("For your calendar program: watchbell token create --name calendar --as " + string(c.Person.ID) + " --scope change.feed")}
	return bot.Answer(m), nil
}

// CalendarState is whether changes are possible at a time.
type CalendarState struct {
	State   string     `json:"state"` // open, soft_freeze, frozen or outside_maintenance
	Until   *time.Time `json:"until,omitempty"`
	Next    *time.Time `json:"next,omitempty"` // when it is open next
	Reasons []string   `json:"reasons"`
}

// state computes it from freezes, the strictest of which counts, and maintenance windows, any of which is enough.
func (s *Service) state(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	at := c.Now
	if raw := c.Text("at"); raw != "" {
		var err error
		if at, err = value.When(raw, c.Now, c.Zone, value.Future); err != nil {
			return bot.Reply{}, bot.Errorf(bot.Invalid, "at: %s", err.Error()).About("at")
		}
	}
	k, err := s.catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	env, service := c.Text("env"), c.Text("service")
	if !slices.Contains(p.Envs, env) {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no environment %q. There is: %s.", value.Cut(env, 40), strings.Join(p.Envs, ", ")).About("env")
	}
	if _, ok := k.service(service); !ok {
		return bot.Reply{}, bot.Errorf(bot.NotFound, "There is no service %q.", value.Cut(service, 40)).About("service")
	}
	added, err := s.ledger.Freezes(ctx, at)
	if err != nil {
		return bot.Reply{}, err
	}
	x := stateAt(p, k, slices.Concat(p.Freezes, added), env, service, at)
	reply := bot.Answer(bot.Say("Changes of " + service + " in " + env + ": " + strings.ReplaceAll(x.State, "_", " ") + ". " + strings.Join(x.Reasons, "; ")))
	reply.Data = encode(x)
	return reply, nil
}

func stateAt(p *Policy, k Catalog, freezes []Freeze, env, service string, at time.Time) CalendarState {
	x := CalendarState{State: "open", Reasons: []string{}}
	change := Content{Type: Normal, Env: env, Services: []string{service}}
	for _, f := range freezes {
		now := f.between(at, at)
		if !f.meets(change, k) || len(now) == 0 {
			continue
		}
		x.Reasons = append(x.Reasons, "freeze "+f.label())
		if state := map[bool]string{true: "frozen", false: "soft_freeze"}[f.Hard]; x.State != "frozen" {
			x.State = state
		}
		if end := now[0].End; x.Until == nil || end.After(*x.Until) {
			x.Until = &end
		}
	}
	if x.Until != nil {
		x.Next = x.Until
		return x
	}
	has := false
	for _, m := range p.Windows {
		if !m.Scope.covers(env, []string{service}, k) {
			continue
		}
		has = true
		if now := m.Span.Between(at, at); len(now) > 0 {
			x.Until = &now[0].End
			return x
		}
		if next, ok := m.Span.Next(at); ok && (x.Next == nil || next.Start.Before(*x.Next)) {
			x.Next = &next.Start
		}
	}
	if has {
		x.State, x.Until = "outside_maintenance", x.Next
		x.Reasons = append(x.Reasons, "outside of the maintenance windows of "+service)
	}
	return x
}

func (s *Service) feed(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	events, err := s.Events(ctx, c.Now.AddDate(0, -1, 0), c.Now.AddDate(0, 6, 0))
	if err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(done(value.Counted(len(events), "event") + "."))
	reply.Data, err = json.Marshal(map[string]string{"ical": ICal(events, c.Now)})
	return reply, err
}
