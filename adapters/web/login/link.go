package login

import (
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Link signs somebody in once, by the button on its page. Opening the page uses nothing up, because programs that look
// for bad links open them too.
type Link struct {
	Hash    string // of the secret in its address, which is kept nowhere
	For     Purpose
	Person  bot.PersonID // "" for the first administrator, whom nobody knows yet
	By      string       // who made it, for its page and the audit log
	Next    string       // the page that it leads on to; "" is the first one
	Made    time.Time
	Expires time.Time
	Used    time.Time // zero: not yet
}

// Purpose is what a link is for, and the way of signing in as which a session is listed.
type Purpose string

const (
	FirstAdmin Purpose = "first-administrator" // printed by a server on a database without an administrator
	FromChat   Purpose = "chat-link"           // asked for in chat or at a terminal, by the person themselves
	FromHost   Purpose = "host-link"           // made on the server's machine, to rescue somebody
)

// lasts is how long each link is good for.
var lasts = map[Purpose]time.Duration{
	FirstAdmin: 30 * time.Minute, FromChat: 5 * time.Minute, FromHost: 5 * time.Minute,
}

// NewLink makes a link and its secret.
func NewLink(purpose Purpose, person bot.PersonID, by, next string, now time.Time) (Link, string) {
	secret := newSecret()
	return Link{
		Hash: hashed(secret), For: purpose, Person: person, By: by, Next: next, Made: now, Expires: now.Add(lasts[purpose]),
	}, secret
}

// Path is where the page of a link with this secret is.
func Path(secret string) string { return linkPath + secret }

const linkPath = "/login/link/"

// errLink is the one answer to every link that does not work, so that nobody learns which were made.
var errLink = bot.Errorf(
	bot.NotFound, "This link does not work: it was used, its time is over, or a newer one was made. Write /ops signin in "+
		"chat for a new one, or ask an administrator of the host for one: watchbell login link",
)

// usable refuses a link that was used or whose time is over.
func (l Link) usable(now time.Time) error {
	if !l.Used.IsZero() || !now.Before(l.Expires) {
		return errLink
	}
	return nil
}
