// Package pace lets people go before jobs: it counts requests, and tells workers when they may begin jobs.
package pace

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// People go before jobs: while requests come, workers begin only so many jobs a second. The more requests, the fewer,
// and the more of the time somebody waits for an answer, the fewer; the longer the oldest job has waited, the more; and
// never fewer than leastJobs. So at 20 requests a second nothing is held back, and where requests take all that the
// machine has, jobs take a small share and catch up afterwards. Both count: by the number of requests alone, jobs that
// make requests slow would be given more room for it.
const (
	PeopleStay   = 100 * time.Millisecond // after a request others are expected for so long
	leastJobs    = 5.0                    // a second
	calmRequests = 50.0                   // a second, beside which calmJobs can be done
	calmJobs     = 500.0                  // a second
	calmBusy     = 0.2                    // of the time somebody waits, beside which nothing is held back for that
	longWait     = 2 * time.Second        // a job that has waited this long gets all that its share can be
	countFor     = 100 * time.Millisecond // requests are counted for at least so long
	atOnce       = 20 * time.Millisecond  // what is allowed in this time may begin together
)

// share is how many jobs may begin in a second, when a request came so long ago, so many come in a second, somebody
// waits for that part of the time, and the oldest due job has waited so long.
func share(sinceRequest time.Duration, requests, busy float64, oldest time.Duration) float64 {
	if sinceRequest > PeopleStay {
		return math.Inf(1)
	}
	calm := calmRequests / max(requests, 1) * min(1, max(0, (1-busy)/(1-calmBusy)))
	most := max(leastJobs, calmJobs*calm*calm)
	first := max(leastJobs, most/5)
	waited := min(1, max(0, oldest.Seconds()/longWait.Seconds()))
	return first + (most-first)*waited
}

// Pace counts requests and tells workers when they may begin jobs. It takes times of the machine's clock, which does
// not jump.
type Pace struct {
	began    time.Time
	requests atomic.Int64
	last     atomic.Int64 // when the last request came, in nanoseconds since began

	waiting sync.Mutex // for what follows
	here    int        // requests that are being answered
	since   time.Time  // when the first of them began
	busy    time.Duration

	mu        sync.Mutex
	counted   int64
	countedAt time.Time
	rate      float64       // requests a second
	counting  time.Duration // busy at countedAt
	busyPart  float64       // of the time in which somebody waited
	oldest    time.Duration // how long the oldest due job had waited when it was claimed
	allowed   float64       // jobs that may begin now
	filled    time.Time
}

// New begins to count.
func New(now time.Time) *Pace {
	p := &Pace{began: now, countedAt: now, filled: now}
	p.last.Store(math.MinInt64 / 2)
	return p
}

// Request says that a request has come.
func (p *Pace) Request(now time.Time) {
	p.requests.Add(1)
	p.last.Store(int64(now.Sub(p.began)))
}

// Begin and End say that somebody waits for an answer. They may be nested.
func (p *Pace) Begin(now time.Time) {
	p.waiting.Lock()
	defer p.waiting.Unlock()
	if p.here++; p.here == 1 {
		p.since = now
	}
}

// End is for what Begin began.
func (p *Pace) End(now time.Time) {
	p.waiting.Lock()
	defer p.waiting.Unlock()
	if p.here--; p.here == 0 {
		p.busy += now.Sub(p.since)
	}
}

// waited is for how long somebody has waited, altogether.
func (p *Pace) waited(now time.Time) time.Duration {
	p.waiting.Lock()
	defer p.waiting.Unlock()
	if p.here > 0 {
		return p.busy + now.Sub(p.since)
	}
	return p.busy
}

// Take asks for room to begin up to n jobs. It grants some, or says how long to wait before asking again. Claimed has
// to follow a grant.
func (p *Pace) Take(now time.Time, n int) (granted int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests, busy := p.count(now)
	perSecond := share(now.Sub(p.began)-time.Duration(p.last.Load()), requests, busy, p.oldest)
	if math.IsInf(perSecond, 1) {
		p.allowed, p.filled = float64(n)+1, now
	} else {
		p.allowed = min(p.allowed+perSecond*now.Sub(p.filled).Seconds(), max(1, perSecond*atOnce.Seconds()))
		p.filled = now
	}
	// Fractions add up to a hair less than one.
	if granted = min(n, int(p.allowed+1e-6)); granted > 0 {
		p.allowed -= float64(granted)
		return granted, 0
	}
	return 0, max(time.Millisecond, time.Duration((1-p.allowed)/perSecond*float64(time.Second)))
}

// Claimed says how many jobs were found for what was granted, and how long the oldest had waited. To look and find none
// counts as one job.
func (p *Pace) Claimed(granted, found int, oldest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed += float64(granted - max(1, found))
	p.oldest = oldest
}

// count measures how many requests come in a second, and for which part of the time somebody waits. More than before it
// believes at once, less only when the time is over.
func (p *Pace) count(now time.Time) (requests, busy float64) {
	n, waited, took := p.requests.Load(), p.waited(now), now.Sub(p.countedAt)
	over := max(took, atOnce)
	requests, busy = float64(n-p.counted)/over.Seconds(), float64(waited-p.counting)/float64(over)
	if took < countFor {
		return max(p.rate, requests), max(p.busyPart, busy)
	}
	p.rate, p.counted, p.busyPart, p.counting, p.countedAt = requests, n, busy, waited, now
	return requests, busy
}
