package directory

import (
	"sync"
	"time"
)

// found remembers the ids of channels that were looked up by name, for a workspace's channels take minutes to list.
type found struct {
	mu sync.Mutex
	at map[string]foundChannel
}

type foundChannel struct {
	id    string
	until time.Time
}

func (f *found) get(name string, now time.Time) (id string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.at[name]
	return c.id, ok && c.until.After(now)
}

func (f *found) put(name, id string, until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[string]foundChannel{}
	}
	f.at[name] = foundChannel{id, until}
}

func (f *found) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.at)
}

// ForgetNames forgets what names were found to stand for: something was renamed, made or removed.
func (r *Reader) ForgetNames() { r.found.forget() }
