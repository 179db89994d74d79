// Package risk keeps what may go wrong: how likely and how bad it is, what is done about it, and who accepted it until
// when.
//
//	open ──treatment──> treated ──accept, by somebody else──> accepted ──close──> closed
//	  ^                                                          │
//	  └──────────── the acceptance expires, or the level rises ──┘
package risk

import (
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Level is how much a score matters.
type Level string

const (
	Low      Level = "low"      // up to 4
	Medium   Level = "medium"   // up to 9
	High     Level = "high"     // up to 16
	Critical Level = "critical" // above that
)

// LevelOf is the level of a score from 1 to 25.
func LevelOf(score int) Level {
	switch {
	case score <= 4:
		return Low
	case score <= 9:
		return Medium
	case score <= 16:
		return High
	}
	return Critical
}

// cadence is how many days after a review the next one is due.
var cadence = map[Level]int{Low: 365, Medium: 180, High: 90, Critical: 30}

// Treatment is what is done about a risk, beside accepting it.
type Treatment string

const (
	Mitigate Treatment = "mitigate"
	Avoid    Treatment = "avoid"
	Transfer Treatment = "transfer"
)

// Assessment is how likely something is and how bad it would be, each from 1 to 5. 0 is not known.
type Assessment struct {
	Likelihood, Impact int `json:",omitempty"`
}

// Score is from 1 to 25, 0 when it is not known.
func (a Assessment) Score() int { return a.Likelihood * a.Impact }

func (a Assessment) half() bool { return (a.Likelihood == 0) != (a.Impact == 0) }

func (a Assessment) String() string {
	if a.Score() == 0 {
		return "not scored"
	}
	return fmt.Sprintf("%d × %d = %d, %s", a.Likelihood, a.Impact, a.Score(), LevelOf(a.Score()))
}

// Acceptance is that somebody answers for living with a risk, until a day.
type Acceptance struct {
	By    []bot.PersonID
	Until value.Day
	Why   string
	Level Level // that it was given for
}

// Risk is something that may go wrong.
type Risk struct {
	register.Head
	register.Approval
	Cause, Event, Consequence string     `json:",omitempty"`
	Category                  string     `json:",omitempty"`
	Services, Vendors         []string   `json:",omitempty"`
	Inherent                  Assessment // without anything that is done about it
	Residual                  Assessment // with all that is done
	Target                    int        `json:",omitempty"` // score
	Treatment                 Treatment  `json:",omitempty"`
	ReviewOn                  value.Day  // in place of what its level says
	Reviewed                  value.Day
	Accepted                  *Acceptance `json:",omitempty"`
	Wanted                    *Acceptance `json:",omitempty"` // that was asked for
	Closed                    value.Day
	Alarms                    []string `json:",omitempty"` // incidents that made its review due, the newest last
	// Held is what its assessments were when its rules last looked, however they are changed.
	Held [2]Assessment
}

// Now is the assessment that counts: the residual one where it is known.
func (r *Risk) Now() Assessment {
	if r.Residual.Score() > 0 {
		return r.Residual
	}
	return r.Inherent
}

// Level is the level that counts, "" where nothing is known.
func (r *Risk) Level() Level {
	if r.Now().Score() == 0 {
		return ""
	}
	return LevelOf(r.Now().Score())
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
	invalid := func(field, format string, args ...any) error {
		return bot.Errorf(bot.Invalid, format, args...).About(field)
	}
	was := r.Held[0]
	if r.Held[1].Score() > 0 {
		was = r.Held[1]
	}
	switch {
	case r.Inherent.half():
		return invalid("impact", "Give likelihood and impact together, like likelihood=3 impact=5.")
	case r.Residual.half():
		return invalid("residual-impact", "Give both of them, like residual-likelihood=2 residual-impact=4.")
	case r.Residual.Score() > 0 && r.Inherent.Score() == 0:
		return invalid("likelihood", "Score the inherent risk first, without any treatment, like likelihood=3 impact=5.")
	case r.Residual.Score() > r.Inherent.Score():
		return invalid("residual-impact", "The residual score, %d, is higher than the inherent score, %d. Raise likelihood "+
			"or impact first.", r.Residual.Score(), r.Inherent.Score())
	case r.Residual.Score() > 0 && r.Residual != r.Held[1] && r.Residual.Score() < was.Score() && !r.controlled():
		return invalid("residual-impact", "Nothing that is finished lowers the score from %d to %d. Link a control or a "+
			"finished change first: /ops link %s mitigated by CHG-1", was.Score(), r.Residual.Score(), r.ID)
	}
	if held := [2]Assessment{r.Inherent, r.Residual}; held != r.Held {
		if r.Now() != was {
			r.Tell("scored", fmt.Sprintf("%s, was %s", r.Now(), was))
		}
		r.Held = held
	}
	if a := r.Accepted; a != nil && worse(r.Level(), a.Level) {
		r.Accepted = nil
		words := fmt.Sprintf("it was accepted as %s and is %s now, so it is open again", a.Level, r.Level())
		r.Tell("acceptance ended", words)
	}
	return nil
}

var levels = []Level{"", Low, Medium, High, Critical}

func worse(a, b Level) bool { return slices.Index(levels, a) > slices.Index(levels, b) }

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
	from, days := r.Reviewed, cadence[r.Level()]
	if from.IsZero() {
		from = value.DayOf(r.Added.UTC())
	}
	if days == 0 {
		days = cadence[High] // nobody knows how bad it is
	}
	return from.Add(days)
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

// MostMonths is how long a risk of a level may be accepted.
func MostMonths(l Level) int {
	if l == Critical {
		return 3
	}
	return 12
}

// Accept asks people to accept the risk until a day.
func (r *Risk) Accept(c *bot.Call, people []bot.Person, until value.Day, why string) (string, error) {
	if err := r.acceptable(c, until); err != nil {
		return "", err
	}
	if r.Level() == Critical {
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
	months := MostMonths(r.Level())
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
	if r.Level() == Critical && !c.May(acceptCritical) {
		return "", bot.Errorf(bot.Forbidden, "%s is critical, so only a manager may accept it.", r.ID)
	}
	want.By, want.Level = r.Pending.Yes, r.Level()
	r.Accepted, r.Wanted = want, nil
	r.Tell("accepted", fmt.Sprintf("%s until %s: %s", want.Level, want.Until.Long(), want.Why))
	return "accepted until " + want.Until.Long(), nil
}
