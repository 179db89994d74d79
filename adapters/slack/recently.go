package slack

import (
	"sync"
	"time"
)

// recently remembers which events were taken, so that a second delivery of one does not cost the work again. It only saves work: that
// nothing has a second effect is seen to by the action keys in the database.
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
