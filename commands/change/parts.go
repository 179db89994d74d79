package change

import "github.com/watchbell/watchbell/bot"

// Part is what somebody has a hand in and that is not over, where each person counts for one.
type Part struct {
	Object string // like CHG-4
	As     string // like requester, or vote
}

// Part says what somebody is to a change that is not over: the separation of duties depends on who they are. ok is
// false when they are nothing to it.
func (c *Change) Part(who bot.PersonID) (p Part, ok bool) {
	as := ""
	switch {
	case c.State.Ended():
	case who == c.Requester:
		as = "requester"
	case who == c.Beneficiary:
		as = "requested on their behalf"
	case who == c.Author:
		as = "author"
	case who == c.Editor:
		as = "editor"
	case c.Implements(who):
		as = "implementer"
	case who == c.Glass.By:
		as = "broke the glass"
	case who == c.Glass.Second:
		as = "witness"
	default:
		for _, e := range c.Exemptions {
			if e.By == who {
				as = "let it go ahead during " + e.What
			}
		}
		for _, v := range c.Counted() {
			if v.Person == who || v.Seat == who {
				as = "vote"
			}
		}
	}
	return Part{c.ID(), as}, as != ""
}
