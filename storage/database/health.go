package database

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// health knows whether commits succeed. The commit path tells it of each one; Ready asks it. When there was none
// lately, Ready tries one.
type health struct {
	now func() time.Time

	mu      sync.Mutex
	under   map[int64]time.Time // commits under way, by when they began
	last    int64               // number of the last one that began
	ended   time.Time           // when one, or a try, last succeeded or failed
	wrote   time.Time           // when something was last written
	failure error               // how the last one failed, nil when it succeeded
	tried   time.Time           // when Ready last tried
	trying  chan struct{}       // closed when the try under way has ended; nil when there is none
}

const (
	stuckCommit  = 5 * time.Second  // a commit that takes longer is stuck
	waitForTry   = 2 * time.Second  // how long Ready waits for a try
	trustCommits = 10 * time.Second // Ready tries when there was no commit for this long
	tryAgain     = 5 * time.Second  // and, after a failure, this often at most
	// how often a try on SQLite writes to the disk when all is well; each time costs some 12 KB
	reallyWrite = 10 * time.Minute
	littleSpace = 1 << 20 // with less room left on the disk each try writes
)

func newHealth() *health { return &health{now: time.Now, under: map[int64]time.Time{}} }

// begin notes that a commit is under way. end has to be called once, with how it ended.
func (h *health) begin() (end func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	n := h.last
	h.under[n] = h.now()
	return func(err error) {
		h.mu.Lock()
		delete(h.under, n)
		h.mu.Unlock()
		h.note(err)
	}
}

// note tells how a commit ended. What was refused, repeated or given up by its caller says nothing about the database.
func (h *health) note(err error) { h.noteAs(err, true) }

func (h *health) noteAs(err error, wrote bool) {
	if err != nil && !brokenDatabase(err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended, h.failure = h.now(), err
	if wrote && err == nil {
		h.wrote = h.ended
	}
}

// state says what is wrong, if anything is.
func (h *health) state() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var oldest time.Duration
	for _, began := range h.under {
		oldest = max(oldest, h.now().Sub(began))
	}
	switch {
	case oldest >= stuckCommit:
		return fmt.Errorf("a commit has taken %s so far", oldest.Round(time.Second))
	case h.failure != nil:
		return failedCommit{h.failure}
	}
	return nil
}

// failedCommit shows no address or account, which an error of connecting names.
type failedCommit struct{ err error }

func (f failedCommit) Error() string {
	if errors.As(f.err, new(*pgconn.ConnectError)) {
		return "the last commit failed: no connection"
	}
	return "the last commit failed: " + f.err.Error()
}

func (f failedCommit) Unwrap() error { return f.err }

// try runs f in the background when it is time to try, and returns what is closed when it has ended; nil when nothing
// is tried. f is told whether it has to write.
func (h *health) try(f func(write bool) error) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	pause, since := trustCommits, h.ended
	if h.failure != nil {
		pause, since = tryAgain, h.tried
	}
	switch {
	case h.trying != nil:
		return h.trying
	case h.now().Sub(since) < pause:
		return nil
	}
	write := h.failure != nil || h.now().Sub(h.wrote) >= reallyWrite
	ended := make(chan struct{})
	h.trying, h.tried = ended, h.now()
	go func() {
		h.noteAs(f(write), write)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.trying = nil
		close(ended)
	}()
	return ended
}

// ErrSilent is what Ready returns when the database gives no answer in time.
var ErrSilent = errors.New("a try to record something gets no answer")

// Ready says why nothing can be recorded just now, or nil: the database answers, the SQLite file is still the one that
// is open, and the last commit succeeded and none is stuck. When there was no commit for some seconds it tries one,
// which on SQLite mostly reaches no disk and on PostgreSQL is one statement. It takes a few seconds at most, however
// the database hangs. It is safe for concurrent use; those who ask together share one try.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.sameFile(); err != nil {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, waitForTry)
	defer cancel()
	trying := d.health.try(d.tryCommit)
	if trying == nil {
		return cmp.Or(d.health.state(), Error("read", d.Ping(ask)))
	}
	select {
	case <-trying:
		return d.health.state()
	case <-ask.Done():
		return cmp.Or(d.health.state(), ErrSilent)
	}
}

// tryCommit commits something that changes nothing. It ends by itself, for nobody may be waiting for it.
func (d *DB) tryCommit(write bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), stuckCommit)
	defer cancel()
	if d.dialect == Postgres {
		return d.tryPostgres(ctx, write && d.health.state() != nil)
	}
	if free, readOnly, err := space(filepath.Dir(d.file.path)); err != nil || readOnly || free < littleSpace {
		write = true
	}
	return d.trySQLite(ctx, write)
}

// tryPostgres locks the row that each commit locks, which also flushes the write-ahead log.
func (d *DB) tryPostgres(ctx context.Context, write bool) error {
	var n int
	if err := d.db.WithContext(ctx).Raw("SELECT 1 FROM audit_head WHERE id = 1 FOR UPDATE").Scan(&n).Error; err != nil ||
		!write {
		return Error("try to lock", err)
	}
	return d.writeTry(d.db.WithContext(ctx))
}

// trySQLite takes the lock for writing.
func (d *DB) trySQLite(ctx context.Context, write bool) error {
	return d.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if !write {
			return nil
		}
		return d.writeTry(tx)
	})
}

// writeTry changes one row that nobody reads.
func (d *DB) writeTry(db *gorm.DB) error {
	return Error(
		"try to write",
		db.Exec(
			"INSERT INTO settings (name, value) VALUES ('tried', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			Now().Format(time.RFC3339Nano),
		).Error,
	)
}

// CannotWrite says whether an error means that the database can be read but not written to just now: no room, read
// only, or somebody else holds the lock.
func CannotWrite(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, new(errCramped)) {
		return true
	}
	if errors.As(err, &pg) {
		return slices.Contains([]string{"25006", "53100", "53400", "55P03", "57014"}, pg.Code)
	}
	return slices.Contains([]int{sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIOError, sqliteFull}, sqliteCode(err))
}

// brokenDatabase says whether an error means that the database does not do its work, rather than that it refused
// something.
func brokenDatabase(err error) bool {
	var people *bot.Error
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, new(errCramped)):
		return true
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &people):
		return false
	case errors.As(err, &pg):
		return brokenState(pg.Code)
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		errors.Is(err, os.ErrClosed), pgconn.Timeout(err), pgconn.SafeToRetry(err):
		return true
	}
	switch sqliteCode(err) {
	case sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIOError, sqliteCorrupt, sqliteFull, sqliteCantOpen, sqliteNoFile:
		return true
	}
	return false
}

// brokenState is brokenDatabase for the states of PostgreSQL: no connection, read only, a lock that cannot be had, no
// resources, operators, the system, faults of its own.
func brokenState(code string) bool {
	for _, class := range []string{"08", "25006", "55P03", "53", "57", "58", "XX", "F0"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
