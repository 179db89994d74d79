//go:build linux

package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// BenchmarkIdle is a server that nobody uses: statements a minute, by PostgreSQL's own log, and what SQLite writes a
// day. It watches for three minutes; WATCHBELL_IDLE sets another time.
func BenchmarkIdle(b *testing.B) {
	watch := 3 * time.Minute
	if s := os.Getenv("WATCHBELL_IDLE"); s != "" {
		var err error
		if watch, err = time.ParseDuration(s); err != nil {
			b.Fatal(err)
		}
	}
	path := release(b)
	b.Run("postgres", func(b *testing.B) {
		in := install(b, "postgres")
		log := logOf(b, in.url)
		in.url += "&options=-c%20log_statement%3Dall"
		p := in.serve(b, path)
		defer p.stop()
		<-time.After(20 * time.Second) // what a start reads
		before := statementsIn(b, log)
		<-time.After(watch)
		b.ReportMetric(float64(statementsIn(b, log)-before)/watch.Minutes(), "statements/min")
	})
	b.Run("sqlite", func(b *testing.B) {
		in := install(b, "sqlite")
		p := in.serve(b, path)
		defer p.stop()
		<-time.After(20 * time.Second)
		written := p.number(b, "io", "wchar:")
		<-time.After(watch)
		b.ReportMetric((p.number(b, "io", "wchar:")-written)/1e6*24*60/watch.Minutes(), "MB-written/day")
	})
}

func logOf(b *testing.B, url string) string {
	b.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var data string
	if err := db.QueryRow("SHOW data_directory").Scan(&data); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(filepath.Dir(data), "log")
}

func statementsIn(b *testing.B, log string) int {
	b.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		b.Fatal(err)
	}
	if testing.Verbose() {
		b.Log(string(text[max(0, len(text)-3000):]))
	}
	return strings.Count(string(text), "LOG:  execute ") + strings.Count(string(text), "LOG:  statement: ")
}

// number reads a field of a file that Linux keeps of the process.
func (r *running) number(b *testing.B, file, field string) (n float64) {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", r.cmd.Process.Pid, file))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), field)
	if _, err := fmt.Sscan(rest, &n); err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkIdleYear lives a year in which nobody does anything, with a rota, a daily digest and a weekly one, an hour
// at a step, and reports how large the database is then.
func BenchmarkIdleYear(b *testing.B) {
	file := filepath.Join(b.TempDir(), "watchbell.db")
	store := storagetest.WithPeople(b, "sqlite:"+file, "test")
	clock, ctx := bottest.NewClock(), context.Background()
	w := engine.New(engine.Options{Store: store, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	w.Attach(bottest.NewRecorder())
	a := &app{store: store, clock: clock, bot: w}
	a.duties = oncall.New(store.OnCall(), w, oncall.Options{
		People: store.People, Handover: report.HandoverJob, Clock: clock,
	})
	desk := control.New(store.Changes(), w, control.Options{People: store.People, Clock: clock})
	if err := desk.LoadPolicy(ctx); err != nil {
		b.Fatal(err)
	}
	for _, c := range []bot.Capability{
		response.New(store.Incidents(), w, response.Options{Clock: clock}).Capability(), desk.Capability(),
		a.duties.Capability(),
		report.New(store.Reports(), w, report.Options{Clock: clock, Duty: duty{a}}).Capability(),
	} {
		w.Use(c)
	}
	for n, text := range []string{
		`/oncall new primary people=@ana,@ben handover="mon 09:00"`, "/report subscribe daily", "/report subscribe weekly",
	} {
		r := w.Receive(ctx, bot.Request{
			Key: fmt.Sprint("k", n), From: bot.Account{Platform: "test", User: "ana"},
			Place: bot.Conversation{Platform: "test", Channel: "ops"}, Text: text, NoForms: true,
		})
		if r.Status != bot.Done {
			b.Fatalf("%s: %+v", text, r)
		}
	}
	for range 365 * 24 {
		clock.Move(time.Hour)
		if err := w.Tick(ctx); err != nil {
			b.Fatal(err)
		}
		if _, err := w.RunDue(ctx); err != nil {
			b.Fatal(err)
		}
	}
	var pages, size int64
	if err := store.SQL().QueryRow(
		"SELECT (SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size)",
	).Scan(&pages, &size); err != nil {
		b.Fatal(err)
	}
	for _, table := range []string{
		"slots", "jobs", "refs", "actions", "posted", "audit", "report_runs", "oncall_handovers",
	} {
		var n int
		if err := store.SQL().QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n), table)
	}
	b.ReportMetric(float64(pages*size)/1e6, "MB")
	if pages*size > 50e6 {
		b.Errorf("a year without work takes %d MB", pages*size/1e6)
	}
}
