package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Outcome is what is told when an incident is resolved.
type Outcome struct {
	Summary string
	Started time.Time // zero: leave it
	Impact  *string   // nil: leave it
}

// Resolve ends it. Only people do that, never the bot.
func (i *Incident) Resolve(by Actor, o Outcome, at time.Time) error {
	if err := i.needActive("resolve it"); err != nil {
		return err
	}
	if err := i.needLead(by, at, "resolve it"); err != nil {
		return err
	}
	times := i.Times
	if !o.Started.IsZero() {
		times.Started = o.Started
		if times.Detected.Before(o.Started) {
			times.Detected = o.Started
		}
	}
	times.Resolved = at
	if times.Mitigated.IsZero() {
		times.Mitigated = at
	}
	if err := times.inOrder(); err != nil {
		return err
	}
	i.join(by)
	i.setImpact(by, o.Impact, at)
	if said := times.changes(i.Times, "started", "detected"); len(said) > 0 {
		i.Log(TimeEntry, by.Person, at, "Corrected: "+strings.Join(said, ", "))
	}
	i.Times, i.State, i.Resolution = times, Resolved, o.Summary
	i.StartKnown = i.StartKnown || !o.Started.IsZero()
	i.HandoverTo, i.NextUpdate = "", time.Time{}
	i.Log(ResolvedEntry, by.Person, at, o.Summary)
	return nil
}

// Cancel ends an incident that was none.
func (i *Incident) Cancel(by Actor, why string, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("cancel it")
	}
	if err := i.needLead(by, at, "cancel it"); err != nil {
		return err
	}
	i.State, i.EndReason, i.Times.Closed, i.NextUpdate, i.HandoverTo = Cancelled, why, at, time.Time{}, ""
	i.Log(CancelledEntry, by.Person, at, why)
	return nil
}

// Reopen makes an ended incident active again, under the same id.
func (i *Incident) Reopen(by Actor, why string, at time.Time, policy Policy) error {
	if i.State.Open() {
		return bot.Errorf(
			bot.Conflict, "%s is %s, so there is nothing to reopen. What you can do: %s.", i.ID(),
			strings.ToLower(i.State.Label()), moves[i.State],
		)
	}
	i.join(by)
	if !i.Mitigated.IsZero() { // who cancelled it never said that the impact was over
		from := i.Started
		if !i.ImpactSince.IsZero() {
			from = i.ImpactSince
		}
		i.Impacts, i.ImpactSince = append(i.Impacts, Stretch{from, i.Mitigated}), at
	}
	i.State = Investigating
	i.Times.Resolved, i.Times.Closed, i.Times.Mitigated = time.Time{}, time.Time{}, time.Time{}
	i.Published, i.ReviewDue, i.ReviewOwner = time.Time{}, time.Time{}, ""
	i.Resolution, i.EndReason = "", ""
	i.Reopened++
	if i.Lead == "" {
		i.LeadlessSince = at
	}
	i.Log(ReopenedEntry, by.Person, at, why)
	i.scheduleUpdate(at, policy)
	return nil
}

// reviewDays is how many workdays a review may take.
const reviewDays = 5

// BeginReview opens the review of a resolved incident that needs one; it reports whether it did. SEV1, SEV2 and
// unjudged ones do.
func (i *Incident) BeginReview(at time.Time) bool {
	if i.State != Resolved || !i.NeedsReview() {
		return false
	}
	i.State = Review
	i.ReviewOwner = i.Lead
	if i.ReviewOwner == "" {
		i.ReviewOwner = i.Reporter
	}
	i.ReviewDue = value.Week{}.Later(at, reviewDays)
	if i.Severity == SEV1 {
		i.ReviewDue = at.AddDate(0, 0, 3)
	}
	i.Log(
		ReviewEntry, "", at,
		fmt.Sprintf("@%s writes the post-mortem, due %s", i.ReviewOwner, i.ReviewDue.Format("Monday 2 January")),
	)
	return true
}

// Grave reports whether it is judged to be a SEV1 or SEV2.
func (i *Incident) Grave() bool { return i.Severity == SEV1 || i.Severity == SEV2 }

// Lost is how long it had an impact until a time, each moment once.
func (i *Incident) Lost(now time.Time) time.Duration {
	if i.State == Cancelled {
		return 0
	}
	from, to := i.Started, now
	if !i.ImpactSince.IsZero() {
		from = i.ImpactSince
	}
	for _, end := range []time.Time{i.Mitigated, i.Times.Resolved} {
		if !end.IsZero() {
			to = value.Earlier(to, end)
		}
	}
	spans := value.Spans{{From: from, To: to}}
	for _, x := range i.Impacts {
		spans = append(spans, value.Span{From: x.From, To: x.To})
	}
	return value.Union(spans...).Length()
}

// NeedsReview reports whether it is severe enough to be closed only after a published review.
func (i *Incident) NeedsReview() bool { return i.Severity.rank() <= SEV2.rank() }

// Publish marks the review as finished. Its owner does that, or who leads.
func (i *Incident) Publish(by Actor, at time.Time) error {
	if !i.Published.IsZero() {
		return nil
	}
	if by.Person != i.ReviewOwner {
		if err := i.needLead(by, at, "publish its review"); err != nil {
			return err
		}
	}
	i.Published = at
	i.Log(PublishedEntry, by.Person, at, "Review published")
	return nil
}

// Close ends the work on it. Its severity must be known, its review published where it needs one; open tasks become
// follow-ups.
func (i *Incident) Close(by Actor, at time.Time) error {
	switch {
	case i.State != Resolved && i.State != Review:
		return bot.Errorf(
			bot.Conflict, "%s is %s and cannot be closed. Only resolved ones are. What you can do: %s.", i.ID(),
			strings.ToLower(i.State.Label()), moves[i.State],
		)
	case i.Severity == Unknown:
		return bot.Errorf(
			bot.Conflict,
			"%s has no severity yet, and without one its numbers would mean nothing. Reopen it and judge it, for example: "+
				"/incident sev %s 3",
			i.ID(), i.ID(),
		)
	case i.NeedsReview() && i.Published.IsZero():
		return bot.Errorf(
			bot.Conflict,
			"The review of %s is not published yet. Write it, and publish it when everybody has read it: /incident review %s "+
				"publish=yes",
			i.ID(), i.ID(),
		)
	}
	if by.Person != i.ReviewOwner {
		if err := i.needLead(by, at, "close it"); err != nil {
			return err
		}
	}
	for n := range i.Tasks {
		if t := &i.Tasks[n]; t.Done.IsZero() && !t.FollowUp {
			t.FollowUp = true
		}
	}
	i.State, i.Times.Closed = Closed, at
	i.Log(ClosedEntry, by.Person, at, "Closed")
	return nil
}
