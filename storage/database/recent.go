package database

import (
	"sync"
)

// recentMost is how many objects are remembered, some kilobytes each.
const recentMost = 4000

// recent remembers the objects that this process saved last, as it saved them. Somebody else may have changed them
// since: whoever decides by one has its version compared by the commit.
type recent struct {
	mu     sync.Mutex
	states map[string]any
	order  []string // as they came, for the oldest to be forgotten
}

func (r *recent) get(object string) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.states[object]
}

func (r *recent) put(object string, state any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.states == nil {
		r.states = map[string]any{}
	}
	if _, known := r.states[object]; !known {
		r.order = append(r.order, object)
	}
	r.states[object] = state
	for len(r.order) > recentMost {
		delete(r.states, r.order[0])
		r.order = r.order[1:]
	}
}

// drop forgets an object; its place in the order goes when its time comes.
func (r *recent) drop(object string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.states[object]; known {
		r.states[object] = nil
	}
}

// Remember keeps an object as this process saved it last. The state must never change any more.
func (d *DB) Remember(object string, state any) { d.recent.put(object, state) }

// Remembered is an object as this process saved it last, nil if it does not know.
func (d *DB) Remembered(object string) any { return d.recent.get(object) }
