package change

import (
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Nudging: what the bot does about a change by itself, when its time has come. Everything is computed from the record,
// so a restart forgets nothing and a moment that was missed is made up for once.

// Moment is something that comes due.
type Moment struct {
	Kind MomentKind
	At   time.Time
}

// MomentKind says what is due.
type MomentKind string

const (
	AskFirst MomentKind = "ask" // the approvers of the stage whose turn it is are asked
	// a quarter, half and three quarters of the time are over; at the last the fallback of their group is asked, too
	AskAgain   MomentKind = "again"
	ExpireDue  MomentKind = "expire"
	OpensSoon  MomentKind = "soon"    // 15 minutes before the window
	Opened     MomentKind = "opened"  // the window is open
	OverrunDue MomentKind = "overrun" // it is over and work goes on
	SecondDue  MomentKind = "second"  // nobody witnessed the broken glass
	SilentDue  MomentKind = "silent"
	DutyDue    MomentKind = "duty" // an approval that is owed is overdue, every day
	PageDue    MomentKind = "page" // an emergency that nobody approved after 15 minutes
)

// Moments lists when the bot has something to do about the change, in no order. Those in the past are due.
func (c *Change) Moments() []Moment {
	var m []Moment
	add := func(k MomentKind, at time.Time) {
		if !at.IsZero() {
			m = append(m, Moment{k, at})
		}
	}
	if c.Glass.By != "" && c.Glass.Second == "" && c.Hold.Why == "" && !c.State.Ended() {
		add(SecondDue, c.Glass.At.Add(SecondWithin))
	}
	switch c.State {
	case Pending:
		add(ExpireDue, c.Deadline())
		if c.Stopped.IsZero() && !c.Submitted.IsZero() {
			total := c.Expires.Sub(c.Submitted)
			for _, share := range []int{1, 2, 3} {
				add(AskAgain, c.Submitted.Add(total*time.Duration(share)/4))
			}
		}
	case Approved:
		add(ExpireDue, c.Deadline())
		if c.Window.Set() {
			add(OpensSoon, c.Window.Start.Add(-approvalLead))
			add(Opened, c.Window.Start)
		}
	case Implementing:
		if end := value.Later(c.Window.End, c.Until); c.Window.Set() {
			for _, after := range []time.Duration{0, 15 * time.Minute, 30 * time.Minute} {
				add(OverrunDue, end.Add(after))
			}
		}
		if c.Heartbeat && !c.Silent {
			add(SilentDue, c.Beat.Add(silentAfter))
		}
	}
	if c.Type == policy.Emergency && c.Owed(RetroApproval) != nil {
		for _, after := range []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute} {
			add(PageDue, c.Submitted.Add(after))
		}
	}
	if d := c.Owed(RetroApproval); d != nil {
		for day := range 30 {
			add(DutyDue, d.Due.AddDate(0, 0, day))
		}
	}
	return m
}

// NextAfter is the first moment after a time; zero when there is none.
func (c *Change) NextAfter(t time.Time) time.Time {
	var next time.Time
	for _, m := range c.Moments() {
		if m.At.After(t) && (next.IsZero() || m.At.Before(next)) {
			next = m.At
		}
	}
	return next
}

// Dues are that its review is written, where it owes one.
func (c *Change) Dues() []bot.Due {
	d := c.Owed(PIR)
	if d == nil || c.State.Ended() {
		return nil
	}
	which := map[string]string{"change": c.ID()}
	at := d.Due.UTC().Truncate(time.Microsecond)
	return []bot.Due{{
		Object: c.ID(), What: string(PIR), Name: c.ID() + " review", At: at, Since: at.Add(-reviewDue), Ladder: []int{1},
		Text: PIR.Label() + " of " + value.Shown(c.Title, 60), Owner: d.Owner,
		Audience: bot.Audience{Services: slices.Compact(slices.Sorted(slices.Values(c.Services)))},
		Done:     &bot.Action{Label: "Write the review", Command: "change.review", Args: which, Form: true},
		Reassign: &bot.Action{Label: "Reassign", Command: "change.assign", Args: which, Form: true},
		Open:     &bot.Action{Label: "Open", Command: "change.show", Args: which},
	}}
}
