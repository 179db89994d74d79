// Package risk keeps what may go wrong: how likely and how bad it is, what is done about it, and who accepted it until
// when.
//
//	open ──treatment──> treated ──accept, by somebody else──> accepted ──close──> closed
//	  ^                                                          │
//	  └──────────── the acceptance expires, or the level rises ──┘
//
// Its rooms: matrix (how bad a risk is) and board (how all of them stand). What is left is longer than other registers,
// because an acceptance is decided twice, when it is asked for and when it is given, and six verbs lead there and back.
package risk

import (
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/risk/matrix"
)

// Treatment is what is done about a risk, beside accepting it.
type Treatment string

const (
	Mitigate Treatment = "mitigate"
	Avoid    Treatment = "avoid"
	Transfer Treatment = "transfer"
)

// Acceptance is that somebody answers for living with a risk, until a day.
type Acceptance struct {
	By    []bot.PersonID
	Until value.Day
	Why   string
	Level matrix.Level // that it was given for
}

// Risk is something that may go wrong.
type Risk struct {
	register.Head
	register.Approval
	Cause, Event, Consequence string   `json:",omitempty"`
	Category                  string   `json:",omitempty"`
	Services, Vendors         []string `json:",omitempty"`
	matrix.Scores
	Target    int       `json:",omitempty"` // score
	Treatment Treatment `json:",omitempty"`
	ReviewOn  value.Day // in place of what its level says
	Reviewed  value.Day
	Accepted  *Acceptance `json:",omitempty"`
	Wanted    *Acceptance `json:",omitempty"` // that was asked for
	Closed    value.Day
	Alarms    []string `json:",omitempty"` // incidents that made its review due, the newest last
}

// Standing implements register.Stated.
func (r *Risk) Standing() string {
	switch {
	case !r.Closed.IsZero():
		return "closed"
	case r.Accepted != nil:
		return "accepted"
	case r.Treatment != "":
		return "treated"
	}
	return "open"
}

// Check implements register.Checker. It also tells of scores that changed and takes back an acceptance that was given
// for less.
func (r *Risk) Check() error {
	scored, err := r.Settle(r.ID, r.controlled)
	if err != nil {
		return err
	}
	if scored != "" {
		r.Tell("scored", scored)
	}
	if a := r.Accepted; a != nil && r.Level().Above(a.Level) {
		r.Accepted = nil
		words := fmt.Sprintf("it was accepted as %s and is %s now, so it is open again", a.Level, r.Level())
		r.Tell("acceptance ended", words)
	}
	return nil
}

// done are the states in which a change, a task or a record is in force.
var done = []string{"implemented", "closed", "done", "resolved", "approved", "active", "deployed", "live"}

// controlled reports whether something that lowers it is there.
func (r *Risk) controlled() bool {
	return slices.ContainsFunc(r.By(mitigated), func(l record.Linked) bool {
		return !l.Archived && slices.Contains(done, l.State)
	})
}

// Dues implements register.Dated.
func (r *Risk) Dues() []register.Due {
	if !r.Closed.IsZero() {
		return nil
	}
	review := register.Due{
		What: "review", On: r.NextReview(), Text: "review the risk",
		Done: &bot.Action{Label: "Reviewed", Command: "review"},
	}
	if r.Accepted == nil {
		return []register.Due{review}
	}
	return []register.Due{review, {
		What: "acceptance", On: r.Accepted.Until, Text: "treat the risk, or have it accepted anew: the acceptance ends",
		Done: &bot.Action{Label: "Accept…", Command: "accept", Form: true},
	}}
}

// NextReview is by its level, unless somebody said a day.
func (r *Risk) NextReview() value.Day {
	if !r.ReviewOn.IsZero() {
		return r.ReviewOn
	}
	from := r.Reviewed
	if from.IsZero() {
		from = value.DayOf(r.Added.UTC())
	}
	return from.Add(r.Level().ReviewAfter())
}

// Wakes implements register.Timed: the day after an acceptance.
func (r *Risk) Wakes() value.Day {
	if r.Accepted == nil || !r.Closed.IsZero() {
		return value.Day{}
	}
	return r.Accepted.Until.Add(1)
}

// Pass implements register.Timed.
func (r *Risk) Pass(today value.Day) string {
	on := r.Wakes()
	if on.IsZero() || today.Before(on) {
		return ""
	}
	said := fmt.Sprintf("the acceptance of %s ended, so it is open again", r.Accepted.Until.Long())
	r.Accepted = nil
	r.Tell("acceptance expired", said)
	return ""
}

// Accept asks people to accept the risk until a day.
func (r *Risk) Accept(c *bot.Call, people []bot.Person, until value.Day, why string) (string, error) {
	if err := r.acceptable(c, until); err != nil {
		return "", err
	}
	if r.Level() == matrix.Critical {
		for _, p := range people {
			if !c.Allows(p, acceptCritical) {
				return "", bot.Errorf(
					bot.Invalid, "%s is critical, so only a manager may accept it. @%s is none.", r.ID, string(p.ID),
				).About("by")
			}
		}
	}
	what := "accept the risk until " + until.Long()
	if err := r.Ask(c, r.Row(), register.Question{What: what, Why: why}, people); err != nil {
		return "", err
	}
	r.Wanted = &Acceptance{Until: until, Why: why, Level: r.Level()}
	return "asked to " + what + ": " + why, nil
}

// acceptable says why nobody can accept the risk until a day.
func (r *Risk) acceptable(c *bot.Call, until value.Day) error {
	months := r.Level().AcceptedFor()
	switch {
	case !r.Closed.IsZero():
		return bot.Errorf(bot.Conflict, "%s is closed, so there is nothing to accept.", r.ID)
	case r.Level() == "":
		return bot.Errorf(bot.Conflict, "Nobody knows yet how bad %s is. Score it first: /ops risk score %[1]s l=3 i=4", r.ID)
	case !c.Today().Before(until):
		return bot.Errorf(bot.Invalid, "Until: %s is not after today.", until.Long()).About("until")
	case c.Today().AddMonths(months).Before(until):
		return bot.Errorf(
			bot.Invalid, "Until: a %s risk is accepted for %s at most, so until %s.", r.Level(), value.Counted(months, "month"),
			c.Today().AddMonths(months),
		).About("until")
	}
	return nil
}

// accepted is what the last approval does.
func accepted(c *bot.Call, r *Risk) (string, error) {
	want := r.Wanted
	if err := r.acceptable(c, want.Until); err != nil {
		return "", err
	}
	if r.Level() == matrix.Critical && !c.May(acceptCritical) {
		return "", bot.Errorf(bot.Forbidden, "%s is critical, so only a manager may accept it.", r.ID)
	}
	want.By, want.Level = r.Pending.Yes, r.Level()
	r.Accepted, r.Wanted = want, nil
	r.Tell("accepted", fmt.Sprintf("%s until %s: %s", want.Level, want.Until.Long(), want.Why))
	return "accepted until " + want.Until.Long(), nil
}
