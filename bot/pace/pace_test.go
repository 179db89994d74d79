package pace

import (
	"math"
	"testing"
	"time"
)

func TestShare(t *testing.T) {
	all := math.Inf(1)
	for _, c := range []struct {
		name     string
		since    time.Duration
		requests float64
		busy     float64
		oldest   time.Duration
		want     float64
	}{
		{"nobody was here yet", time.Hour, 0, 0, 0, all},
		{"the last request was a while ago", 101 * time.Millisecond, 3000, 0, 0, all},
		{"one request", 0, 1, 0, 0, 250_000},
		{"twenty a second", 0, 20, 0, 0, 625},
		{"twenty a second, jobs have waited", 0, 20, 0, 2 * time.Second, 3125},
		{"fifty a second", 0, 50, 0, 0, 100},
		{"fifty a second, jobs have waited a little", 0, 50, 0, time.Second, 300},
		{"fifty a second, jobs have waited", 0, 50, 0, 2 * time.Second, 500},
		{"fifty a second, jobs have waited for ever", 0, 50, 0, time.Hour, 500},
		{"a hundred a second", 0, 100, 0, 0, 25},
		{"a hundred a second, jobs have waited", 0, 100, 0, 2 * time.Second, 125},
		{"all that the machine can do", 0, 3000, 0, 0, 5},
		{"all that the machine can do, jobs have waited", 0, 3000, 0, time.Hour, 5},
		{"a job of the future", 0, 50, 0, -time.Hour, 100},
		{"fifty a second, a fifth of the time", 0, 50, 0.2, 2 * time.Second, 500},
		{"fifty a second, more than half of the time", 0, 50, 0.6, 2 * time.Second, 125},
		{"fifty a second, always", 0, 50, 1, time.Hour, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := share(c.since, c.requests, c.busy, c.oldest); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v jobs a second, want %v", got, c.want)
			}
		})
	}
}

func TestMoreRequestsNeverMeanMoreJobsAndOlderJobsNeverFewer(t *testing.T) {
	for requests := 1.0; requests < 5000; requests *= 1.1 {
		for oldest := time.Duration(0); oldest < 3*time.Second; oldest += 100 * time.Millisecond {
			here := share(0, requests, 0.1, oldest)
			if here < leastJobs {
				t.Errorf("%v jobs a second beside %v requests", here, requests)
			}
			if more := share(0, requests*1.1, 0.1, oldest); more > here {
				t.Errorf("%v requests: from %v to %v jobs a second", requests, here, more)
			}
			if later := share(0, requests, 0.1, oldest+100*time.Millisecond); later < here {
				t.Errorf("%v requests, after %v: from %v to %v jobs a second", requests, oldest, here, later)
			}
		}
	}
}

// yields lets requests come at a rate for a while and asks as often as pace allows. It returns how many jobs began.
func yields(p *Pace, now *time.Time, requests float64, took, oldest time.Duration) int {
	begun := 0
	next := *now
	for end := now.Add(took); now.Before(end); {
		for requests > 0 && !next.After(*now) {
			p.Request(next)
			next = next.Add(time.Duration(float64(time.Second) / requests))
		}
		n, wait := p.Take(*now, 4)
		if n > 0 {
			p.Claimed(n, n, oldest)
			begun += n
			wait = time.Millisecond
		}
		*now = now.Add(wait)
	}
	return begun
}

func TestPaceKeepsToTheShare(t *testing.T) {
	for _, c := range []struct {
		name     string
		requests float64
		oldest   time.Duration
		min, max int // in ten seconds
	}{
		{"nobody is here", 0, 0, 40_000, 40_000},
		{"all that the machine can do", 3000, time.Hour, 49, 56},
		{"one connection", 400, 0, 49, 66},
		{"a hundred a second", 100, 0, 225, 255},
		{"twenty a second", 20, 0, 5900, 6300},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
			p := New(now)
			yields(p, &now, c.requests, time.Second, c.oldest) // until it knows how many come
			if n := yields(p, &now, c.requests, 10*time.Second, c.oldest); n < c.min || n > c.max {
				t.Errorf("%d jobs in ten seconds, want %d to %d", n, c.min, c.max)
			}
		})
	}
}

func TestLookingCountsAsAJob(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	p := New(now)
	yields(p, &now, 1000, time.Second, 0)
	looks := 0
	for end := now.Add(time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		p.Request(now)
		if n, _ := p.Take(now, 4); n > 0 {
			p.Claimed(n, 0, 0)
			looks++
		}
	}
	if looks < 4 || looks > 7 {
		t.Errorf("looked %d times in a second", looks)
	}
}

// Jobs that make requests slow are not given more room because fewer requests come.
func TestWhoeverWaitsAllTheTimeHoldsJobsBack(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	p := New(now)
	begun := 0
	// one who sends the next as soon as the last is answered, each 20 ms late
	for end := now.Add(11 * time.Second); now.Before(end); {
		p.Request(now)
		p.Begin(now)
		for until := now.Add(20 * time.Millisecond); now.Before(until); now = now.Add(time.Millisecond) {
			if n, _ := p.Take(now, 4); n > 0 {
				p.Claimed(n, n, time.Hour)
				if end.Sub(now) < 10*time.Second {
					begun += n
				}
			}
		}
		p.End(now)
	}
	if begun < 49 || begun > 52 {
		t.Errorf("%d jobs in ten seconds, want fifty", begun)
	}
}
