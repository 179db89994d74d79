package bot

import (
	"context"
	"time"
)

// KeptProfile is what a platform said about an account, and when.
type KeptProfile struct {
	Profile
	At time.Time
}

// Profiles keeps what platforms said about accounts, for when they do not answer.
type Profiles interface {
	// SaveProfiles keeps profiles of accounts that belong to somebody, without e-mail addresses, and drops the others. An
	// older one never replaces a newer one.
	SaveProfiles(ctx context.Context, list []KeptProfile) error
	// KeptProfile is what was kept of an account, or ErrNoSuch.
	KeptProfile(ctx context.Context, a Account) (KeptProfile, error)
}
