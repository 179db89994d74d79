// Package commit is the one way by which state is saved. Callers decide in memory, on what they have read, and hand
// what they decided to the Committer of their process; whoever is ready while a commit is under way forms the next
// group. A group is one statement and one commit on PostgreSQL, one transaction with kept statements on SQLite.
//
//	Do ──> waiting ──gather──> group ──seal──> numbers, hashes ──save──> one commit ──> all are told
//	                             ^                               │
//	                             └── without those that failed, or on the head that another process left
//
// What holds, whatever is killed, cut off or restarted:
//
//   - All or nothing. The statement writes nothing unless the head is the one that the group was sealed on, every
//     replaced row has the version that was read, every guard that was relied on has not moved, and no action key is
//     known. Otherwise it says which members failed; these get ErrMoved or bot.ErrRepeated, and the others are sealed
//     again. A guard that a member of the group moves has moved for those after it, which is seen when the group is
//     sealed.
//   - Total order. Each commit that saves anything moves the mark in the head's row and compares it with the one
//     before, so commits are one after the other over all processes, and what one statement sees of versions and guards
//     is what the commit before it left: whoever found the head unmoved has also seen everything else. Entries, numbers
//     and the ids of jobs are in that order, without gaps.
//   - No lock outlives its statement and commit. Only while another process commits too is the head locked first (see
//     contended), because comparing alone would fail nearly every time; the group then gathers while the lock is
//     awaited.
//   - Nobody harms others. A member whose rows the database refuses is found by halving the group.
//   - An answer that was lost is looked up: after a broken connection the log tells whether the group is in it.
//
// Handlers may be asked to decide more than once, with other numbers; nothing but the last result counts.
package commit

import (
	"context"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// Options are what a Committer is made of.
type Options struct {
	DB       *gorm.DB // writes: on SQLite the one connection that does
	Postgres Connect  // opens the connection that groups are written by; nil on SQLite
	// Before is asked before each commit whether writing is allowed. Optional.
	Before func() error
	// Watch is told that a commit is under way; end has to be called with how it ended. Optional.
	Watch func() (end func(error))
	// After is told how each commit ended. It must not wait for a commit. Optional.
	After func(Outcome)
	// Step is called at named points around a commit, for tests that kill the process there.
	Step func(name string)
}

// Outcome is how a commit ended.
type Outcome struct {
	Err    error    // of the database; what members were refused for is none
	Jobs   bool     // jobs were added
	Bumped []string // guards that were counted up
	Seq    int64    // of the last entry of the log before and with it
	Was    int64
}

// Committer saves changes in groups. It is safe for concurrent use.
type Committer struct {
	o     Options
	db    backend
	ended chan struct{}
	ready chan struct{}

	mu      sync.Mutex
	waiting []*member
	closed  bool

	// Of the goroutine that commits:
	known     bool // head is what the database has, as far as we know
	head      head
	contended int // for so many more groups the head is locked before they are gathered
}

// backend is what differs between the databases.
type backend interface {
	// read is the head as it is.
	read(ctx context.Context) (head, error)
	// lock takes the head for the next save, which gives it up. On SQLite nothing has to be locked.
	lock(ctx context.Context) (head, error)
	unlock()
	// save writes a group. direct are functions that take part on SQLite.
	save(ctx context.Context, s *sealed, direct []*member) (verdict, error)
	// saveIn writes what one member decided in its own transaction, in which the head is locked.
	saveIn(tx *gorm.DB, s *sealed) (verdict, error)
	// ofAMember says that an error is about rows of some member, and again that the same may well succeed at once.
	ofAMember(err error) bool
	again(err error) bool
	translate(err error) error // into GORM's
	close()
}

// verdict is what became of a group: saved, or why not.
type verdict struct {
	moved    bool // another process was first
	failed   []int64
	repeated []int64
}

func (v verdict) saved() bool { return !v.moved && len(v.failed) == 0 && len(v.repeated) == 0 }

// member is one caller that waits.
type member struct {
	ctx     context.Context
	counter string
	decide  func(number int64) (*Changes, error)
	alone   func(tx *gorm.DB, number int64) (*Changes, error)
	direct  func(tx *gorm.DB) error
	err     error
	done    chan struct{}
}

const (
	groupMax  = 256
	lockFor   = 32              // groups that lock first after another process was seen
	patience  = 5 * time.Second // for one group
	tries     = 50              // that another process may be first
	closeWait = 10 * time.Second
)

var errClosed = errors.New("the database is closed")

// New starts a Committer. Close it.
func New(o Options) *Committer {
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.Before == nil {
		o.Before = func() error { return nil }
	}
	if o.Watch == nil {
		o.Watch = func() func(error) { return func(error) {} }
	}
	if o.After == nil {
		o.After = func(Outcome) {}
	}
	c := &Committer{o: o, ended: make(chan struct{}), ready: make(chan struct{}, 1)}
	if o.Postgres != nil {
		c.db = &postgres{db: o.DB, connect: o.Postgres, step: o.Step}
	} else {
		c.db = &sqlite{db: o.DB, step: o.Step}
	}
	go c.run()
	return c
}

// Close lets those who wait be committed and ends. What comes later is refused. It may be called twice.
func (c *Committer) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.ready)
	}
	c.mu.Unlock()
	<-c.ended
	return nil
}

// Do saves changes. ErrMoved: something that they relied on is no longer so. bot.ErrRepeated: their action key is
// known. When ctx ends before a commit has begun, nothing is saved.
func (c *Committer) Do(ctx context.Context, changes *Changes) error {
	if err := changes.encode(); err != nil {
		return err
	}
	return c.wait(&member{ctx: ctx, decide: func(int64) (*Changes, error) { return changes, nil }})
}

// Number is Do for something that gets the next number of a counter, which begins with 1. decide may be called several
// times and has to be quick and pure.
func (c *Committer) Number(ctx context.Context, counter string, decide func(number int64) (*Changes, error)) error {
	return c.wait(&member{ctx: ctx, counter: counter, decide: decide})
}

// Alone is for what has to read while nothing else can change, which is seldom: everybody else waits for decide and its
// commit. What decide writes through tx is part of it. counter may be "".
func (c *Committer) Alone(
	ctx context.Context, counter string, decide func(tx *gorm.DB, number int64) (*Changes, error),
) error {
	return c.wait(&member{ctx: ctx, counter: counter, alone: decide})
}

// Direct runs f in a transaction that saves nothing the log tells of: jobs' own notes. On SQLite it takes part in the
// next group, and so costs no commit of its own; f may then be called again. On PostgreSQL it does not wait for
// anybody.
func (c *Committer) Direct(ctx context.Context, f func(tx *gorm.DB) error) error {
	if c.o.Postgres != nil {
		return c.o.DB.WithContext(ctx).Transaction(f)
	}
	return c.wait(&member{ctx: ctx, direct: f})
}

func (c *Committer) wait(m *member) error {
	m.done = make(chan struct{})
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errClosed
	}
	c.waiting = append(c.waiting, m)
	select {
	case c.ready <- struct{}{}:
	default:
	}
	c.mu.Unlock()
	select {
	case <-m.done:
		return m.err
	case <-m.ctx.Done():
	}
	if c.withdraw(m) {
		return m.ctx.Err()
	}
	<-m.done // its commit has begun
	return m.err
}

// withdraw takes a member out that waits still.
func (c *Committer) withdraw(m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.waiting {
		if w == m {
			c.waiting = append(c.waiting[:i:i], c.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (c *Committer) run() {
	defer close(c.ended)
	defer c.db.close()
	for range c.ready {
		for c.next() {
		}
	}
	for c.next() {
	}
}

// next commits one group. It reports whether there was one.
func (c *Committer) next() bool {
	c.mu.Lock()
	first := len(c.waiting) > 0
	alone := first && c.waiting[0].alone != nil
	c.mu.Unlock()
	if !first {
		return false
	}
	if c.contended > 0 && !alone {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		c.lock(ctx)
		cancel()
	}
	group := c.gather()
	if len(group) == 0 {
		c.db.unlock()
		return true
	}
	if group[0].alone != nil {
		c.db.unlock()
		c.commitAlone(group[0])
	} else {
		c.commit(group)
	}
	for _, m := range group {
		close(m.done)
	}
	return true
}

// gather takes those who wait, up to the first that has to be alone.
func (c *Committer) gather() []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.waiting) && n < groupMax && c.waiting[n].alone == nil {
		n++
	}
	n = min(max(n, 1), len(c.waiting))
	group := c.waiting[:n:n]
	if c.waiting = c.waiting[n:]; len(c.waiting) == 0 {
		c.waiting = nil
	}
	return group
}

// lock takes the head before a group is gathered: whoever comes while it is awaited joins the group.
func (c *Committer) lock(ctx context.Context) {
	now, err := c.db.lock(ctx)
	if err != nil {
		c.known = false
		return
	}
	if c.contended--; !c.known || now.mark != c.head.mark {
		c.contended = lockFor
	}
	c.head, c.known = now, true
}

// commit saves a group, again without those that failed, and on the head that another process left.
func (c *Committer) commit(group []*member) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for try := 0; ; try++ {
		s, v, err := c.once(ctx, group)
		c.o.After(outcome(s, err == nil && v.saved(), err))
		switch {
		case err == nil && v.saved():
			return
		case err == nil && v.moved:
			c.known, c.contended = false, lockFor
			if try >= tries {
				fail(group, errors.New("other processes were always first"))
				return
			}
			c.lock(ctx)
		case err == nil:
			blame(group, v)
		case errors.Is(err, errUnsure):
			c.known = false
			if ctx.Err() != nil || try >= tries {
				fail(group, err)
				return
			}
			if saved, lookErr := c.savedAfterAll(ctx, s); saved || lookErr != nil {
				if lookErr != nil {
					fail(group, errors.Join(err, lookErr))
				}
				return
			}
		case c.db.again(err) && try < tries:
			c.known = false
		case c.db.ofAMember(err):
			c.known = false
			c.halve(group, err)
			return
		default: // the database does not do its work just now
			c.known = false
			fail(group, c.db.translate(err))
			return
		}
	}
}

// once seals a group and saves it.
func (c *Committer) once(ctx context.Context, group []*member) (*sealed, verdict, error) {
	if err := c.o.Before(); err != nil {
		c.db.unlock()
		fail(group, err)
		return nil, verdict{}, nil
	}
	if !c.known {
		var err error
		if c.head, err = c.db.read(ctx); err != nil {
			c.o.Watch()(err)
			fail(group, err)
			return nil, verdict{}, nil
		}
		c.known = true
	}
	s := seal(c.head, group)
	var direct []*member
	for _, m := range group {
		if m.direct != nil && m.err == nil {
			direct = append(direct, m)
		}
	}
	if s.empty() && len(direct) == 0 {
		c.db.unlock()
		return s, verdict{}, nil
	}
	end := c.o.Watch()
	v, err := c.db.save(ctx, s, direct)
	end(err)
	if err == nil && v.saved() && !s.empty() {
		c.head = s.now
	}
	return s, v, err
}

// halve finds the member whose rows the database refused.
func (c *Committer) halve(group []*member, err error) {
	var live []*member
	for _, m := range group {
		if m.err == nil {
			live = append(live, m)
		}
	}
	if len(live) == 1 {
		live[0].err = c.db.translate(err)
		return
	}
	for _, half := range [][]*member{live[:len(live)/2], live[len(live)/2:]} {
		if len(half) > 0 {
			c.commit(half)
		}
	}
}

// errUnsure says that the connection broke while a group was written: it may be in the database.
var errUnsure = errors.New("the connection to the database broke")

// savedAfterAll looks whether a group whose answer was lost is in the database.
func (c *Committer) savedAfterAll(ctx context.Context, s *sealed) (bool, error) {
	now, err := c.db.read(ctx)
	if err != nil {
		return false, err
	}
	if now.mark == s.now.mark {
		c.head, c.known = now, true
		return true, nil
	}
	if s.entries == 0 { // jobs only: to add them again adds nothing
		return false, nil
	}
	var there int64
	err = c.o.DB.WithContext(ctx).Raw("SELECT count(*) FROM audit WHERE seq = ? AND hash = ?", s.now.seq, s.now.hash).Scan(
		&there,
	).Error
	return there > 0, err
}

// commitAlone runs a member in a transaction of its own that has the head from the beginning.
func (c *Committer) commitAlone(m *member) {
	if m.err = c.o.Before(); m.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, patience*2)
	defer cancel()
	c.known = false
	var s *sealed
	end := c.o.Watch()
	m.err = c.o.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		now, err := lockIn(tx, c.o.Postgres != nil)
		if err != nil {
			return err
		}
		m.decide = func(number int64) (*Changes, error) { return m.alone(tx, number) }
		if s = seal(now, []*member{m}); m.err != nil {
			return m.err
		}
		v, err := c.db.saveIn(tx, s)
		if err == nil {
			c.o.Step("commit:before")
		}
		switch {
		case err != nil:
			return err
		case len(v.repeated) > 0:
			return bot.ErrRepeated
		case !v.saved():
			return ErrMoved
		}
		return nil
	})
	end(asOurs(m.err))
	if m.err == nil {
		c.o.Step("commit:after")
		c.head, c.known = s.now, true
	}
	c.o.After(outcome(s, m.err == nil, asOurs(m.err)))
}

// asOurs leaves out what a member was refused for: it says nothing of the database.
func asOurs(err error) error {
	var person *bot.Error
	if errors.As(err, &person) || errors.Is(err, ErrMoved) || errors.Is(err, bot.ErrRepeated) ||
		errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	return err
}

// lockIn takes the head in a transaction.
func lockIn(tx *gorm.DB, locks bool) (head, error) {
	sql := "SELECT * FROM audit_head WHERE id = 1"
	if locks {
		sql += " FOR UPDATE"
	}
	var row HeadRow
	if err := tx.Raw(sql).Scan(&row).Error; err != nil {
		return head{}, err
	}
	var counters []CounterRow
	if err := tx.Raw("SELECT * FROM counters").Scan(&counters).Error; err != nil {
		return head{}, err
	}
	return asHead(row, counters)
}

func asHead(row HeadRow, counters []CounterRow) (head, error) {
	if row.Hash == "" {
		return head{}, errors.New("the audit log has no head")
	}
	h := head{row.Seq, row.Hash, row.Mark, map[string]int64{}}
	for _, c := range counters {
		h.counters[c.Name] = c.Value
	}
	return h, nil
}

func fail(group []*member, err error) {
	for _, m := range group {
		if m.err == nil {
			m.err = err
		}
	}
}

func blame(group []*member, v verdict) {
	for _, n := range v.failed {
		group[n].err = ErrMoved
	}
	for _, n := range v.repeated {
		group[n].err = bot.ErrRepeated
	}
}

func outcome(s *sealed, saved bool, err error) Outcome {
	o := Outcome{Err: err}
	if s == nil || !saved {
		return o
	}
	for name := range s.bumps {
		o.Bumped = append(o.Bumped, name)
	}
	o.Jobs, o.Seq, o.Was = len(s.jobs) > 0, s.now.seq, s.was.seq
	return o
}
