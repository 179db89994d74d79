package slack

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
)

// hearing counts the sockets that are open. Without one nothing that people do reaches us, however well the Web API
// answers.
type hearing struct {
	mu    sync.Mutex
	open  int
	why   string // why no socket opens
	deaf  bool   // none was open for a while
	alarm *time.Timer
}

// opened notes that a socket is open, and reports whether we could not hear before.
func (h *hearing) opened() (again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open++
	again, h.deaf, h.why = h.deaf, false, ""
	if h.alarm != nil {
		h.alarm.Stop()
		h.alarm = nil
	}
	return again
}

// closed notes that a socket is no longer open.
func (h *hearing) closed(after time.Duration, tell func(why string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	h.wait(after, tell)
}

// wait tells when no socket is open for as long as after. The caller holds mu.
func (h *hearing) wait(after time.Duration, tell func(why string)) {
	if h.open > 0 || h.alarm != nil || h.deaf {
		return
	}
	h.alarm = time.AfterFunc(after, func() {
		h.mu.Lock()
		h.alarm = nil
		h.deaf = h.open == 0
		deaf, why := h.deaf, h.text()
		h.mu.Unlock()
		if deaf {
			tell(why)
		}
	})
}

// begin starts to count: from now on a socket has to open.
func (h *hearing) begin(after time.Duration, tell func(why string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wait(after, tell)
}

// end stops to count.
func (h *hearing) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.alarm != nil {
		h.alarm.Stop()
		h.alarm = nil
	}
}

func (h *hearing) failed(why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.why = why
}

func (h *hearing) text() string {
	if h.why == "" {
		return "no socket to Slack is open, so nothing that people do arrives"
	}
	return "no socket to Slack is open, so nothing that people do arrives: " + h.why
}

// problem is what is wrong, "" when we hear.
func (h *hearing) problem() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.deaf {
		return ""
	}
	return h.text()
}

// whyNoSocket says in words for the operator why Slack opens no socket.
func (a *Adapter) whyNoSocket(err error) string {
	var limited *slack.RateLimitedError
	switch c := webapi.Code(err); {
	case err == nil:
		return ""
	case errors.As(err, &limited):
		return fmt.Sprintf(
			"Slack says to slow down with opening them (429 of apps.connections.open, again in %s)", limited.RetryAfter,
		)
	case c == "link_disabled":
		return `Socket Mode is switched off for the app (link_disabled). Switch it on on its page "Socket Mode".`
	case webapi.Revoked(err):
		return "Slack refuses SLACK_APP_TOKEN (" + c +
			`). Make an app-level token with the scope connections:write on the app's page "Basic Information".`
	}
	return a.api.Redact(err)
}

func (a *Adapter) tellDeaf(why string) { a.log.Error("Slack", "state", why) }
