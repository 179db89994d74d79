package api

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// maxWaiting is how many requests of one token may wait at the gate at the same time; one more is refused with 429.
const maxWaiting = 20

// waiters are the requests that wait at the gate. All of them share one reader: once in each poll it reads the versions
// of the changes they wait for, in one statement, and wakes those whose change moved. So a hundred pipelines that wait
// cost the database what one does.
type waiters struct {
	store Store
	now   func() time.Time
	poll  time.Duration

	mu      sync.Mutex
	tokens  map[string]int
	all     map[*waiter]bool
	reading bool
}

// waiter is one request that waits for one change.
type waiter struct {
	token   string
	change  int64
	version int           // of the change at the last look; -1: the reader has not looked yet
	until   time.Time     // when to ask again in any case; zero: only when the change moves
	again   chan struct{} // says that it is worth asking again
}

// join adds a request of a token. It is nil when as many of the token wait as may.
func (w *waiters) join(token string, change int64) *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tokens[token] >= maxWaiting {
		return nil
	}
	if w.all == nil {
		w.tokens, w.all = map[string]int{}, map[*waiter]bool{}
	}
	// The request has asked before it joins. The first look wakes it once more, for the change may have moved in between.
	x := &waiter{token: token, change: change, version: -1, again: make(chan struct{}, 1)}
	w.tokens[token]++
	w.all[x] = true
	if !w.reading {
		w.reading = true
		go w.read()
	}
	return x
}

// leave takes a request away.
func (w *waiters) leave(x *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, x)
	if w.tokens[x.token]--; w.tokens[x.token] == 0 {
		delete(w.tokens, x.token)
	}
}

// wakeAt notes when the answer changes by the clock alone, like the opening of a window.
func (w *waiters) wakeAt(x *waiter, until *time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x.until = (time.Time{}); until != nil {
		x.until = *until
	}
}

// read looks until nobody waits.
func (w *waiters) read() {
	for {
		time.Sleep(w.poll)
		numbers := w.changes()
		if len(numbers) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		versions, err := w.store.ChangeVersions(ctx, numbers)
		cancel()
		w.wake(versions, err)
	}
}

// changes are those that are waited for, each once. Nobody waits any more: the reader ends.
func (w *waiters) changes() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[int64]bool{}
	var numbers []int64
	for x := range w.all {
		if !seen[x.change] {
			seen[x.change] = true
			numbers = append(numbers, x.change)
		}
	}
	w.reading = len(numbers) > 0
	return numbers
}

// wake lets those ask again whose change moved, whose time has come, or all when nobody knows.
func (w *waiters) wake(versions map[int64]int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	for x := range w.all {
		version := versions[x.change]
		if err == nil && version == x.version && (x.until.IsZero() || now.Before(x.until)) {
			continue
		}
		if err == nil {
			x.version = version
		}
		select {
		case x.again <- struct{}{}:
		default:
		}
	}
}

var changeID = regexp.MustCompile(`(?i)^(?:CHG-)?([1-9][0-9]{0,8})$`)

// changeNumber is the number in an id that changeID matches.
func changeNumber(id string) int64 {
	n, _ := strconv.ParseInt(changeID.FindStringSubmatch(id)[1], 10, 64)
	return n
}

// pause waits until it is worth asking again or the time is over. It returns false when the server or the client stops.
func (s *Server) pause(ctx context.Context, x *waiter, rest time.Duration) bool {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-x.again:
		return true
	case <-timer.C:
		return true
	case <-s.stopping:
	case <-ctx.Done():
	}
	return false
}
