package change

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Outdated lists what is missing by the policy as it is now, if another one asked, or if its services were others to it
// when it did, and says why. What became looser is not taken back.
func (c *Change) Outdated(w World, at time.Time) (why string, missing []string) {
	switch {
	case w.Policy == nil:
		return "", nil
	case w.Policy.SHA != c.Needs.SHA:
		why = "the policy became stricter"
	case c.moved(w):
		why = "the policy is stricter with its services as they are now"
	default:
		return "", nil
	}
	_, q := c.reconsider(w, at)
	return why, c.Stricter(q, w.Today)
}

// moved reports whether rules see its services differently than when it was submitted.
func (c *Change) moved(w World) bool {
	return slices.ContainsFunc(c.Needs.Services, func(f policy.ServiceFacts) bool {
		s, _ := w.Catalog.Service(f.ID)
		return slices.Contains(c.Services, f.ID) && !f.Equal(policy.ServiceFacts{ID: f.ID, Tier: s.Tier, Tags: s.Tags})
	})
}

// reconsider is its risk and what the policy asks for by now. Where only its services are others, everything else is as
// it was when it was submitted: that its window comes closer makes nothing stricter.
func (c *Change) reconsider(w World, at time.Time) (plan.Risk, policy.Requirement) {
	x := *c
	if c.moved(w) {
		x.Risk = c.retiered(w)
	}
	if w.Policy.SHA == c.Needs.SHA {
		at = c.Submitted
	}
	f := x.Facts(w, at)
	if least, rule := w.Policy.Floor(f); c.moved(w) && least.Rank() > x.Risk.Level.Rank() {
		x.Risk.Level, x.Risk.Rule = least, rule
		f.Risk = least
	}
	q, _ := w.Policy.Evaluate(f)
	q.Services = w.Catalog.Facts(c.Services)
	return x.Risk, q
}

// retiered is its risk with services that matter more now. Where they matter less it stays.
func (c *Change) retiered(w World) plan.Risk {
	r, then := c.Risk, 0
	for _, f := range c.Needs.Services {
		if f.Tier > 0 && (then == 0 || f.Tier < then) {
			then = f.Tier
		}
	}
	now := w.Catalog.Tier(c.Services)
	more := tierPoints[now] - tierPoints[then]
	if more <= 0 {
		return r
	}
	r.Score = min(100, r.Score+more)
	r.Factors = append(slices.Clone(r.Factors), plan.Factor{Points: more, Text: fmt.Sprintf("service of tier %d by now", now)})
	slices.SortStableFunc(r.Factors, func(a, b plan.Factor) int { return cmp.Compare(b.Points, a.Points) })
	if l := band(r.Score); l.Rank() > r.Level.Rank() {
		r.Level, r.Rule = l, ""
	}
	return r
}
