package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/plan"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// World is what is around a change when it is looked at: read in the same transaction in which it is decided.
type World struct {
	At          time.Time // when it is looked at
	Policy      *policy.Policy
	Catalog     policy.Catalog
	Freezes     []policy.Freeze // of the policy and those that were added
	Others      []Other         // changes near in time or on the same services, that are not drafts and have not ended
	Open        []OpenIncident
	Delegations []Delegation
	Roster      Roster // of the groups as the change's own policy defines them
	Today       Roster // of the groups of the policy in force
	Failures    int    // changes on the services that failed in the last 30 days
	SameDay     int    // changes on the services on the day of the window
	Template    *policy.Template
	Record      policy.TemplateRecord
}

// Other is as much of another change as it takes to see whether the two are in each other's way.
type Other struct {
	ID           string
	Title        string
	State        State
	Level        policy.Level
	Env          string
	Services     []string
	Implementers []bot.PersonID
	Artifacts    []string
	Window       plan.Window
}

// OpenIncident is an incident that is not over.
type OpenIncident struct {
	ID        string
	Title     string
	Severity  string
	Services  []string
	Lead      bot.PersonID
	Mitigated bool
}

// grave reports whether nothing else should be changed on its services.
func (i OpenIncident) grave() bool {
	return !i.Mitigated && (i.Severity == "sev1" || i.Severity == "sev2" || i.Severity == "unknown")
}

// Conflict is something in the way of a change's window.
type Conflict struct {
	Code    string // C1 to C8
	What    string // what it is with: CHG-7, freeze:year-end, INC-3, window:billing-db
	Text    string // one clause
	Blocks  bool   // it keeps the change from starting
	NeedAck bool   // unless the requester takes it on
	Acked   bot.PersonID
}

// Open reports whether something has to be done about it.
func (x Conflict) Open() bool { return x.Blocks || x.NeedAck && x.Acked == "" }

// Conflicts finds what is in the way of the window. Intervals are half open: one change may start when another ends.
func (c *Change) Conflicts(w World) []Conflict {
	var found []Conflict
	add := func(x Conflict) {
		if a := slices.IndexFunc(c.Acks, func(a Ack) bool { return a.What == x.What && a.Revision == c.Revision }); a >= 0 &&
			x.NeedAck {
			x.Acked = c.Acks[a].By
		}
		found = append(found, x)
	}
	near := w.Catalog.Hop(c.Services)
	for _, o := range w.Others {
		if o.ID == c.ID() || o.Env != c.Env || !c.Window.Set() || !o.Window.Set() || !c.Window.Overlaps(o.Window) {
			continue
		}
		both := c.Risk.Level == policy.High && o.Level == policy.High
		switch {
		case value.Shares(c.Artifacts, o.Artifacts):
			add(Conflict{
				Code: "C7", What: o.ID, Blocks: true, Text: fmt.Sprintf("uses the same artifact as %s at the same time", o.ID),
			})
		case value.Shares(c.Services, o.Services) && both:
			add(Conflict{
				Code: "C1", What: o.ID, Blocks: true, Text: fmt.Sprintf("overlaps %s (same service, both high risk)", o.ID),
			})
		case value.Shares(c.Services, o.Services):
			add(Conflict{Code: "C1", What: o.ID, NeedAck: true, Text: fmt.Sprintf("overlaps %s (same service)", o.ID)})
		case value.Shares(c.CarriedOutBy(), o.Implementers):
			add(Conflict{Code: "C3", What: o.ID, NeedAck: true, Text: fmt.Sprintf("overlaps %s (same implementer)", o.ID)})
		case value.Shares(near, o.Services):
			add(Conflict{
				Code: "C2", What: o.ID, NeedAck: c.Risk.Level == policy.High,
				Text: fmt.Sprintf("overlaps %s (a service that depends on it, or that it depends on)", o.ID),
			})
		}
	}
	for _, f := range w.Freezes {
		// What is over of a freeze is in nobody's way.
		if from := value.Later(c.Window.Start, w.At); !f.Meets(c.Type, c.Env, c.Services, w.Catalog) || !c.Window.Set() ||
			!from.Before(c.Window.End) || len(f.Between(from, c.Window.End)) == 0 || c.exempted(f) {
			continue
		}
		x := Conflict{
			Code: "C4", What: "freeze:" + f.ID, Blocks: f.Hard || c.Needs.Require.NoFreeze, NeedAck: !f.Hard,
			Text: "lies in the freeze " + f.Label(),
		}
		add(x)
	}
	if outside := c.outsideMaintenance(w); outside != "" {
		add(Conflict{
			Code: "C5", What: "window:" + outside, Blocks: c.Type == policy.Standard || c.Needs.Require.Maintenance,
			NeedAck: true, Text: "lies outside of the maintenance windows of " + outside,
		})
	}
	if c.Type != policy.Emergency {
		for _, i := range w.Open {
			if i.grave() && value.Shares(near, i.Services) &&
				!slices.ContainsFunc(c.Exemptions, func(e Exemption) bool { return e.What == i.ID }) {
				add(Conflict{
					Code: "C6", What: i.ID, Blocks: true,
					Text: fmt.Sprintf("%s (%s) is open on %s", i.ID, strings.ToUpper(i.Severity), value.Listed(i.Services)),
				})
			}
		}
	}
	if w.Policy != nil && w.SameDay > w.Policy.Defaults.MaxPerDay {
		add(Conflict{Code: "C8", What: "day", Text: fmt.Sprintf("%d changes on the same services that day", w.SameDay)})
	}
	return found
}

// exempted reports whether the approval that exempts the change from a freeze was given, for this revision.
func (c *Change) exempted(f policy.Freeze) bool {
	return slices.ContainsFunc(c.Stages(), func(s StageView) bool {
		return s.Name == policy.ExemptStage(f.ID) && s.Satisfied()
	})
}

// outsideMaintenance names a service that has maintenance windows, none of which holds the whole change. Any one of
// several is enough.
func (c *Change) outsideMaintenance(w World) string {
	if w.Policy == nil || !c.Window.Set() {
		return ""
	}
	for _, service := range c.Services {
		has, inside := false, false
		for _, m := range w.Policy.Windows {
			if !m.Scope.Covers(c.Env, []string{service}, w.Catalog) {
				continue
			}
			has = true
			for _, i := range m.Span.Between(c.Window.Start, c.Window.End) {
				inside = inside || c.Window.Within(plan.Window{Start: i.Start, End: i.End})
			}
		}
		if has && !inside {
			return service
		}
	}
	return ""
}

// Reason codes of a refused start, as pipelines see them.
const (
	ReasonAllowed    = "allowed"
	ReasonPending    = "pending"
	ReasonRejected   = "rejected"
	ReasonExpired    = "expired"
	ReasonCancelled  = "cancelled"
	ReasonClosed     = "closed"
	ReasonFrozen     = "frozen"
	ReasonHold       = "hold"
	ReasonIncident   = "incident"
	ReasonConflict   = "conflict"
	ReasonTooEarly   = "too_early"
	ReasonMismatch   = "digest_or_scope_mismatch"
	ReasonReapproval = "reapproval_needed"
	ReasonUsed       = "grant_used"
	ReasonUnknown    = "unknown_change"
)

// Blocker is one reason why a change cannot start now.
type Blocker struct {
	Code  string    `json:"reason_code"`
	Text  string    `json:"text"` // one clause
	Until time.Time `json:"until,omitzero"`
	What  string    `json:"what,omitempty"` // freeze:year-end, INC-3, CHG-7
}

// Blockers lists why the change cannot start at the given time, the weightiest first; none means that it may.
func (c *Change) Blockers(w World, at time.Time) []Blocker {
	var b []Blocker
	add := func(code, format string, a ...any) {
		b = append(b, Blocker{Code: code, Text: fmt.Sprintf(format, a...)})
	}
	switch c.State {
	case Rejected:
		add(ReasonRejected, "it was rejected: %s", c.EndReason)
	case Expired:
		add(ReasonExpired, "it expired: %s", c.EndReason)
	case Cancelled:
		add(ReasonCancelled, "it was cancelled: %s", c.EndReason)
	case Closed, Review, Verifying, RollingBack:
		add(ReasonClosed, "it was carried out already and is %s", strings.ToLower(c.State.Label()))
	case Draft:
		add(ReasonPending, "it is a draft: its requester has to submit it")
	case Pending:
		add(ReasonPending, "it is not approved yet: %s", strings.Join(c.lacks(), "; "))
	}
	if len(b) > 0 {
		return b
	}
	if c.Hold.Why != "" {
		add(ReasonHold, "%s put it on hold: %s", c.Hold.who(), c.Hold.Why)
	}
	if c.State == Implementing {
		if end := value.Later(c.Window.End, c.Until); c.Window.Set() && !at.Before(end) {
			add(ReasonExpired, "its window closed %s", value.Clock(end, at, c.Window.Location()))
		}
		return b
	}
	if !c.Needs.Start && c.Glass.By == "" {
		b = append(b, c.unapproved(w, at)...)
	}
	for _, x := range c.Conflicts(w) {
		if !x.Open() || c.Glass.By != "" {
			continue
		}
		code := map[string]string{"C4": ReasonFrozen, "C6": ReasonIncident}[x.Code]
		if code == "" {
			code = ReasonConflict
		}
		blocker := Blocker{Code: code, Text: "it " + x.Text, What: x.What}
		if x.Code == "C6" {
			blocker.Text = x.Text
		}
		b = append(b, blocker)
	}
	for i, f := range w.Freezes { // one that holds at this moment, though not in the window that was approved
		if now := f.Between(at, at); len(now) > 0 && f.Meets(c.Type, c.Env, c.Services, w.Catalog) &&
			!c.exempted(w.Freezes[i]) && (f.Hard || c.Needs.Require.NoFreeze) && c.Glass.By == "" {
			if !slices.ContainsFunc(b, func(x Blocker) bool { return x.What == "freeze:"+f.ID }) {
				b = append(b, Blocker{
					Code: ReasonFrozen, Text: "the freeze " + f.Label() + " is in force", What: "freeze:" + f.ID, Until: now[0].End,
				})
			}
		}
	}
	for _, cond := range c.Conditions {
		if cond.Done.IsZero() {
			add(ReasonPending, "the condition %d of @%s is not met: %s", cond.N, cond.By, cond.Text)
		}
	}
	switch {
	case c.Type == policy.Emergency && !c.Window.Set(), c.Glass.By != "":
	case at.Before(c.Window.Start):
		b = append(b, Blocker{
			Code: ReasonTooEarly, Text: "its window opens " + value.Clock(c.Window.Start, at, c.Window.Location()),
			Until: c.Window.Start,
		})
	case !at.Before(c.Window.End):
		add(ReasonExpired, "its window closed %s", value.Clock(c.Window.End, at, c.Window.Location()))
	}
	slices.SortStableFunc(b, func(x, y Blocker) int { return weight(x.Code) - weight(y.Code) })
	return b
}

func weight(code string) int {
	return slices.Index([]string{
		ReasonExpired, ReasonPending, ReasonReapproval, ReasonHold, ReasonFrozen, ReasonIncident, ReasonConflict,
		ReasonTooEarly,
	}, code)
}

// unapproved says what of the approval does not hold any more, or does not hold by today's policy.
func (c *Change) unapproved(w World, at time.Time) []Blocker {
	var b []Blocker
	again := func(format string, a ...any) {
		b = append(b, Blocker{Code: ReasonReapproval, Text: fmt.Sprintf(format, a...)})
	}
	if c.Needs.Auto == "" && !satisfied(c.Stages()) {
		again("votes are missing: %s", strings.Join(c.lacks(), "; "))
	}
	for _, v := range c.Counted() {
		if why := c.lost(v, w.Roster, w.Delegations, at); why != "" {
			again("the vote of @%s no longer counts: %s", v.Person, why)
		}
	}
	if why, missing := c.Outdated(w, at); len(missing) > 0 {
		again("%s: %s", why, strings.Join(missing, "; "))
	}
	if c.Needs.Duties.Implementer == policy.Forbid {
		if y := voteOf(c.Counted(), c.CarriedOutBy()); y != "" {
			again("@%s approved it and will carry it out", y)
		}
	}
	return b
}

func voteOf(votes []Vote, who []bot.PersonID) bot.PersonID {
	for _, v := range votes {
		if slices.Contains(who, v.Person) {
			return v.Person
		}
	}
	return ""
}

// Label is how things stand by the clock: scheduled, ready, overrun, missed or blocked, or else the state. It is
// derived and never stored.
func (c *Change) Label(w World, at time.Time) string {
	switch {
	case c.Hold.Why != "" && !c.State.Ended():
		return c.State.Label() + " · on hold"
	case c.State == Approved:
		blocked := slices.DeleteFunc(c.Blockers(w, at), func(b Blocker) bool { return b.Code == ReasonTooEarly })
		switch {
		case len(blocked) > 0 && blocked[0].Code == ReasonExpired:
			return "Missed"
		case len(blocked) > 0:
			return "Blocked (" + blocked[0].Code + ")"
		case at.Before(c.Window.Start):
			return "Scheduled"
		}
		return "Ready"
	case c.State == Implementing && c.Window.Set() && at.After(c.Window.End):
		return "Overrun"
	}
	return c.State.Label()
}

// FreeSlots proposes the next windows of the same length in which nothing is in the way.
func (c *Change) FreeSlots(w World, now time.Time, n int) []plan.Window {
	length := c.Window.End.Sub(c.Window.Start)
	if !c.Window.Set() || length <= 0 {
		return nil
	}
	loc := c.Window.Location()
	start := c.Window.Start
	for start.Before(now) {
		start = start.Add(24 * time.Hour)
	}
	var free []plan.Window
	probe := *c
	probe.Acks = nil
	for tries := 0; tries < 14*24 && len(free) < n; tries++ {
		start = start.Add(time.Hour)
		probe.Window = plan.NewWindow(start, start.Add(length), loc)
		if !slices.ContainsFunc(probe.Conflicts(w), func(x Conflict) bool {
			return x.Code != "C6" &&
				(x.Blocks || x.NeedAck)
		}) {
			free = append(free, probe.Window)
			start = start.Add(max(0, length-time.Hour))
		}
	}
	return free
}
