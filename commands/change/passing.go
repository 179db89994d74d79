package change

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// GateAnswer is what a pipeline is told: whether it may deploy now, and if not, why, and what would have to happen.
type GateAnswer struct {
	Status     int            `json:"status"` // the HTTP status
	Reason     string         `json:"reason_code"`
	Text       string         `json:"text"`
	Change     string         `json:"change,omitempty"`
	Revision   int            `json:"revision,omitempty"`
	Digest     string         `json:"digest,omitempty"`
	Missing    []string       `json:"missing,omitempty"`
	CanUnblock []bot.PersonID `json:"can_unblock,omitempty"`
	Until      *time.Time     `json:"until,omitempty"` // when it is worth asking again
	Grant      string         `json:"grant,omitempty"`
	Receipt    string         `json:"receipt,omitempty"`
}

// GateAsk is what a pipeline wants to deploy.
type GateAsk struct {
	Env, Service, Artifact, Run string
	Person                      bot.PersonID
}

// GrantOf is what a run of a pipeline was granted before.
func (c *Change) GrantOf(ask GateAsk) (Grant, bool) {
	i := slices.IndexFunc(c.Grants, func(g Grant) bool {
		return g.Run == ask.Run && g.Env == ask.Env && g.Service == ask.Service && g.Artifact == ask.Artifact &&
			g.Revision == c.Revision && g.Digest == c.Digest
	})
	if i < 0 {
		return Grant{}, false
	}
	return c.Grants[i], true
}

// Uses counts the runs that were let through for what is asked.
func (c *Change) Uses(ask GateAsk) int {
	n := 0
	for _, g := range c.Grants {
		if g.Env == ask.Env && g.Service == ask.Service {
			n++
		}
	}
	return n
}

// Pass decides whether a pipeline may deploy now.
func (c *Change) Pass(ask GateAsk, w World, at time.Time) GateAnswer {
	a := GateAnswer{Change: c.ID(), Revision: c.Revision, Digest: c.Digest}
	refuse := func(reason, text string) GateAnswer {
		a.Reason, a.Text = reason, text
		a.Status = GateStatus[reason]
		return a
	}
	probe := *c
	probe.fresh = slices.Clone(c.fresh)
	probe.Lapse(at)
	switch {
	case ask.Env != c.Env || !slices.Contains(c.Services, ask.Service):
		return refuse(
			ReasonMismatch,
			fmt.Sprintf("%s is for %s in %s, not for %s in %s.", c.ID(), value.Listed(c.Services), c.Env, ask.Service, ask.Env),
		)
	case len(c.Artifacts) > 0 && !slices.Contains(c.Artifacts, ask.Artifact):
		return refuse(
			ReasonMismatch,
			fmt.Sprintf(
				"%s was approved for %s, not for %s.", c.ID(), value.Listed(c.Artifacts),
				cmp.Or(ask.Artifact, "an artifact that is not named"),
			),
		)
	}
	if blockers := probe.Blockers(w, at); len(blockers) > 0 {
		b := blockers[0]
		if !b.Until.IsZero() {
			a.Until = &b.Until
		}
		if b.Code == ReasonPending {
			a.Missing = c.lacks()
			for _, s := range c.Stages() {
				if !s.Satisfied() && s.Active {
					a.CanUnblock = append(a.CanUnblock, c.CanUnblock(s, w.Roster)...)
				}
			}
		}
		return refuse(b.Code, c.ID()+": "+b.Text+".")
	}
	if _, same := c.GrantOf(ask); !same && c.Uses(ask) >= maxUses {
		return refuse(
			ReasonUsed,
			fmt.Sprintf(
				"%s has let another run deploy %s in %s already; an approval is good for one.", c.ID(), ask.Service, ask.Env,
			),
		)
	}
	return refuse(ReasonAllowed, c.Ref()+" may be deployed now.")
}

// GateStatus is the HTTP status of each reason.
var GateStatus = map[string]int{
	ReasonAllowed: 200, ReasonPending: 202, ReasonRejected: 409, ReasonExpired: 410, ReasonCancelled: 410,
	ReasonClosed: 410,
	ReasonFrozen: 423, ReasonHold: 423, ReasonIncident: 423, ReasonConflict: 423, ReasonTooEarly: 425,
	ReasonMismatch: 409, ReasonReapproval: 409, ReasonUsed: 409, ReasonUnknown: 404,
}

// maxUses is how many runs one approval lets through, for each service and environment.
const maxUses = 1
