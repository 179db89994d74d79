package change

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// deadline is until when a change that is pending has to be approved.
func (c *Change) deadline(from time.Time) time.Time {
	ttl := c.Needs.Pending
	if ttl == 0 {
		ttl = 72 * time.Hour
	}
	end := from.Add(ttl)
	if latest := c.Window.Start.Add(-approvalLead); c.Window.Set() && c.Type != policy.Emergency && latest.Before(end) {
		end = latest
	}
	return end
}

// again is until when a change has to be approved that was approved before: it may be in its window already.
func (c *Change) again(from time.Time) time.Time {
	if d := c.deadline(from); d.After(from) || !c.Window.Set() {
		return d
	}
	return c.Window.End
}

// stopClock and runClock stop and go on with the time an approval has. The window never moves.
func (c *Change) stopClock(at time.Time) {
	if c.Stopped.IsZero() {
		c.Stopped = at
	}
}

func (c *Change) runClock(at time.Time) {
	if c.Stopped.IsZero() || c.Hold.Why != "" || c.OpenQuestion("") != nil {
		return
	}
	stood := min(at.Sub(c.Stopped), longestPause)
	c.Paused += stood
	c.Stopped = time.Time{}
	if c.State == Pending && !c.Expires.IsZero() {
		latest := c.Window.Start.Add(-approvalLead)
		if c.Expires.After(latest) {
			latest = c.Window.End
		}
		c.Expires = c.Expires.Add(stood)
		if c.Window.Set() && c.Type != policy.Emergency && c.Expires.After(latest) {
			c.Expires = latest
		}
	}
}

// Deadline is when a pending change expires, with what its clock stood still, or when an approved one does. Zero:
// never.
func (c *Change) Deadline() time.Time {
	switch c.State {
	case Pending:
		if !c.Stopped.IsZero() {
			end := c.Expires.Add(longestPause)
			if latest := c.Window.Start.Add(-approvalLead); c.Window.Set() && c.Type != policy.Emergency && latest.Before(end) {
				end = value.Later(latest, c.Expires)
			}
			return end
		}
		return c.Expires
	case Approved:
		end := c.Decided.Add(c.Needs.Valid)
		if c.Window.Set() {
			end = c.Window.End.Add(startGrace)
		}
		if c.Hold.Why != "" && !c.Window.Set() {
			return time.Time{}
		}
		return end
	}
	return time.Time{}
}

// Lapse makes a change expired whose time is over, and reports whether it did.
func (c *Change) Lapse(at time.Time) bool {
	d := c.Deadline()
	if d.IsZero() || at.Before(d) {
		return false
	}
	why := "nobody approved it in time"
	switch {
	case c.State == Approved:
		why, c.Outcome = "its window closed before it was started", policy.NotImplemented
	case !c.Stopped.IsZero() && c.OpenQuestion("") != nil:
		why = "a question about it was never answered"
	case len(c.lacks()) > 0:
		why = "not approved in time: " + strings.Join(c.lacks(), "; ")
	}
	c.State, c.Ended, c.EndReason = Expired, at, why
	c.Log(ExpiredEntry, "", at, "Expired: "+why+".")
	return true
}

// Extend gives approvers time back in which the bot could not be reached: at most half an hour, once. Windows and
// freezes do not move.
func (c *Change) Extend(outage time.Duration, at time.Time) bool {
	if c.State != Pending || c.Extended || !c.Stopped.IsZero() || outage <= 0 {
		return false
	}
	c.Extended = true
	c.Expires = c.Expires.Add(min(outage, outageExtends))
	c.Log(
		NoticeEntry, "", at,
		fmt.Sprintf(
			"Watchbell could not be reached for %s, so the approval may take %s longer.", value.FormatDuration(outage),
			value.FormatDuration(min(outage, outageExtends)),
		),
	)
	return true
}

// Tighten asks for what a policy that became stricter wants beside what was given, or for what it wants now that its
// services are others to it. An approved change is pending again; votes stay, and count where they are asked for.
func (c *Change) Tighten(w World, at time.Time) bool {
	if c.State != Approved || c.Needs.Start {
		return false
	}
	why, missing := c.Outdated(w, at)
	if len(missing) == 0 {
		return false
	}
	risk, q := c.reconsider(w, at)
	for _, s := range c.Needs.Stages {
		if strings.HasPrefix(s.Name, "exempt-") {
			q.Stages = policy.Merge(q.Stages, s)
			w.Policy.AddGroup(q.Groups, s.From)
		}
	}
	c.Risk, c.Needs = risk, q
	c.State, c.Decided = Pending, time.Time{}
	c.Expires = c.again(at)
	c.Log(ReopenedEntry, "", at, "Not approved any more, because "+why+": "+strings.Join(missing, "; ")+".")
	return true
}
