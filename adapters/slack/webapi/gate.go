package webapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/watchbell/watchbell/bot"
)

// tiers are the calls a minute that Slack allows for a method in one workspace. What is not here is tier 4.
var tiers = map[string]int{
	"apps.connections.open": 1,
	"conversations.create":  20, "conversations.archive": 20, "conversations.rename": 20, "conversations.setTopic": 20,
	"conversations.setPurpose": 20,
	"conversations.list":       20, "bookmarks.add": 20, "users.list": 20, "usergroups.list": 20,
	"usergroups.users.list": 20, "usergroups.users.update": 20, "pins.add": 20,
	"chat.update": 50, "conversations.info": 50, "conversations.invite": 50, "conversations.join": 50,
	"conversations.open":    50,
	"conversations.history": 50, "conversations.replies": 50, "bookmarks.list": 50,
	// no tier of its own: one a second in a channel, beside a cap for the workspace that nobody publishes
	"chat.postMessage": 300,
}

const (
	tier4 = 100
	// A caller waits this long for its turn; one that would have to wait longer comes back later and reads anew what it
	// wants to show.
	longestWait = 1500 * time.Millisecond
	postBurst   = 2 // Slack bears a few more; what is sent in time may still arrive in a bunch
	smallBucket = 4 // of a channel: nothing is kept free in it for what is more urgent
)

// Prefixes of the buckets that each channel has for itself; the channel's id follows.
const (
	ChannelPost = "channel "  // one message a second
	ChannelEdit = "edits in " // one edit every two seconds
)

// ErrBusy is why a call has to come again later: its turn would not come soon.
var ErrBusy = errors.New("too many calls to Slack at once")

// gate holds back calls so that Slack need not. What is urgent may use up what is left; the rest leaves a share of it
// free.
type gate struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	paused  map[string]time.Time // until when Slack asked to be left alone
}

func newGate(now func() time.Time) *gate {
	return &gate{now: now, buckets: map[string]*rate.Limiter{}, paused: map[string]time.Time{}}
}

func limiter(bucket string) *rate.Limiter {
	switch {
	case len(bucket) > len(ChannelPost) && bucket[:len(ChannelPost)] == ChannelPost:
		return rate.NewLimiter(0.9, postBurst)
	case len(bucket) > len(ChannelEdit) && bucket[:len(ChannelEdit)] == ChannelEdit:
		return rate.NewLimiter(0.5, 3) // people cannot read faster, and the latest state comes anyway
	}
	perMinute, ok := tiers[bucket]
	if !ok {
		perMinute = tier4
	}
	return rate.NewLimiter(rate.Limit(float64(perMinute)*0.95/60), max(1, perMinute*8/10))
}

// reserved is the share of a bucket that is kept for more urgent calls.
func reserved(u bot.Urgency) float64 {
	return map[bot.Urgency]float64{bot.Digest: 0.5, bot.Reminder: 0.4, bot.Card: 0.25, bot.Now: 0.1}[u]
}

// enter waits for a turn in each of the buckets, or says when to come again.
func (g *gate) enter(ctx context.Context, buckets ...string) error {
	for _, name := range buckets {
		wait, ok := g.reserve(ctx, name)
		if !ok {
			return &bot.RetryAfterError{After: wait, Err: ErrBusy}
		}
		if wait <= 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return nil
}

func (g *gate) reserve(ctx context.Context, name string) (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if until := g.paused[name]; until.After(now) {
		return until.Sub(now), false
	}
	delete(g.paused, name)
	l := g.buckets[name]
	if l == nil {
		if len(g.buckets) > 10_000 {
			clear(g.buckets) // of channels long gone; at worst Slack says to wait
		}
		l = limiter(name)
		g.buckets[name] = l
	}
	if l.Burst() > smallBucket && l.TokensAt(now) < reserved(bot.UrgencyOf(ctx))*float64(l.Burst()) {
		return 2 * time.Second, false
	}
	r := l.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > longestWait {
		r.CancelAt(now)
		return wait, false
	}
	return r.DelayFrom(now), true
}

// pause closes a bucket for as long as Slack asked.
func (g *gate) pause(name string, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.paused[name] = g.now().Add(d)
}
