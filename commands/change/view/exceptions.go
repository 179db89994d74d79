package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Exceptions are what auditors look at one by one: where the way of a change was not the ordinary one.
func Exceptions(c *change.Change, revisions []change.Revision, at time.Time) []string {
	var e []string
	add := func(format string, a ...any) { e = append(e, fmt.Sprintf(format, a...)) }
	if c.Type == policy.Emergency {
		add("emergency: started before it was approved")
	}
	if c.Glass.By != "" {
		add("break glass was used by @%s: %s", c.Glass.By, c.Glass.Why)
		if c.Glass.Second == "" {
			add("nobody witnessed the broken glass")
		}
	}
	for _, d := range c.Duties {
		switch {
		case d.State == change.Owed && at.After(d.Due):
			add("%s overdue since %s", d.Kind.Label(), d.Due.UTC().Format(time.RFC3339))
		case d.State == change.Disputed:
			add("%s disputed by @%s: %s", d.Kind.Label(), d.DoneBy, d.Note)
		case d.State == change.Waived:
			add("%s waived by @%s: %s", d.Kind.Label(), d.DoneBy, d.Note)
		case d.Kind == change.RetroApproval && d.State == change.Ratified:
			add("approved afterwards, %s after the start", d.Done.Sub(c.Started).Round(time.Minute))
		}
	}
	voted := map[int]bool{}
	for _, v := range c.Votes {
		if v.Decision == change.Approve && v.Revision < c.Revision {
			voted[v.Revision] = true
		}
		if v.State == change.Ineligible {
			add("a vote of @%s for r%d was voided: %s", v.Person, v.Revision, v.Note)
		}
	}
	for _, r := range revisions {
		if voted[r.N] {
			add("edited after it was approved (r%d)", r.N)
		}
	}
	for _, s := range c.Needs.Stages {
		if strings.HasPrefix(s.Name, "exempt-") {
			add("exemption from the freeze %s asked for", strings.TrimPrefix(s.Name, "exempt-"))
		}
	}
	for _, x := range c.Exemptions {
		add("let go ahead during %s by @%s: %s", x.What, x.By, x.Why)
	}
	for _, a := range c.Acks {
		add("conflict with %s acknowledged by @%s", a.What, a.By)
	}
	if c.State == change.Expired {
		add("expired: %s", c.EndReason)
	}
	if !c.Finished.IsZero() && c.Window.Set() && c.Finished.After(value.Later(c.Window.End, c.Until)) {
		add("finished %s after its window", c.Finished.Sub(c.Window.End).Round(time.Minute))
	}
	return e
}
