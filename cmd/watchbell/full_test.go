//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/watchbell/watchbell/bot"
)

// TestAFullDiskServesReading starts the program where no file may grow, which is like a full disk, and then gives it
// room.
func TestAFullDiskServesReading(t *testing.T) {
	in := newInstallation(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	port := freePort(t)
	f, err := os.OpenFile(in.config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "observe: {listen: \"127.0.0.1:%d\"}\n", port); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	first := in.start("")
	b := in.browser("ana")
	look := in.open()
	b.channel = in.channelID(look, "incidents")
	if err := look.Close(); err != nil { // or the room that it takes would be there for the server, too
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if r, err := b.do(ctx, "full-0001", `/incident declare sev2 title="before"`); err != nil ||
		r.Status != string(bot.Done) {
		t.Fatal(r, err)
	}
	first.stop()

	s := in.cramped()
	// a busy machine may not answer in time at first
	for end := time.Now().Add(30 * time.Second); ; <-time.After(100 * time.Millisecond) {
		h := readiness(port)
		if !h.Ready && strings.Contains(h.Database, "not recorded") {
			break
		}
		if h.Ready || time.Now().After(end) {
			t.Fatalf("without room: %+v", h)
		}
	}
	if r, err := b.try(ctx, "full-0002", "/incident note INC-1 lost", false); err == nil && r.Status == string(bot.Done) {
		t.Errorf("a note was taken: %+v", r)
	}
	if r, err := b.try(ctx, "full-0003", "/incident show INC-1", false); err == nil && r.Status == string(bot.Done) &&
		!strings.Contains(r.Post.HTML, "before") {
		t.Errorf("reading: %+v", r)
	}
	if log := s.log.String(); !strings.Contains(log, "nothing can be recorded just now; the start goes on") {
		t.Errorf("the log says nothing: %s", log)
	}
	giveRoom(t, s.cmd.Process.Pid)
	for end := time.Now().Add(30 * time.Second); !readiness(port).Ready; <-time.After(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("with room: %+v\n%s", readiness(port), s.log)
		}
	}
	if r, err := b.do(ctx, "full-0002", "/incident note INC-1 kept"); err != nil || r.Status != string(bot.Done) {
		t.Errorf("with room: %+v %v", r, err)
	}
	s.stop()
}

func readiness(port int) (h health) {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port))
	if err != nil {
		return health{Database: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	_ = json.NewDecoder(resp.Body).Decode(&h)
	h.Ready = h.Ready && resp.StatusCode == http.StatusOK
	return h
}

// cramped starts a server that may make no file larger.
func (in *installation) cramped() *server {
	in.t.Helper()
	s := &server{log: &logBuffer{}, done: make(chan struct{})}
	s.cmd = exec.Command(
		"/bin/sh", "-c", `ulimit -S -f 0; exec "$@"`, "sh", binary(in.t), "serve", "--web-personas", "--config", in.config,
		"--log-level", "warn",
	)
	s.cmd.Env = append(os.Environ(), "DATABASE_URL="+in.url)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	in.t.Cleanup(s.kill)
	for deadline := time.Now().Add(20 * time.Second); !in.answers(); <-time.After(5 * time.Millisecond) {
		if s.dead() || time.Now().After(deadline) {
			in.t.Fatalf("the server does not answer: %s", s.log)
		}
	}
	return s
}

// giveRoom lets another process make files as large as it wants.
func giveRoom(t *testing.T, pid int) {
	t.Helper()
	none := ^uint64(0)
	limit := syscall.Rlimit{Cur: none, Max: none}
	if _, _, errno := syscall.RawSyscall6(
		syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0,
	); errno != 0 {
		t.Fatal(errno)
	}
}
