package service

import (
	"context"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// knowFor is how long what was read may be used without looking again: another instance may have changed it.
const knowFor = 2 * time.Second

// memory is what the process remembers of all services, so that an action does not cost a statement for each.
type memory struct {
	mu    sync.Mutex
	list  []bot.Service
	until time.Time
	from  time.Time // what was read before is not remembered

	names      map[string]string // ids by all names
	named      bot.Guard         // of the names, when they were read
	namesUntil time.Time
}

func (m *memory) recall(now time.Time) ([]bot.Service, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list, now.Before(m.until)
}

func (m *memory) keep(list []bot.Service, asked time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if asked.Before(m.from) {
		return
	}
	m.list, m.until = list, asked.Add(knowFor)
}

// stir forgets everything. A change is decided and not committed yet, so for a while nothing is remembered.
func (r *Register) stir() {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.until, r.memory.from = time.Time{}, r.o.Clock.Now().Add(knowFor)
}

// Services implements bot.Services: those that are live and not retired. They are as this process left them last, and
// at most a few seconds behind what another one changed. Do not change the list.
func (r *Register) Services(ctx context.Context) ([]bot.Service, error) {
	now := r.o.Clock.Now()
	if list, ok := r.memory.recall(now); ok {
		return list, nil
	}
	teams, err := r.o.Teams(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]bot.Service, 0, len(all))
	for _, s := range all {
		if s.Serves() {
			list = append(list, s.Core(teams, r.o.Zone))
		}
	}
	r.memory.keep(list, now)
	return list, nil
}

// all are the live records, by their numbers.
func (r *Register) all(ctx context.Context) ([]*Service, error) {
	var list []*Service
	err := r.own.Each(ctx, func(s *Service) error { list = append(list, s); return nil })
	return list, err
}
