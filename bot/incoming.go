package bot

import (
	"context"
)

// Incoming is one thing that a person did on a platform with little patience, from its arrival to its answer. Take
// calls Do once, and then either Answer, or Hold and after it at most one Late. Whatever acknowledges belongs into
// Answer and Hold, so that nothing is acknowledged before it is stored.
type Incoming interface {
	// Key names the action for ever, as Request.Key does. With an empty key it is carried out again after a crash.
	Key() string
	// Back is all that Resumer.Resume needs to carry it out in another process. It is called at most once, while Do may
	// still run.
	Back() string
	// Do carries it out in the calling goroutine: it makes a Request of what came and passes that to Receive.
	Do(ctx context.Context) Reply
	// Answer acknowledges with what came of it.
	Answer(ctx context.Context, r Reply)
	// Hold acknowledges what takes too long, in a goroutine of its own. It is kept: stored, and carried out whatever
	// happens here. If it is not, the person has to be told that nothing is recorded and to repeat it.
	Hold(ctx context.Context, kept bool)
	// Late brings the answer to whoever was put off by Hold.
	Late(ctx context.Context, r Reply)
}

// Resumer is a platform that can go on with what an earlier process kept: it makes the Incoming again of what Back
// returned. Only Do and Late are called on it, for its acknowledgement is long out.
type Resumer interface {
	Resume(back string) (Incoming, error)
}

// Kept is an Incoming that took longer than its platform waits.
type Kept struct {
	Key      string
	Platform string
	Back     string
	Attempt  int // 1 for the first run after that of the process it came to
}

// Inbox keeps what takes longer than its platform waits, each for an owner that has to show a sign of life within the
// lease.
type Inbox interface {
	// Keep stores one, by a connection that is there for nothing else, within 0.4 s. It is added unless one of its key is
	// there already. After an error it may be stored all the same.
	Keep(ctx context.Context, c Claim, k Kept) (added bool, err error)
	// ClaimKept takes over those whose owner gave no sign of life within its lease, oldest first.
	ClaimKept(ctx context.Context, c Claim) ([]Kept, error)
	// ExtendKept prolongs the lease of those that the owner still holds, and returns their keys.
	ExtendKept(ctx context.Context, c Claim, keys []string) ([]string, error)
	// DropKept removes one that is done, unless it passed to another owner.
	DropKept(ctx context.Context, owner, key string) error
}
