package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/pace"
)

// memoryQueue is a queue without lanes, and no store beside.
type memoryQueue struct {
	bot.Store
	mu      sync.Mutex
	waiting []bot.Job     // in the order of their times, for they are due when they are added
	looks   int           // how often somebody asked for jobs
	ran     int           //
	longest time.Duration // that a job waited
	wake    chan struct{}
}

func (q *memoryQueue) AddJobs(_ context.Context, jobs []bot.Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range jobs {
		j.At = time.Now()
		q.waiting = append(q.waiting, j)
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

func (q *memoryQueue) ClaimJobs(_ context.Context, c bot.Claim) ([]bot.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.looks++
	n := min(c.Limit, len(q.waiting))
	jobs := slices.Clone(q.waiting[:n])
	q.waiting = q.waiting[n:]
	for _, j := range jobs {
		q.ran++
		q.longest = max(q.longest, c.Now.Sub(j.At))
	}
	return jobs, nil
}

func (q *memoryQueue) FinishJob(ctx context.Context, _ bot.Job, _ bot.Outcome, next bot.Claim) ([]bot.Job, error) {
	if next.Limit == 0 {
		return nil, nil
	}
	return q.ClaimJobs(ctx, next)
}

func (q *memoryQueue) ExtendJobs(context.Context, bot.Claim, []int64) error { return nil }
func (q *memoryQueue) Wake() <-chan struct{}                                { return q.wake }

func (q *memoryQueue) state() (ran, looks, waiting int, longest time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ran, q.looks, len(q.waiting), q.longest
}

// working runs f beside the workers of a bot whose jobs take 5 ms each.
func working(t *testing.T, f func(b *Bot, q *memoryQueue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &memoryQueue{wake: make(chan struct{}, 1)}
		b := New(Options{Store: q})
		b.jobs["test.wait"] = func(context.Context, bot.Job) error {
			<-time.After(5 * time.Millisecond)
			return nil
		}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { b.work(ctx) })
		f(b, q)
		stop()
		running.Wait()
	})
}

// requests lets people ask for something at a rate. Each request adds some jobs.
func requests(b *Bot, q *memoryQueue, perSecond int, took time.Duration, jobs int) {
	for n := range perSecond * int(took/time.Second) {
		b.pace.Request(time.Now())
		var add []bot.Job
		for k := range jobs {
			add = append(add, bot.Job{Kind: "test.wait", Object: fmt.Sprint(n, " ", k)})
		}
		_ = q.AddJobs(context.Background(), add)
		<-time.After(time.Second / time.Duration(perSecond))
	}
}

func TestJobsOfTwentyRequestsASecondDoNotWait(t *testing.T) {
	working(t, func(b *Bot, q *memoryQueue) {
		requests(b, q, 20, time.Minute, 8)
		ran, looks, waiting, longest := q.state()
		if longest > time.Second || waiting > 8 {
			t.Errorf("a job waited %v; %d wait still", longest, waiting)
		}
		if looks > 2*ran {
			t.Errorf("looked %d times for %d jobs", looks, ran)
		}
	})
}

func TestJobsGiveWayToManyRequestsAndCatchUpAfterwards(t *testing.T) {
	working(t, func(b *Bot, q *memoryQueue) {
		requests(b, q, 1000, 10*time.Second, 1)
		ran, looks, _, _ := q.state()
		// Until the first are counted, nobody knows how many will come.
		if ran < 45 || ran > 250 || looks > ran+50 {
			t.Errorf("%d jobs ran in ten seconds, looked for %d times", ran, looks)
		}
		<-time.After(pace.PeopleStay + 15*time.Second) // 10 000 jobs of 5 ms, by eight workers
		if ran, _, waiting, _ := q.state(); waiting > 0 {
			t.Errorf("%d ran and %d wait after the rush", ran, waiting)
		}
	})
}

func TestWorkersWithoutWorkLookOnceASecond(t *testing.T) {
	working(t, func(_ *Bot, q *memoryQueue) {
		<-time.After(time.Minute)
		if _, looks, _, _ := q.state(); looks > 70 {
			t.Errorf("looked %d times in a minute", looks)
		}
		_ = q.AddJobs(context.Background(), []bot.Job{{Kind: "test.wait"}})
		<-time.After(time.Millisecond)
		if ran, _, _, longest := q.state(); ran != 1 || longest > 0 {
			t.Errorf("%d ran, after %v", ran, longest)
		}
	})
}
