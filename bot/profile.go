package bot

import (
	"context"
	"time"
)

// Standing is what somebody is to the workspace that their account belongs to.
type Standing string

const (
	Member Standing = "member" // one of the organisation
	// invited from outside, or a stranger in a shared channel: may read and note, never change state
	Guest Standing = "guest"
	Gone  Standing = "gone" // deactivated, or no human being: may do nothing
)

// Profile is what a platform knows about an account.
type Profile struct {
	Account  Account
	Name     string
	Email    string // "" where the platform does not vouch for it
	Zone     *time.Location
	Standing Standing
}

// Profiler tells who an account belongs to, not older than a minute. People it knows need not be configured: they are
// enrolled with the roles that everybody of their standing has. An account that does not exist is ErrGone.
type Profiler interface {
	Profile(ctx context.Context, a Account) (Profile, error)
}

// AccountFinder finds the account of somebody by the e-mail address that the configuration gives for them. There being
// none is ErrGone.
type AccountFinder interface {
	FindAccount(ctx context.Context, email string) (Account, error)
}

// GroupReader lists the accounts in a user group of a platform, by its id or, with an @, its handle. One that does not
// exist is ErrGone.
type GroupReader interface {
	GroupMembers(ctx context.Context, group string) ([]Account, error)
}
