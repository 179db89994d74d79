package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
)

// program is the real program, built once with the fault steps in it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "watchbell-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "watchbell")
	build := exec.Command("go", "build", "-tags", "faults", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
})

func TestMain(m *testing.M) {
	time.Local = time.UTC
	code := m.Run()
	if err := undriven(); code == 0 && err != nil {
		fmt.Println(err)
		code = 1
	}
	if built.Load() {
		path, _ := program()
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

var built atomic.Bool

func binary(t *testing.T) string {
	t.Helper()
	drives(t)
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	built.Store(true)
	return path
}

// installation is one database with its configuration, on which server processes are started and killed.
type installation struct {
	t      *testing.T
	url    string // of the database
	config string
	port   int
	env    []string // beside what every server gets
}

const fastReminders = `name: Fault test
zone: UTC
web: {listen: "127.0.0.1:%d"}
incidents:
  severities:
    sev2: {update-every: 1m, no-lead: 1m, stale: off}
people:
  - {id: ana, name: Ana Ruiz, email: ana@northwind.example, roles: [incident-lead]}
  - {id: ben, name: Ben Okafor, email: ben@northwind.example, roles: [responder]}
  - {id: dan, name: Dan Weber, roles: [responder]}
services:
  - {id: web, name: Web shop, owners: [ben]}
channels:
  - {name: incidents}
`

func newInstallation(t *testing.T, url string) *installation {
	t.Helper()
	in := &installation{t: t, url: url, port: freePort(t)}
	in.config = filepath.Join(t.TempDir(), "watchbell.yaml")
	if err := os.WriteFile(in.config, fmt.Appendf(nil, fastReminders, in.port), 0o600); err != nil {
		t.Fatal(err)
	}
	return in
}

func freePort(t *testing.T) int {
	t.Helper()
	// Below those that the system gives to connections: one of these may be taken before the program listens.
	for range 1000 {
		port := 20_000 + int(nextPort.Add(1)+int64(os.Getpid())*37)%12_000
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// nextPort lets no two tests of this process try the same one.
var nextPort atomic.Int64

// server is one running process.
type server struct {
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{}
}

// logBuffer is written by a process and read by a test.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts a server and waits until it answers, or has died, which it may be told to.
func (in *installation) start(killAt string) *server {
	in.t.Helper()
	s := &server{log: &logBuffer{}, done: make(chan struct{})}
	s.cmd = exec.Command(binary(in.t), "serve", "--web-personas", "--config", in.config, "--log-level", "warn")
	// few people do much here
	s.cmd.Env = append(
		os.Environ(), "DATABASE_URL="+in.url, "WATCHBELL_KILL_AT="+killAt, "WATCHBELL_LEASE=2s", "WATCHBELL_LIMITS=off",
	)
	s.cmd.Env = append(s.cmd.Env, in.env...)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	in.t.Cleanup(s.kill)
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		if s.dead() || in.answers() {
			return s
		}
		if time.Now().After(deadline) {
			in.t.Fatalf("the server does not answer: %s", s.log)
		}
	}
}

// do runs one command in a process of its own, as a person in a terminal.
func (in *installation) do(as, line string) (out string, code int) {
	in.t.Helper()
	cmd := exec.Command(binary(in.t), "do", "--as", as, "--config", in.config, line)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+in.url)
	data, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		in.t.Fatal(err)
	}
	return string(data), cmd.ProcessState.ExitCode()
}

func (in *installation) answers() bool {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/unread", in.port))
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (s *server) dead() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// kill kills the process as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// stop asks the process to stop and returns how long it took.
func (s *server) stop() time.Duration {
	start := time.Now()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.done
	return time.Since(start)
}

// browser is a person with the web chat open.
type browser struct {
	in      *installation
	client  *http.Client
	who     string
	channel int64
}

func (in *installation) browser(who string) *browser {
	return &browser{
		in: in, who: who,
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// said is the chat's answer to an action.
type said struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Post   struct {
		HTML string `json:"html"`
	} `json:"post"`
}

// do types a command, once more with the same id whenever nobody answers, until it is answered or ctx ends.
func (b *browser) do(ctx context.Context, id, text string) (said, error) {
	for again := false; ; again = true {
		s, err := b.try(ctx, id, text, again)
		if err == nil && s.Status != string(bot.Unready) && s.Status != "working" {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *browser) try(ctx context.Context, id, text string, again bool) (said, error) {
	body, err := json.Marshal(map[string]any{"id": id, "channel": b.channel, "text": text, "again": again})
	if err != nil {
		return said{}, err
	}
	address := fmt.Sprintf("http://127.0.0.1:%d", b.in.port)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/say", bytes.NewReader(body))
	if err != nil {
		return said{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", address)
	req.AddCookie(&http.Cookie{Name: personaCookie, Value: b.who})
	resp, err := b.client.Do(req)
	if err != nil {
		return said{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return said{}, err
	}
	var s said
	if err := json.Unmarshal(data, &s); err != nil {
		return said{}, fmt.Errorf("%s: %s: %w", resp.Status, data, err)
	}
	if resp.StatusCode >= 500 {
		return s, fmt.Errorf("%s: %s", resp.Status, data)
	}
	return s, nil
}

const personaCookie = "watchbell_persona"

// open opens the database beside the servers, for looking.
func (in *installation) open() *storage.Store {
	in.t.Helper()
	s, err := storage.Open(context.Background(), in.url, storage.Options{NoMigrate: true})
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = s.Close() })
	return s
}

// channel finds the id of a channel of the web chat.
func (in *installation) channelID(s *storage.Store, name string) int64 {
	in.t.Helper()
	c, err := s.Chat().ChannelNamed(context.Background(), name)
	if err != nil {
		in.t.Fatalf("channel %s: %v", name, err)
	}
	return c.ID
}

// posts are the messages of the bot in a channel of the web chat.
func posts(t *testing.T, s *storage.Store, channel, thread int64) []web.Post {
	t.Helper()
	var all []web.Post
	for after := int64(0); ; {
		page, err := s.Chat().Page(context.Background(), web.PageQuery{
			Channel: channel, Thread: thread, After: after, Limit: 200,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			if p.Author == "" && p.Only == "" {
				all = append(all, p)
			}
			after = p.ID
		}
		if len(page) < 200 {
			return all
		}
	}
}

// settled waits until no job is due or running, for as long as they become fewer: how many there are depends on how
// long a test went on.
func settled(t *testing.T, s *storage.Store) {
	t.Helper()
	least := math.MaxInt
	for deadline := time.Now().Add(time.Minute); ; <-time.After(50 * time.Millisecond) {
		q, err := s.QueueState(context.Background(), bot.SystemClock{}.Now())
		if err == nil && q.Waiting == 0 && q.Running == 0 {
			return
		}
		if left := q.Waiting + q.Running; err == nil && left < least {
			least, deadline = left, time.Now().Add(time.Minute)
		}
		if time.Now().After(deadline) {
			t.Fatalf("the queue never settles: %+v %v", q, err)
		}
	}
}

func plain(p web.Post) string { return strings.ReplaceAll(p.Message.Plain(time.UTC), "\n", " ") }
