package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/watchbell/watchbell/bot"
)

// How much a process takes on, and how long platforms are kept waiting, unless Options say otherwise. Slack and Discord
// wait three seconds.
const (
	defaultPatience = 2400 * time.Millisecond
	defaultWaiting  = 1000
	defaultServing  = 256
	keptTries       = 10               // of a request that fails for reasons of ours, once in a lease
	keptEvery       = 15 * time.Second // how often what others left behind is looked for
	keptLimit       = 16               // how many are taken over at a time
)

const busyText = "Watchbell is busy: too many requests wait already. Nothing was recorded. Please repeat in a moment."

// door is what Take needs to know.
type door struct {
	patience time.Duration
	timer    func(time.Duration, func()) (stop func() bool)
	waiting  int                 // at most
	slots    chan struct{}       // one for each that waits or is carried out
	serving  *semaphore.Weighted // first come, first served

	refused  atomic.Int64 // since the log said so
	saidBusy atomic.Int64 // when, in seconds

	mu   sync.Mutex
	held map[string]time.Time // kept here and not done; until when they are certainly ours
}

func newDoor(o Options) *door {
	d := &door{
		patience: cmp.Or(o.Patience, defaultPatience), timer: o.Timer, waiting: cmp.Or(o.Waiting, defaultWaiting),
		held: map[string]time.Time{},
	}
	d.slots = make(chan struct{}, d.waiting)
	d.serving = semaphore.NewWeighted(int64(min(cmp.Or(o.Serving, defaultServing), d.waiting)))
	if d.timer == nil {
		d.timer = func(after time.Duration, do func()) func() bool { return time.AfterFunc(after, do).Stop }
	}
	return d
}

// sayBusy reports, once a second, that the log should tell of those who were refused.
func (d *door) sayBusy() bool {
	now, said := time.Now().Unix(), d.saidBusy.Load()
	return now != said && d.saidBusy.CompareAndSwap(said, now)
}

// Take carries out what came to the named platform, in the calling goroutine, and sees to it that in is answered: in
// time, or after it was kept in the inbox. It returns when that is done. More than Options.Waiting at once are refused,
// with nothing recorded.
func (b *Bot) Take(ctx context.Context, platform string, in bot.Incoming) {
	select {
	case b.door.slots <- struct{}{}:
	default:
		if b.door.refused.Add(1); b.door.sayBusy() {
			b.log.Warn(
				"requests are refused: too many wait", "platform", platform, "waiting", b.door.waiting, "refused",
				b.door.refused.Swap(0),
			)
		}
		in.Answer(ctx, b.explain(bot.Errorf(bot.Unavailable, busyText), nil))
		return
	}
	defer func() { <-b.door.slots }()
	b.pace.Begin(time.Now())
	defer func() { b.pace.End(time.Now()) }()
	t := &taking{bot: b, ctx: ctx, in: in, platform: platform}
	stop := b.door.timer(b.door.patience, t.hold)
	_ = b.door.serving.Acquire(context.WithoutCancel(ctx), 1) // never fails without an end of its context
	r := b.carry(ctx, in)
	b.door.serving.Release(1)
	stop()
	if t.done() {
		in.Answer(ctx, r)
		return
	}
	t.late(r)
}

// carry runs in.Do. A fault of its adapter is like one of ours.
func (b *Bot) carry(ctx context.Context, in bot.Incoming) (r bot.Reply) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("panic in an adapter", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			r = b.explain(fmt.Errorf("panic: %v", p), nil)
		}
	}()
	return in.Do(ctx)
}

// bring runs in.Late. An answer that meets a fault is lost; what it tells of is not.
func (b *Bot) bring(ctx context.Context, in bot.Incoming, r bot.Reply) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("panic in an adapter", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	in.Late(ctx, r)
}

// taking is one call of Take.
type taking struct {
	bot      *Bot
	ctx      context.Context // of the caller, for the timer's goroutine
	in       bot.Incoming
	platform string

	mu    sync.Mutex
	over  bool // Do returned in time
	put   bool // Hold was called
	key   string
	kept  bool
	twice bool // its twin, another delivery of the same, was kept before
}

// done ends the wait. It reports whether the answer is in time; if it is not, Hold has been called when done returns.
func (t *taking) done() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = !t.put
	return t.over
}

// hold keeps the request and lets the platform go. The connection it uses is not that of the commits, which may be what
// holds up.
func (t *taking) hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.put = true
	if t.key = t.in.Key(); t.key == "" {
		t.key = "once/" + rand.Text()
	}
	start := time.Now()
	added, err := t.bot.store.Keep(context.WithoutCancel(t.ctx), t.bot.claim(1), bot.Kept{
		Key: t.key, Platform: t.platform, Back: t.in.Back(),
	})
	t.kept, t.twice = err == nil, err == nil && !added
	if err != nil {
		t.bot.log.Error("a request that takes long could not be kept", "platform", t.platform, "error", err)
	}
	if added {
		t.bot.door.hold(t.key, start.Add(t.bot.lease))
	}
	t.in.Hold(t.ctx, t.kept)
}

// late brings an answer after Hold. What failed for reasons of ours stays in the inbox and is tried again.
func (t *taking) late(r bot.Reply) {
	b, ctx := t.bot, context.WithoutCancel(t.ctx)
	switch {
	case t.twice:
	case !t.kept:
		if r.Status != bot.Unready { // they were told that it was not recorded, and it was
			b.bring(ctx, t.in, r)
		}
		if _, until := b.door.holding(t.key); until.IsZero() { // or a second delivery of it was kept
			b.drop(ctx, t.key) // it may have been stored after we gave up waiting for that
		}
	case r.Status == bot.Unready:
		b.door.letGo(t.key)
	case b.holds(ctx, t.key):
		b.bring(ctx, t.in, r)
		b.drop(ctx, t.key)
	default: // this process was frozen, and another one answers
		b.door.letGo(t.key)
	}
}

func (d *door) hold(key string, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[key] = until
}

func (d *door) letGo(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, key)
}

// holding lists what is kept and not done here, and until when one is certainly ours.
func (d *door) holding(key string) (keys []string, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k := range d.held {
		keys = append(keys, k)
	}
	return keys, d.held[key]
}

// holds reports whether a kept request is still this process's to answer.
func (b *Bot) holds(ctx context.Context, key string) bool {
	if _, until := b.door.holding(key); time.Until(until) > b.lease/3 {
		return true
	}
	mine, err := b.store.ExtendKept(ctx, b.claim(1), []string{key})
	if err != nil {
		b.log.Error("is a kept request still ours", "key", key, "error", err)
	}
	return len(mine) > 0
}

func (b *Bot) drop(ctx context.Context, key string) {
	b.door.letGo(key)
	if err := b.store.DropKept(ctx, b.owner, key); err != nil {
		b.log.Error("a kept request that is done stays in the inbox", "key", key, "error", err)
	}
}

// resume goes on with what processes left behind that live no more, until ctx ends.
func (b *Bot) resume(ctx context.Context) {
	tick := time.NewTicker(min(keptEvery, b.lease/2))
	defer tick.Stop()
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		b.extendKept(ctx)
		if _, err := b.claimKept(ctx, running.Go); err != nil && ctx.Err() == nil {
			b.log.Error("look into the inbox", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// extendKept gives a sign of life for what is kept and still under way here.
func (b *Bot) extendKept(ctx context.Context) {
	keys, _ := b.door.holding("")
	if len(keys) == 0 {
		return
	}
	until := time.Now().Add(b.lease)
	mine, err := b.store.ExtendKept(ctx, b.claim(0), keys)
	if err != nil {
		b.log.Error("extend leases of the inbox", "error", err)
		return
	}
	b.door.mu.Lock()
	defer b.door.mu.Unlock()
	for _, key := range mine {
		if _, ok := b.door.held[key]; ok {
			b.door.held[key] = until
		}
	}
}

// ResumeKept goes on with what processes left behind that live no more, one after the other, and returns how many there
// were. Run does so on its own; this is for tests.
func (b *Bot) ResumeKept(ctx context.Context) (int, error) {
	return b.claimKept(ctx, func(do func()) { do() })
}

func (b *Bot) claimKept(ctx context.Context, start func(func())) (int, error) {
	if !b.resumes() {
		return 0, nil
	}
	until := time.Now().Add(b.lease)
	list, err := b.store.ClaimKept(ctx, b.claim(keptLimit))
	for _, k := range list {
		b.door.hold(k.Key, until)
		start(func() { b.resumeOne(context.WithoutCancel(ctx), k) })
	}
	return len(list), err
}

func (b *Bot) resumes() bool {
	for _, p := range b.platforms {
		if _, can := p.(bot.Resumer); can {
			return true
		}
	}
	return false
}

// resumeOne carries out a kept request. Its action key sees to it that this has one effect, whatever the process before
// it got done.
func (b *Bot) resumeOne(ctx context.Context, k bot.Kept) {
	defer b.door.letGo(k.Key)
	in, err := b.incoming(k)
	if err != nil {
		b.log.Error("a kept request cannot be carried out", "key", k.Key, "attempt", k.Attempt, "error", err)
		if k.Attempt >= keptTries {
			b.drop(ctx, k.Key)
		}
		return
	}
	r := b.carry(ctx, in)
	if r.Status == bot.Unready && k.Attempt < keptTries || !b.holds(ctx, k.Key) {
		return
	}
	b.bring(ctx, in, r)
	b.drop(ctx, k.Key)
}

func (b *Bot) incoming(k bot.Kept) (bot.Incoming, error) {
	p, err := b.platform(k.Platform)
	if err != nil {
		return nil, err
	}
	r, can := p.(bot.Resumer)
	if !can {
		return nil, fmt.Errorf("%s goes on with nothing", k.Platform)
	}
	return r.Resume(k.Back)
}
