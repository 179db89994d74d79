// Package front stands before the handlers of every HTTP server of ours. net/http turns a handler that says nothing
// into a 200, and drops parameters that it cannot read; a pipeline would take the first for a yes, and never learn of
// the second. Behind a Front neither happens:
//
//	request ── query cannot be read ──> 400
//	        ── handler chooses a status, or writes ──> as it says
//	        ── handler returns and said nothing ──> 500, or 503 when the server stops
//	        ── handler panics ──> 500, or the connection is cut when a part of an answer is out already
package front

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
)

// Front is the front of one server. The zero value logs nothing and answers in plain text.
type Front struct {
	Log      *slog.Logger    // default: discard
	Stopping <-chan struct{} // closed when the server begins to stop; nil: nobody knows
	// Tell answers in place of a handler. It has to choose the status. Default: the sentence as plain text.
	Tell func(w http.ResponseWriter, status int, sentence string)
}

// The sentences that a Front says in place of a handler.
const (
	Unreadable = "The part of the address after ? cannot be read. Write ; as %3B and % as %25."
	Stopping   = "Watchbell is stopping, so nothing was decided. Ask again in a moment."
	Silent     = "Watchbell did not answer this request. Nothing is known about it; ask again."
)

// Guard returns next behind the front. Handlers may stream, flush and hijack as ever: each of these is an answer.
func (f Front) Guard(next http.Handler) http.Handler {
	if f.Log == nil {
		f.Log = slog.New(slog.DiscardHandler)
	}
	if f.Tell == nil {
		f.Tell = func(w http.ResponseWriter, status int, sentence string) { http.Error(w, sentence, status) }
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			f.Tell(w, http.StatusBadRequest, Unreadable)
			return
		}
		a := &answer{ResponseWriter: w}
		defer func() {
			f.settle(a, r, recover())
		}()
		next.ServeHTTP(a, r)
	})
}

// settle answers what the handler left unanswered. fault is what it panicked with.
func (f Front) settle(a *answer, r *http.Request, fault any) {
	switch {
	case fault == http.ErrAbortHandler: // asked to be cut off
		panic(fault)
	case fault != nil:
		f.Log.Error(
			"a handler panicked", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(fault), "stack",
			string(debug.Stack()),
		)
		if a.chosen { // half an answer must not look whole
			panic(http.ErrAbortHandler)
		}
		f.tell(a, http.StatusInternalServerError, Silent)
	case a.chosen:
	case f.stops() || r.Context().Err() != nil:
		a.Header().Set("Retry-After", "5")
		f.tell(a, http.StatusServiceUnavailable, Stopping)
	default:
		f.Log.Error("a request was not answered", "method", r.Method, "path", r.URL.Path)
		f.tell(a, http.StatusInternalServerError, Silent)
	}
}

// tell forgets what the handler said about an answer that it then did not give.
func (f Front) tell(w http.ResponseWriter, status int, sentence string) {
	h := w.Header()
	for _, name := range []string{
		"Content-Length", "Content-Type", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Location",
		"Set-Cookie",
	} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	f.Tell(w, status, sentence)
}

func (f Front) stops() bool {
	select {
	case <-f.Stopping:
		return true
	default:
		return false
	}
}
