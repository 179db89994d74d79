//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// BenchmarkStartup starts the program and waits until /readyz says yes, on a database that has its schema and people.
func BenchmarkStartup(b *testing.B) {
	path := release(b)
	b.Run("version", func(b *testing.B) {
		starts(b, func() (stop func()) {
			if out, err := exec.Command(path, "version").CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			return func() {}
		})
	})
	b.Run("demo", func(b *testing.B) {
		data := filepath.Join(b.TempDir(), "data")
		once := func() func() { return process(b, path, nil, "demo", "--data", data, "--listen", "127.0.0.1:0").stop }
		once()()
		starts(b, once)
	})
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run("serve/"+database, func(b *testing.B) {
			in := install(b, database)
			once := func() func() { return in.serve(b, path).stop }
			once()()
			starts(b, once)
		})
	}
}

// BenchmarkRestart kills a server as a power cut would, and reports how long it takes until somebody's command is
// answered again, from the moment that the program is started.
func BenchmarkRestart(b *testing.B) {
	path := release(b)
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			in := install(b, database)
			p := in.serve(b, path)
			s, err := storage.Open(context.Background(), in.url, storage.Options{NoMigrate: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			channel, err := s.Chat().ChannelNamed(context.Background(), "incidents")
			if err != nil {
				b.Fatal(err)
			}
			var took []float64
			for n := range b.N {
				if err := in.say(
					channel.ID, fmt.Sprintf("before-%08d", n), fmt.Sprintf("/incident declare before%d sev2 anyway=yes", n),
				); err != nil {
					b.Fatal(err)
				}
				_ = p.cmd.Process.Kill()
				_ = p.cmd.Wait()
				begin := time.Now()
				again := &running{cmd: exec.Command(path, "serve", "--web-personas", "--config", in.config), out: &logBuffer{}}
				again.cmd.Env = append(os.Environ(), "DATABASE_URL="+in.url)
				if err := again.cmd.Start(); err != nil {
					b.Fatal(err)
				}
				for {
					if err = in.say(
						channel.ID, fmt.Sprintf("after-%08d", n), fmt.Sprintf("/incident declare after%d sev2 anyway=yes", n),
					); err == nil {
						break
					}
					if time.Since(begin) > 10*time.Second {
						b.Fatal(err)
					}
					<-time.After(time.Millisecond)
				}
				took = append(took, time.Since(begin).Seconds()*1000)
				p = again
			}
			p.stop()
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "median-ms")
			b.ReportMetric(took[len(took)-1], "max-ms")
		})
	}
}

// starts times the start and not the stop.
func starts(b *testing.B, start func() (stop func())) {
	var took []float64
	b.ResetTimer()
	for range b.N {
		begin := time.Now()
		stop := start()
		took = append(took, time.Since(begin).Seconds()*1000)
		b.StopTimer()
		stop()
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(took[0], "min-ms")
	b.ReportMetric(took[len(took)/2], "median-ms")
	b.ReportMetric(took[len(took)-1], "max-ms")
}

// BenchmarkMemory declares incidents through the web chat of a running server, which shows them in channels and cards.
// It reports the memory the server holds before and, two idle seconds after the last job, at the end; -benchtime=10000x
// declares ten thousand.
func BenchmarkMemory(b *testing.B) {
	path := release(b)
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			in := install(b, database)
			p := in.serve(b, path)
			defer p.stop()
			s, err := storage.Open(context.Background(), in.url, storage.Options{NoMigrate: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			<-time.After(2 * time.Second)
			channel, err := s.Chat().ChannelNamed(context.Background(), "incidents")
			if err != nil {
				b.Fatal(err)
			}
			quiet := p.memory(b, "VmRSS")
			b.ResetTimer()
			in.declare(b, channel.ID)
			idle(b, s)
			b.StopTimer()
			<-time.After(2 * time.Second)
			b.ReportMetric(quiet, "idle-MB")
			b.ReportMetric(p.memory(b, "VmRSS"), "after-MB")
			b.ReportMetric(p.memory(b, "VmHWM"), "peak-MB")
		})
	}
}

// release is the program as it is shipped.
func release(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "watchbell")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return path
}

// site is one database with its configuration.
type site struct {
	url, config, chat string
}

const siteConfig = `name: Benchmark
zone: UTC
web: {listen: "%s"}
observe: {listen: "%s"}
people:
  - {id: ana, name: Ana Ruiz, roles: [incident-lead]}
  - {id: dan, name: Dan Weber, roles: [responder]}
channels:
  - {name: incidents, topic: Every incident is announced here}
`

func install(b *testing.B, database string) *site {
	b.Helper()
	dir := b.TempDir()
	in := &site{
		url: "sqlite:" + filepath.Join(dir, "watchbell.db"), config: filepath.Join(dir, "watchbell.yaml"), chat: free(b),
	}
	if database == "postgres" {
		server, err := pgtest.Start()
		if errors.Is(err, pgtest.ErrMissing) {
			b.Skipf("SKIPPED, measured on SQLite only: %v", err)
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(server.Stop)
		if in.url, _, err = server.NewDatabase(); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(in.config, fmt.Appendf(nil, siteConfig, in.chat, free(b)), 0o600); err != nil {
		b.Fatal(err)
	}
	return in
}

func free(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (in *site) serve(b *testing.B, path string) *running {
	b.Helper()
	return process(b, path, []string{"DATABASE_URL=" + in.url}, "serve", "--web-personas", "--config", in.config)
}

// running is a server that said that it is ready.
type running struct {
	cmd *exec.Cmd
	out *logBuffer
}

var metricsAddress = regexp.MustCompile(`http://\S+/metrics`)

func process(b *testing.B, path string, env []string, args ...string) *running {
	b.Helper()
	r := &running{cmd: exec.Command(path, args...), out: &logBuffer{}}
	r.cmd.Env = append(os.Environ(), env...)
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	if err := r.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(500 * time.Microsecond) {
		if at := metricsAddress.FindString(r.out.String()); at != "" {
			resp, err := http.Get(strings.TrimSuffix(at, "metrics") + "readyz")
			if err == nil {
				_ = resp.Body.Close()
			}
			if err == nil && resp.StatusCode == http.StatusOK {
				return r
			}
		}
		if time.Now().After(deadline) {
			r.stop()
			b.Fatalf("not ready: %s", r.out)
		}
	}
}

func (r *running) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

// memory reads a line of the process's status, in megabytes.
func (r *running) memory(b *testing.B, field string) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	var kb float64
	_, rest, _ := strings.Cut(string(data), field+":")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}

// declare declares b.N incidents, four people at a time.
func (in *site) declare(b *testing.B, channel int64) {
	var next atomic.Int64
	var people sync.WaitGroup
	for range 4 {
		people.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := in.say(
					channel, fmt.Sprintf("declare-%08d", n),
					fmt.Sprintf("/incident declare checkout%d returns%d errors%d sev2", n, n, n),
				); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	people.Wait()
}

func (in *site) say(channel int64, id, text string) error {
	body, err := json.Marshal(map[string]any{"id": id, "channel": channel, "text": text})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+in.chat+"/say", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "http://"+in.chat)
	req.AddCookie(&http.Cookie{Name: personaCookie, Value: "dan"})
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && !bytes.Contains(answer, []byte(`"done"`)) {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return err
}

// idle waits until no job is due or running.
func idle(b *testing.B, s *storage.Store) {
	b.Helper()
	for ; ; <-time.After(50 * time.Millisecond) {
		q, err := s.QueueState(context.Background(), time.Now().UTC())
		if err != nil {
			b.Fatal(err)
		}
		if q.Waiting+q.Running == 0 {
			return
		}
	}
}
