package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// behindBack changes the queue behind the program's back.
func behindBack(t *testing.T, s *storage.Store, sql string) {
	t.Helper()
	if _, err := s.SQL().Exec(sql); err != nil {
		t.Fatal(err)
	}
}

func TestTheNextOfALaneIsClaimedHoweverTheFirstEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(t *testing.T, s *storage.Store, first bot.Job)
		want []string // what can be claimed then
	}{
		{"done", func(t *testing.T, s *storage.Store, first bot.Job) { finish(t, s, first, done) }, []string{"1"}},
		{
			"given up", func(t *testing.T, s *storage.Store, first bot.Job) { finish(t, s, first, bot.Outcome{Dead: true}) },
			[]string{"1"},
		},
		{"to be repeated later", func(t *testing.T, s *storage.Store, first bot.Job) {
			finish(t, s, first, bot.Outcome{At: time.Now().Add(time.Hour), Err: "no"})
		}, nil},
		{"to be repeated now", func(t *testing.T, s *storage.Store, first bot.Job) {
			finish(t, s, first, bot.Outcome{At: time.Now(), Fresh: true})
		}, []string{"0"}},
		{"deleted by hand", func(t *testing.T, s *storage.Store, _ bot.Job) {
			behindBack(t, s, "DELETE FROM jobs WHERE object = '0'")
		}, []string{"1"}},
		{"left to the same job, added again", func(t *testing.T, s *storage.Store, first bot.Job) {
			add(t, s, bot.Job{Kind: "k", Object: "0", Lane: "a"})
			finish(t, s, first, bot.Outcome{At: time.Now().Add(time.Hour), Err: "no"})
		}, []string{"1"}},
		{"the next two deleted by hand", func(t *testing.T, s *storage.Store, first bot.Job) {
			behindBack(t, s, "DELETE FROM jobs WHERE object IN ('1', '2')")
			finish(t, s, first, done)
		}, []string{"3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, url string) {
				s := storagetest.Open(t, url)
				for n := range 5 {
					add(t, s, bot.Job{Kind: "k", Object: fmt.Sprint(n), Lane: "a"})
				}
				first := claim(t, s, "w", 10)
				if more := claim(t, s, "w", 10); len(first) != 1 || first[0].Object != "0" || len(more) != 0 {
					t.Fatalf("claimed %+v and %+v", first, more)
				}
				c.end(t, s, first[0])
				var got []string
				for _, j := range claim(t, s, "w", 10) {
					got = append(got, j.Object)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("claimed %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestALongLaneHidesNothing(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		var jobs []bot.Job
		for n := range 2000 {
			jobs = append(jobs, bot.Job{Kind: "k", Object: fmt.Sprint(n), Lane: "long", At: time.Now().Add(-time.Hour)})
		}
		add(t, s, jobs...)
		add(t, s, bot.Job{Kind: "k", Object: "other", Lane: "short"}, bot.Job{Kind: "k", Object: "free"})
		var got []string
		for _, j := range claim(t, s, "w", 10) {
			got = append(got, j.Object)
		}
		if !slices.Equal(got, []string{"0", "other", "free"}) {
			t.Errorf("claimed %q", got)
		}
	})
}

func TestWhoFinishesAJobTakesTheNext(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		ctx := context.Background()
		for n := range 3 {
			add(t, s, bot.Job{Kind: "k", Object: fmt.Sprint(n), Lane: "a"})
		}
		next := bot.Claim{Owner: "w", Now: time.Now().Add(time.Second), Lease: time.Minute, Limit: 1}
		jobs := claim(t, s, "w", 1)
		for n := range 3 {
			if len(jobs) != 1 || jobs[0].Object != fmt.Sprint(n) || jobs[0].Attempt != 1 {
				t.Fatalf("claimed %+v, want %d", jobs, n)
			}
			var err error
			if jobs, err = s.FinishJob(ctx, jobs[0], done, next); err != nil {
				t.Fatal(err)
			}
		}
		add(t, s, bot.Job{Kind: "k", Object: "late"})
		if jobs, err := s.FinishJob(ctx, bot.Job{ID: 1, Owner: "w", Attempt: 1}, done, next); !errors.Is(
			err, bot.ErrLeaseLost,
		) || len(
			jobs,
		) > 0 {
			t.Errorf("finished twice: %+v %v", jobs, err)
		}
	})
}

// Lanes run empty and fill again while several claim: a job that is found behind another must not stay there when that
// ends meanwhile.
func TestNoJobIsLeftBehind(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		const jobs, lanes, adders = 400, 3, 2
		var mu sync.Mutex
		ran := map[string][]string{}
		left := make(chan struct{}, jobs)
		var running sync.WaitGroup
		for a := range adders {
			running.Go(func() {
				for n := range jobs / adders {
					object := fmt.Sprintf("%d-%03d", a, n)
					add(t, s, bot.Job{Kind: "k", Object: object, Lane: fmt.Sprint("lane", n%lanes)})
				}
			})
		}
		finished := make(chan struct{})
		for w := range 4 {
			running.Go(func() {
				for {
					select {
					case <-finished:
						return
					default:
					}
					for _, j := range claim(t, s, fmt.Sprint("w", w), 2) {
						mu.Lock()
						ran[j.Lane] = append(ran[j.Lane], j.Object)
						mu.Unlock()
						finish(t, s, j, done)
						left <- struct{}{}
					}
				}
			})
		}
		for range jobs {
			<-left
		}
		close(finished)
		running.Wait()
		for lane, objects := range ran {
			for a := range adders {
				own := slices.DeleteFunc(slices.Clone(objects), func(o string) bool { return o[0] != fmt.Sprint(a)[0] })
				if !slices.IsSorted(own) {
					t.Errorf("%s out of order: %v", lane, own)
				}
			}
		}
	})
}

// The first of a lane is deleted, which is not committed yet, when another job of the lane is added and met by a claim.
func TestAJobIsNotLeftBehindOneThatIsGoing(t *testing.T) {
	s := storagetest.Open(t, pgtest.URL(t)) // SQLite has one writer
	add(t, s, bot.Job{Kind: "k", Object: "going", Lane: "a"})
	first := claim(t, s, "w", 1)
	tx, err := s.SQL().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("DELETE FROM jobs WHERE id = $1", first[0].ID); err != nil {
		t.Fatal(err)
	}
	add(t, s, bot.Job{Kind: "k", Object: "next", Lane: "a"})
	if early := claim(t, s, "w", 1); len(early) != 0 {
		t.Errorf("claimed %+v beside the one before it", early)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if next := claim(t, s, "w", 1); len(next) != 1 || next[0].Object != "next" {
		t.Errorf("claimed %+v", next)
	}
}
