// Package access is what a token is: the credential by which a program acts for a person. A token never does more than
// its person may, nor more than its scopes say. There are two kinds:
//
//	plain   a script or a pipeline, which acts as its person
//	agent   a program with a mind of its own, like an assistant: it acts for its owner, and everything it did is marked
//
// The package is pure. Package storage keeps tokens, adapters/api lets them in, commands/token makes and ends them.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Kind says what acts by a token.
type Kind string

const (
	Plain Kind = ""      // a script or a pipeline
	Agent Kind = "agent" // a program that decides by itself what to do next
)

// Bounds of a token.
const (
	Shortest = time.Minute
	Longest  = 365 * 24 * time.Hour
	MaxName  = 60 // characters
)

// Token is what is kept of one. The secret itself is shown once and never stored.
type Token struct {
	ID      string
	Hash    string // SHA-256 of the whole secret, hex
	Name    string // what it is for; of an agent, the agent's name
	Kind    Kind
	Person  bot.PersonID // who acts by it, or the agent's owner
	Scopes  []string     // patterns of permissions
	Created time.Time
	Expires time.Time
	Revoked time.Time // zero: it is not
	Used    time.Time // last, to the minute
}

// Agent is the name of the agent that acts by the token, "" for other programs.
func (t Token) Agent() string {
	if t.Kind == Agent {
		return t.Name
	}
	return ""
}

// Good reports whether the token can be used.
func (t Token) Good(now time.Time) bool { return t.Revoked.IsZero() && now.Before(t.Expires) }

// Feeds reports whether all that the token can do is to read the calendar, so that it may be part of an address.
func (t Token) Feeds() bool { return len(t.Scopes) == 1 && t.Scopes[0] == "change.feed" }

// New completes a token with an id and the hash of its secret, and returns the secret. It refuses a name that cannot be
// shown.
func New(t Token) (Token, string, error) {
	t.Name = value.Line(t.Name)
	if t.Name == "" || len([]rune(t.Name)) > MaxName {
		return Token{}, "", bot.Errorf(
			bot.Invalid, "Name: write what the token is for in 1 to %d characters, like deploy-web.", MaxName,
		).About("name")
	}
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	t.ID = hex.EncodeToString(id)
	secret := "wb_" + t.ID + "_" + rand.Text() + rand.Text()
	t.Hash = Hash(secret)
	return t, secret, nil
}

// Hash is what of a secret is stored.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// format is what a secret looks like: a prefix that scanners find, the token's id, and 256 random bits.
var format = regexp.MustCompile(`^wb_([a-z0-9]{8})_([A-Z2-7]{52})$`)

// Secret reports whether a text looks like the secret of a token.
func Secret(s string) bool { return format.MatchString(s) }

// Made is what the audit log says of a new token.
func (t Token) Made() string {
	who := " as @" + string(t.Person)
	if t.Kind == Agent {
		who = ", an agent of @" + string(t.Person)
	}
	return t.Name + who + ", " + strings.Join(t.Scopes, " ") + ", until " + t.Expires.Format(time.RFC3339)
}
