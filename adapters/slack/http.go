package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot/front"
)

// A payload of Slack is at most a few hundred kilobytes: a modal with all of its text.
const maxBody = 1 << 20

// Handler serves the addresses that the app's manifest names. Each request is carried out in its own goroutine. When Run
// ends, none is under way any more, and later ones get a 503.
func (a *Adapter) Handler() http.Handler {
	return a.door.Guard(front.Front{Log: a.log}, http.HandlerFunc(a.route))
}

func (a *Adapter) route(w http.ResponseWriter, r *http.Request) {
	var take func(context.Context, way, []byte) error
	switch r.URL.Path {
	case "/slack/commands":
		take = a.httpCommand
	case "/slack/interactions":
		take = a.httpInteraction
	case "/slack/events":
		take = a.httpEvent
	default:
		http.NotFound(w, r)
		return
	}
	switch {
	case r.Method == http.MethodPost:
		a.verified(w, r, take)
	case r.Method == http.MethodGet && r.URL.Query().Get("ssl_check") == "1":
		w.WriteHeader(http.StatusOK)
	default:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
	}
}

// verified passes on what Slack signed within the last five minutes. What it refuses says no more than that. The body
// is valid until take returns.
func (a *Adapter) verified(w http.ResponseWriter, r *http.Request, take func(context.Context, way, []byte) error) {
	body := buffer()
	defer release(body)
	if r.ContentLength > maxBody {
		tooLarge(w)
		return
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		tooLarge(w)
		return
	}
	if !a.verifier.Signed(r.Header, body.Bytes(), time.Now()) {
		a.log.Warn("a request that Slack did not sign", "path", r.URL.Path)
		http.Error(w, "not signed by Slack", http.StatusUnauthorized)
		return
	}
	a.working.Add(1)
	defer a.working.Done()
	// Slack may hang up; what it sent is carried out all the same.
	if err := take(context.WithoutCancel(r.Context()), &byHTTP{w, r}, body.Bytes()); err != nil {
		a.log.Error("what Slack sent was not understood", "path", r.URL.Path, "error", a.api.Redact(err))
		http.Error(w, "not understood", http.StatusBadRequest)
	}
}

func tooLarge(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.Error(w, "too large", http.StatusRequestEntityTooLarge)
}

func (a *Adapter) httpCommand(ctx context.Context, w way, body []byte) error {
	in := &payload.Command{}
	if err := payload.Fields(
		string(body), func(name, value string) bool { in.Set(name, value); return true },
	); err != nil {
		return err
	}
	return a.takeCommand(ctx, w, in)
}

func (a *Adapter) httpInteraction(ctx context.Context, w way, body []byte) error {
	raw := ""
	if err := payload.Fields(string(body), func(name, value string) bool {
		if name == "payload" {
			raw = value
		}
		return raw == ""
	}); err != nil {
		return err
	}
	return a.takeInteraction(ctx, w, json.RawMessage(raw))
}

func (a *Adapter) httpEvent(ctx context.Context, w way, body []byte) error {
	var e struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Type == "url_verification" {
		answer, err := json.Marshal(map[string]string{"challenge": e.Challenge})
		if err != nil {
			return err
		}
		a.ack(w, answer, false)
		return nil
	}
	return a.takeEvent(ctx, w, body)
}
