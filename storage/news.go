package storage

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// How often at most other instances are told something.
const notifyEvery = 50 * time.Millisecond

const notifyChannel = "watchbell_jobs"

// news is what other instances are to be told.
type news struct {
	mu   *sync.Mutex
	what map[string]bool
	come chan struct{}
}

func newNews() news { return news{&sync.Mutex{}, map[string]bool{}, make(chan struct{}, 1)} }

// tell lets other instances know soon. On SQLite there are none.
func (s *Store) tell(what string) {
	if s.dialect != postgresDialect {
		return
	}
	s.news.mu.Lock()
	s.news.what[what] = true
	s.news.mu.Unlock()
	send(s.news.come)
}

func (n news) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for what := range n.what {
		list = append(list, what)
	}
	clear(n.what)
	return list
}

// Listen passes on news between instances on one PostgreSQL until ctx ends: that there are jobs, and that people or places changed. Without
// it jobs are still found by polling, and what is remembered of people is compared by every commit.
func (s *Store) Listen(ctx context.Context) {
	if s.dialect != postgresDialect {
		return
	}
	go s.tellOthers(ctx)
	for ctx.Err() == nil {
		if err := s.listen(ctx); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

func (s *Store) listen(ctx context.Context) error {
	config, err := s.pgConfig(pgListen)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	s.known.forgetAll() // news may have been missed
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for notification: %w", err)
		}
		if n.Payload == newsJobs {
			send(s.wake)
			continue
		}
		s.known.forget(n.Payload)
	}
}

// tellOthers notifies outside of any transaction: inside, PostgreSQL would take a global lock for each commit.
func (s *Store) tellOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news.come:
		}
		_ = s.tellNow(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(notifyEvery):
		}
	}
}

func (s *Store) tellNow(ctx context.Context) error {
	for _, what := range s.news.take() {
		if err := s.db.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", notifyChannel, what).Error; err != nil {
			return err
		}
	}
	return nil
}
