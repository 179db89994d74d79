package bot

import (
	"context"
	"time"
)

// Job is work to do after a commit, at least once. It carries ids, never content: whoever runs it reads the rows as
// they are then, so that ten changes in a second cost one edit and an old card can never overwrite a newer one.
type Job struct {
	Kind   string // noun.verb-object, like "incident.show-card"
	Object string // the id of the thing it is about, like "INC-42"
	Arg    string // one further id, like a platform's name or an entry's number
	// At is when it is due; zero is at once. Those that became due first run first, so a time in the past puts it before
	// others. A waiting job of the same kind, object and arg absorbs a second one and keeps the earlier of the two times.
	At time.Time
	// Lane orders jobs: those of one lane run one at a time in the order they were committed. "" is no order. A job
	// that waits for a time has no lane, because it would hold up all behind it.
	Lane string

	ID       int64 // given by the store
	Attempt  int   // 1 for the first run
	Owner    string
	Enqueued time.Time
	Err      string // of the last attempt
}

// JobHandler carries out a job. It returns nil when done, SnoozeUntil to run again at a time, *RetryAfterError or
// *PermanentError to say more about a failure, or any other error to be repeated with growing pauses.
type JobHandler func(ctx context.Context, job Job) error

// Snoozed is what SnoozeUntil returns.
type Snoozed struct{ At time.Time }

func (s *Snoozed) Error() string { return "snoozed until " + s.At.Format(time.RFC3339) }

// SnoozeUntil is returned by a job that is done for now and wants to run again at a time, with a fresh count of
// attempts.
func SnoozeUntil(at time.Time) error { return &Snoozed{at} }

// Claim is how a worker asks for jobs.
type Claim struct {
	Owner string
	Now   time.Time
	Lease time.Duration
	Limit int
}

// Outcome is how an attempt ended.
type Outcome struct {
	Done  bool
	Dead  bool      // give up: keep it as a dead letter
	Fresh bool      // count attempts anew
	At    time.Time // when to run it again, if neither Done nor Dead
	Err   string
}

// MaxAttempts is how many attempts are allowed before a job becomes a dead letter: about a day with the pauses of
// Backoff.
const MaxAttempts = 17

// Backoff is the pause after the given attempt: 5 s doubling to at most 4 h. The caller adds jitter.
func Backoff(attempt int) time.Duration {
	d := 5 * time.Second
	for i := 1; i < attempt && d < 4*time.Hour; i++ {
		d *= 2
	}
	return min(d, 4*time.Hour)
}
