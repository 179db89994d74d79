package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
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
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Asked for "), x.Needs.Summary()+" (policy "+x.Needs.SHA[:12]+", rules "+value.Listed(x.Needs.Rules)+")"))
	}
	probe := *x
	if x.Risk.Level == "" {
		probe.Risk = probe.Assess(w, c.Now)
	}
	m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(bot.Bold(fmt.Sprintf("Score %d of 100 (%s). ", probe.Risk.Score, probe.Risk.Level))), view.RiskText(&probe, 20)...)})
	if w.Policy != nil {
		q, results := w.Policy.Evaluate(probe.Facts(w, c.Now))
		var lines []bot.Text
		for _, r := range results {
			mark := "✖ "
			if r.Matched {
				mark = "✔ "
			}
			lines = append(lines, bot.T(mark, bot.Bold(r.Rule.ID), ": "+r.Why))
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T(bot.Bold("By the policy in force ("+w.Policy.SHA[:12]+"): "), q.Summary()+"\n"), view.Joined(lines, "\n")...)})
		if missing := x.Stricter(q, w.Today); x.State == change.Approved && q.SHA != x.Needs.SHA && len(missing) > 0 {
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
			q := policy.Requirement{Stages: r.Stages, Start: r.Start}
			if r.Auto {
				q.Auto = r.ID
			}
			if r.Retro != nil {
				q.Retro = []policy.Stage{*r.Retro}
			}
			line := r.When.Label()
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

const diffSince = 90 * 24 * time.Hour

func (s *Service) policyDiff(ctx context.Context, c *bot.Call, p *policy.Policy, k policy.Catalog) (bot.Reply, error) {
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
func (s *Service) Replay(ctx context.Context, old, p *policy.Policy, k policy.Catalog, since time.Time) (lines []string, n int, err error) {
	for after := int64(1); ; {
		list, err := s.store.List(ctx, change.Filter{Created: [2]time.Time{since}, After: after, Limit: 500})
		if err != nil {
			return nil, n, err
		}
		for _, c := range list {
			after = c.Number + 1
			if c.Needs.SHA == "" {
				continue
			}
			n++
			asked := c.Needs.WithoutExemptions()
			if old != nil {
				asked = change.Replay(old, c, k)
			}
			if was, is := asked.Summary(), change.Replay(p, c, k).Summary(); was != is {
				lines = append(lines, fmt.Sprintf("%s %s: %s → %s", c.ID(), value.Shown(c.Title, 60), was, is))
			}
		}
		if len(list) < 500 {
			return lines, n, nil
		}
	}
}
