package web

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// feed reads what changed once for all pages that are open here: about once a second, for other instances write too,
// and at once after a write of our own. While no page is open it rests.
type feed struct {
	store Store
	log   *slog.Logger
	wake  chan struct{}

	mu      sync.Mutex
	readers map[chan struct{}]bool
	rest    context.CancelFunc
	recent  []Changes // contiguous, the newest last
	at      int64     // the revision they end with
}

const (
	feedPace   = time.Second
	feedMemory = 64   // batches
	maxBehind  = 2000 // revisions; a page that missed more is loaded anew
)

func newFeed(s Store, log *slog.Logger) *feed {
	return &feed{store: s, log: log, wake: make(chan struct{}, 1), readers: map[chan struct{}]bool{}}
}

// nudge makes the feed look at once.
func (f *feed) nudge() { signal(f.wake) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// join returns a channel that is sent on when there may be news. The caller leaves when done.
func (f *feed) join() chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	news := make(chan struct{}, 1)
	f.readers[news] = true
	if len(f.readers) == 1 {
		ctx, rest := context.WithCancel(context.Background())
		f.rest, f.recent, f.at = rest, nil, 0
		go f.run(ctx)
	}
	return news
}

func (f *feed) leave(news chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.readers, news)
	if len(f.readers) == 0 {
		f.rest()
	}
}

func (f *feed) run(ctx context.Context) {
	tick := time.NewTicker(feedPace)
	defer tick.Stop()
	healthy := true
	for {
		err := f.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && healthy {
			f.log.Error("read chat changes", "error", err)
		}
		healthy = err == nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
		}
	}
}

// look reads the next batch and tells the readers.
func (f *feed) look(ctx context.Context) error {
	f.mu.Lock()
	at := f.at
	f.mu.Unlock()
	if at == 0 {
		now, err := f.store.Revision(ctx)
		if err != nil {
			return err
		}
		return f.keep(ctx, Changes{From: now, To: now})
	}
	c, err := f.store.Changes(ctx, at)
	if err != nil || c.To == at {
		return err
	}
	return f.keep(ctx, c)
}

func (f *feed) keep(ctx context.Context, c Changes) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.recent = append(f.recent, c)
	if len(f.recent) > feedMemory {
		f.recent = f.recent[1:]
	}
	f.at = c.To
	for news := range f.readers {
		signal(news)
	}
	return nil
}

// since returns what changed after a revision. What is no longer remembered is read from the store.
func (f *feed) since(ctx context.Context, after int64) (Changes, error) {
	f.mu.Lock()
	if len(f.recent) > 0 && f.recent[0].From <= after {
		defer f.mu.Unlock()
		all := Changes{From: after, To: max(after, f.at)}
		for _, c := range f.recent {
			if c.To > after {
				all.Channels = append(all.Channels, c.Channels...)
				all.Posts = append(all.Posts, c.Posts...)
				all.Members = append(all.Members, c.Members...)
			}
		}
		return all, nil
	}
	f.mu.Unlock()
	return f.store.Changes(ctx, after)
}
