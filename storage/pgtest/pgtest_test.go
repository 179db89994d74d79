package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is the one of this process; the test is skipped where there is no PostgreSQL.
func server(t *testing.T) *Server {
	t.Helper()
	URL(t)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDatabasesAreApart(t *testing.T) {
	ctx := context.Background()
	for n := range 2 {
		conn, err := pgx.Connect(ctx, URL(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, "CREATE TABLE only_here (id int)"); err != nil {
			t.Errorf("database %d: %v", n, err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestCopiesAreMadeOfOneAndAreApart(t *testing.T) {
	ctx, prepared := context.Background(), 0
	exec := func(url, sql string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, sql)
		return err
	}
	for n := range 3 {
		url := Copy(t, func(url string) error { prepared++; return exec(url, "CREATE TABLE prepared (id int PRIMARY KEY)") })
		if err := exec(url, "INSERT INTO prepared VALUES (1)"); err != nil {
			t.Errorf("copy %d: %v", n, err)
		}
	}
	if prepared != 1 {
		t.Errorf("prepared %d times", prepared)
	}
}

func TestDropTakesOpenConnectionsAlong(t *testing.T) {
	ctx := context.Background()
	url, drop, err := server(t).NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	drop()
	if again, err := pgx.Connect(ctx, url); err == nil {
		_ = again.Close(ctx)
		t.Error("the database is still there")
	}
}

func TestTheServerIsNotRoot(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server(t).cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, values, _ := strings.Cut(line, ":")
		if (name == "Uid" || name == "Gid" || name == "Groups") && hasZero(values) {
			t.Errorf("the server has %s", line)
		}
	}
}

func hasZero(values string) bool {
	for _, v := range strings.Fields(values) {
		if v == "0" && os.Geteuid() == 0 {
			return true
		}
	}
	return false
}

// TestTheServerOutlivesTheThreadOfItsStart: only the process's end may end it.
func TestTheServerOutlivesTheThreadOfItsStart(t *testing.T) {
	server(t)
	started := make(chan *Server, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		defer close(started)
		s, err := StartWith(quick)
		if err != nil {
			t.Error(err)
			return
		}
		started <- s
	}()
	s := <-started
	if s == nil {
		return
	}
	defer s.Stop()
	select {
	case <-s.gone:
		t.Fatal("the server ended with the thread")
	case <-time.After(500 * time.Millisecond):
	}
	if _, _, err := s.NewDatabase(); err != nil {
		t.Error(err)
	}
	s.Stop()
	s.Stop()
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a stopped server leaves its folder: %v", err)
	}
}

// TestTheServerDiesWithTheProcess kills a process that started a server and waits for the server, its shared memory and
// its folder to be gone.
func TestTheServerDiesWithTheProcess(t *testing.T) {
	if os.Getenv("PGTEST_CHILD") != "" {
		s := server(t)
		fmt.Println(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), s.dir)
		select {}
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a program with the one that started it")
	}
	server(t)
	child, address, dir := startChild(t)
	memory := sharedMemory(t, dir)
	if !memoryExists(t, memory) {
		t.Fatalf("there is no shared memory %s", memory)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	eventually(t, "the server does not listen any more", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	eventually(t, "its shared memory is gone", func() bool { return !memoryExists(t, memory) })
	eventually(t, "the next server sweeps its folder", func() bool {
		sweep(tempFolder())
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

// startChild runs the test that calls it in another process until that has a server.
func startChild(t *testing.T) (child *exec.Cmd, address, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child = exec.Command(self, "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "PGTEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, dir, found := strings.Cut(strings.TrimSpace(line), " ")
	if !found {
		t.Fatalf("the child says %q", line)
	}
	return child, address, dir
}

// sharedMemory is the id of the segment that a server notes in its folder: "key id" in line 7 of postmaster.pid.
func sharedMemory(t *testing.T, dir string) string {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(note), "\n")
	if len(lines) < 7 || len(strings.Fields(lines[6])) != 2 {
		t.Fatalf("postmaster.pid: %q", note)
	}
	return strings.Fields(lines[6])[1]
}

func memoryExists(t *testing.T, id string) bool {
	t.Helper()
	segments, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(segments)) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == id {
			return true
		}
	}
	return false
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !is(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestAStartThatFailsSaysWhyAtOnce(t *testing.T) {
	other := server(t)
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	free, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{dir: folder(t)}
	if err := s.initialise(bin); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		port     int
		settings map[string]string
		says     string
	}{
		"another server has the port": {other.port, quick, errPortTaken.Error()},
		"unknown setting":             {free, map[string]string{"no_such_setting": "1"}, "no_such_setting"},
	} {
		t.Run(name, func(t *testing.T) {
			s.port = c.port
			err := s.launch(bin, c.settings)
			if err == nil {
				s.quit()
				t.Fatal("the server started")
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "no answer") {
				t.Error(err)
			}
		})
	}
}

// folder is for a server: t.TempDir is root's alone.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(tempFolder(), fmt.Sprintf("%s%d-", prefix, os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestAStartInABubbleIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if s, err := StartWith(quick); err == nil {
			s.Stop()
			t.Error("the bubble would never end")
		}
	})
}

func TestRootsOwnTemporaryFolderIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	if got, root := tempFolder(), os.Geteuid() == 0; (got == dir) == root {
		t.Errorf("temporary folder %s, as root: %v", got, root)
	}
}

func TestSweepLeavesTheLivingAlone(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command(self, "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	for name, stays := range map[string]bool{
		fmt.Sprintf("%s%d-1", prefix, ended.Process.Pid): false,
		fmt.Sprintf("%s%d-1", prefix, os.Getpid()):       true,
		fmt.Sprintf("%s%d-1", prefix, os.Getppid()):      true,
		prefix + "notes": true,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(parent, name)
			if err := os.Mkdir(dir, 0o750); err != nil {
				t.Fatal(err)
			}
			sweep(parent)
			if _, err := os.Stat(dir); (err == nil) != stays {
				t.Errorf("%s: stays %v, want %v", name, err == nil, stays)
			}
		})
	}
}

func TestAWrongFolderOfProgramsIsAnErrorNotASkip(t *testing.T) {
	t.Setenv("WATCHBELL_PG_BIN", t.TempDir())
	if _, err := Start(); err == nil || errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
}
