package commit

import (
	"context"
	"sync"
)

// Lanes let callers that change the same object take turns, first come first served, and hand what one left to the
// next: a hundred people on one incident read it once. It is of this process only; others are found by the version that
// the commit compares.
type Lanes struct {
	mu     sync.Mutex
	lanes  map[string]*lane
	ticket int64
}

type lane struct{ waiting []*turn }

type turn struct {
	ticket int64
	start  chan any // what the one before left
}

// Turn is a caller's time with an object. End it with Leave.
type Turn struct {
	l      *Lanes
	object string
	// Left is the object as the one before saved it, nil when it has to be read.
	Left any

	left  any
	until int64
}

// Enter waits for the turn of an object.
func (l *Lanes) Enter(ctx context.Context, object string) (*Turn, error) {
	l.mu.Lock()
	if l.lanes == nil {
		l.lanes = map[string]*lane{}
	}
	in := l.lanes[object]
	if in == nil {
		l.lanes[object] = &lane{}
		l.mu.Unlock()
		return &Turn{l: l, object: object}, nil
	}
	l.ticket++
	mine := &turn{l.ticket, make(chan any, 1)}
	in.waiting = append(in.waiting, mine)
	l.mu.Unlock()
	select {
	case left := <-mine.start:
		return &Turn{l: l, object: object, Left: left}, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	for i, w := range in.waiting {
		if w == mine {
			in.waiting = append(in.waiting[:i:i], in.waiting[i+1:]...)
			l.mu.Unlock()
			return nil, ctx.Err()
		}
	}
	l.mu.Unlock()
	(&Turn{l: l, object: object, left: <-mine.start}).Leave() // it came at the same moment: pass it on
	return nil, ctx.Err()
}

// Committing says that the commit begins that will leave the object as left. Only those who wait already are handed it:
// who comes later may have been told of something newer that another process did.
func (t *Turn) Committing() {
	t.l.mu.Lock()
	t.until = t.l.ticket
	t.l.mu.Unlock()
}

// Saved says how the commit left the object.
func (t *Turn) Saved(left any) { t.left = left }

// Leave lets the next have its turn.
func (t *Turn) Leave() {
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	in := t.l.lanes[t.object]
	if len(in.waiting) == 0 {
		delete(t.l.lanes, t.object)
		return
	}
	next := in.waiting[0]
	in.waiting = in.waiting[1:]
	if next.ticket > t.until {
		t.left = nil
	}
	next.start <- t.left
}
