package discord

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
)

// An interaction of Discord is at most some hundred kilobytes: a modal with all of its text.
const maxBody = 1 << 20

func (a *Adapter) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/discord/interactions" || a.verifier == nil:
		http.NotFound(w, r)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
	default:
		a.verified(w, r)
	}
}

// buffers are for what is read.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// A buffer that grew for one large payload is not kept.
const maxKeptBuffer = 64 << 10

// verified takes what Discord signed within the last five minutes. What it refuses says no more than that.
func (a *Adapter) verified(w http.ResponseWriter, r *http.Request) {
	body := buffers.Get().(*bytes.Buffer)
	body.Reset()
	defer func() {
		if body.Cap() <= maxKeptBuffer {
			buffers.Put(body)
		}
	}()
	if r.ContentLength > maxBody {
		tooLarge(w)
		return
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		tooLarge(w)
		return
	}
	if err := a.verifier.Verify(r.Header, body.Bytes(), time.Now()); err != nil {
		level := a.log.Warn
		if errors.Is(err, payload.ErrSignature) { // Discord itself tries that now and then
			level = a.log.Info
		}
		level("a request that is not Discord's", "error", err)
		http.Error(w, "not signed by Discord", http.StatusUnauthorized)
		return
	}
	a.working.Add(1)
	defer a.working.Done()
	// Discord may hang up; what it sent is carried out all the same.
	if err := a.takeInteraction(context.WithoutCancel(r.Context()), &byHTTP{w: w}, body.Bytes()); err != nil {
		a.log.Error("what Discord sent was not understood", "error", a.api.Redact(err))
		http.Error(w, "not understood", http.StatusBadRequest)
	}
}

func tooLarge(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.Error(w, "too large", http.StatusRequestEntityTooLarge)
}
