// Package storagetest opens databases for tests: every test of what is stored runs on SQLite and on PostgreSQL.
package storagetest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// Each runs f on a SQLite file and on a PostgreSQL database that are f's alone, migrated and without a row of
// anybody's, with the address of each.
func Each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// EachEmpty is Each for tests of migrations: there is no file yet, and the PostgreSQL database has no table.
func EachEmpty(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, pgtest.URL(t)) })
}

// Open opens the database, which is closed when t ends. A SQLite file that is not there yet is made.
func Open(t testing.TB, url string) *storage.Store {
	t.Helper()
	ready(t, url)
	s, err := storage.Open(context.Background(), url, storage.Options{Relaxed: true, KeepWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// WithPeople opens the database and makes the people of the demo known, with accounts on the platform.
func WithPeople(t testing.TB, url, platform string) *storage.Store {
	t.Helper()
	s := Open(t, url)
	if err := s.SyncPeople(context.Background(), bottest.People(platform), bottest.Start); err != nil {
		t.Fatal(err)
	}
	return s
}

var _ bot.Store = (*storage.Store)(nil)
