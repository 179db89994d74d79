package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// moved is a clock that tests move.
type moved struct {
	mu sync.Mutex
	at time.Time
}

func (m *moved) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *moved) on(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}

// single opens a store whose one connection a test can make fail.
func single(t *testing.T, url string) (*database.DB, *moved) {
	t.Helper()
	s, err := database.Open(context.Background(), url, database.Options{Relaxed: true, Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	clock := &moved{at: bottest.Start}
	database.SetHealthClock(s, clock.now)
	return s, clock
}

func writeOne(s *database.DB) error {
	e := bot.Effects{Audit: bot.Audit{Action: "a", Result: bot.ResultDone, At: bottest.Start}}
	return s.Save(context.Background(), e, func(*commit.Changes) {})
}

// refuseWrites makes the database answer as a read-only one does, on all connections.
const refuseWrites = `DO $do$ BEGIN
  CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'cannot execute this in a read-only transaction' USING ERRCODE = '25006'; END $$;
  CREATE TRIGGER refuse_head BEFORE UPDATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION refuse();
  CREATE TRIGGER refuse_settings BEFORE INSERT OR UPDATE ON settings FOR EACH STATEMENT EXECUTE FUNCTION refuse();
END $do$`

func TestReadyKnowsThatNothingCanBeWritten(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s, clock := single(t, url)
		ctx := context.Background()
		if err := s.Ready(ctx); err != nil {
			t.Fatalf("at first: %v", err)
		}
		readOnly, writable := "PRAGMA query_only = 1", "PRAGMA query_only = 0"
		if s.Dialect() == database.Postgres {
			readOnly, writable = refuseWrites, "DO $$ BEGIN DROP TRIGGER refuse_head ON audit_head; DROP TRIGGER "+
				"refuse_settings ON settings; END $$"
		}
		run(t, s.SQL(), readOnly)
		if err := writeOne(s); err == nil {
			t.Fatal("something was written")
		}
		if err := s.Ready(ctx); err == nil || !strings.Contains(err.Error(), "read") {
			t.Errorf("after a commit failed: %v", err)
		}
		clock.on(6 * time.Second)
		if err := s.Ready(ctx); err == nil {
			t.Error("ready although the try failed, too")
		}
		run(t, s.SQL(), writable)
		clock.on(6 * time.Second)
		if err := s.Ready(ctx); err != nil {
			t.Errorf("afterwards, nobody having written: %v", err)
		}
		if s.Dialect() == database.Postgres { // here only the try has to find out, which goes by the pool
			readOnly, writable = "SET default_transaction_read_only = on", "SET default_transaction_read_only = off"
		}
		run(t, s.SQL(), readOnly)
		clock.on(11 * time.Second)
		if err := s.Ready(ctx); err == nil {
			t.Error("ready although nothing can be written, which nobody tried")
		}
		run(t, s.SQL(), writable)
		if err := writeOne(s); err != nil {
			t.Fatal(err)
		}
		if err := s.Ready(ctx); err != nil {
			t.Errorf("after a commit succeeded: %v", err)
		}
	})
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestReadyKnowsThatTheLockIsHeld(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s, clock := single(t, url)
		other := storagetest.Open(t, url)
		tx, err := other.SQL().Begin() // on SQLite this takes the lock for writing
		if err != nil {
			t.Fatal(err)
		}
		if s.Dialect() == database.Postgres {
			if _, err := tx.Exec("SELECT 1 FROM audit_head FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Ready(context.Background()); err == nil {
			t.Error("ready while somebody else holds the lock")
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); s.Ready(context.Background()) != nil; clock.on(6 * time.Second) {
			if time.Now().After(end) {
				t.Fatalf("not ready after the lock was given up: %v", s.Ready(context.Background()))
			}
		}
	})
}

func TestReadyKnowsOfACommitThatIsStuck(t *testing.T) {
	s, clock := single(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	end := database.Begin(s)
	clock.on(4 * time.Second)
	if err := s.Ready(context.Background()); err != nil {
		t.Errorf("after 4 s: %v", err)
	}
	clock.on(2 * time.Second)
	if err := s.Ready(context.Background()); err == nil || !strings.Contains(err.Error(), "a commit has taken 6s so far") {
		t.Errorf("after 6 s: %v", err)
	}
	end(nil)
	if err := s.Ready(context.Background()); err != nil {
		t.Errorf("after it ended: %v", err)
	}
}

// What a decision refused, a constraint or a caller who went away is no fault of the database.
func TestWhatWasRefusedLeavesTheDatabaseReady(t *testing.T) {
	for _, err := range []error{
		bot.Errorf(bot.Conflict, "No."), bot.ErrRepeated, bot.ErrNoSuch, context.Canceled, errors.New("no such thing"),
		fmt.Errorf("save: %w", &pgconn.PgError{Code: "23505"}),
		&pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "22001"},
	} {
		t.Run(err.Error(), func(t *testing.T) {
			if database.BrokenDatabase(err) {
				t.Errorf("%v counts", err)
			}
		})
	}
	for _, err := range []error{
		context.DeadlineExceeded, fmt.Errorf("save: %w", &pgconn.PgError{Code: "25006"}), &pgconn.PgError{Code: "57014"},
		&pgconn.PgError{Code: "53100"}, &pgconn.PgError{Code: "55P03"},
	} {
		t.Run(err.Error(), func(t *testing.T) {
			if !database.BrokenDatabase(err) {
				t.Errorf("%v does not count", err)
			}
		})
	}
}

// Asked every ten seconds for a day, an idle server writes next to nothing.
func TestAskingWhetherItIsReadyCostsNextToNothing(t *testing.T) {
	s, clock := single(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	writes := 0
	last := ""
	for range 24 * 360 {
		if err := s.Ready(context.Background()); err != nil {
			t.Fatal(err)
		}
		var value string
		if err := s.SQL().QueryRow("SELECT value FROM settings WHERE name = 'tried'").Scan(&value); err != nil &&
			!errors.Is(err, sql.ErrNoRows) {
			t.Fatal(err)
		}
		if value != last {
			writes, last = writes+1, value
		}
		clock.on(10 * time.Second)
	}
	if writes < 2 || writes > 24*6+1 {
		t.Errorf("%d writes a day", writes)
	}
}
