// Package bot is the chat-neutral core of Watchbell: what a message, person, request, command, job, schedule and audit entry
// is, and the runtime that receives, authorizes, schedules and delivers. It imports nothing else of ours but its value grammar.
//
// An action comes in through Receive, the one door for every platform. Receive finds the person, drops repetitions, parses,
// checks the permission and calls the command's handler. The handler lets a thing decide and commits the new state
// together with its Effects: audit entry, jobs, answer. Workers run the jobs afterwards; these read the rows as they are by then and
// show them through Post and Show, each made once per key.
//
//	adapter ── Request ──> Receive ──> Handler ──> store: state + Effects, one transaction
//	adapter <── Reply ─────────┘                                │ jobs
//	adapter <── Post, Edit ───── Show, Post <── JobHandler <── worker
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Options are what a Bot is made of.
type Options struct {
	Store   Store
	Clock   Clock          // default SystemClock
	Log     *slog.Logger   // default: discard
	Metrics Metrics        // default: none
	Grants  Grants         // of configured roles: beside the built-in ones, or in place of those of the same name
	Zone    *time.Location // of people who have none of their own; default UTC
	Workers int            // jobs at a time, which mostly wait for a platform; default 8
	// MemberRoles are given to people whom a platform knows as members of the organisation and the configuration does not name; default responder.
	MemberRoles []string
	Limits      Limits // of what one person may do in a minute; default: none
	// Poll is how long workers that have nothing to do wait for news of jobs that were added or become due. They are told, so this is for news that
	// got lost; default 1 s.
	Poll  time.Duration
	Lease time.Duration // after this long without a sign of life a job's runner counts as dead; default 30 s
	// Patience is how long Take lets a platform wait before it keeps the request in the inbox; default 2.4 s. Timer measures it, by default
	// with the machine's clock: it calls do after a while unless it is stopped before.
	Patience time.Duration
	Timer    func(after time.Duration, do func()) (stop func() bool)
	Waiting  int // requests in Take at once; more are told that the bot is busy; default 1,000
	Serving  int // of these, how many are carried out at once, first come, first served; default 256
	// Step is called at named points between an outside effect and its record, for tests that kill the process there.
	Step func(name string)
}

// Capability is one noun: its commands and what happens after them.
type Capability struct {
	Noun      Noun
	Commands  []Command
	Grants    Grants // what it lets the built-in roles do; member includes guest, and all but guest and auditor include member
	Jobs      map[string]JobHandler
	Schedules []Schedule
	Urgency   map[string]Urgency // of its jobs; default Card
	// Dues are all that are open of its things, as Effects save them one by one. Optional.
	Dues func(ctx context.Context) ([]Due, error)
	// Happened is what came to pass in a period and reports tell of. Optional.
	Happened func(ctx context.Context, period value.Span) ([]Happening, error)
	// Preview is how one thing looks below a link to it, by its id, which begins with Prefix. ErrNoSuch: there is none. Optional.
	Preview func(ctx context.Context, id string) (Message, error)
	Prefix  string // like INC
	Pages   []View
}

// Bot is the runtime. Use and Attach everything first, then Run; Receive may be called from any number of goroutines.
type Bot struct {
	store              Store
	clock              Clock
	log                *slog.Logger
	metrics            Metrics
	configured, grants Grants // of the configuration; of all roles
	zone               *time.Location
	workers            int
	lease              time.Duration
	poll               time.Duration
	ticked             lastSlots
	step               func(string)
	owner              string
	tree               Tree
	binder             Binder
	jobs               map[string]JobHandler
	urgency            map[string]Urgency
	dues               []func(context.Context) ([]Due, error)
	happened           []func(context.Context, value.Span) ([]Happening, error)
	previews           map[string]preview // by the prefix of ids
	views              []View
	schedules          []Schedule
	platforms          []Platform

	memberRoles []string

	secret func(context.Context) ([]byte, error)
	sealer func(context.Context) (*sealer, error)
	known  knownTokens
	pace   *pace
	kept   kept
	door   *door

	limits  *limiter
	denials denials
}

// New makes a Bot without commands and platforms.
func New(o Options) *Bot {
	b := &Bot{
		store: o.Store, clock: o.Clock, log: o.Log, metrics: o.Metrics, configured: o.Grants, grants: newGrants(o.Grants), zone: o.Zone,
		workers: o.Workers, lease: o.Lease, step: o.Step, jobs: map[string]JobHandler{}, previews: map[string]preview{}, urgency: map[string]Urgency{}, memberRoles: o.MemberRoles,
	}
	if b.clock == nil {
		b.clock = SystemClock{}
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.metrics == nil {
		b.metrics = noMetrics{}
	}
	if b.memberRoles == nil {
		b.memberRoles = []string{"responder"}
	}
	if b.zone == nil {
		b.zone = time.UTC
	}
	if b.workers == 0 {
		b.workers = 8
	}
	if b.lease == 0 {
		b.lease = 30 * time.Second
	}
	if b.poll = o.Poll; b.poll == 0 {
		b.poll = pollEvery
	}
	if b.step == nil {
		b.step = func(string) {}
	}
	host, _ := os.Hostname()
	b.owner = fmt.Sprintf("%s/%d/%x", host, os.Getpid(), rand.Uint32())
	b.secret = onceOK(o.Store.Secret)
	b.pace = newPace(time.Now())
	b.sealer = onceOK(func(ctx context.Context) (*sealer, error) {
		secret, err := b.secret(ctx)
		return newSealer(secret), err
	})
	b.binder = Binder{Tree: &b.tree, Store: b.store, Zone: b.zone}
	b.door = newDoor(o)
	b.limits = newLimiter(o.Limits)
	b.jobs[cleanUp] = b.cleanUp
	b.jobs[CheckpointJob] = b.checkpoint
	b.jobs[RebuildDuesJob] = b.rebuildDues
	b.schedules = []Schedule{
		{Name: cleanUp, Cron: "17 3 * * *", Zone: time.UTC, Kind: cleanUp},
		{Name: RebuildDuesJob, Cron: "47 3 * * *", Zone: time.UTC, Kind: RebuildDuesJob},
		{Name: CheckpointJob, Cron: "31 * * * *", Zone: time.UTC, Kind: CheckpointJob, Idle: b.noCheckpoint},
	}
	return b
}

// onceOK remembers the first success of f.
func onceOK[T any](f func(context.Context) (T, error)) func(context.Context) (T, error) {
	var mu sync.Mutex
	var ok bool
	var v T
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if ok {
			return v, nil
		}
		got, err := f(ctx)
		if err == nil {
			ok, v = true, got
		}
		return got, err
	}
}

// Use adds a capability. It panics on a command that breaks the rules of the tree.
func (b *Bot) Use(c Capability) {
	b.tree.add(c.Noun, append(c.Commands, b.tree.helpCommand(c.Noun)))
	b.grants.add(c.Grants, b.configured)
	for kind, h := range c.Jobs {
		b.jobs[kind] = h
	}
	maps.Copy(b.urgency, c.Urgency)
	if c.Dues != nil {
		b.dues = append(b.dues, c.Dues)
	}
	if c.Happened != nil {
		b.happened = append(b.happened, c.Happened)
	}
	if c.Preview != nil {
		b.previews[c.Prefix] = preview{c.Noun.Name + ".show", c.Preview}
	}
	b.addViews(c.Pages)
	for _, s := range c.Schedules {
		if _, ok := b.jobs[s.Kind]; !ok {
			panic(fmt.Sprintf("schedule %q: no job %q", s.Name, s.Kind))
		}
	}
	b.schedules = append(b.schedules, c.Schedules...)
}

// Attach adds a platform.
func (b *Bot) Attach(p Platform) { b.platforms = append(b.platforms, p) }

// Tree is the command tree, for platforms that show commands by themselves.
func (b *Bot) Tree() *Tree { return &b.tree }

func (b *Bot) location(p Person) *time.Location { return p.LocationOr(b.zone) }

// Complete suggests how typed text could go on, best first, at most ten.
func (b *Bot) Complete(ctx context.Context, text string) []Suggestion { return b.binder.Complete(ctx, text) }

// How long a stopping bot waits for jobs that are under way.
const drainTime = 10 * time.Second

// Run runs the platforms, the workers and the schedules until ctx ends, then lets running jobs finish. It returns the error of the
// first platform that cannot go on.
func (b *Bot) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make(chan error, len(b.platforms))
	var running sync.WaitGroup
	for _, p := range b.platforms {
		running.Go(func() {
			if err := p.Run(ctx, b.Receive); err != nil && !errors.Is(err, context.Canceled) {
				errs <- fmt.Errorf("%s: %w", p.Name(), err)
				stop()
			}
		})
	}
	running.Go(func() { b.work(ctx) })
	running.Go(func() { b.tick(ctx) })
	if b.resumes() {
		running.Go(func() { b.resume(ctx) })
	}
	running.Wait()
	b.recordDenials(ctx, true)
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

const cleanUp = "bot.clean-up"

// Action keys are kept this long, with the answers to repeated deliveries. The longest retry of a platform is an hour; keys that programs choose
// are good for this long.
const answerLife = 7 * 24 * time.Hour

func (b *Bot) cleanUp(ctx context.Context, _ Job) error {
	now := b.clock.Now()
	return b.store.Forget(ctx, now, now.Add(-answerLife))
}
