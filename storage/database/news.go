package database

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

// How long what was read of people and places may be used without looking again, and how much of it is remembered.
// Changes are told at once, here and by NOTIFY; the time is for news that got lost.
const (
	KnowFor    = time.Minute
	KnowAtMost = 20_000 // accounts or places
)

// News that instances on one PostgreSQL tell each other.
const (
	newsJobs   = ""
	NewsPeople = "people"
	NewsPlaces = "places"
)

// news is what other instances are to be told.
type news struct {
	mu   *sync.Mutex
	what map[string]bool
	come chan struct{}
}

func newNews() news { return news{&sync.Mutex{}, map[string]bool{}, make(chan struct{}, 1)} }

// OnNews lets forget hear what is no longer as it was, from here and from other instances. Call it before anything is
// read.
func (d *DB) OnNews(forget func(news string)) { d.hear = append(d.hear, forget) }

// Changed lets everybody know that people or places changed: here at once, other instances soon.
func (d *DB) Changed(news string) {
	d.forgetNews(news)
	d.tell(news)
}

// forgetNews drops what this process remembers of what news are about.
func (d *DB) forgetNews(news string) {
	for _, forget := range d.hear {
		forget(news)
	}
}

// tell lets other instances know soon. On SQLite there are none.
func (d *DB) tell(what string) {
	if d.dialect != Postgres {
		return
	}
	d.news.mu.Lock()
	d.news.what[what] = true
	d.news.mu.Unlock()
	send(d.news.come)
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

// Listen passes on news between instances on one PostgreSQL until ctx ends: that there are jobs, and that people or
// places changed. Without it jobs are still found by polling, and what is remembered of people is compared by every
// commit.
func (d *DB) Listen(ctx context.Context) {
	if d.dialect != Postgres {
		return
	}
	go d.tellOthers(ctx)
	for ctx.Err() == nil {
		if err := d.listen(ctx); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
}

func (d *DB) listen(ctx context.Context) error {
	config, err := d.pgConfig(pgListen)
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
	d.forgetNews(NewsPeople) // news may have been missed
	d.forgetNews(NewsPlaces)
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for notification: %w", err)
		}
		if n.Payload == newsJobs {
			send(d.wake)
			continue
		}
		d.forgetNews(n.Payload)
	}
}

// tellOthers notifies outside of any transaction: inside, PostgreSQL would take a global lock for each commit.
func (d *DB) tellOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.news.come:
		}
		_ = d.tellNow(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(notifyEvery):
		}
	}
}

func (d *DB) tellNow(ctx context.Context) error {
	for _, what := range d.news.take() {
		if err := d.db.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", notifyChannel, what).Error; err != nil {
			return err
		}
	}
	return nil
}
