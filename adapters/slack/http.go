package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"
)

// A payload of Slack is at most a few hundred kilobytes: a modal with all of its text.
const maxBody = 1 << 20

// serve takes Slack's requests by HTTP until ctx ends.
func (a *Adapter) serve(ctx context.Context) error {
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 15 * time.Second, MaxHeaderBytes: 32 << 10}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(drain)
	})
	defer stop()
	a.background("who am I", func() { _, _ = a.whoami(ctx) })
	a.log.Info("Slack's requests are taken", "address", a.o.Listener.Addr().String())
	if err := server.Serve(a.o.Listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-drained // requests under way still begin work of their own
	return nil
}

// Handler serves the addresses that the app's manifest names.
func (a *Adapter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack/commands", a.verified(a.httpCommand))
	mux.HandleFunc("POST /slack/interactions", a.verified(a.httpInteraction))
	mux.HandleFunc("POST /slack/events", a.verified(a.httpEvent))
	return mux
}

// verified passes on what Slack signed within the last five minutes. What it refuses says no more than that.
func (a *Adapter) verified(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		verifier, err := slack.NewSecretsVerifier(r.Header, a.o.SigningSecret)
		if err == nil {
			_, _ = verifier.Write(body)
			err = verifier.Ensure()
		}
		if err != nil { // its text may hold the right signature: it goes nowhere
			a.log.Warn("a request that Slack did not sign", "path", r.URL.Path)
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	}
}

func (a *Adapter) httpCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	payload, _ := json.Marshal(fields) // strings only
	a.answered(w, r, "slash_commands", payload)
}

func (a *Adapter) httpInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		http.Error(w, "no payload", http.StatusBadRequest)
		return
	}
	a.answered(w, r, "interactive", []byte(form.Get("payload")))
}

func (a *Adapter) httpEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	var e struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(body, &e) == nil && e.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, e.Challenge)
		return
	}
	a.answered(w, r, "events_api", body)
}

// answered takes what came in and writes its acknowledgement as the body. Slack waits three seconds for it.
func (a *Adapter) answered(w http.ResponseWriter, r *http.Request, kind string, payload []byte) {
	acks := make(chan any, 1)
	ctx := context.WithoutCancel(r.Context())
	a.background(kind, func() {
		a.take(ctx, envelope{kind: kind, payload: payload, ack: func(body any) {
			select {
			case acks <- body:
			default:
			}
		}})
	})
	select {
	case body := <-acks:
		if body == nil {
			w.WriteHeader(http.StatusOK)
			return
		}
		var data bytes.Buffer
		if err := json.NewEncoder(&data).Encode(body); err != nil {
			a.log.Error("encode an acknowledgement", "error", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data.Bytes())
	case <-time.After(2900 * time.Millisecond):
		w.WriteHeader(http.StatusOK)
	case <-r.Context().Done():
	}
}
