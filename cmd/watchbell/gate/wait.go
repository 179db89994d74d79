package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change"
)

// Wait waits at the gate until it is decided whether a change may be deployed.
type Wait struct {
	Question
	Desk     Desk
	Timeout  time.Duration // how long to wait for the decision
	Window   bool          // wait for the window to open, too
	Start    bool          // start the change once it may be deployed
	JSON     bool          // print the answer as JSON
	Out, Err io.Writer     // the answer goes to Out, what there is to wait for to Err
}

// Run returns the exit code, and a text for people unless the answer that it printed says everything.
func (w *Wait) Run(ctx context.Context) (code int, text string) {
	deadline := time.Now().Add(w.Timeout)
	said, failures := "", 0
	patience := 30 * time.Second
	for {
		pause := 2 * time.Second
		a, err := w.Desk.Ask(ctx, w.Question, min(patience, max(0, time.Until(deadline))))
		var busy *busyError
		switch {
		case ctx.Err() != nil:
			return Interrupted, "interrupted; nothing was decided"
		case errors.As(err, new(*forbiddenError)):
			return Forbidden, err.Error()
		case errors.As(err, new(*usageError)):
			return Usage, err.Error()
		// the server is well; it lets no more wait there, so the waiting is done here
		case errors.As(err, &busy) && time.Now().Before(deadline):
			patience, pause = 0, busy.after
		case err != nil:
			failures++
			if failures >= 5 || time.Now().After(deadline) {
				return Unavailable, "the gate does not answer: " + err.Error()
			}
		default:
			failures = 0
			undecided := a.Reason == change.ReasonPending || a.Reason == change.ReasonTooEarly && w.Window
			if !undecided {
				return w.end(ctx, a)
			}
			if a.Text != said {
				said = a.Text
				fmt.Fprintln(w.Err, strings.TrimSpace(fmt.Sprintf("%s %s", a.Text, canUnblock(a))))
			}
			if !time.Now().Before(deadline) {
				if a.Reason == change.ReasonTooEarly {
					return TooEarly, "its window did not open in time"
				}
				return Timeout, "not decided in time. " + a.Text
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(pause, max(0, time.Until(deadline)))):
		}
	}
}

func canUnblock(a change.GateAnswer) string {
	if len(a.CanUnblock) == 0 {
		return ""
	}
	var names []string
	for _, p := range a.CanUnblock {
		names = append(names, "@"+string(p))
	}
	return "Can decide: " + strings.Join(names, ", ")
}

// end says how it was decided.
func (w *Wait) end(ctx context.Context, a change.GateAnswer) (int, string) {
	code, known := codes[a.Reason]
	if !known {
		return Unavailable, "the gate answered something that this program does not know: " + a.Reason
	}
	if w.JSON {
		data, _ := json.Marshal(a)
		fmt.Fprintln(w.Out, string(data))
	} else {
		fmt.Fprintln(w.Out, a.Text)
	}
	if code != Allowed || !w.Start {
		return code, ""
	}
	if err := w.Desk.Do(ctx, "start", w.Question.Change, w.Artifact); err != nil {
		return Unavailable, "it may be deployed, but could not be started: " + err.Error()
	}
	return Allowed, ""
}
