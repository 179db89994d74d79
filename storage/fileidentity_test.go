package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func serve(t *testing.T, path string) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), "sqlite:"+path, storage.Options{Server: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOneServerAFileByWhateverName(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a file beside it is locked")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "watchbell.db")
	first := serve(t, path)
	symbolic, hard := filepath.Join(dir, "symbolic.db"), filepath.Join(dir, "hard.db")
	if err := errors.Join(os.Symlink(path, symbolic), os.Link(path, hard)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, name := range []string{path, symbolic, hard, "watchbell.db", "./../" + filepath.Base(dir) + "/watchbell.db"} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(name + ".lock")
			if s, err := storage.Open(context.Background(), "sqlite:"+name, storage.Options{Server: true}); err == nil ||
				!strings.Contains(err.Error(), "Another Watchbell server already uses") {
				t.Errorf("a second server: %v", err)
				if err == nil {
					_ = s.Close()
				}
			}
			if err := storage.LockedOut("sqlite:" + name); err == nil {
				t.Error("LockedOut does not see the server")
			}
			if name == hard {
				return // SQLite itself allows no work by several hard links: each name has a log of its own
			}
			guest := storagetest.Open(t, "sqlite:"+name)
			if err := guest.AddJobs(context.Background(), []bot.Job{{Kind: "k", Object: name}}); err != nil {
				t.Errorf("a single command beside it: %v", err)
			}
		})
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storage.LockedOut("sqlite:" + hard); err != nil {
		t.Errorf("after it stopped: %v", err)
	}
	serve(t, symbolic)
}

func TestAServerOfAnEarlierVersionIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watchbell.db")
	_ = serve(t, path).Close()
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(context.Background(), "sqlite:"+path, storage.Options{Server: true}); err == nil ||
		!strings.Contains(err.Error(), "Another Watchbell server") {
		t.Error(err)
	}
}

func TestLockedOutMakesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := storage.LockedOut("sqlite:" + filepath.Join(dir, "none.db")); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// Closing any descriptor of a file drops the POSIX locks that this process has on it. Those are SQLite's, and without
// them another program takes itself for the last one and deletes the write-ahead log.
func TestNothingDropsTheLocksOfSQLite(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc/locks")
	}
	path := filepath.Join(t.TempDir(), "watchbell.db")
	s := serve(t, path)
	if err := s.AddJobs(context.Background(), []bot.Job{{Kind: "k", Object: "a"}}); err != nil {
		t.Fatal(err)
	}
	before := posixLocks(t, path)
	if before == 0 {
		t.Fatal("SQLite holds no lock, so this test sees nothing")
	}
	for name, do := range map[string]func(){
		"a second server": func() {
			_, _ = storage.Open(context.Background(), "sqlite:"+path, storage.Options{Server: true})
		},
		"a look":             func() { _ = storage.LockedOut("sqlite:" + path) },
		"a command":          func() { _ = storagetest.Open(t, "sqlite:"+path).Close() },
		"the schema's state": func() { _, _ = storage.MigrationStatus(context.Background(), "sqlite:"+path) },
		"a command and a lock": func() {
			guest := storagetest.Open(t, "sqlite:"+path)
			_, _ = storage.Open(context.Background(), "sqlite:"+path, storage.Options{Server: true})
			_ = guest.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			do()
			if after := posixLocks(t, path); after != before {
				t.Errorf("%s: %d locks, before %d", name, after, before)
			}
		})
	}
}

// posixLocks counts the POSIX locks that this process has on a file.
func posixLocks(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(locks)) {
		if strings.Contains(line, "POSIX") && strings.Contains(line, fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)) {
			n++
		}
	}
	return n
}

func TestAFileThatIsGoneIsNotWrittenTo(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		lose  func(path string) error
		says  string
		again func(path string) error // makes it well
	}{
		"deleted": {os.Remove, "was deleted or moved", nil},
		"moved": {
			func(p string) error { return os.Rename(p, p+".old") }, "was deleted or moved",
			func(p string) error { return os.Rename(p+".old", p) },
		},
		"replaced": {
			func(p string) error { return errors.Join(os.WriteFile(p+".new", nil, 0o600), os.Rename(p+".new", p)) },
			"was replaced", nil,
		},
		"made anew": {func(p string) error {
			return errors.Join(os.Remove(p), os.WriteFile(p, nil, 0o600))
		}, "was replaced", nil},
		"its folder moved": {
			func(p string) error { return os.Rename(filepath.Dir(p), filepath.Dir(p)+"-old") }, "was deleted or moved", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data", "watchbell.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			s := serve(t, path)
			add(t, s, bot.Job{Kind: "k", Object: "before"}, bot.Job{Kind: "k", Object: "waits"})
			job := claim(t, s, "w", 1)[0]
			if err := c.lose(path); err != nil {
				t.Fatal(err)
			}
			for what, write := range map[string]func() error{
				"a transaction": func() error { return s.AddJobs(ctx, []bot.Job{{Kind: "k", Object: "after"}}) },
				"a statement":   func() error { _, err := s.FinishJob(ctx, job, bot.Outcome{Done: true}, bot.Claim{}); return err },
				"a claim": func() error {
					_, err := s.ClaimJobs(ctx, bot.Claim{Owner: "w", Now: time.Now().Add(time.Hour), Lease: time.Second, Limit: 1})
					return err
				},
				"an entry":  func() error { return s.Record(ctx, bot.Effects{Audit: bot.Audit{Action: "a", At: time.Now()}}) },
				"readiness": func() error { return s.Ready(ctx) },
			} {
				t.Run(what, func(t *testing.T) {
					err := write()
					var people *bot.Error
					if !errors.As(err, &people) || people.Kind != bot.Unavailable || !strings.Contains(people.Text, c.says) ||
						!strings.Contains(people.Text, "not recorded") {
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			if c.again == nil {
				return
			}
			if err := c.again(path); err != nil {
				t.Fatal(err)
			}
			if err := s.Ready(ctx); err != nil {
				t.Errorf("put back: %v", err)
			}
			finish(t, s, job, done)
		})
	}
}
