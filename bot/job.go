package bot

import (
	"context"
	"errors"
	"time"
)

// Job is work to do after a commit, at least once. It carries ids, never content: whoever runs it reads the rows as they are
// then, so that ten changes in a second cost one edit and an old card can never overwrite a newer one.
type Job struct {
	Kind   string // noun.verb-object, like "incident.show-card"
	Object string // the id of the thing it is about, like "INC-42"
	Arg    string // one further id, like a platform's name or an entry's number
	// At is when it is due; zero is at once. Those that became due first run first, so a time in the past puts it before others. A waiting job of the same kind, object and arg absorbs a second one and
	// keeps the earlier of the two times.
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

type snooze struct{ at time.Time }

func (s *snooze) Error() string { return "snoozed until " + s.at.Format(time.RFC3339) }

// SnoozeUntil is returned by a job that is done for now and wants to run again at a time, with a fresh count of attempts.
func SnoozeUntil(at time.Time) error { return &snooze{at} }

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

// Attempts allowed before a job becomes a dead letter: about a day with the pauses of Backoff.
const maxAttempts = 17

// Backoff is the pause after the given attempt: 5 s doubling to at most 4 h. The caller adds jitter.
func Backoff(attempt int) time.Duration {
	d := 5 * time.Second
	for i := 1; i < attempt && d < 4*time.Hour; i++ {
		d *= 2
	}
	return min(d, 4*time.Hour)
}

// outcome decides what becomes of a job after an attempt.
func outcome(job Job, err error, now time.Time, jitter float64) Outcome {
	var sn *snooze
	var retry *RetryAfterError
	var permanent *PermanentError
	switch {
	case err == nil:
		return Outcome{Done: true}
	case errors.As(err, &sn):
		return Outcome{At: sn.at, Fresh: true}
	case errors.As(err, &permanent):
		return Outcome{Dead: true, Err: err.Error()}
	case errors.As(err, &retry):
		return Outcome{At: now.Add(min(max(retry.After, time.Second), time.Hour)), Fresh: true, Err: err.Error()}
	case job.Attempt >= maxAttempts:
		return Outcome{Dead: true, Err: err.Error()}
	}
	pause := Backoff(job.Attempt)
	return Outcome{At: now.Add(pause + time.Duration(jitter*0.2*float64(pause))), Err: err.Error()}
}
