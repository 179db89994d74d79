// Package engine is the runtime: it receives, authorizes, schedules and delivers. Its Bot holds what package bot
// describes together.
//
// An action comes in through Receive, the one door for every platform. Receive finds the person, drops repetitions,
// parses, checks the permission and calls the command's handler. The handler lets a thing decide and commits the new
// state together with its Effects: audit entry, jobs, answer. Workers run the jobs afterwards; these read the rows as
// they are by then and show them through Post and Show, each made once per key.
//
//	adapter ── Request ──> Receive ──> Handler ──> store: state + Effects, one transaction
//	adapter <── Reply ─────────┘                                │ jobs
//	adapter <── Post, Edit ───── Show, Post <── JobHandler <── worker
package engine

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

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/pace"
	"github.com/watchbell/watchbell/bot/token"
	"github.com/watchbell/watchbell/bot/value"
)

// Options are what a Bot is made of.
type Options struct {
	Store   bot.Store
	Clock   bot.Clock      // default SystemClock
	Log     *slog.Logger   // default: discard
	Metrics bot.Metrics    // default: none
	Grants  bot.Grants     // of configured roles: beside the built-in ones, or in place of those of the same name
	Zone    *time.Location // of people who have none of their own; default UTC
	Workers int            // jobs at a time, which mostly wait for a platform; default 8
	// MemberRoles are given to people whom a platform knows as members of the organisation and the configuration does not
	// name; default responder.
	MemberRoles []string
	Limits      Limits // of what one person may do in a minute; default: none
	// Poll is how long workers that have nothing to do wait for news of jobs that were added or become due. They are told,
	// so this is for news that got lost; default 1 s.
	Poll  time.Duration
	Lease time.Duration // after this long without a sign of life a job's runner counts as dead; default 30 s
	// Patience is how long Take lets a platform wait before it keeps the request in the inbox; default 2.4 s. Timer
	// measures it, by default with the machine's clock: it calls do after a while unless it is stopped before.
	Patience time.Duration
	Timer    func(after time.Duration, do func()) (stop func() bool)
	Waiting  int // requests in Take at once; more are told that the bot is busy; default 1,000
	Serving  int // of these, how many are carried out at once, first come, first served; default 256
	// Step is called at named points between an outside effect and its record, for tests that kill the process there.
	Step func(name string)
}

// Bot is the runtime. Use and Attach everything first, then Run; Receive may be called from any number of goroutines.
type Bot struct {
	store              bot.Store
	clock              bot.Clock
	log                *slog.Logger
	metrics            bot.Metrics
	configured, grants bot.Grants // of the configuration; of all roles
	zone               *time.Location
	workers            int
	lease              time.Duration
	poll               time.Duration
	ticked             lastSlots
	step               func(string)
	owner              string
	tree               ask.Tree
	binder             ask.Binder
	jobs               map[string]bot.JobHandler
	urgency            map[string]bot.Urgency
	dues               []func(context.Context) ([]bot.Due, error)
	happened           []func(context.Context, value.Span) ([]bot.Happening, error)
	previews           map[string]preview // by the prefix of ids
	rings              map[string]rings   // the same
	bell               bot.Bell           // nil: nobody is reached beyond chat
	crews              []crew
	owns               []own
	estates            []*bot.Estate
	chapters           []func(ctx context.Context, period value.Span) ([]bot.Chapter, error)
	alarms             []string // jobs that follow a grave incident
	rooms              []func(context.Context, string) ([]bot.Conversation, error)
	views              []bot.View
	schedules          []bot.Schedule
	platforms          []bot.Platform

	memberRoles []string

	secret func(context.Context) ([]byte, error)
	sealer func(context.Context) (*token.Sealer, error)
	known  knownTokens
	pace   *pace.Pace
	kept   kept
	door   *door

	limits  *limiter
	denials denials
}

// New makes a Bot without commands and platforms.
func New(o Options) *Bot {
	b := &Bot{
		store: o.Store, clock: o.Clock, log: o.Log, metrics: o.Metrics, configured: o.Grants, grants: bot.NewGrants(o.Grants),
		zone:    o.Zone,
		workers: o.Workers, lease: o.Lease, step: o.Step, jobs: map[string]bot.JobHandler{}, previews: map[string]preview{},
		rings: map[string]rings{}, urgency: map[string]bot.Urgency{}, memberRoles: o.MemberRoles,
	}
	if b.clock == nil {
		b.clock = bot.SystemClock{}
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
	b.pace = pace.New(time.Now())
	b.sealer = onceOK(func(ctx context.Context) (*token.Sealer, error) {
		secret, err := b.secret(ctx)
		return token.New(secret), err
	})
	b.binder = ask.Binder{Tree: &b.tree, Store: b.store, Zone: b.zone}
	b.door = newDoor(o)
	b.limits = newLimiter(o.Limits)
	b.jobs[cleanUp] = b.cleanUp
	b.jobs[bot.CheckpointJob] = b.checkpoint
	b.jobs[bot.RebuildDuesJob] = b.rebuildDues
	b.schedules = []bot.Schedule{
		{Name: cleanUp, Cron: "17 3 * * *", Zone: time.UTC, Kind: cleanUp},
		{Name: bot.RebuildDuesJob, Cron: "47 3 * * *", Zone: time.UTC, Kind: bot.RebuildDuesJob},
		{Name: bot.CheckpointJob, Cron: "31 * * * *", Zone: time.UTC, Kind: bot.CheckpointJob, Idle: b.noCheckpoint},
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
func (b *Bot) Use(c bot.Capability) {
	if !b.tree.Has(c.Noun.Name) {
		c.Commands = append(c.Commands, b.tree.HelpCommand(c.Noun))
	}
	b.tree.Add(c.Noun, c.Commands)
	b.grants.Add(c.Grants, b.configured)
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
	if c.Chapters != nil {
		b.chapters = append(b.chapters, c.Chapters)
	}
	if c.Estate != nil {
		b.estates = append(b.estates, c.Estate)
	}
	if c.Alarm != "" {
		b.alarms = append(b.alarms, c.Alarm)
	}
	if c.Preview != nil {
		b.previews[c.Prefix] = preview{c.Noun.Name + ".show", c.Preview}
	}
	if c.Rings != nil {
		b.rings[c.Prefix] = c.Rings
	}
	b.addBell(c.Bell)
	if c.Crew != nil {
		b.crews = append(b.crews, c.Crew)
	}
	if c.Mine != nil {
		b.owns = append(b.owns, c.Mine)
	}
	if c.Rooms != nil {
		b.rooms = append(b.rooms, c.Rooms)
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
func (b *Bot) Attach(p bot.Platform) { b.platforms = append(b.platforms, p) }

// Tree is the command tree, for platforms that show commands by themselves.
func (b *Bot) Tree() *ask.Tree { return &b.tree }

func (b *Bot) location(p bot.Person) *time.Location { return p.LocationOr(b.zone) }

// Complete suggests how typed text could go on, best first, at most ten.
func (b *Bot) Complete(ctx context.Context, text string) []ask.Suggestion {
	return b.binder.Complete(ctx, text)
}

// How long a stopping bot waits for jobs that are under way.
const drainTime = 10 * time.Second

// Run runs the platforms, the workers and the schedules until ctx ends, then lets running jobs finish. It returns the
// error of the first platform that cannot go on.
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

// Action keys are kept this long, with the answers to repeated deliveries. The longest retry of a platform is an hour;
// keys that programs choose are good for this long.
const answerLife = 7 * 24 * time.Hour

func (b *Bot) cleanUp(ctx context.Context, _ bot.Job) error {
	now := b.clock.Now()
	return b.store.Forget(ctx, now, now.Add(-answerLife))
}

type noMetrics struct{}

func (noMetrics) Request(string, bot.Status, time.Duration) {}
func (noMetrics) Job(string, string, time.Duration)         {}
func (noMetrics) DeliveryFailed(string, string)             {}
