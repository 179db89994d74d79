//go:build linux

package database_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/people"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const crampedFile = "WATCHBELL_CRAMPED_FILE"

// limitFiles sets how large a file this process may make. It is like a full disk, and needs no disk.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

// The test runs itself in another process, which has no room.
func TestAFullDiskLeavesReading(t *testing.T) {
	if os.Getenv(crampedFile) != "" {
		withoutRoom(t, os.Getenv(crampedFile))
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "watchbell.db")
	if err := serve(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	s := storagetest.WithPeople(t, "sqlite:"+path, "test")
	// As after a crash: what was committed last is in the write-ahead log only.
	crashed := filepath.Join(dir, "crashed.db")
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + end)
		if err == nil {
			err = os.WriteFile(crashed+end, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"stopped": path, "crashed": crashed} {
		t.Run(name, func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestAFullDiskLeavesReading$", "-test.v")
			c.Env = append(os.Environ(), crampedFile+"="+file)
			if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func serve(t *testing.T, path string) *database.DB {
	t.Helper()
	s, err := database.Open(context.Background(), "sqlite:"+path, database.Options{Server: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func withoutRoom(t *testing.T, path string) {
	ctx := context.Background()
	limitFiles(t, 1024)
	s := serve(t, path)
	clock := &moved{at: bottest.Start}
	database.SetHealthClock(s, clock.now)
	directory := people.New(s)
	known := func() int {
		t.Helper()
		people, err := directory.People(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(people)
	}
	everybody := len(bottest.People("test"))
	if got := known(); got != everybody {
		t.Errorf("%d people are known, want %d", got, everybody)
	}
	err := writeOne(s)
	var told *bot.Error
	if !errors.As(err, &told) || told.Kind != bot.Unavailable || !strings.Contains(told.Text, "not recorded") ||
		!database.CannotWrite(err) {
		t.Errorf("a write: %v", err)
	}
	if err := s.Ready(ctx); err == nil || !strings.Contains(err.Error(), "not recorded") {
		t.Errorf("readiness: %v", err)
	}
	if got := known(); got != everybody {
		t.Errorf("after a write was tried %d people are known", got)
	}
	limitFiles(t, 1<<40)
	clock.on(11e9)
	if err := s.Ready(ctx); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := directory.SyncPeople(ctx, bottest.People("test")[:1], bottest.Start); err != nil {
		t.Errorf("a write with room again: %v", err)
	}
	list, err := directory.People(ctx)
	active := 0
	for _, p := range list {
		if p.Active {
			active++
		}
	}
	if err != nil || active != 1 {
		t.Errorf("what was written then is not read: %d active people, %v", active, err)
	}
	limitFiles(t, 1024)
	if err := writeOne(s); err == nil || !database.CannotWrite(err) {
		t.Errorf("a write without room: %v", err)
	}
	if err := s.Ready(ctx); err == nil {
		t.Error("ready although the last commit failed")
	}
	if len(list) != known() {
		t.Error("reading without room while it runs")
	}
}
