package account

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Move is an account that gets another owner.
type Move struct {
	Account bot.Account
	N       int64        // counts how often the account changed hands
	Linked  bool         // otherwise it was taken from somebody, and nobody acts by it any more
	From    bot.PersonID // "" : it was nobody's
	To      bot.PersonID // of one that was taken away: somebody inactive, "" until there is one
	By      bot.PersonID // who did it
	At      time.Time
}

// Situation is what a decision about an account is made on. Nothing in it changes until the decision is saved.
type Situation struct {
	Account bot.Account
	Owner   *Owner      // nil: it is nobody's
	To      *Owner      // who may get it: who made the code, or whom an administrator names
	Code    *Code       // the one that was typed; nil: there is none like it
	Wrong   []time.Time // when wrong codes were typed with the account
	Last    Move        // when the account changed hands last; zero: it never did
}

// Take decides whether whoever acts by the account may give it to the one who made the code.
func (s Situation) Take(at time.Time) (Move, error) {
	const another = "Make another where Watchbell knows you, with: /ops me link"
	switch {
	case !s.Code.Used.IsZero():
		return Move{}, bot.Errorf(
			bot.Conflict, "Code: this one was used already, and each works once. %s", another,
		).About("code")
	case !at.Before(s.Code.Expires):
		return Move{}, bot.Errorf(
			bot.Conflict, "Code: this one was good for 5 minutes, until %s. %s", s.Code.Expires, another,
		).About("code")
	case s.Code.By == s.Account:
		return Move{}, bot.Errorf(
			bot.Conflict, "Code: you made it with this account. Type it where you want to be known as well, for example in "+
				"Discord.",
		).About("code")
	case s.Owner != nil && s.Owner.ID == s.Code.Person:
		return Move{}, bot.Errorf(
			bot.Conflict, "Code: it was made by yourself. Both accounts belong to %s already.", s.Owner.ID,
		).About("code")
	case s.To == nil || !s.To.Active:
		return Move{}, bot.Errorf(
			bot.Conflict, "Code: whoever made it is deactivated by now, so it links nothing.",
		).About("code")
	}
	return s.link(s.owner(), at)
}

// Assign decides whether an administrator may give the account to somebody.
func (s Situation) Assign(by bot.PersonID, at time.Time) (Move, error) {
	name := Name(s.Account)
	switch {
	case s.To == nil || !s.To.Active:
		return Move{}, bot.Errorf(
			bot.Conflict, "Person: they are deactivated, so no account is linked to them.",
		).About("person")
	case s.owner() == s.To.ID:
		return Move{}, bot.Errorf(bot.Conflict, "Account: %s belongs to %s already.", name, s.To.ID).About("account")
	case s.given():
		return Move{}, s.givenError()
	case s.Owner != nil && s.Owner.Configured && !everybodys(s.Account.Platform):
		return Move{}, bot.Errorf(
			bot.Conflict, "Account: %s belongs to %s, whom the configuration names. Unlink it first: /ops account unlink %s",
			name, s.Owner.ID, name,
		).About("account")
	}
	return s.link(by, at)
}

// unlinkedFrom is whom the account was taken from last, "" when it was linked since or goes back to them. They may have
// acted by it.
func (s Situation) unlinkedFrom() bot.PersonID {
	if s.Last.Linked || s.To != nil && s.Last.From == s.To.ID {
		return ""
	}
	return s.Last.From
}

// given reports whether the configuration says whose account it is.
func (s Situation) given() bool {
	if s.Owner == nil || everybodys(s.Account.Platform) {
		return false
	}
	held, _ := s.Owner.Holds(s.Account)
	return held.Given
}

func (s Situation) givenError() error {
	return bot.Errorf(
		bot.Conflict, "Account: the configuration gives %s to %s. Whoever runs Watchbell changes that in its file: under "+
			"people, the accounts: of @%s.", Name(s.Account), s.Owner.ID, s.Owner.ID,
	).About("account")
}

func (s Situation) owner() bot.PersonID {
	if s.Owner == nil {
		return ""
	}
	return s.Owner.ID
}

// link moves the account to s.To, unless it stands for somebody who is more than this account.
func (s Situation) link(by bot.PersonID, at time.Time) (Move, error) {
	name := Name(s.Account)
	move := Move{Account: s.Account, N: s.Last.N + 1, Linked: true, From: s.owner(), To: s.To.ID, By: by, At: at}
	if everybodys(s.Account.Platform) {
		return Move{}, bot.Errorf(
			bot.Conflict, "Everybody has an account of their own in %s, which stays theirs. Make the code here, with /ops me "+
				"link, and type it on the other platform.", label(s.Account.Platform),
		)
	}
	if s.Owner == nil {
		return move, nil
	}
	switch others := s.Owner.others(s.Account); {
	case s.given() || s.Owner.Configured:
		why := "whom the configuration names"
		if s.given() {
			why = "to whom the configuration gives it, in the accounts: under people"
		}
		return Move{}, bot.Errorf(
			bot.Conflict, "%s belongs to %s, %s, so it cannot become somebody else's. To link the other account to %s "+
				"instead, make the code here, with /ops me link, and type it there.", name, s.Owner.ID, why, s.Owner.ID,
		)
	case len(others) > 0:
		return Move{}, bot.Errorf(
			bot.Conflict, "%s has other accounts too: %s. Make the code with one of these, by /ops me link, and type it where "+
				"you made this one.", s.Owner.ID, names(others),
		)
	}
	return move, nil
}

// Release decides whether the account may be taken from its owner. using is the account by which they do it themselves;
// an administrator uses none of theirs.
func (s Situation) Release(by bot.PersonID, using bot.Account, at time.Time) (Move, error) {
	name := Name(s.Account)
	if s.Owner == nil {
		return Move{}, bot.Errorf(bot.NotFound, "Account: %s belongs to nobody.", name).About("account")
	}
	switch {
	case everybodys(s.Account.Platform):
		return Move{}, bot.Errorf(
			bot.Conflict, "Account: everybody has an account in %s, which cannot be unlinked.", label(s.Account.Platform),
		).About("account")
	case s.given():
		return Move{}, s.givenError()
	case !s.Owner.Active:
		return Move{}, bot.Errorf(
			bot.Conflict, "Account: %s belongs to %s, who is deactivated. There is nothing to unlink.", name, s.Owner.ID,
		).About("account")
	case s.Account == using && len(s.Owner.others(using)) == 0:
		return Move{}, bot.Errorf(
			bot.Conflict, "Account: you act by %s, and you have no other. Link another one first: /ops me link", name,
		).About("account")
	}
	return Move{Account: s.Account, N: s.Last.N + 1, From: s.Owner.ID, By: by, At: at}, nil
}

func names(list []Held) string {
	var all []string
	for _, h := range list {
		all = append(all, Name(h.Account))
	}
	return strings.Join(all, ", ")
}

// Part is what somebody has a hand in and that is not over, where two people must not turn out to be one.
type Part struct {
	Object string // like CHG-4
	As     string // like requester, or vote
}

// partsError refuses to make two people one while one of them counts as a person somewhere. is says whether they have
// the account still: is, or was.
func partsError(owner bot.PersonID, is string, list []Part) error {
	var all []string
	for n, p := range list {
		if n == maxParts {
			all = append(all, fmt.Sprintf("and %d more", len(list)-n))
			break
		}
		all = append(all, p.Object+" ("+p.As+")")
	}
	return bot.Errorf(
		bot.Conflict, "%s, whose account this %s, has a part in what is not over: %s. Two people who decided there must not "+
			"turn out to be one, so link the account when that is over, or when a vote was taken back.", owner, is,
		strings.Join(all, ", "),
	)
}

const maxParts = 5
