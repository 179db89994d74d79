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

// BlockedError is why a change cannot start now.
type BlockedError struct{ Blockers []Blocker }

func (e BlockedError) Error() string { return e.Blockers[0].Text }

// Start begins the work, once: everything that was approved has to hold at this moment. artifact is what a pipeline is
// about to deploy, "" when nobody says.
func (c *Change) Start(by Actor, w World, artifact string, at time.Time) error {
	switch {
	case c.State == Implementing:
		return bot.Errorf(bot.Conflict, "%s has been under way since %s.", c.ID(), c.Started)
	case c.State != Approved && c.State != Pending:
		return c.Illegal("started")
	case !c.Implements(by.Person) && !by.Manager:
		return bot.Errorf(bot.Forbidden, "%s is carried out by %s. They start it.", c.ID(), Mentions(c.CarriedOutBy()))
	case artifact != "" && len(c.Artifacts) > 0 && !slices.Contains(c.Artifacts, artifact):
		return bot.Errorf(
			bot.Conflict, "What is to be deployed (%s) is not what was approved (%s).", value.Cut(artifact, 80),
			value.Listed(c.Artifacts),
		)
	}
	if c.Needs.Auto == "" && !c.Needs.Start && c.Glass.By == "" && !satisfied(c.Stages()) {
		return BlockedError{[]Blocker{{Code: ReasonPending, Text: "it is not approved: " + strings.Join(c.lacks(), "; ")}}}
	}
	if blockers := c.Blockers(w, at); len(blockers) > 0 {
		return BlockedError{blockers}
	}
	c.begin(by.Person, at)
	return nil
}

func (c *Change) begin(by bot.PersonID, at time.Time) {
	c.State, c.Started, c.Beat = Implementing, at, at
	c.Log(StartedEntry, by, at, "Started.")
}

// Mentions names people by their ids, as they are typed.
func Mentions(people []bot.PersonID) string {
	var m []string
	for _, p := range people {
		m = append(m, "@"+string(p))
	}
	return strings.Join(m, ", ")
}

// Worker refuses those who do not carry the change out.
func (c *Change) Worker(by Actor, what string) error {
	if c.Implements(by.Person) || c.Owns(by.Person) || by.Manager {
		return nil
	}
	return bot.Errorf(bot.Forbidden, "%s is carried out by %s. They %s.", c.ID(), Mentions(c.CarriedOutBy()), what)
}

// Finish ends the work, or the work of rolling it back.
func (c *Change) Finish(by Actor, note string, at time.Time) error {
	if err := c.Worker(by, "say when it is done"); err != nil {
		return err
	}
	switch c.State {
	case Implementing:
		c.State, c.Finished = Verifying, at
		c.Log(
			DoneEntry, by.Person, at, strings.TrimSuffix("Done after "+value.FormatDuration(at.Sub(c.Started))+". "+note, " "),
		)
	case RollingBack:
		c.State = Review
		if c.Finished.IsZero() {
			c.Finished = at
		}
		c.oweReview(at, "it was rolled back")
		c.Log(DoneEntry, by.Person, at, strings.TrimSuffix("Rolled back. "+note, " "))
	default:
		return c.Illegal("finished")
	}
	return nil
}

// Verify says whether it works. A standard change that does needs no review.
func (c *Change) Verify(by Actor, ok bool, outcome policy.Outcome, note string, at time.Time) error {
	if c.State != Verifying {
		return c.Illegal("verified")
	}
	if err := c.Worker(by, "verify it, or a change manager does"); err != nil {
		return err
	}
	if !ok {
		c.Log(VerifiedEntry, by.Person, at, "It does not work: "+note)
		return c.Rollback(by, note, at)
	}
	if outcome == "" {
		outcome = policy.Success
	}
	c.Outcome, c.OutcomeNote = outcome, note
	text := "Verified: " + outcome.Label() + "."
	if note != "" {
		text = "Verified: " + outcome.Label() + ". " + note
	}
	c.Log(VerifiedEntry, by.Person, at, text)
	if len(c.OpenDuties()) == 0 && (c.Type == policy.Standard || c.Risk.Level == policy.Low && outcome == policy.Success) {
		c.end(by.Person, at)
		return nil
	}
	c.State = Review
	c.Log(ReviewEntry, by.Person, at, "Waits for its review: /change review "+c.ID())
	return nil
}

// Rollback goes back.
func (c *Change) Rollback(by Actor, why string, at time.Time) error {
	if c.State != Implementing && c.State != Verifying {
		return c.Illegal("rolled back")
	}
	c.State, c.Outcome, c.OutcomeNote, c.BackWhy = RollingBack, policy.RolledBack, why, why
	c.Log(RollbackEntry, by.Person, at, "Rolls back: "+why)
	return nil
}

// WentBack reports whether it was rolled back, or is being, and why. A review that tells more takes nothing away from
// that.
func (c *Change) WentBack() (why string, did bool) {
	if c.BackWhy == "" && c.Outcome == policy.RolledBack { // from before the reason was kept by itself
		return c.OutcomeNote, true
	}
	return c.BackWhy, c.BackWhy != ""
}

// Extended windows need somebody who approved.
func (c *Change) ExtendWindow(by Actor, approver bool, end time.Time, at time.Time) error {
	switch {
	case c.State != Implementing && c.State != Verifying:
		return c.Illegal("extended")
	case c.barred(by.Person) != nil:
		return c.barred(by.Person)
	case !approver:
		return bot.Errorf(bot.Forbidden, "Only an approver of %s can give it more time. %s", c.ID(), whoApproved(c))
	case !end.After(c.Window.End):
		return bot.Errorf(bot.Invalid, "The new end has to be after the old one, %s.", c.Window.End).About("until")
	case end.Sub(c.Window.Start) > plan.LongestWindow:
		return bot.Errorf(bot.Invalid, "The window would last more than 30 days.").About("until")
	}
	c.Until = end
	c.Log(NoticeEntry, by.Person, at, "May go on until "+bot.FormatTime(end, c.Window.Location())+".")
	return nil
}

func whoApproved(c *Change) string {
	v := Voters(c.Stages())
	if v == "" {
		return ""
	}
	return "These did: " + v + "."
}

// WriteReview is the post-implementation review. With everything settled it closes the change.
func (c *Change) WriteReview(by Actor, outcome policy.Outcome, text string, at time.Time) error {
	if c.State != Review {
		return c.Illegal("reviewed")
	}
	if !c.Owns(by.Person) && !c.Implements(by.Person) && !by.Manager {
		return bot.Errorf(
			bot.Forbidden, "Its requester, its implementers and change managers write the review of %s.", c.ID(),
		)
	}
	if outcome == "" {
		outcome = c.Outcome
	}
	if outcome == "" {
		return bot.Errorf(bot.Invalid, "Say how it went: outcome=success, success_with_issues, rolled_back or failed").About(
			"outcome",
		)
	}
	if c.Outcome == policy.RolledBack && outcome == policy.Success {
		return bot.Errorf(bot.Invalid, "It was rolled back, so its outcome is rolled_back or failed.").About("outcome")
	}
	c.Outcome, c.OutcomeNote = outcome, text
	c.Log(ReviewEntry, by.Person, at, "Review ("+outcome.Label()+"): "+text)
	if d := c.Owed(PIR); d != nil {
		d.State, d.Done, d.DoneBy, d.Note = Done, at, by.Person, text
	}
	if len(c.OpenDuties()) == 0 {
		c.end(by.Person, at)
	}
	return nil
}

func (c *Change) end(by bot.PersonID, at time.Time) {
	c.State, c.Ended = Closed, at
	c.Log(ClosedEntry, by, at, "Closed: "+c.Outcome.Label()+".")
}

// OpenDuties are those that are still owed.
func (c *Change) OpenDuties() []Duty {
	var open []Duty
	for _, d := range c.Duties {
		if d.State == Owed {
			open = append(open, d)
		}
	}
	return open
}

// Owed is an open duty of a kind, nil if there is none.
func (c *Change) Owed(k DutyKind) *Duty {
	for i := range c.Duties {
		if d := &c.Duties[i]; d.Kind == k && d.State == Owed {
			return d
		}
	}
	return nil
}

func (c *Change) oweReview(at time.Time, why string) {
	if slices.ContainsFunc(c.Duties, func(d Duty) bool { return d.Kind == PIR }) {
		return
	}
	c.Duties = append(c.Duties, Duty{Kind: PIR, Due: at.Add(reviewDue), Owner: c.Requester, State: Owed, Note: why})
}

func (c *Change) settleDuty(k DutyKind, s DutyState, by bot.PersonID, at time.Time, note string) {
	if d := c.Owed(k); d != nil {
		d.State, d.Done, d.DoneBy, d.Note = s, at, by, note
		c.Log(DutyEntry, by, at, fmt.Sprintf("The %s is settled (%s): %s", k.Label(), s, note))
	}
	c.maybeEnd(by, at)
}

// maybeEnd closes a reviewed change once nothing is owed any more.
func (c *Change) maybeEnd(by bot.PersonID, at time.Time) {
	reviewed := slices.ContainsFunc(c.Duties, func(d Duty) bool {
		return d.Kind == PIR && (d.State == Done || d.State == Waived)
	})
	if c.State == Review && reviewed && len(c.OpenDuties()) == 0 && c.Outcome != "" {
		c.end(by, at)
	}
}

// Waive ends a duty without it being done; a change manager answers for that.
func (c *Change) Waive(by Actor, k DutyKind, why string, at time.Time) error {
	switch {
	case !by.Manager:
		return bot.Errorf(bot.Forbidden, "Only change managers can waive what %s owes.", c.ID())
	case c.barred(by.Person) != nil:
		return c.barred(by.Person)
	case c.Owed(k) == nil:
		return bot.Errorf(bot.NotFound, "%s owes no %s.", c.ID(), k.Label())
	}
	c.settleDuty(k, Waived, by.Person, at, why)
	return nil
}

// BreakGlass approves and starts a change against the policy, loudly. A second person has to witness it within a
// quarter of an hour, or it is put on hold.
func (c *Change) BreakGlass(by Actor, why string, at time.Time) error {
	switch {
	case !by.Glass:
		return bot.Errorf(
			bot.Forbidden, "You may not break glass. Ask somebody who may; the policy says who, under break_glass.",
		)
	case c.State != Pending && c.State != Approved:
		return c.Illegal("started by breaking glass")
	case c.Hold.Why != "":
		return bot.Errorf(
			bot.Conflict, "%s put %s on hold: %s Somebody has to resume it before anybody starts it.", c.Hold.who(), c.ID(),
			sentence(c.Hold.Why),
		)
	case value.Count(why) < MinGlassReason:
		return bot.Errorf(bot.Invalid, "Breaking glass needs a reason of at least %d characters.", MinGlassReason).
			About("why")
	}
	c.Glass = Glass{By: by.Person, At: at, Why: why}
	due := value.Week{}.Later(at.In(c.Needs.Location()), retroDue).UTC()
	c.Duties = append(c.Duties, Duty{Kind: RetroApproval, Due: due, Owner: by.Person, State: Owed})
	c.Needs.Retro = policy.Merge(nil, c.Needs.Stages...)
	for i := range c.Needs.Retro {
		c.Needs.Retro[i].After = nil
	}
	c.oweReview(at, "glass was broken")
	c.Decided, c.Expires = at, time.Time{}
	c.State = Approved
	c.Log(GlassEntry, by.Person, at, "Broke glass: "+why)
	c.begin(by.Person, at)
	return nil
}

// Witness is the second person of a broken glass.
func (c *Change) Witness(by Actor, at time.Time) error {
	switch {
	case c.Glass.By == "" || c.Glass.Second != "":
		return bot.Errorf(bot.Conflict, "%s waits for no witness.", c.ID())
	case by.Person == c.Glass.By || c.Owns(by.Person):
		return bot.Errorf(
			bot.Forbidden, "The witness has to be somebody other than the person who broke glass and the requester of %s.",
			c.ID(),
		)
	case !by.Glass && !by.Manager:
		return bot.Errorf(bot.Forbidden, "Somebody who may break glass themselves, or a change manager, has to witness it.")
	}
	c.Glass.Second, c.Glass.Seen = by.Person, at
	c.Log(GlassEntry, by.Person, at, "Witnessed the broken glass.")
	return nil
}

// Unwitnessed puts a change on hold whose broken glass nobody witnessed in time, and reports whether it did.
func (c *Change) Unwitnessed(at time.Time) bool {
	if c.Glass.By == "" || c.Glass.Second != "" || c.Hold.Why != "" || c.State.Ended() ||
		at.Before(c.Glass.At.Add(SecondWithin)) {
		return false
	}
	c.Hold = Hold{At: at, Why: "break glass was used, and nobody witnessed it within 15 minutes"}
	c.Log(HeldEntry, "", at, "On hold: "+c.Hold.Why)
	return true
}

// Alive is a sign of life of the pipeline that carries the change out.
func (c *Change) Alive(at time.Time) {
	c.Heartbeat, c.Silent, c.Beat = true, false, at
}

// GoneSilent notes that the pipeline has not been heard of, and reports whether that is news. Nothing is finished by
// itself.
func (c *Change) GoneSilent(at time.Time) bool {
	if !c.Heartbeat || c.Silent || c.State != Implementing || at.Before(c.Beat.Add(silentAfter)) {
		return false
	}
	c.Silent = true
	c.Log(
		NoticeEntry, "", at,
		"Its pipeline has not been heard from since "+bot.FormatTime(c.Beat, c.Window.Location())+
			". Somebody has to look, and say how it ended: done or rollback.",
	)
	return true
}

// LinkIncident writes down what the change has to do with an incident. It reports whether that is news.
func (c *Change) LinkIncident(id string, how Verdict, by bot.PersonID, at time.Time) bool {
	for i := range c.Incidents {
		if x := &c.Incidents[i]; x.ID == id {
			if x.How == how {
				return false
			}
			x.How, x.By, x.At = how, by, at
			c.Log(IncidentEntry, by, at, id+": "+string(how))
			return true
		}
	}
	c.Incidents = append(c.Incidents, Incident{id, how, by, at})
	c.Log(IncidentEntry, by, at, id+": "+string(how))
	return true
}

// CheckZone notes that the rules of its zone changed since the window was set: the instants stay, and somebody has to
// look. It reports whether that is news.
func (c *Change) CheckZone(at time.Time) bool {
	if c.Reconfirm || !c.State.Open() || !c.Window.Moved() {
		return false
	}
	c.Reconfirm = true
	loc := c.Window.Location()
	c.Log(
		NoticeEntry, "", at,
		fmt.Sprintf(
			"The rules of %s changed. The window was set for %s there and is now at %s. It has not moved; if it should, edit it.",
			c.Window.Zone, c.Window.StartLocal, c.Window.Start.In(loc).Format(plan.LocalFormat),
		),
	)
	return true
}
