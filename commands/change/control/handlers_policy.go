package control

import (
	"context"
	"fmt"
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
	return bot.Answer(view.Reasons(x, w, c.Now)), nil
}

func (s *Service) showPolicy(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, cases, problem, err := s.PolicyNow(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if p == nil {
		return bot.Reply{}, bot.Errorf(bot.Unavailable, "No policy is in force.")
	}
	k, err := s.book.Catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	switch c.Text("what") {
	case "test":
		return bot.Answer(view.CaseResults(p, problem, cases, k)), nil
	case "diff":
		return s.policyDiff(ctx, c, p, k)
	}
	return bot.Answer(view.Rules(p, problem)), nil
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
