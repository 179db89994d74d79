// Package storage keeps everything in PostgreSQL or in one SQLite file, through GORM. It implements the Store interfaces that bot, the
// commands and the adapters declare. Rows are private to this package and mapped in two functions each; migrations are
// numbered SQL files, one folder a dialect.
//
// Every change of state is read, decided in memory and handed to the Committer (package commit), which saves those that are ready at the
// same time by one statement and one commit, each with its effects: audit entry, jobs, action key.
package storage

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

// Store is an open database. It is safe for concurrent use.
type Store struct {
	db       *gorm.DB // writes, and all of PostgreSQL
	read     *gorm.DB // SQLite: connections for reading beside the one that writes
	queue    *gorm.DB // PostgreSQL: connections that write what becomes of jobs
	dialect  dialect
	url      string
	file     sqliteFile // SQLite: the file that is open
	cramped  *cramped   // SQLite: whether there is room to write
	health   *health
	wake     chan struct{}
	news     news
	hear     []func(news string)
	known    known
	gave     delegated
	places   places
	step     func(string)
	chatting chatGroups
	commits  *commit.Committer
	lanes    commit.Lanes
	recent   recent
	close    []func() error
	keeper   *keeper // writes into the inbox
	once     sync.Once
}

var _ bot.Store = (*Store)(nil)

// Open opens the database that url names, postgres://… or sqlite:PATH, and brings its schema up to date. Errors are for people.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	s, err := open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	s.onNews(s.known.forget)
	s.onNews(s.gave.forget)
	s.onNews(s.places.forget)
	if err := s.migrateOnOpen(ctx, o); err != nil {
		_ = s.Close()
		if damaged(err) {
			return nil, damagedError(s.file.path, err)
		}
		return nil, err
	}
	if err := s.takeOver(ctx, o); err != nil && !CannotWrite(err) { // the leases end by themselves
		_ = s.Close()
		return nil, err
	}
	s.startCommitter()
	if err := s.newKeeper(ctx, o); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func open(ctx context.Context, url string, o Options) (*Store, error) {
	s := &Store{url: url, health: newHealth(), wake: make(chan struct{}, 1), news: newNews(), step: o.Step}
	if s.step == nil {
		s.step = func(string) {}
	}
	if o.Conns == 0 {
		o.Conns = 16
	}
	var err error
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		s.dialect = postgresDialect
		err = s.openPostgres(ctx, o)
	case strings.HasPrefix(url, "sqlite:"):
		s.dialect = sqliteDialect
		err = s.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), o)
	default:
		err = unknownAddress(url)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the database and gives up the lock. It may be called twice.
func (s *Store) Close() error {
	var first error
	s.once.Do(func() {
		for i := len(s.close) - 1; i >= 0; i-- {
			if err := s.close[i](); err != nil && first == nil {
				first = err
			}
		}
	})
	return first
}

// Ping implements bot.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.reader(ctx).Exec("SELECT 1").Error
}

// Kind is "postgres" or "sqlite".
func (s *Store) Kind() string { return string(s.dialect) }

func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
}

func (s *Store) reader(ctx context.Context) *gorm.DB {
	if tx, ok := ctx.Value(snapshotKey{}).(*gorm.DB); ok {
		return tx.WithContext(ctx)
	}
	if s.read != nil {
		return s.read.WithContext(ctx)
	}
	return s.db.WithContext(ctx)
}

// withSnapshot lets everything that reads with the context read in one transaction.
func withSnapshot(ctx context.Context, tx *gorm.DB) context.Context {
	return context.WithValue(ctx, snapshotKey{}, tx)
}

type snapshotKey struct{}

// startCommitter starts what saves everything. It is closed before the connections are.
func (s *Store) startCommitter() {
	o := commit.Options{DB: s.db, Step: s.step, Before: s.sameFile, Watch: s.health.begin, After: s.committed}
	if s.dialect == postgresDialect {
		o.Postgres = s.committerConn
	}
	s.commits = commit.New(o)
	s.close = append(s.close, s.commits.Close)
}

// committed hears of each commit.
func (s *Store) committed(o commit.Outcome) {
	if o.Jobs {
		s.nudge()
	}
	if slices.Contains(o.Bumped, peopleGuard) {
		s.changed(newsPeople)
	}
	if o.Seq/bot.CheckpointEvery > o.Was/bot.CheckpointEvery {
		// Not from here, for this is the goroutine that would have to commit it. Should the store close first, the hour brings it.
		c := &commit.Changes{Effects: bot.Effects{Jobs: []bot.Job{{Kind: bot.CheckpointJob}}}}
		go func() { _ = s.commits.Do(context.Background(), c) }()
	}
}

// tx runs f in a transaction that saves nothing the audit log tells of, and wakes the workers if it added jobs. On SQLite it shares its
// commit with others, and f may be called again.
func (s *Store) tx(ctx context.Context, f func(tx *gorm.DB) (jobs bool, err error)) error {
	if err := s.sameFile(); err != nil {
		return err
	}
	var added bool
	end := func(error) {} // the committer tells of its own
	if s.dialect == postgresDialect {
		end = s.health.begin()
	}
	err := s.commits.Direct(ctx, func(tx *gorm.DB) (err error) {
		added, err = f(tx)
		if err == nil && s.dialect == postgresDialect {
			s.step("commit:before")
		}
		return err
	})
	end(err)
	if err != nil {
		return err
	}
	if s.dialect == postgresDialect {
		s.step("commit:after")
	}
	if added {
		s.nudge()
	}
	return nil
}

// nudge tells the workers here at once, and those of other instances soon.
func (s *Store) nudge() {
	send(s.wake)
	s.tell(newsJobs)
}

func send(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Wake implements bot.Queue.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// dialect is what differs between the databases.
type dialect string

const (
	postgresDialect dialect = "postgres"
	sqliteDialect   dialect = "sqlite"
)

// forUpdate locks the rows of a SELECT where the database has such locks; SQLite's transactions that write are alone anyway.
func (d dialect) forUpdate() string {
	if d == postgresDialect {
		return " FOR UPDATE"
	}
	return ""
}

func (d dialect) least() string {
	if d == postgresDialect {
		return "LEAST"
	}
	return "MIN"
}

func dbError(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// SQL is the pool that writes, for its statistics only.
func (s *Store) SQL() *sql.DB {
	db, err := s.db.DB()
	if err != nil {
		return nil
	}
	return db
}
