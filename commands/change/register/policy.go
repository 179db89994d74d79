package register

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

// Policy answers with the rules in force, how their cases end, or what they would have asked for.
func (g *Register) Policy(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	p, cases, problem, err := g.Book.Now(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if p == nil {
		return bot.Reply{}, bot.Errorf(bot.Unavailable, "No policy is in force.")
	}
	k, err := g.Book.Catalog(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	switch c.Text("what") {
	case "test":
		return bot.Answer(view.CaseResults(p, problem, cases, k)), nil
	case "diff":
		return g.policyDiff(ctx, c, p, k)
	}
	return bot.Answer(view.Rules(p, problem)), nil
}

const diffSince = 90 * 24 * time.Hour

func (g *Register) policyDiff(ctx context.Context, c *bot.Call, p *policy.Policy, k policy.Catalog) (bot.Reply, error) {
	lines, n, err := g.Replay(ctx, nil, p, k, c.Now.Add(-diffSince))
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "What this policy would have asked for in the last 90 days", Tone: bot.Info}
	m.Sections = append(
		m.Sections,
		bot.Para(fmt.Sprintf("%s, %d with another result than when submitted.", value.Counted(n, "change"), len(lines))),
	)
	for _, l := range lines[:min(20, len(lines))] {
		m.Sections = append(m.Sections, bot.Para(l))
	}
	return bot.Answer(m), nil
}

// Replay says of each change since a time that was submitted what a policy would ask for instead of what was asked, or
// of what another policy would ask, and how many there were.
func (g *Register) Replay(
	ctx context.Context, old, p *policy.Policy, k policy.Catalog, since time.Time,
) (lines []string, n int, err error) {
	for after := int64(1); ; {
		list, err := g.Store.List(ctx, change.Filter{Created: [2]time.Time{since}, After: after, Limit: 500})
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
				asked = replay(old, c, k)
			}
			if was, is := asked.Summary(), replay(p, c, k).Summary(); was != is {
				lines = append(lines, fmt.Sprintf("%s %s: %s → %s", c.ID(), value.Shown(c.Title, 60), was, is))
			}
		}
		if len(list) < 500 {
			return lines, n, nil
		}
	}
}

// replay says what a policy would ask of a change as it was submitted, by what was true of it then.
func replay(p *policy.Policy, c *change.Change, k policy.Catalog) policy.Requirement {
	at := c.Submitted
	if at.IsZero() {
		at = c.Created
	}
	f := c.Facts(change.World{Policy: p, Catalog: k}, at)
	f.Template, _, _ = strings.Cut(c.Template, "@")
	f.TemplateActive = c.Type == policy.Standard // it would have been made a normal one otherwise
	q, _ := p.Evaluate(f)
	return q
}
