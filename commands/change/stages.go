package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// StageView is how far a stage is.
type StageView struct {
	policy.Stage
	Yes, No []Vote
	Active  bool // its turn has come
}

// Satisfied reports whether enough people approved. A stage that asks nobody never is.
func (s StageView) Satisfied() bool { return s.Quorum > 0 && len(s.Yes) >= s.Quorum }

// Counted are the votes for the current revision that count.
func (c *Change) Counted() []Vote {
	var v []Vote
	for _, x := range c.Votes {
		if x.Revision == c.Revision && x.Digest == c.Digest && x.State == Counted {
			v = append(v, x)
		}
	}
	return v
}

// Stages lists the stages of approval with the votes for the current revision.
func (c *Change) Stages() []StageView { return c.view(c.Needs.Stages) }

// Retro lists the stages of the approval that an emergency owes afterwards.
func (c *Change) Retro() []StageView { return c.view(c.Needs.Retro) }

func (c *Change) view(stages []policy.Stage) []StageView {
	votes := c.Counted()
	views := make([]StageView, len(stages))
	done := map[string]bool{}
	for i, s := range stages {
		views[i] = StageView{Stage: s}
		for _, v := range votes {
			switch {
			case v.Stage != s.Name:
			case v.Decision == Approve:
				views[i].Yes = append(views[i].Yes, v)
			default:
				views[i].No = append(views[i].No, v)
			}
		}
		done[s.Name] = views[i].Satisfied()
	}
	for i := range views {
		views[i].Active = !slices.ContainsFunc(views[i].After, func(name string) bool {
			met, known := done[name]
			return known && !met
		})
	}
	return views
}

// satisfied reports whether every stage is, and that there is at least one.
func satisfied(stages []StageView) bool {
	return len(stages) > 0 && !slices.ContainsFunc(stages, func(s StageView) bool { return !s.Satisfied() })
}

// OpenStages are those that take votes by now: of the approval, or of what an emergency owes.
func (c *Change) OpenStages() []StageView {
	if c.State.Running() || c.State == Review {
		return c.Retro()
	}
	return c.Stages()
}

// settle makes a change approved when every stage is satisfied, and pending again when one no longer is.
func (c *Change) settle(by bot.PersonID, at time.Time) {
	all := satisfied(c.Stages())
	switch {
	case c.State == Pending && all:
		c.State, c.Decided = Approved, at
		c.Expires = time.Time{}
		c.Log(DecidedEntry, by, at, "Approved by "+Voters(c.Stages())+".")
	case c.State == Approved && !all && c.Needs.Auto == "":
		c.State, c.Decided = Pending, time.Time{}
		c.Expires = c.again(at)
		c.Log(ReopenedEntry, by, at, "Not approved any more: "+strings.Join(c.lacks(), "; ")+".")
	}
}

// lacks says which votes are missing, stage by stage.
func (c *Change) lacks() []string {
	var l []string
	for _, s := range c.Stages() {
		if !s.Satisfied() {
			l = append(l, fmt.Sprintf("%s %d of %d", s.Name, len(s.Yes), s.Quorum))
		}
	}
	return l
}
