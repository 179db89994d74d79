// Package pgtest runs a real PostgreSQL server for tests: one for each test process, in a temporary folder, without
// rights of root, dead when the process is. The server's programs are those of Debian's package postgresql.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Required is the environment variable that makes a missing PostgreSQL a failure instead of a skip.
const Required = "WATCHBELL_REQUIRE_POSTGRES"

// ErrMissing is returned when there are no PostgreSQL server programs on the machine.
var ErrMissing = errors.New(
	"no PostgreSQL server programs (initdb, postgres) found; install Debian's package postgresql, or set " +
		"WATCHBELL_PG_BIN to their folder",
)

var shared = sync.OnceValues(func() (*Server, error) { return StartWith(quick) })

// quick gives up safety that tests of logic do not need.
var quick = map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

// URL returns the address of a fresh, empty database that is t's alone and dropped when t ends. Without PostgreSQL it
// skips t, loudly, or fails it when WATCHBELL_REQUIRE_POSTGRES is set.
//
// Call it before testing/synctest's bubble. A test that looks for leaked goroutines ignores those current after the
// call.
func URL(t testing.TB) string {
	t.Helper()
	return sharedBy(t).database(t, "")
}

// Copy is URL, but the database is a copy of one that prepare has filled. The first call in a test process calls
// prepare with the address of an empty database, all others copy what it made: every caller gets the same, whatever it
// prepares. Prepare has to leave no connection open.
func Copy(t testing.TB, prepare func(url string) error) string {
	t.Helper()
	s := sharedBy(t)
	s.prepare.Do(func() {
		s.template = "wb_template"
		if s.failed = s.admin("CREATE DATABASE " + s.template); s.failed == nil {
			s.failed = prepare(s.url(s.template))
		}
	})
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	return s.database(t, " TEMPLATE "+s.template)
}

// sharedBy is the server of this process; without one it skips or fails t.
func sharedBy(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if errors.Is(err, ErrMissing) && os.Getenv(Required) == "" {
		t.Skipf("SKIPPED ON POSTGRESQL, tested on SQLite only: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Server) database(t testing.TB, like string) string {
	t.Helper()
	url, drop, err := s.newDatabase(like)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

// Server is a running PostgreSQL server.
type Server struct {
	dir  string // holds the data and the log
	port int
	cmd  *exec.Cmd
	gone chan struct{} // closed when the program has ended
	n    atomic.Int64
	stop sync.Once

	prepare  sync.Once
	template string // the database that Copy copies
	failed   error  // why there is none
}

// Start starts a server that keeps every promise about what reaches the disk, for measurements and fault tests.
func Start() (*Server, error) { return StartWith(nil) }

// StartWith starts a server with settings like "fsync": "off". Stop it when done; it dies with the process in any case.
func StartWith(settings map[string]string) (*Server, error) {
	if time.Now().Year() == 2000 { // the clock of a bubble
		return nil, errors.New("start PostgreSQL before synctest.Test: its bubble would wait for the server to end")
	}
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	sweep(tempFolder())
	s := &Server{}
	if s.dir, err = os.MkdirTemp(tempFolder(), fmt.Sprintf("%s%d-", prefix, os.Getpid())); err != nil {
		return nil, err
	}
	if err := s.start(bin, settings); err != nil {
		_ = os.RemoveAll(s.dir)
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

// NewDatabase makes an empty database and returns its address and how to drop it.
func (s *Server) NewDatabase() (url string, drop func(), err error) { return s.newDatabase("") }

func (s *Server) newDatabase(like string) (url string, drop func(), err error) {
	name := fmt.Sprintf("wb_%d", s.n.Add(1))
	if err := s.admin("CREATE DATABASE " + name + like); err != nil {
		return "", nil, err
	}
	// A server that a test has stopped takes its databases along, so nobody has to know that dropping one did not work.
	return s.url(name), func() { _ = s.admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

// Stop ends the server and removes its folder. Stopping again does nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		s.quit()
		_ = os.RemoveAll(s.dir)
	})
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://watchbell@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

func (s *Server) admin(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
