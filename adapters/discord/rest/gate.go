package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"golang.org/x/time/rate"

	"github.com/watchbell/watchbell/bot"
)

const (
	// A caller waits this long for its turn; one that would have to wait longer comes back later and reads anew what it
	// wants to show.
	longestWait = 1500 * time.Millisecond
	// Discord takes 50 calls a second of a bot, all together.
	globalRate = 45
	maxBuckets = 10_000
	// Discord shuts out whoever is refused 10,000 times in ten minutes, by 401, 403 or 429. We stop long before.
	maxRefused    = 3_000
	refusedWithin = 10 * time.Minute
)

// ErrBusy is why a call has to come again later: its turn would not come soon.
var ErrBusy = errors.New("too many calls to Discord at once")

// bucketKey names a limit before Discord has named it: a route, for each channel, guild or webhook by itself.
type bucketKey struct{ route, major string }

// bucket is a limit as Discord's latest answer described it.
type bucket struct {
	left  int // less those that are on their way
	reset time.Time
	known bool
	sent  int // on their way, or waiting for the next period

	size int           // of a period, 0 where no answer told
	per  time.Duration // how long a period is, as far as answers told
}

// gate holds back calls so that Discord need not. What is urgent may use up what is left; the rest leaves a share of it
// free.
type gate struct {
	now    func() time.Time
	global *rate.Limiter

	mu      sync.Mutex
	names   map[string]string // Discord's names of limits, by our routes
	buckets map[bucketKey]*bucket
	shut    time.Time // until when nothing at all goes out
	refusals
}

// refusals counts how often we were refused of late.
type refusals struct {
	count int
	since time.Time
}

func newGate(now func() time.Time) *gate {
	return &gate{
		now: now, global: rate.NewLimiter(globalRate, globalRate), names: map[string]string{},
		buckets: map[bucketKey]*bucket{},
	}
}

// reserved is the share of the global limit that is kept for more urgent calls.
func reserved(u bot.Urgency) float64 {
	return map[bot.Urgency]float64{bot.Digest: 0.5, bot.Reminder: 0.4, bot.Card: 0.25, bot.Now: 0.1}[u]
}

// enter waits for a turn, or says when to come again.
func (g *gate) enter(ctx context.Context, key bucketKey) error {
	wait, ok := g.reserve(ctx, key)
	if !ok {
		return &bot.RetryAfterError{After: wait, Err: ErrBusy}
	}
	if wait > 0 && !Pause(ctx, wait) {
		g.leave(key)
		return ctx.Err()
	}
	return nil
}

// leave gives up a turn that was waited for.
func (g *gate) leave(key bucketKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.bucket(key); b.sent > 0 {
		b.left, b.sent = b.left+1, b.sent-1
	}
}

func (g *gate) reserve(ctx context.Context, key bucketKey) (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if g.shut.After(now) {
		return g.shut.Sub(now), false
	}
	b := g.bucket(key)
	var wait time.Duration
	if b.known && !b.reset.After(now) {
		b.renew(now)
	}
	if b.known && b.left <= 0 {
		wait = b.reset.Sub(now)
		if full := b.size > 0 && -b.left >= b.size; full || wait > longestWait { // those who wait take up the next period
			return wait, false
		}
	}
	if g.global.TokensAt(now) < reserved(bot.UrgencyOf(ctx))*globalRate {
		return time.Second, false
	}
	r := g.global.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > longestWait {
		r.CancelAt(now)
		return d, false
	}
	b.begin()
	return max(wait, r.DelayFrom(now)), true
}

// renew begins a period. Without its size the next answer has to tell it.
func (b *bucket) renew(now time.Time) {
	b.known = b.size > 0
	b.left, b.reset = b.size-b.sent, now.Add(b.per)
}

func (b *bucket) begin() { b.left, b.sent = b.left-1, b.sent+1 }

// bucket finds the limit of a route, or begins one. The caller holds mu.
func (g *gate) bucket(key bucketKey) *bucket {
	key = g.named(key)
	b := g.buckets[key]
	if b == nil {
		if len(g.buckets) > maxBuckets {
			clear(g.buckets) // of channels long gone; at worst Discord says to wait
		}
		b = &bucket{}
		g.buckets[key] = b
	}
	return b
}

// named is the bucket that a route shares with others, once Discord has said so.
func (g *gate) named(key bucketKey) bucketKey {
	if name, ok := g.names[key.route]; ok {
		return bucketKey{name, key.major}
	}
	return key
}

// learn notes that a call is over, and reads what its answer says about the limit of its route.
func (g *gate) learn(key bucketKey, h http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.bucket(key); b.sent > 0 {
		b.sent--
	}
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	after, err2 := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err != nil || err2 != nil {
		return
	}
	if name := h.Get("X-RateLimit-Bucket"); name != "" {
		g.names[key.route] = name
	}
	b := g.bucket(key)
	period := time.Duration(min(after, longestAsked.Seconds()) * float64(time.Second))
	b.left, b.reset, b.known = left-b.sent, g.now().Add(period), true
	if size, err := strconv.Atoi(h.Get("X-RateLimit-Limit")); err == nil {
		b.size, b.per = size, max(b.per, period)
	}
}

// refused notes a 429 and returns how long to wait. One for all calls shuts everything.
func (g *gate) refused(key bucketKey, h http.Header, e *discordgo.RateLimitError, body []byte) time.Duration {
	after := retryAfter(h, e)
	scope := h.Get("X-RateLimit-Scope")
	var told struct {
		Global *bool `json:"global"`
	}
	everything := scope == "global" || h.Get("X-RateLimit-Global") != ""
	if scope == "" && !everything {
		// What neither header nor body explains comes from what stands before Discord, and means everybody.
		everything = json.Unmarshal(body, &told) != nil || told.Global == nil || *told.Global
	}
	if scope != "shared" { // those are not counted against us
		g.invalid()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if everything {
		g.shut = later(g.shut, now.Add(after))
		return after
	}
	b := g.bucket(key)
	b.left, b.reset, b.known = min(0, -b.sent), now.Add(after), true
	return after
}

// invalid counts a refusal by 401, 403 or 429. After too many nothing goes out for a while.
func (g *gate) invalid() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if now.Sub(g.since) >= refusedWithin {
		g.count, g.since = 0, now
	}
	if g.count++; g.count > maxRefused {
		g.shut = later(g.shut, g.since.Add(refusedWithin))
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
