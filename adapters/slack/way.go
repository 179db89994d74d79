package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/slack-go/slack/socketmode"
)

// way is how one thing came in, and how it is acknowledged, once, within three seconds.
type way interface {
	// ack acknowledges with a body, nil for an empty one. goesOn: whoever calls has more to do afterwards.
	ack(body []byte, goesOn bool) error
	// refuse says that nothing was taken: 503, or no acknowledgement. Slack delivers an event again, and shows people that
	// a click failed.
	refuse(goesOn bool)
	// takes reports whether an acknowledgement may be this long.
	takes(bytes int) bool
	// again is which repetition of a delivery this is, 0 for the first.
	again() int
}

// lastTry is Slack's last repetition of an event.
const lastTry = 3

// buffers are for what is sent and what is read.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// A buffer that grew for one large payload is not kept.
const maxKeptBuffer = 64 << 10

func buffer() *bytes.Buffer {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func release(b *bytes.Buffer) {
	if b.Cap() <= maxKeptBuffer {
		buffers.Put(b)
	}
}

// byHTTP is the response to a request of Slack's.
type byHTTP struct {
	w http.ResponseWriter
	r *http.Request
}

var jsonType, noLength = []string{"application/json"}, []string{"0"}

func (h *byHTTP) ack(body []byte, goesOn bool) error { return h.write(http.StatusOK, body, goesOn) }

func (h *byHTTP) refuse(goesOn bool) { _ = h.write(http.StatusServiceUnavailable, nil, goesOn) }

func (h *byHTTP) write(status int, body []byte, goesOn bool) error {
	header := h.w.Header()
	if len(body) == 0 {
		header["Content-Length"] = noLength
	} else {
		header["Content-Type"] = jsonType
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	if goesOn { // the connection is ours until the handler returns: nobody may wait behind it
		header.Set("Connection", "close")
	}
	h.w.WriteHeader(status)
	_, err := h.w.Write(body)
	if goesOn && err == nil {
		err = http.NewResponseController(h.w).Flush()
	}
	return err
}

func (h *byHTTP) takes(int) bool { return true }

func (h *byHTTP) again() int {
	n, _ := strconv.Atoi(h.r.Header.Get("X-Slack-Retry-Num")) // absent the first time
	return n
}

// bySocket is an envelope that came through a socket.
type bySocket struct {
	ctx     context.Context
	client  *socketmode.Client
	request *socketmode.Request
}

// Slack drops what is longer without a word.
const maxSocket = 20_480

func (s *bySocket) ack(body []byte, _ bool) error {
	response := socketmode.Response{EnvelopeID: s.request.EnvelopeID}
	if len(body) > 0 {
		response.Payload = json.RawMessage(body)
	}
	return s.client.SendCtx(s.ctx, response)
}

func (s *bySocket) refuse(bool) {}

func (s *bySocket) takes(n int) bool {
	return n+len(s.request.EnvelopeID)+len(`{"envelope_id":"","payload":}`) < maxSocket
}

func (s *bySocket) again() int { return s.request.RetryAttempt }

// gone is the way of what another process acknowledged, which may not be as dead as it seems.
type gone struct{}

func (gone) ack([]byte, bool) error { return nil }
func (gone) refuse(bool)            {}
func (gone) takes(int) bool         { return true }
func (gone) again() int             { return 1 }
