package change

import (
	"slices"
	"sync"
	"time"

	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
)

// delegated is what the process remembers of delegations, so that a vote does not cost a statement for them. It has the
// version of the people's guard, which commits compare.
type delegated struct {
	mu      sync.Mutex
	list    []change.Delegation // that were not over at since
	since   time.Time           // zero when they are not known
	version int64
	until   time.Time // for how long they may be used
	turn    int64     // counts how often they were forgotten
}

// begin says what a reader has to show when it remembers what it read.
func (d *delegated) begin() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.turn
}

// at lists those that are not over at a time, with the version that the people's guard has then.
func (d *delegated) at(since time.Time) (list []change.Delegation, version int64, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.since.IsZero() || since.Before(d.since) || time.Now().After(d.until) {
		return nil, 0, false
	}
	for _, x := range d.list {
		if x.Until.After(since) {
			list = append(list, x)
		}
	}
	return list, d.version, true
}

func (d *delegated) keep(turn, version int64, since time.Time, list []change.Delegation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if turn == d.turn {
		d.list, d.since, d.version, d.until = slices.Clone(list), since, version, time.Now().Add(database.KnowFor)
	}
}

// forget drops them when news are about people.
func (d *delegated) forget(news string) {
	if news != database.NewsPeople {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list, d.since = nil, time.Time{}
	d.turn++
}
