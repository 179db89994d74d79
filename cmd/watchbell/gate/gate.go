// Package gate asks the gate of changes on behalf of a pipeline, and waits there until a change may be deployed.
//
// A Wait asks a Desk until it is decided, and says with which code the pipeline has to end. There are two desks: a
// Server is asked over its API, Local asks the bot of this process. Nothing but Allowed ever means that the deployment
// may go ahead.
package gate

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/watchbell/watchbell/commands/change"
)

// These are the exit codes of a Wait. A rejection is not a failure of the pipeline: let it end as skipped.
const (
	Allowed     = 0   // it may be deployed
	Rejected    = 10  // it was rejected
	Expired     = 11  // it expired, or its window closed
	Cancelled   = 12  // it was cancelled
	Closed      = 13  // it was carried out already
	Frozen      = 14  // a freeze is active
	Hold        = 15  // it is on hold
	Incident    = 16  // an incident of the service is open
	Conflict    = 17  // something else stands in its way, such as another change
	TooEarly    = 18  // its window has not opened yet
	Mismatch    = 19  // it is for another artifact, service or environment, or was used already
	Timeout     = 20  // it was not decided in time
	Reapproval  = 21  // it has to be approved again
	Unknown     = 30  // there is no such change
	Forbidden   = 31  // the account may not ask this
	Unavailable = 32  // the gate does not answer
	Usage       = 64  // the question makes no sense
	Interrupted = 130 // the program was told to stop
)

var codes = map[string]int{
	change.ReasonAllowed: Allowed, change.ReasonRejected: Rejected, change.ReasonExpired: Expired,
	change.ReasonCancelled: Cancelled, change.ReasonClosed: Closed,
	change.ReasonFrozen: Frozen, change.ReasonHold: Hold, change.ReasonIncident: Incident, change.ReasonConflict: Conflict,
	change.ReasonTooEarly: TooEarly,
	change.ReasonMismatch: Mismatch, change.ReasonReapproval: Reapproval, change.ReasonUsed: Mismatch,
	change.ReasonUnknown: Unknown,
}

// Question is what the gate is asked: may this run of a pipeline deploy an artifact of a service there, for a change?
type Question struct {
	Change, Env, Service string
	Artifact             string // optional
	Run                  string // the run's name: asked again under it, the gate gives the same grant
}

// Desk is where the gate is asked.
type Desk interface {
	// Ask asks once, and waits that long for a decision.
	Ask(ctx context.Context, q Question, wait time.Duration) (change.GateAnswer, error)
	// Do carries out a verb like start on a change.
	Do(ctx context.Context, verb, id, artifact string) error
	// Create requests the change of a JSON object, once for each key, and returns its id.
	Create(ctx context.Context, body []byte, key string) (id string, err error)
}

type (
	forbiddenError struct{ text string }
	usageError     struct{ text string }

	// busyError is that too much is asked of the server just now.
	busyError struct {
		text  string
		after time.Duration
	}
)

func (e *forbiddenError) Error() string { return e.text }
func (e *usageError) Error() string     { return e.text }
func (e *busyError) Error() string      { return e.text }

// Create requests the change of a JSON object, once for each run, and returns its id. Any code but Allowed comes with a
// text that says why there is none.
func Create(ctx context.Context, desk Desk, body []byte, run string) (id string, code int, text string) {
	// some editors put a byte order mark first
	id, err := desk.Create(ctx, bytes.TrimPrefix(body, []byte("\uFEFF")), "wait-"+run)
	switch {
	case errors.As(err, new(*forbiddenError)):
		return "", Forbidden, err.Error()
	case errors.As(err, new(*usageError)):
		return "", Usage, err.Error()
	case err != nil:
		return "", Unavailable, err.Error()
	}
	return id, Allowed, ""
}
