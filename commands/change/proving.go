package change

import (
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// UnprovenError refuses a vote of somebody who has not shown surely enough who they are.
type UnprovenError struct {
	ID    string
	Risk  policy.Level
	Needs bot.Assurance
}

func (e UnprovenError) Error() string {
	within := "12 hours"
	if e.Needs == bot.Fresh {
		within = "5 minutes"
	}
	return fmt.Sprintf(
		"The risk of %s is %s, so your vote counts only if you signed in on the web within the last %s.", e.ID, e.Risk, within,
	)
}

// Proven refuses a vote when less is known of who gives it than the policy asks for at this risk. A sign-in on the web
// that is older than twelve hours is never enough for a high risk.
func (c *Change) Proven(have bot.Assurance, p *policy.Policy) error {
	var least bot.Assurance
	if p != nil {
		least = p.Defaults.Assurance[c.Risk.Level]
	}
	if have == bot.Stale && least == bot.Chat && c.Risk.Level != policy.High {
		return nil
	}
	if have.Reaches(least) {
		return nil
	}
	if !least.Reaches(bot.SignedIn) {
		least = bot.SignedIn
	}
	return UnprovenError{c.ID(), c.Risk.Level, least}
}
