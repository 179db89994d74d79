package discord

import (
	"sync"
	"time"
)

// hearing knows whether what people do reaches us: whether the gateway is open, or another instance has it. Without it
// nothing comes in, however well the API answers.
type hearing struct {
	mu    sync.Mutex
	ok    bool
	why   string // why the gateway does not open
	deaf  bool   // it was closed for a while
	alarm *time.Timer
}

// is notes whether we hear, and reports whether we could not before.
func (h *hearing) is(ok bool, after time.Duration, tell func(why string)) (again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ok = ok
	if !ok {
		h.wait(after, tell)
		return false
	}
	again, h.deaf, h.why = h.deaf, false, ""
	h.quiet()
	return again
}

// begin starts to count: from now on the gateway has to open.
func (h *hearing) begin(after time.Duration, tell func(why string)) { h.is(false, after, tell) }

// end stops to count.
func (h *hearing) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.quiet()
}

func (h *hearing) quiet() {
	if h.alarm != nil {
		h.alarm.Stop()
		h.alarm = nil
	}
}

// wait tells when the gateway is closed for as long as after. The caller holds mu.
func (h *hearing) wait(after time.Duration, tell func(why string)) {
	if h.alarm != nil || h.deaf {
		return
	}
	h.alarm = time.AfterFunc(after, func() {
		h.mu.Lock()
		h.alarm = nil
		h.deaf = !h.ok
		deaf, why := h.deaf, h.text()
		h.mu.Unlock()
		if deaf {
			tell(why)
		}
	})
}

func (h *hearing) failed(why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.why = why
}

func (h *hearing) text() string {
	text := "Discord's gateway is not open, so nothing that people do arrives"
	if h.why != "" {
		text += ": " + h.why
	}
	return text
}

// problem is what is wrong, "" when we hear.
func (h *hearing) problem() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.deaf && (h.ok || h.why == "") {
		return ""
	}
	return h.text()
}

func (a *Adapter) tellDeaf(why string) { a.log.Error("Discord", "state", why) }
