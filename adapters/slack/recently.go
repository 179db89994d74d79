package slack

import (
	"sync"
	"time"
)

// recently remembers what was answered, so that a second delivery does not cost the work again and is not answered
// twice. It only saves work: that nothing has a second effect is seen to by the action keys in the database. What was
// not carried out is not remembered.
type recently struct {
	now func() time.Time
	mu  sync.Mutex
	at  map[string]time.Time
}

const (
	rememberFor = 15 * time.Minute
	rememberMax = 20_000
)

func newRecently(now func() time.Time) *recently {
	return &recently{now: now, at: map[string]time.Time{}}
}

// has reports whether an id was seen lately.
func (r *recently) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[id]
	return ok && r.now().Sub(at) < rememberFor
}

// first reports whether an id was not seen lately.
func (r *recently) first(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if at, ok := r.at[id]; ok && now.Sub(at) < rememberFor {
		return false
	}
	if len(r.at) >= rememberMax {
		for old, at := range r.at {
			if now.Sub(at) > rememberFor {
				delete(r.at, old)
			}
		}
		if len(r.at) >= rememberMax {
			clear(r.at)
		}
	}
	r.at[id] = now
	return true
}
