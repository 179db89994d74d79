package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

func (c *checker) rules(p *Policy) {
	seen := map[string]bool{}
	fallback := 0
	for i, f := range c.file.Rules {
		where := fmt.Sprintf("rules[%d] %s", i, f.ID)
		c.name(where, f.ID)
		if seen[f.ID] {
			c.bad("%s: there is another rule of this id", where)
		}
		seen[f.ID] = true
		r := c.rule(p, where, f)
		if r.Fallback {
			fallback++
		}
		p.Rules = append(p.Rules, r)
	}
	if fallback != 1 {
		c.bad("rules: there has to be exactly one with fallback: true, which catches what no other rule does. For " +
			"example: {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}")
	}
	c.cycles(p)
}

func (c *checker) rule(p *Policy, where string, f fileRule) Rule {
	r := Rule{
		ID:       f.ID,
		Cond:     f.Expr,
		Auto:     f.Auto,
		Start:    f.Start,
		Fallback: f.Fallback,
		When:     c.when(p, where, f.When),
		Risk:     Level(c.oneOf(where+".risk", f.Risk, "", "low", "medium", "high")),
	}
	for _, s := range f.Stages {
		r.Stages = append(r.Stages, c.stage(p, where+".stages", s, true))
	}
	if f.Retro != nil {
		s := *f.Retro
		if s.Name == "" {
			s.Name = "retro"
		}
		retro := c.stage(p, where+".retro", s, true)
		r.Retro = &retro
	}
	r.Require = Require{
		Maintenance:  f.Require.Maintenance,
		NoFreeze:     f.Require.NoFreeze,
		Backout:      f.Require.Backout,
		TestEvidence: f.Require.Test,
		Artifact:     f.Require.Artifact,
		LeadTime:     c.duration(where+".require.lead_time", f.Require.LeadTime, 0),
	}
	if f.Expr != "" {
		program, err := compile(f.Expr)
		if err != nil {
			c.bad("%s.expr: %v", where, err)
		}
		r.cond = program
	}
	switch {
	case r.Auto && len(r.Stages) > 0:
		c.bad("%s has auto_approve and stages: it is one or the other", where)
	case r.Auto && !slices.Equal(r.When.Types, []Type{Standard}):
		c.bad("%s has auto_approve without being bound to templates. Write when: {type: standard, template_state: "+
			"active}", where)
	case r.Auto && (r.When.Active == nil || !*r.When.Active):
		c.bad("%s has auto_approve, so it has to ask for an approved template. Add template_state: active to its "+
			"when", where)
	case r.Start && !slices.Equal(r.When.Types, []Type{Emergency}):
		c.bad("%s has start_before_approval, which is for emergencies only. Write when: {type: emergency}", where)
	case r.Start && r.Retro == nil && len(r.Stages) == 0:
		c.bad("%s lets changes start before they are approved and never asks for an approval. Add retro: {from: …, "+
			"quorum: 2, due: 2bd}", where)
	case r.Fallback && (len(r.Stages) == 0 || f.Expr != "" || !emptyWhen(f.When)):
		c.bad("%s: the fallback has no conditions, and at least one stage", where)
	case !r.Fallback && len(r.Stages) == 0 && !r.Auto && r.Retro == nil && r.Require == (Require{}) && r.Risk == "":
		c.bad("%s does nothing. Give it stages, require, risk or auto_approve", where)
	}
	return r
}

func emptyWhen(w fileWhen) bool {
	words := slices.Concat(w.Type, w.Risk, w.Env, w.Service, w.ServiceTag, w.Tier, w.Template)
	return len(words) == 0 && w.TemplateState == ""
}

func (c *checker) when(p *Policy, where string, f fileWhen) When {
	w := When{Envs: f.Env, Services: f.Service, Tags: f.ServiceTag, Templates: f.Template}
	for _, t := range f.Type {
		w.Types = append(w.Types, Type(c.oneOf(where+".when.type", t, "", "normal", "standard", "emergency")))
	}
	for _, l := range f.Risk {
		w.Risks = append(w.Risks, Level(c.oneOf(where+".when.risk", l, "", "low", "medium", "high")))
	}
	for _, t := range f.Tier {
		n, err := strconv.Atoi(t)
		if err != nil || n < 1 || n > 4 {
			c.bad("%s.when.tier: %q is not a tier. Write 1, 2, 3 or 4", where, t)
		}
		w.Tiers = append(w.Tiers, n)
	}
	c.scope(p, where+".when", fileScope{Env: f.Env, Service: f.Service, Tag: f.ServiceTag})
	if s := c.oneOf(where+".when.template_state", f.TemplateState, "", "active", "demoted"); s != "" {
		w.Active = new(s == "active")
	}
	return w
}

func (c *checker) scope(p *Policy, where string, f fileScope) Scope {
	for _, e := range f.Env {
		if !slices.Contains(p.Envs, e) {
			c.bad("%s.env: %q is not one of the environments %s", where, e, strings.Join(p.Envs, ", "))
		}
	}
	for _, s := range f.Service {
		if _, ok := c.catalog.Service(s); !ok {
			c.unfit("%s.service: there is no service %q", where, s)
		}
	}
	for _, t := range slices.Concat(f.Tag, f.NotTag) {
		if !slices.ContainsFunc(c.catalog.Services, func(s bot.Service) bool { return slices.Contains(s.Tags, t) }) {
			c.unfit("%s: no service has the tag %q, so it could never match. Give services tags in the "+
				"configuration", where, t)
		}
	}
	return Scope{Envs: f.Env, Services: f.Service, Tags: f.Tag, NotTags: f.NotTag}
}

func (c *checker) stage(p *Policy, where string, f fileStage, named bool) Stage {
	s := Stage{Name: f.Name, From: f.From, Quorum: f.Quorum, After: f.After}
	if named {
		c.name(where, f.Name)
	}
	if s.Quorum == 0 {
		s.Quorum = 1
	}
	if s.Quorum < 1 || s.Quorum > 10 {
		c.bad("%s: quorum %d has to be from 1 to 10", where, s.Quorum)
	}
	if f.From == "" {
		c.bad("%s: from is missing, the group that is asked", where)
	} else if c.existing(p, where+".from", f.From) != "" {
		c.enough(p, where, s)
	}
	if days, ok := strings.CutSuffix(f.Due, "bd"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 60 {
			c.bad("%s.due: %q is not a number of business days. Write 2bd", where, f.Due)
		}
		s.DueBiz = n
	} else {
		s.Due = c.duration(where+".due", f.Due, 0)
	}
	return s
}

// enough refuses a quorum that the people of the group, as far as they are known by now, can never reach.
func (c *checker) enough(p *Policy, where string, s Stage) {
	n, known := c.size(p, s.From)
	if known && n < s.Quorum {
		c.unfit("%s: %d of %s are asked, but only %d active people are in it", where, s.Quorum, s.From, n)
	}
}

func (c *checker) size(p *Policy, group string) (n int, known bool) {
	in := map[bot.PersonID]bool{}
	for next := group; next != ""; next = p.Groups[next].Fallback {
		g := p.Groups[next]
		if g.Owners || len(g.Chat) > 0 {
			return 0, false
		}
		for _, person := range c.catalog.People {
			if _, ok := g.Holds(person); ok {
				in[person.ID] = true
			}
		}
		if next == p.Groups[next].Fallback {
			break
		}
	}
	return len(in), true
}

// cycles refuses stages that wait for each other, over all rules together.
func (c *checker) cycles(p *Policy) {
	after := map[string][]string{}
	names := map[string]bool{}
	for _, r := range p.Rules {
		for _, s := range r.Stages {
			names[s.Name] = true
			after[s.Name] = append(after[s.Name], s.After...)
		}
	}
	state := map[string]int{}
	var visit func(string) bool
	visit = func(n string) bool {
		switch state[n] {
		case 1:
			return true
		case 2:
			return false
		}
		state[n] = 1
		for _, a := range after[n] {
			if !names[a] {
				c.bad("stage %s waits for %q, which no rule has", n, a)
				continue
			}
			if visit(a) {
				return true
			}
		}
		state[n] = 2
		return false
	}
	for n := range after {
		if visit(n) {
			c.bad("the stages wait for each other in a circle (%s is in it)", n)
			return
		}
	}
}
