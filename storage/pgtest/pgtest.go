// Package pgtest runs a real PostgreSQL server for tests: one for each test process, in a temporary folder, without rights of root, dead when
// the process is. The server's programs are those of Debian's package postgresql.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Required is the environment variable that makes a missing PostgreSQL a failure instead of a skip.
const Required = "WATCHBELL_REQUIRE_POSTGRES"

// ErrMissing is returned when there are no PostgreSQL server programs on the machine.
var ErrMissing = errors.New("no PostgreSQL server programs (initdb, postgres) found; install Debian's package postgresql, or set WATCHBELL_PG_BIN to their folder")

var shared = sync.OnceValues(func() (*Server, error) { return StartWith(quick) })

// quick gives up safety that tests of logic do not need.
var quick = map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

// URL returns the address of a fresh, empty database that is t's alone and dropped when t ends. Without PostgreSQL it skips t, loudly, or
// fails it when WATCHBELL_REQUIRE_POSTGRES is set.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if errors.Is(err, ErrMissing) && os.Getenv(Required) == "" {
		t.Skipf("SKIPPED ON POSTGRESQL, tested on SQLite only: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	url, drop, err := s.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

// Server is a running PostgreSQL server.
type Server struct {
	dir  string
	port int
	n    atomic.Int64
	stop func()
	log  string
}

// Start starts a server that keeps every promise about what reaches the disk, for measurements and fault tests.
func Start() (*Server, error) { return StartWith(nil) }

// StartWith starts a server with settings like "fsync": "off". Stop it when done; it dies with the process in any case.
func StartWith(settings map[string]string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	sweep()
	dir, err := os.MkdirTemp("", fmt.Sprintf("watchbell-pg-%d-", os.Getpid()))
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, log: filepath.Join(dir, "log")}
	if err := s.start(bin, settings); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *Server) start(bin string, settings map[string]string) error {
	attr, owner, err := unprivileged()
	if err != nil {
		return err
	}
	if err := owner(s.dir); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "-A", "trust", "-U", "watchbell", "-E", "UTF8", "--locale=C.UTF-8", "-D", data)
	initdb.SysProcAttr = attr
	initdb.Dir = s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(s.port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "timezone=UTC"}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	log, err := os.Create(s.log)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = attr, s.dir, log, log
	if s.stop, err = startBound(cmd); err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		s.stop()
		return err
	}
	return nil
}

// ready waits until the server answers.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			tail, _ := os.ReadFile(s.log)
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, tail[max(0, len(tail)-2000):])
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://watchbell@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// NewDatabase makes an empty database and returns its address and how to drop it.
func (s *Server) NewDatabase() (url string, drop func(), err error) {
	name := fmt.Sprintf("wb_%d", s.n.Add(1))
	if err := s.admin("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	return s.url(name), func() { _ = s.admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

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

// Stop stops the server and removes its folder.
func (s *Server) Stop() {
	s.stop()
	_ = os.RemoveAll(s.dir)
}

// programs is the folder that has both programs a server needs.
func programs() (string, error) {
	var dirs []string
	if dir := os.Getenv("WATCHBELL_PG_BIN"); dir != "" {
		dirs = append(dirs, dir)
	}
	packaged, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(packaged, func(a, b string) int { return version(b) - version(a) })
	dirs = append(dirs, packaged...)
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range dirs {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", ErrMissing
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// sweep removes what test processes left behind that no longer live.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "watchbell-pg-*"))
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.SplitN(strings.TrimPrefix(filepath.Base(dir), "watchbell-pg-"), "-", 2)[0])
		if err == nil && !alive(pid) {
			_ = os.RemoveAll(dir)
		}
	}
}
