package login

import (
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// How many attempts that failed one address has, and how many links one person may ask for.
const (
	failuresMost   = 10
	failuresWithin = 15 * time.Minute
	linksMost      = 5
	linksWithin    = 15 * time.Minute

	throttleKeeps = 10_000 // keys; beyond that the oldest are forgotten, since memory is not for strangers to fill
)

// throttle counts what happened by key and says when that was too often. Each instance counts for itself.
type throttle struct {
	most   int
	within time.Duration

	mu    sync.Mutex
	times map[string][]time.Time
}

func newThrottle(most int, within time.Duration) *throttle {
	return &throttle{most: most, within: within, times: map[string][]time.Time{}}
}

// allow refuses a key that has had its share.
func (t *throttle) allow(key string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.recent(key, now)
	if len(list) < t.most {
		return nil
	}
	e := bot.Errorf(
		bot.Forbidden, "That was tried too often. Please try again at %s.", list[len(list)-t.most].Add(t.within),
	)
	e.Denied, e.After = false, list[len(list)-t.most].Add(t.within).Sub(now)
	return e
}

// count adds one to a key.
func (t *throttle) count(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.times[key]; !known && len(t.times) >= throttleKeeps {
		t.sweep(now)
	}
	t.times[key] = append(t.recent(key, now), now)
}

// recent are the times that still count. It may be called with the lock held only.
func (t *throttle) recent(key string, now time.Time) []time.Time {
	list := t.times[key]
	for len(list) > 0 && now.Sub(list[0]) >= t.within {
		list = list[1:]
	}
	return list
}

// sweep forgets keys of which nothing counts any more, and if that is not enough, any.
func (t *throttle) sweep(now time.Time) {
	for key := range t.times {
		if len(t.recent(key, now)) == 0 {
			delete(t.times, key)
		}
	}
	for key := range t.times {
		if len(t.times) < throttleKeeps {
			return
		}
		delete(t.times, key)
	}
}
