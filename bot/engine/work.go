package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

const (
	pollEvery = time.Second
	jobTime   = 2 * time.Minute // an attempt is cut off after this
)

// work claims and runs jobs until ctx ends, then waits for those under way.
func (b *Bot) work(ctx context.Context) {
	jobCtx, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	w := &worker{bot: b, free: make(chan struct{}, b.workers)}
	beat := time.NewTicker(b.lease / 4)
	defer beat.Stop()
	poll := time.NewTimer(pollEvery)
	defer poll.Stop()
	for ctx.Err() == nil {
		again, wait := w.claim(ctx, jobCtx)
		if again {
			continue
		}
		for rest := cmp.Or(wait, pollEvery); rest > 0; rest = b.rest(ctx) {
			poll.Reset(rest)
			if !w.await(ctx, poll.C, beat.C, wait > 0) || wait > 0 {
				break
			}
		}
	}
	timer := time.AfterFunc(drainTime, cut)
	defer timer.Stop()
	w.running.Wait()
}

// await waits until there may be something to claim, and reports whether only time passed. Leases are extended
// meanwhile. When jobs are held back for people, whatever is new waits for its turn, too.
func (w *worker) await(ctx context.Context, poll, beat <-chan time.Time, heldBack bool) bool {
	wake, free := w.bot.store.Wake(), w.free
	if heldBack {
		wake, free = nil, nil
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-wake:
			return false
		case <-free:
			return false
		case <-poll:
			return true
		case <-beat:
			w.extend(ctx)
		}
	}
}

// rest is how long a worker that has found nothing to do may wait without looking: until the next job is due, at most
// b.poll. 0: not at all.
func (b *Bot) rest(ctx context.Context) time.Duration {
	if b.poll <= pollEvery {
		return 0
	}
	next, err := b.store.NextJob(ctx)
	switch {
	case err != nil:
		return 0
	case next.IsZero():
		return b.poll
	}
	return max(0, min(next.Sub(b.clock.Now()), b.poll))
}

// worker keeps track of the jobs that run here.
type worker struct {
	bot     *Bot
	running sync.WaitGroup
	free    chan struct{}
	mu      sync.Mutex
	ids     []int64
}

// claim starts as many due jobs as there is room for and pace allows. It reports whether to claim again at once, and
// otherwise how long to wait, whatever happens meanwhile.
func (w *worker) claim(ctx, jobCtx context.Context) (again bool, wait time.Duration) {
	b := w.bot
	w.mu.Lock()
	room := b.workers - len(w.ids)
	w.mu.Unlock()
	if room == 0 {
		return false, 0
	}
	granted, wait := b.pace.Take(time.Now(), room)
	if granted == 0 {
		return false, wait
	}
	jobs, err := b.store.ClaimJobs(ctx, b.claim(granted))
	b.pace.Claimed(granted, len(jobs), b.waited(jobs))
	if err != nil {
		if ctx.Err() == nil {
			b.log.Error("claim jobs", "error", err)
		}
		return false, 0
	}
	for _, job := range jobs {
		w.mu.Lock()
		w.ids = append(w.ids, job.ID)
		w.mu.Unlock()
		w.running.Go(func() { w.run(ctx, jobCtx, job) })
	}
	return len(jobs) == granted, 0
}

// run runs a job, and then others as long as ending one hands out the next.
func (w *worker) run(ctx, jobCtx context.Context, job bot.Job) {
	for next := []bot.Job{job}; len(next) > 0; {
		job = next[0]
		next = w.bot.runJob(jobCtx, job, func() bot.Claim {
			if ctx.Err() != nil {
				return bot.Claim{}
			}
			granted, _ := w.bot.pace.Take(time.Now(), 1)
			return w.bot.claim(granted)
		})
		w.mu.Lock()
		w.ids = slices.DeleteFunc(w.ids, func(id int64) bool { return id == job.ID })
		for _, j := range next {
			w.ids = append(w.ids, j.ID)
		}
		w.mu.Unlock()
	}
	select {
	case w.free <- struct{}{}:
	default:
	}
}

// waited is how long the first of jobs has been due.
func (b *Bot) waited(jobs []bot.Job) time.Duration {
	if len(jobs) == 0 {
		return 0
	}
	return b.clock.Now().Sub(jobs[0].At)
}

func (w *worker) extend(ctx context.Context) {
	w.mu.Lock()
	ids := slices.Clone(w.ids)
	w.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	if err := w.bot.store.ExtendJobs(ctx, w.bot.claim(0), ids); err != nil && ctx.Err() == nil {
		w.bot.log.Error("extend leases", "error", err)
	}
}

func (b *Bot) claim(limit int) bot.Claim {
	return bot.Claim{Owner: b.owner, Now: b.clock.Now(), Lease: b.lease, Limit: limit}
}

// runJob runs one attempt, records how it ended, and returns what it claimed by that. next is asked then whether to
// claim.
func (b *Bot) runJob(ctx context.Context, job bot.Job, next func() bot.Claim) []bot.Job {
	start := time.Now()
	attempt, cancel := context.WithTimeout(ctx, jobTime)
	err := b.attempt(attempt, job)
	cancel()
	o := outcome(job, err, b.clock.Now(), rand.Float64())
	result := "done"
	switch {
	case o.Dead:
		result = "dead"
		b.log.Error("job given up", "kind", job.Kind, "object", job.Object, "attempt", job.Attempt, "error", o.Err)
	// the platform wants to be left alone, or does not answer; its adapter says so once
	case !o.Done && o.Fresh && o.Err != "":
		result = "wait"
		b.log.Debug("job waits", "kind", job.Kind, "object", job.Object, "again", o.At, "why", o.Err)
	case !o.Done && o.Err != "":
		result = "retry"
		b.log.Warn(
			"job failed", "kind", job.Kind, "object", job.Object, "attempt", job.Attempt, "again", o.At, "error", o.Err,
		)
	case !o.Done:
		result = "snoozed"
	}
	b.metrics.Job(job.Kind, result, time.Since(start))
	// What was done is recorded even while the program stops, or it would be done again.
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	c := next()
	jobs, err := b.store.FinishJob(record, job, o, c)
	if c.Limit > 0 {
		b.pace.Claimed(c.Limit, len(jobs), b.waited(jobs))
	}
	if errors.Is(err, bot.ErrLeaseLost) {
		// This process was frozen, and what it has just shown may be older than what others showed since. One more run makes
		// it right.
		b.log.Warn("job passed to another runner", "kind", job.Kind, "object", job.Object)
		err = b.AddJobs(record, []bot.Job{{Kind: job.Kind, Object: job.Object, Arg: job.Arg, Lane: job.Lane}})
	}
	if err != nil {
		b.log.Error("finish job", "kind", job.Kind, "object", job.Object, "error", err)
	}
	return jobs
}

// AddJobs adds jobs that follow no change of state. A job that has to add others does that before it ends, so that they
// are added at least once.
func (b *Bot) AddJobs(ctx context.Context, jobs []bot.Job) error {
	now := b.clock.Now()
	for n := range jobs {
		if jobs[n].At.IsZero() {
			jobs[n].At = now
		}
	}
	return b.store.AddJobs(ctx, jobs)
}

func (b *Bot) attempt(ctx context.Context, job bot.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	h, ok := b.jobs[job.Kind]
	if !ok {
		return &bot.PermanentError{Err: fmt.Errorf("nothing here does %q", job.Kind)}
	}
	urgency, ok := b.urgency[job.Kind]
	if !ok {
		urgency = bot.Card
	}
	return h(bot.WithDelivery(ctx, bot.Delivery{Again: job.Attempt > 1 || job.Err != "", Urgency: urgency}), job)
}

// RunDue runs the jobs that are due, one after the other, until none is, and returns how many ran. It is for tests and
// programs that have no workers.
func (b *Bot) RunDue(ctx context.Context) (int, error) {
	for n := 0; ; n++ {
		jobs, err := b.store.ClaimJobs(ctx, b.claim(1))
		if err != nil || len(jobs) == 0 {
			return n, err
		}
		b.runJob(ctx, jobs[0], func() bot.Claim { return bot.Claim{} })
		if n > 100_000 {
			return n, errors.New("jobs never end")
		}
	}
}

// outcome decides what becomes of a job after an attempt.
func outcome(job bot.Job, err error, now time.Time, jitter float64) bot.Outcome {
	var sn *bot.Snoozed
	var retry *bot.RetryAfterError
	var permanent *bot.PermanentError
	switch {
	case err == nil:
		return bot.Outcome{Done: true}
	case errors.As(err, &sn):
		return bot.Outcome{At: sn.At, Fresh: true}
	case errors.As(err, &permanent):
		return bot.Outcome{Dead: true, Err: err.Error()}
	case errors.As(err, &retry):
		return bot.Outcome{At: now.Add(min(max(retry.After, time.Second), time.Hour)), Fresh: true, Err: err.Error()}
	case job.Attempt >= bot.MaxAttempts:
		return bot.Outcome{Dead: true, Err: err.Error()}
	}
	pause := bot.Backoff(job.Attempt)
	return bot.Outcome{At: now.Add(pause + time.Duration(jitter*0.2*float64(pause))), Err: err.Error()}
}
