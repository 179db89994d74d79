package login

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
)

// Store keeps who is signed in where, and what signs people in. Package storage implements it.
type Store interface {
	Sessions
	Secrets
	Passkeys
	Subjects
}

// Sessions keeps sessions.
type Sessions interface {
	// SessionOf finds a session with its person, by the hash of what the browser keeps, in one read. bot.ErrNoSuch: there
	// is none. Whether it is over, and whether the person is still active, is for the caller to judge.
	SessionOf(ctx context.Context, id string) (Session, bot.Person, error)
	// SessionsOf lists somebody's sessions, those used last first.
	SessionsOf(ctx context.Context, who bot.PersonID) ([]Session, error)
	// SessionSeen notes that a session was used. It is no change that the audit log tells of.
	SessionSeen(ctx context.Context, id string, at time.Time) error
	// EndSessions ends sessions of one person. Those that are gone already are no error.
	EndSessions(ctx context.Context, who bot.PersonID, ids []string, e bot.Effects) error
	// Record saves an entry of the audit log that nothing else goes with.
	Record(ctx context.Context, e bot.Effects) error
	// ForgetSessions deletes sessions and links that were over before a time.
	ForgetSessions(ctx context.Context, before time.Time) error
}

// Secrets keeps what signs people in, each by its hash.
type Secrets interface {
	// SaveLink keeps a link. Older ones of the same person and purpose that were not used stop working.
	SaveLink(ctx context.Context, l Link, e bot.Effects) error
	// LinkOf finds a link by the hash of its secret. bot.ErrNoSuch: there is none.
	LinkOf(ctx context.Context, hash string) (Link, error)
	// SaveRecovery replaces somebody's recovery codes, of which it is given the hashes.
	SaveRecovery(ctx context.Context, who bot.PersonID, hashes []string, e bot.Effects) error
	// RecoveryOf finds whose unused recovery code has this hash. bot.ErrNoSuch: nobody's.
	RecoveryOf(ctx context.Context, hash string) (bot.PersonID, error)
	// RecoveryLeft counts somebody's recovery codes that were not used.
	RecoveryLeft(ctx context.Context, who bot.PersonID) (int, error)
	// Enter saves a sign-in, all of it or nothing. bot.ErrNoSuch: what it uses up was used up before, or its person is not
	// active. bot.ErrStale: it makes the first administrator, and there is one by now.
	Enter(ctx context.Context, e Entry) error
}

// Entry is a sign-in as it is saved.
type Entry struct {
	Session  Session
	Link     string           // the hash of the link that it uses up
	Recovery string           // the hash of the recovery code that it uses up
	Passkey  *passkey.Passkey // the passkey that it used, as it is from now on
	Subject  *Subject         // the company's account by which it is, as it is from now on; it may be new
	First    *bot.Person      // the first administrator, whom it makes; Enter gives them their id
	Replaces string           // the session of the same browser, which it ends
	Effects  bot.Effects
}

// Passkeys keeps people's passkeys, and which attempts to sign in were used.
type Passkeys interface {
	attempt.Store
	// PasskeyOf finds a passkey by the id that its authenticator gave it. passkey.ErrUnknown: there is none.
	PasskeyOf(ctx context.Context, id []byte) (passkey.Passkey, error)
	// PasskeysOf lists somebody's passkeys, the first one first.
	PasskeysOf(ctx context.Context, who bot.PersonID) ([]passkey.Passkey, error)
	// AddPasskey keeps a passkey. bot.ErrStale: there is one with its id, or the person has as many as anybody may have.
	AddPasskey(ctx context.Context, p passkey.Passkey, e bot.Effects) error
	// RemovePasskeys takes passkeys of one person away. Those that are gone already are no error.
	RemovePasskeys(ctx context.Context, who bot.PersonID, ids [][]byte, e bot.Effects) error
}

// Subjects keeps the companies' accounts by which people sign in.
type Subjects interface {
	// SubjectOf finds an account by what its issuer calls somebody. bot.ErrNoSuch: there is none.
	SubjectOf(ctx context.Context, issuer, subject string) (Subject, error)
	// SubjectsOf lists somebody's accounts, the first one first.
	SubjectsOf(ctx context.Context, who bot.PersonID) ([]Subject, error)
	// Configured finds the people of the configuration who have an address, active or not.
	Configured(ctx context.Context, email string) ([]bot.Person, error)
	// AddSubject keeps an account and grants its roles. bot.ErrStale: it is somebody's already.
	AddSubject(ctx context.Context, s Subject, e bot.Effects) error
	// RemoveSubjects takes accounts of one person away, with the roles that they gave.
	RemoveSubjects(ctx context.Context, who bot.PersonID, ids []string, e bot.Effects) error
	// RegrantRoles makes the roles of all accounts what roles says, and writes one entry of the audit log if any changed.
	RegrantRoles(ctx context.Context, roles func(issuer string, groups []string) []string, at time.Time) error
}

// Subject is an account at a company's provider by which somebody signs in.
type Subject struct {
	Issuer, Subject string // what the issuer calls them; it never changes
	Person          bot.PersonID
	Email           string   // when they signed in last; it finds nobody
	Groups          []string // those that give roles
	Roles           []string // that they give, beside those of the person
	Made, Used      time.Time
}

// ID names the account in addresses and rows.
func (s Subject) ID() string { return hashed(s.Issuer + "\n" + s.Subject) }
