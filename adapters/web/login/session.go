package login

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Session is one browser in which somebody is signed in.
type Session struct {
	ID      string // the hash of what the browser keeps
	Person  bot.PersonID
	Made    time.Time // when they signed in
	Seen    time.Time // when they last did something, to the minute
	Way     string    // like chat-link or passkey
	Factor  string    // what they had to show, see Proof
	Address string    // of the browser, when they signed in
	Agent   string    // what the browser calls itself
}

// How long a session lasts: as long as somebody uses it, and a week at most.
const (
	Idle = 12 * time.Hour
	Life = 7 * 24 * time.Hour

	seenEvery = time.Minute // a session's Seen is written at most this often
	nameSize  = 8
)

// Over reports whether a session has ended by itself.
func (s Session) Over(now time.Time) bool {
	return !now.Before(s.Seen.Add(Idle)) || !now.Before(s.Made.Add(Life))
}

// Ends is when the session ends if nobody uses it any more.
func (s Session) Ends() time.Time {
	if idle, last := s.Seen.Add(Idle), s.Made.Add(Life); idle.Before(last) {
		return idle
	}
	return s.Made.Add(Life)
}

// assurance is how surely somebody acts by the session.
func (s Session) assurance(now time.Time) bot.Assurance {
	switch age := now.Sub(s.Made); {
	case age >= sureFor:
		return bot.Stale
	case s.Way == string(FromChat):
		return bot.Chat
	case age < freshFor:
		return bot.Fresh
	}
	return bot.SignedIn
}

// stale reports whether the time at which it was last used has to be written.
func (s Session) stale(now time.Time) bool { return now.Sub(s.Seen) >= seenEvery }

// Name is what a session is called in lists, commands and the audit log. It gives nobody a way in.
func (s Session) Name() string { return nameOf(s.ID) }

func nameOf(id string) string { return id[:min(nameSize, len(id))] }

// newSecret makes a secret of 256 random bits, as it is put into a cookie or an address.
func newSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// hashed is what is kept of a secret. It has 256 random bits, so that nobody finds it again by trying.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// secretLike reports whether something could be a secret, so that nothing else is looked up.
func secretLike(text string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(raw) == 32
}

// running are the sessions that are not over.
func running(list []Session, now time.Time) []Session {
	return slices.DeleteFunc(slices.Clone(list), func(s Session) bool { return s.Over(now) })
}

// without are the sessions other than one.
func without(list []Session, id string) []Session {
	return slices.DeleteFunc(slices.Clone(list), func(s Session) bool { return s.ID == id })
}

// named finds the sessions of a name: one, unless two of a person's happen to be called the same.
func named(list []Session, name string) []Session {
	return slices.DeleteFunc(slices.Clone(list), func(s Session) bool { return s.Name() != name })
}
