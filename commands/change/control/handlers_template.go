package control

import (
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/rulebook"
	"github.com/watchbell/watchbell/commands/change/view"
)

func (s *Service) template(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, _, _, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Text("what") == "approve" {
		return s.approveTemplate(ctx, c, p)
	}
	records := map[string]policy.TemplateRecord{}
	for _, t := range p.Templates {
		approvals, runs, err := s.ledger.Template(ctx, t.Name)
		if err != nil {
			return bot.Reply{}, err
		}
		records[t.Name] = policy.TemplateRecord{Approvals: approvals[t.Digest], Runs: runs}
	}
	return bot.Answer(view.Templates(p.Templates, records, c.Now)), nil
}

func (s *Service) approveTemplate(ctx context.Context, c *bot.Call, p *policy.Policy) (bot.Reply, error) {
	if err := c.InPerson(); err != nil {
		return bot.Reply{}, err
	}
	i := slices.IndexFunc(p.Templates, func(t policy.Template) bool { return t.Name == c.Text("name") })
	if i < 0 {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound, "The policy has no template %q. See them with: /change template list", value.Cut(c.Text("name"), 40),
		).About("name")
	}
	t := p.Templates[i]
	if t.Owner == c.Person.ID {
		return bot.Reply{}, bot.Errorf(bot.Forbidden, "You own the template %s, so two others have to approve it.", t.Name)
	}
	k, err := s.book.Catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	// Whoever could approve such a change by itself may approve its template.
	q := p.Try(policy.CaseChange{
		Type: string(policy.Normal), Env: t.Envs[0], Risk: string(policy.High), Services: t.Services,
	}, k)
	pl := rulebook.Place{Policy: p, People: k.People, Catalog: k}
	r, err := s.book.Roster(ctx, pl, q.Groups, t.Services, true)
	if err != nil {
		return bot.Reply{}, err
	}
	probe := &change.Change{Needs: q}
	if !slices.ContainsFunc(q.Stages, func(st policy.Stage) bool {
		_, ok := change.MemberOf(probe.Pool(st, q.Groups, r), c.Person.ID)
		return ok
	}) {
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden, "Only those who could approve such a change may approve its template: %s.", q.Summary(),
		)
	}
	e := c.Effects("template/"+t.Name, 1, "approved "+t.Digest)
	e.Answer = bot.Answer(view.Done("You have approved " + t.At() +
		". It takes two people, and its owner does not count."))
	return e.Answer, s.ledger.ApproveTemplate(
		ctx, t.Name, t.Digest, policy.TemplateApproval{Person: c.Person.ID, At: c.Now}, e,
	)
}
