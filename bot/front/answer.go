package front

import (
	"bufio"
	"net"
	"net/http"
)

// answer notes whether a handler has chosen how its request is answered.
type answer struct {
	http.ResponseWriter
	chosen bool
}

// WriteHeader chooses a status. An informational one, like 103, leaves the choice open.
func (a *answer) WriteHeader(status int) {
	a.ResponseWriter.WriteHeader(status) // panics when there is no such status, which chooses none
	a.chosen = a.chosen || status >= 200 || status == http.StatusSwitchingProtocols
}

// Write chooses 200, as ever, unless there is nothing to write: then nothing is said yet.
func (a *answer) Write(b []byte) (int, error) {
	if len(b) == 0 && !a.chosen {
		return 0, nil
	}
	a.chosen = true
	return a.ResponseWriter.Write(b)
}

// Flush implements http.Flusher, for streams.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError is what http.ResponseController looks for.
func (a *answer) FlushError() error {
	a.chosen = true
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker, for websockets. From then on the connection is the handler's, whatever becomes of
// it.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.chosen = true
	}
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
