//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// databases makes databases that keep every promise about what reaches the disk, as in production.
type databases struct {
	name string
	n    int
	dir  string         // SQLite
	pg   *pgtest.Server // PostgreSQL
}

// onBoth runs f for SQLite and for PostgreSQL, whose server lives as long as f runs.
func onBoth(b *testing.B, f func(b *testing.B, d *databases)) {
	b.Run("sqlite", func(b *testing.B) { f(b, &databases{name: "sqlite", dir: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) {
		server, err := pgtest.Start()
		if errors.Is(err, pgtest.ErrMissing) {
			b.Skipf("SKIPPED, measured on SQLite only: %v", err)
		}
		if err != nil {
			b.Fatal(err)
		}
		defer server.Stop()
		f(b, &databases{name: "postgres", pg: server})
	})
}

// fresh is the address of an empty database.
func (d *databases) fresh(b *testing.B) string {
	b.Helper()
	if d.pg == nil {
		d.n++
		return "sqlite:" + filepath.Join(d.dir, fmt.Sprintf("%d.db", d.n))
	}
	url, _, err := d.pg.NewDatabase()
	if err != nil {
		b.Fatal(err)
	}
	return url
}

// store opens a database as serve does, with the people of the demo.
func store(t testing.TB, url string, at time.Time) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), url, storage.Options{Server: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.SyncPeople(context.Background(), bottest.People("test"), at); err != nil {
		t.Fatal(err)
	}
	return s
}

// services are enough that no two of the latest incidents share one, which would make them similar.
const services = 100

// newBot is a whole bot with a platform that only records. No workers run: jobs are stored and left there. Requests are
// logged to nowhere. named are so many services.
func named(n int) bot.Services {
	var list []bot.Service
	for k := range n {
		list = append(list, bot.Service{ID: service(k), Name: "Service " + fmt.Sprint(k)})
	}
	return bot.ServicesOf(list...)
}

func newBot(s *storage.Store, clock bot.Clock) *engine.Bot {
	b := engine.New(engine.Options{Store: s, Clock: clock, Log: slog.New(slog.NewTextHandler(discard{}, nil))})
	b.Attach(bottest.NewRecorder())
	o := response.Options{Clock: clock}
	o.Services = named(services)
	b.Use(response.New(s.Incidents(), b, o).Capability())
	return b
}

type discard struct{} // unlike io.Discard, slog does not know it and writes the line

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func service(n int) string { return fmt.Sprintf("service-%d", n%services) }

// title shares no word with the title of another number.
func title(n int) string { return fmt.Sprintf("checkout%d returns%d errors%d", n, n, n) }

// say carries out a command of dan's.
func say(b *engine.Bot, key, text string) error {
	reply := b.Receive(context.Background(), bot.Request{
		Key: key, From: bot.Account{Platform: "test", User: "dan"}, Text: text,
	})
	if reply.Status != bot.Done {
		return fmt.Errorf("%s: %s: %+v", text, reply.Status, reply.Message)
	}
	return nil
}

// connect opens a database beside its store, to fill it or to look into it.
func connect(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, address := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, address = "sqlite", sqliteAddress(path)
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// sqliteAddress opens a file as the store does for a server.
func sqliteAddress(path string) string {
	return "file:" + path +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)" +
		"&_time_format=sqlite&_timezone=UTC&_txlock=immediate"
}

// load is what a number of clients did and how long each of their calls took.
type load struct {
	took, cpu time.Duration // cpu is this process's; on SQLite the database is in it
	each      []time.Duration
}

var serial atomic.Int64 // numbers operations, unlike any before in this process

// drive lets clients carry out n operations as fast as they can, each client one at a time.
func drive(b *testing.B, clients, n int, op func(serial int) error) load {
	b.Helper()
	l := load{each: make([]time.Duration, n)}
	var next atomic.Int64
	var running sync.WaitGroup
	failed := make(chan error, clients)
	cpu, start := cpuTime(), time.Now()
	for range clients {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				begin := time.Now()
				if err := op(int(serial.Add(1))); err != nil {
					failed <- err
					return
				}
				l.each[i] = time.Since(begin)
			}
		})
	}
	running.Wait()
	l.took, l.cpu = time.Since(start), cpuTime()-cpu
	select {
	case err := <-failed:
		b.Fatal(err)
	default:
	}
	return l
}

// report adds throughput, latencies and processor time to a benchmark's line.
func (l load) report(b *testing.B, unit string) {
	slices.Sort(l.each)
	n := len(l.each)
	b.ReportMetric(float64(n)/l.took.Seconds(), unit+"/s")
	b.ReportMetric(l.each[n/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(l.each[n*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(float64(l.cpu.Microseconds())/float64(n), "cpu-µs/op")
}

// cpuTime is how long this process has been on a processor. It is far steadier than the clock on a machine shared with
// others.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
