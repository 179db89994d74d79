// Package storage keeps everything in PostgreSQL or in one SQLite file, through GORM. It implements the Store
// interfaces that bot, the commands and the adapters declare. This package puts its rooms together:
//
//	storage/commit                        saves what was decided: one statement and one commit for all who are ready
//	storage/database                      the open database, and the ways to read and change it
//	storage/people, queue, incident, …    one room for each consumer, with its rows and repository
//
// Rows are private to their room and mapped in two functions each; migrations are numbered SQL files, one folder a
// dialect.
//
// Every change of state is read, decided in memory and handed to the Committer (package commit), which saves those that
// are ready at the same time by one statement and one commit, each with its effects: audit entry, jobs, action key.
package storage

import (
	"context"
	"database/sql"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/change"
	"github.com/watchbell/watchbell/storage/chat"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/due"
	"github.com/watchbell/watchbell/storage/incident"
	"github.com/watchbell/watchbell/storage/login"
	"github.com/watchbell/watchbell/storage/notify"
	"github.com/watchbell/watchbell/storage/oncall"
	"github.com/watchbell/watchbell/storage/people"
	"github.com/watchbell/watchbell/storage/queue"
	"github.com/watchbell/watchbell/storage/register"
	"github.com/watchbell/watchbell/storage/report"
)

// Options say how to open a database.
type Options = database.Options

// Migration is one step of the schema.
type Migration = database.Migration

// ErrDamaged is what Open and Check return, wrapped, when the SQLite file cannot be read as what it was.
var ErrDamaged = database.ErrDamaged

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*people.Directory
	*queue.Queue

	db      *database.DB
	changes change.Repository
	chat    chat.Repository
}

var (
	_ bot.Store = (*Store)(nil)
	_ api.Store = (*Store)(nil)
)

// Open opens the database that url names, postgres://… or sqlite:PATH, and brings its schema up to date. Errors are for
// people.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	db, err := database.Open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	jobs, err := queue.New(ctx, db, o)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	s := &Store{Directory: people.New(db), Queue: jobs, db: db, changes: change.New(db), chat: chat.New(db)}
	return s, nil
}

// Close closes the database and gives up the lock. It may be called twice.
func (s *Store) Close() error { return s.db.Close() }

// Ping implements bot.Store.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Kind is "postgres" or "sqlite".
func (s *Store) Kind() string { return string(s.db.Dialect()) }

// SQL is the pool that writes, for its statistics only.
func (s *Store) SQL() *sql.DB { return s.db.SQL() }

// Listen passes on news between instances on one PostgreSQL until ctx ends: that there are jobs, and that people or
// places changed. Without it jobs are still found by polling, and what is remembered of people is compared by every
// commit.
func (s *Store) Listen(ctx context.Context) { s.db.Listen(ctx) }

// Clock is a clock that shows the database's time, until ctx ends. On SQLite the database is on this machine, and has
// its time.
func (s *Store) Clock(ctx context.Context) (bot.Clock, error) { return s.db.Clock(ctx) }

// Ready says why nothing can be recorded just now, or nil: the database answers, the SQLite file is still the one that
// is open, and the last commit succeeded and none is stuck. It takes a few seconds at most, however the database hangs.
// It is safe for concurrent use; those who ask together share one try.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Check reads the whole SQLite file and returns ErrDamaged when its parts do not fit together. On PostgreSQL it does
// nothing.
func (s *Store) Check(ctx context.Context) error { return s.db.Check(ctx) }

// Migrations lists all steps of the schema and which were taken.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) { return s.db.Migrations(ctx) }

// MigrationStatus lists the steps of a database's schema without taking any.
func MigrationStatus(ctx context.Context, url string) ([]Migration, error) {
	return database.MigrationStatus(ctx, url)
}

// LockedOut says whether a server uses the SQLite file. It changes nothing, and makes no file.
func LockedOut(url string) error { return database.LockedOut(url) }

// CannotWrite says whether an error means that the database can be read but not written to just now: no room, read
// only, or somebody else holds the lock.
func CannotWrite(err error) bool { return database.CannotWrite(err) }

// Accounts returns the repository of people's accounts, and of how they change hands.
func (s *Store) Accounts() people.Accounts { return people.NewAccounts(s.db) }

// Notify returns the repository of where people are told beyond chat.
func (s *Store) Notify() notify.Repository { return notify.New(s.db) }

// Login returns the repository of sessions and of what signs people in.
func (s *Store) Login() login.Repository { return login.New(s.db) }

// OnCall returns the repository of rotas, hand-overs and pages.
func (s *Store) OnCall() oncall.Repository { return oncall.New(s.db) }

// Registers returns the repository of the records of all registers.
func (s *Store) Registers() register.Repository { return register.New(s.db) }

// Reports returns the repository of reports.
func (s *Store) Reports() report.Repository { return report.New(s.db) }

// Chat returns the repository of the web chat.
func (s *Store) Chat() chat.Repository { return s.chat }

// Changes returns the repository of changes.
func (s *Store) Changes() change.Repository { return s.changes }

// ChangeVersions implements api.Store.
func (s *Store) ChangeVersions(ctx context.Context, numbers []int64) (map[int64]int, error) {
	return s.changes.Versions(ctx, numbers)
}

// Incidents returns the repository of incidents.
func (s *Store) Incidents() incident.Repository { return incident.New(s.db) }

// CountIncidents is how many incidents there are.
func (s *Store) CountIncidents(ctx context.Context) (int64, error) {
	var n int64
	err := s.db.Reader(ctx).Raw("SELECT value FROM counters WHERE name = 'incident'").Scan(&n).Error
	return n, database.Error("count incidents", err)
}

// Reminders returns the repository of the ledger of reminders.
func (s *Store) Reminders() due.Repository { return due.New(s.db) }
