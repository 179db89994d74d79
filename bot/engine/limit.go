package engine

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/watchbell/watchbell/bot"
)

// Limit is how often one person may do something: Burst times at once, then PerMinute times a minute. A zero PerMinute
// is no limit; a zero Burst is as many as a minute has.
type Limit struct {
	Burst     int
	PerMinute int
}

// Limits hold back a person, or somebody who acts as them, who does more than people do. Each instance counts for
// itself, in memory. The zero value limits nothing. Jobs are never counted.
type Limits struct {
	Rooms   Limit // commands that open rooms
	Changes Limit // commands that change something, those of Rooms included
	// Uncounted are the platforms by which programs act and not people, like the command line.
	Uncounted []string
}

// limiter counts what people do. It is safe for concurrent use.
type limiter struct {
	Limits
	mu     sync.Mutex
	people map[bot.PersonID]*personLimit
	swept  time.Time
}

type personLimit struct{ rooms, changes *rate.Limiter }

// How often those who did nothing lately are forgotten.
const sweepEvery = time.Minute

func newLimiter(l Limits) *limiter {
	return &limiter{Limits: l, people: map[bot.PersonID]*personLimit{}}
}

func (l Limit) limiter() *rate.Limiter {
	if l.PerMinute <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	burst := l.Burst
	if burst <= 0 {
		burst = l.PerMinute
	}
	return rate.NewLimiter(rate.Limit(float64(l.PerMinute)/60), burst)
}

// take counts a command that is about to be carried out. Beyond the limit it counts nothing and returns how long to
// wait.
func (l *limiter) take(c *bot.Call) (wait time.Duration) {
	if c.Command.Reads || c.Paced || slices.Contains(l.Uncounted, c.From.Platform) ||
		l.Rooms.PerMinute <= 0 && l.Changes.PerMinute <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(c.Now)
	p := l.people[c.Person.ID]
	if p == nil {
		p = &personLimit{l.Rooms.limiter(), l.Changes.limiter()}
		l.people[c.Person.ID] = p
	}
	asked := []*rate.Limiter{p.changes}
	if c.Command.OpensRoom {
		asked = append(asked, p.rooms)
	}
	for _, r := range asked {
		wait = max(wait, until(r, c.Now))
	}
	if wait > 0 {
		return wait
	}
	for _, r := range asked {
		r.AllowN(c.Now, 1)
	}
	return 0
}

// until is how long it takes until a limiter allows one more.
func until(r *rate.Limiter, now time.Time) time.Duration {
	if r.Limit() == rate.Inf {
		return 0
	}
	lacking := 1 - r.TokensAt(now)
	if lacking <= 1e-9 { // a token that has just come back may lack a rounding error
		return 0
	}
	return time.Duration(lacking / float64(r.Limit()) * float64(time.Second))
}

// sweep forgets whoever has all of their limits again: a new start is the same for them.
func (l *limiter) sweep(now time.Time) {
	if d := now.Sub(l.swept); d >= 0 && d < sweepEvery {
		return
	}
	l.swept = now
	rested := func(r *rate.Limiter) bool { return r.Limit() == rate.Inf || r.TokensAt(now) >= float64(r.Burst()) }
	for id, p := range l.people {
		if rested(p.rooms) && rested(p.changes) {
			delete(l.people, id)
		}
	}
}

// hold refuses a command that somebody has used too often. It stands right before the handler, so forms may be opened
// and whatever is refused for another reason costs nothing.
func (b *Bot) hold(c *bot.Call) error {
	wait := b.limits.take(c)
	if wait <= 0 {
		return nil
	}
	again := "1 second"
	if seconds := int(math.Ceil(wait.Seconds())); seconds > 1 {
		again = fmt.Sprintf("%d seconds", seconds)
	}
	e := bot.Errorf(
		bot.Unavailable, "You have done this many times in a short time, so nothing was done. Please try again in %s.",
		again,
	)
	e.After = wait
	return e
}
