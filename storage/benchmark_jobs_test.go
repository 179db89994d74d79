//go:build unix

package storage_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
)

const (
	workers = 8 // as many as a bot has
	adders  = 4
)

// BenchmarkJobs sends jobs through the queue: four people's actions add one each while eight workers claim and finish
// them. The latency is from adding to finishing. With lanes, the jobs of one of 100 things run in order; in one lane,
// all wait for each other.
func BenchmarkJobs(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		for _, order := range []struct {
			name string
			lane func(n int) string
		}{
			{"free", func(int) string { return "" }},
			{"lanes", func(n int) string { return fmt.Sprintf("INC-%d/test", n%100) }},
			{"one-lane", func(int) string { return "INC-1/test" }},
		} {
			s := store(b, d.fresh(b), bottest.Start)
			b.Run(order.name, func(b *testing.B) { throughQueue(b, s, order.lane) })
		}
		b.Run("backlog", func(b *testing.B) { backlog(b, d) })
	})
}

func throughQueue(b *testing.B, s *storage.Store, lane func(int) string) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var added sync.Map
	finished := load{each: make([]time.Duration, b.N)}
	var done atomic.Int64
	var running sync.WaitGroup
	for w := range workers {
		running.Go(func() {
			work(ctx, b, s, fmt.Sprint("worker-", w), func(j bot.Job) {
				at, _ := added.LoadAndDelete(j.Object)
				n := done.Add(1)
				finished.each[n-1] = time.Since(at.(time.Time))
				if n == int64(b.N) {
					stop()
				}
			})
		})
	}
	b.ResetTimer()
	cpu, start := cpuTime(), time.Now()
	drive(b, adders, b.N, func(n int) error {
		added.Store(key(n), time.Now())
		return s.AddJobs(context.Background(), []bot.Job{{Kind: "bench.do", Object: key(n), Lane: lane(n)}})
	})
	running.Wait()
	finished.took, finished.cpu = time.Since(start), cpuTime()-cpu
	finished.report(b, "jobs")
}

// work claims and finishes jobs, as a bot's worker does, until ctx ends.
func work(ctx context.Context, b *testing.B, s *storage.Store, owner string, finished func(bot.Job)) {
	for ctx.Err() == nil {
		jobs, err := s.ClaimJobs(context.Background(), bot.Claim{
			Owner: owner, Now: time.Now().UTC(), Lease: time.Minute, Limit: 1,
		})
		if err != nil {
			b.Error(err)
			return
		}
		for _, j := range jobs {
			if _, err := s.FinishJob(context.Background(), j, bot.Outcome{Done: true}, bot.Claim{}); err != nil {
				b.Error(err)
			}
			finished(j)
		}
		if len(jobs) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.Wake():
		case <-time.After(time.Millisecond):
		}
	}
}

// backlog claims jobs and puts them back while ten or 30 000 wait: all due in as many lanes, in one lane or in none, or
// none due yet.
func backlog(b *testing.B, d *databases) {
	for _, c := range []struct {
		name string
		lane func(n int) string
		due  time.Duration
	}{
		{"lanes", func(n int) string { return fmt.Sprintf("INC-%d/test", n) }, -time.Hour},
		{"one-lane", func(int) string { return "INC-1/test" }, -time.Hour},
		{"free", func(int) string { return "" }, -time.Hour},
		{"later", func(int) string { return "" }, time.Hour},
	} {
		for _, waiting := range []int{10, 30_000} {
			url := d.fresh(b)
			s := store(b, url, bottest.Start)
			fillQueue(b, s, waiting, c.lane, c.due)
			settle(b, url)
			b.Run(fmt.Sprintf("%s/%d", c.name, waiting), func(b *testing.B) {
				b.ResetTimer() // a first claim may have to find out who is behind whom
				drive(b, 1, b.N, func(int) error { return claimAndReturn(s) }).report(b, "claims")
			})
		}
	}
}

// fillQueue adds jobs to the queue.
func fillQueue(b *testing.B, s *storage.Store, waiting int, lane func(n int) string, due time.Duration) {
	b.Helper()
	at := time.Now().UTC().Add(due)
	for n := 0; n < waiting; {
		var jobs []bot.Job
		for ; n < waiting && len(jobs) < 1000; n++ {
			jobs = append(jobs, bot.Job{Kind: "bench.do", Object: key(n), Lane: lane(n), At: at})
		}
		if err := s.AddJobs(context.Background(), jobs); err != nil {
			b.Fatal(err)
		}
	}
}

func claimAndReturn(s *storage.Store) error {
	c := bot.Claim{Owner: "w", Now: time.Now().UTC(), Lease: time.Minute, Limit: workers}
	jobs, err := s.ClaimJobs(context.Background(), c)
	for _, j := range jobs {
		if err == nil {
			_, err = s.FinishJob(context.Background(), j, bot.Outcome{At: j.At, Fresh: true}, bot.Claim{})
		}
	}
	return err
}
