package front

import (
	"net/http"
	"sync"
)

// Door is the way into a handler that somebody else serves, so that whoever owns the handler can end without leaving a
// request behind. A new Door is open.
type Door struct {
	mu      sync.Mutex
	inside  sync.WaitGroup
	closing chan struct{}
	closed  bool
}

// NewDoor makes an open door.
func NewDoor() *Door { return &Door{closing: make(chan struct{})} }

// Guard returns next behind the door and a front. Once the door is closed, requests get a 503.
func (d *Door) Guard(f Front, next http.Handler) http.Handler {
	f.Stopping = d.closing
	return f.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.enter() {
			return // the front says that the server stops
		}
		defer d.inside.Done()
		next.ServeHTTP(w, r)
	}))
}

// enter counts a request in, unless the door is closed: nobody may come in while Close waits for those inside.
func (d *Door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.inside.Add(1)
	return true
}

// Close lets nobody in any more and waits until those inside are done. It may be called again.
func (d *Door) Close() {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.closing)
	}
	d.mu.Unlock()
	d.inside.Wait()
}
