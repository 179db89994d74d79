package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func claim(t *testing.T, s *storage.Store, owner string, limit int) []bot.Job {
	t.Helper()
	jobs, err := s.ClaimJobs(context.Background(), bot.Claim{
		Owner: owner, Now: time.Now().UTC().Add(time.Second), Lease: 30 * time.Second, Limit: limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func add(t *testing.T, s *storage.Store, jobs ...bot.Job) {
	t.Helper()
	if err := s.AddJobs(context.Background(), jobs); err != nil {
		t.Fatal(err)
	}
}

func finish(t *testing.T, s *storage.Store, j bot.Job, o bot.Outcome) {
	t.Helper()
	if _, err := s.FinishJob(context.Background(), j, o, bot.Claim{}); err != nil {
		t.Fatal(err)
	}
}

var done = bot.Outcome{Done: true}

func TestALaneRunsOneJobAtATimeInOrder(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		for n := range 3 {
			add(t, s, bot.Job{Kind: "k", Object: fmt.Sprint(n), Lane: "a"}, bot.Job{Kind: "k", Object: fmt.Sprint("free", n)})
		}
		first := claim(t, s, "w", 10)
		if len(first) != 4 {
			t.Fatalf("claimed %d, want the head of the lane and three without one", len(first))
		}
		for _, j := range first {
			if j.Lane == "a" && j.Object != "0" {
				t.Errorf("claimed %s first", j.Object)
			}
		}
		if more := claim(t, s, "other", 10); len(more) != 0 {
			t.Errorf("claimed %v while the lane's head runs", more)
		}
		for want := 0; want < 3; want++ {
			for _, j := range first {
				if j.Lane == "a" && j.Object != fmt.Sprint(want) {
					t.Errorf("ran %s, want %d", j.Object, want)
				}
				finish(t, s, j, done)
			}
			first = claim(t, s, "w", 10)
		}
		if q, err := s.QueueState(context.Background(), time.Now()); err != nil || q != (bot.QueueState{}) {
			t.Errorf("queue: %+v %v", q, err)
		}
	})
}

func TestAWaitingJobAbsorbsASecond(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		later := time.Now().UTC().Add(time.Hour)
		add(t, s, bot.Job{Kind: "k", Object: "x", At: later})
		if jobs := claim(t, s, "w", 10); len(jobs) != 0 {
			t.Fatalf("not due yet: %v", jobs)
		}
		add(t, s, bot.Job{Kind: "k", Object: "x"}, bot.Job{Kind: "k", Object: "x", At: later})
		jobs := claim(t, s, "w", 10)
		if len(jobs) != 1 {
			t.Fatalf("claimed %d, want one with the earlier time", len(jobs))
		}
		add(t, s, bot.Job{Kind: "k", Object: "x"}) // while it runs: it may have read what is old by now
		finish(t, s, jobs[0], bot.Outcome{At: later})
		again := claim(t, s, "w", 10)
		if len(again) != 1 || again[0].ID == jobs[0].ID {
			t.Fatalf("the newer job takes over: %+v", again)
		}
		finish(t, s, again[0], done)
		if left := claim(t, s, "w", 10); len(left) != 0 {
			t.Errorf("left over: %+v", left)
		}
	})
}

func TestAJobOutlivesItsRunner(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		add(t, s, bot.Job{Kind: "k", Object: "x", Lane: "a"})
		lost, err := s.ClaimJobs(ctx, bot.Claim{
			Owner: "dead", Now: time.Now().UTC().Add(time.Second), Lease: -time.Second, Limit: 1,
		})
		if err != nil || len(lost) != 1 {
			t.Fatal(lost, err)
		}
		jobs := claim(t, s, "alive", 1)
		if len(jobs) != 1 || jobs[0].Attempt != 2 {
			t.Fatalf("claimed %+v", jobs)
		}
		// comes back from the dead: too late
		if _, err := s.FinishJob(ctx, lost[0], done, bot.Claim{}); !errors.Is(err, bot.ErrLeaseLost) {
			t.Errorf("finished by who lost the lease: %v", err)
		}
		if q, err := s.QueueState(ctx, time.Now()); err != nil || q.Running != 1 {
			t.Errorf("the dead runner finished the job of the living: %+v %v", q, err)
		}
		if err := s.ExtendJobs(ctx, bot.Claim{Owner: "alive", Lease: time.Minute}, []int64{jobs[0].ID}); err != nil {
			t.Fatal(err)
		}
		finish(t, s, jobs[0], bot.Outcome{Dead: true, Err: "given up"})
		dead, err := s.DeadJobs(ctx, 10)
		if err != nil || len(dead) != 1 || dead[0].Err != "given up" {
			t.Fatalf("dead: %+v %v", dead, err)
		}
		add(t, s, bot.Job{Kind: "k", Object: "y", Lane: "a"})
		if next := claim(t, s, "alive", 1); len(next) != 1 || next[0].Object != "y" {
			t.Errorf("a dead job blocks its lane: %+v", next)
		}
		if err := s.ReviveJob(ctx, dead[0].ID, time.Now().UTC()); err != nil {
			t.Fatal(err)
		}
		if err := s.ReviveJob(ctx, dead[0].ID, time.Now().UTC()); !errors.Is(err, bot.ErrNoSuch) {
			t.Errorf("revived twice: %v", err)
		}
	})
}

func TestASlotIsTakenOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := s.AddSlot(
					context.Background(), "digest", "2026-11-25", bot.Job{Kind: "k", Object: "digest"},
				); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		jobs := claim(t, s, "w", 10)
		if len(jobs) != 1 {
			t.Fatalf("claimed %d", len(jobs))
		}
		finish(t, s, jobs[0], done)
		if err := s.AddSlot(context.Background(), "digest", "2026-11-25", bot.Job{Kind: "k", Object: "digest"}); err != nil {
			t.Fatal(err)
		}
		if again := claim(t, s, "w", 10); len(again) != 0 {
			t.Errorf("the slot ran again: %v", again)
		}
	})
}

func TestManyWorkersRunEachJobOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		const jobs, lanes = 300, 10
		for n := range jobs {
			add(t, s, bot.Job{Kind: "k", Object: fmt.Sprint(n), Lane: fmt.Sprint("lane", n%lanes)})
		}
		var mu sync.Mutex
		ran := map[string][]string{}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for idle := 0; idle < 20; {
					got := claim(t, s, fmt.Sprint("w", w), 3)
					if len(got) == 0 {
						idle++
					}
					for _, j := range got {
						mu.Lock()
						ran[j.Lane] = append(ran[j.Lane], j.Object)
						mu.Unlock()
						finish(t, s, j, done)
					}
				}
			})
		}
		wg.Wait()
		for l := range lanes {
			lane := ran[fmt.Sprint("lane", l)]
			if len(lane) != jobs/lanes {
				t.Errorf("lane %d ran %d jobs", l, len(lane))
			}
			for n, object := range lane {
				if object != fmt.Sprint(n*lanes+l) {
					t.Errorf("lane %d: %v out of order", l, lane)
					break
				}
			}
		}
	})
}
