// Package database is what the repositories stand on: an open PostgreSQL database or SQLite file, and the ways to read
// and to change it.
//
// Reading goes through (*DB).Reader; Together reads several things at once, Paging one page of a long table. Changing
// goes through Alter, which reads, decides in memory and hands what was decided to the committer of package commit, and
// decides again if something moved meanwhile. Kind does all of that for things that are kept whole. Digest and Trail
// are what the audit log holds of an object, and Objects shows verification what the rows say by now. Everything else
// here is about the two databases: opening, locks, migrations, deadlines, health.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// Options say how to open a database.
type Options struct {
	// Server takes the lock that allows one server a SQLite file.
	Server bool
	// Relaxed does not wait for commits to reach the disk on SQLite; for tests.
	Relaxed bool
	// NoMigrate leaves the schema as it is; Open refuses one that is not current.
	NoMigrate bool
	// Conns is the size of the PostgreSQL pool; default 16.
	Conns int
	// KeepWithin is how long a request that takes long may wait to be kept in the inbox; default 0.4 s.
	KeepWithin time.Duration
	// Patient lets each statement on PostgreSQL take as long as it wants, for programs that only read or check a lot.
	Patient bool
	// Step is called at named points around a commit, for tests that kill the process there.
	Step func(name string)
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	db      *gorm.DB // writes, and all of PostgreSQL
	read    *gorm.DB // SQLite: connections for reading beside the one that writes
	queue   *gorm.DB // PostgreSQL: connections that write what becomes of jobs
	dialect Dialect
	url     string
	file    sqliteFile // SQLite: the file that is open
	cramped *cramped   // SQLite: whether there is room to write
	health  *health
	wake    chan struct{}
	news    news
	hear    []func(news string)
	step    func(string)
	commits *commit.Committer
	lanes   commit.Lanes
	recent  recent
	close   []func() error
	once    sync.Once
}

// Open opens the database that url names, postgres://… or sqlite:PATH, and brings its schema up to date. Errors are for
// people.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	d, err := open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	if err := d.migrateOnOpen(ctx, o); err != nil {
		_ = d.Close()
		if damaged(err) {
			return nil, damagedError(d.file.path, err)
		}
		return nil, err
	}
	d.startCommitter()
	return d, nil
}

func open(ctx context.Context, url string, o Options) (*DB, error) {
	d := &DB{url: url, health: newHealth(), wake: make(chan struct{}, 1), news: newNews(), step: o.Step}
	if d.step == nil {
		d.step = func(string) {}
	}
	if o.Conns == 0 {
		o.Conns = 16
	}
	var err error
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		d.dialect = Postgres
		err = d.openPostgres(ctx, o)
	case strings.HasPrefix(url, "sqlite:"):
		d.dialect = SQLite
		err = d.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), o)
	default:
		err = unknownAddress(url)
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the database and gives up the lock. It may be called twice.
func (d *DB) Close() error {
	var first error
	d.once.Do(func() {
		for i := len(d.close) - 1; i >= 0; i-- {
			if err := d.close[i](); err != nil && first == nil {
				first = err
			}
		}
	})
	return first
}

// OnClose lets Close call f before everything that was opened so far is closed.
func (d *DB) OnClose(f func() error) { d.close = append(d.close, f) }

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	return d.Reader(ctx).Exec("SELECT 1").Error
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
}

// Dialect says which of the two databases it is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Commits is the committer of this process. What it returns is not for callers outside of storage: see LetInAnew.
func (d *DB) Commits() *commit.Committer { return d.commits }

// Writer is for statements that write outside of the commits. On SQLite it has the one connection that writes, so do
// not keep it waiting.
func (d *DB) Writer(ctx context.Context) *gorm.DB { return d.db.WithContext(ctx) }

// JobWriter is, on PostgreSQL, for what becomes of jobs. It does not wait for the disk: what is lost with the server is
// made again.
func (d *DB) JobWriter(ctx context.Context) *gorm.DB { return d.queue.WithContext(ctx) }

// Reader is for statements that only read: on SQLite over other connections than the one that writes, under
// WithSnapshot in its transaction.
func (d *DB) Reader(ctx context.Context) *gorm.DB {
	if tx, ok := ctx.Value(snapshotKey{}).(*gorm.DB); ok {
		return tx.WithContext(ctx)
	}
	if d.read != nil {
		return d.read.WithContext(ctx)
	}
	return d.db.WithContext(ctx)
}

// WithSnapshot lets everything that reads by Reader with the context it returns read in one transaction.
func WithSnapshot(ctx context.Context, tx *gorm.DB) context.Context {
	return context.WithValue(ctx, snapshotKey{}, tx)
}

type snapshotKey struct{}

// startCommitter starts what saves everything. It is closed before the connections are.
func (d *DB) startCommitter() {
	o := commit.Options{DB: d.db, Step: d.step, Before: d.sameFile, Watch: d.health.begin, After: d.committed}
	if d.dialect == Postgres {
		o.Postgres = d.committerConn
	}
	d.commits = commit.New(o)
	d.close = append(d.close, d.commits.Close)
}

// committed hears of each commit.
func (d *DB) committed(o commit.Outcome) {
	if o.Jobs {
		d.nudge()
	}
	if slices.Contains(o.Bumped, PeopleGuard) {
		d.Changed(NewsPeople)
	}
	if o.Seq/bot.CheckpointEvery > o.Was/bot.CheckpointEvery {
		// Not from here, for this is the goroutine that would have to commit it. Should the store close first, the hour
		// brings it.
		c := &commit.Changes{Effects: bot.Effects{Jobs: []bot.Job{{Kind: bot.CheckpointJob}}}}
		go func() { _ = d.commits.Do(context.Background(), c) }()
	}
}

// Tx runs f in a transaction that saves nothing the audit log tells of, and wakes the workers if it added jobs. On
// SQLite it shares its commit with others, and f may be called again.
func (d *DB) Tx(ctx context.Context, f func(tx *gorm.DB) (jobs bool, err error)) error {
	if err := d.sameFile(); err != nil {
		return err
	}
	var added bool
	end := func(error) {} // the committer tells of its own
	if d.dialect == Postgres {
		end = d.health.begin()
	}
	err := d.commits.Direct(ctx, func(tx *gorm.DB) (err error) {
		added, err = f(tx)
		if err == nil && d.dialect == Postgres {
			d.step("commit:before")
		}
		return err
	})
	end(err)
	if err != nil {
		return err
	}
	if d.dialect == Postgres {
		d.step("commit:after")
	}
	if added {
		d.nudge()
	}
	return nil
}

// nudge tells the workers here at once, and those of other instances soon.
func (d *DB) nudge() {
	send(d.wake)
	d.tell(newsJobs)
}

func send(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Wake says when this process, or an instance that told it, added jobs.
func (d *DB) Wake() <-chan struct{} { return d.wake }

// Dialect is what differs between the databases.
type Dialect string

// The dialects.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// ForUpdate locks the rows of a SELECT where the database has such locks; SQLite's transactions that write are alone
// anyway.
func (d Dialect) ForUpdate() string {
	if d == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// Least is the function that returns the smaller of its two arguments.
func (d Dialect) Least() string {
	if d == Postgres {
		return "LEAST"
	}
	return "MIN"
}

// Error says what was being done when err happened; nil for nil. what is like "read votes".
func Error(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// SQL is the pool that writes, for its statistics only.
func (d *DB) SQL() *sql.DB {
	db, err := d.db.DB()
	if err != nil {
		return nil
	}
	return db
}
