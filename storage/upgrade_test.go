package storage_test

import (
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/jackc/pgx/v5"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// schema5 is where the databases of the version before lie; its README.txt says how they were made.
const schema5 = "testdata/schema5"

// schema5At is when their story ends.
var schema5At = time.Date(2026, 12, 1, 13, 0, 0, 0, time.UTC)

// eachOfSchema5 runs f on a copy of each database that the version before left.
func eachOfSchema5(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "watchbell.db")
		if err := os.WriteFile(path, unzipped(t, "watchbell.db.gz"), 0o600); err != nil {
			t.Fatal(err)
		}
		f(t, "sqlite:"+path)
	})
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.URL(t)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.PgConn().Exec(ctx, string(unzipped(t, "dump.sql.gz"))).ReadAll(); err != nil {
			t.Fatal(err)
		}
		f(t, url)
	})
}

func unzipped(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join(schema5, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// counts are the rows of every table that people's data is in.
func counts(t *testing.T, url string) map[string]int {
	t.Helper()
	driver, address, tables := "pgx", url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, address, tables = "sqlite", path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "+
			"'sqlite%'"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(tables)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := map[string]int{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		n[name] = 0
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	delete(n, "goose_db_version")
	for name := range n {
		var count int
		if err := db.QueryRow("SELECT count(*) FROM " + name).Scan(&count); err != nil {
			t.Fatal(err)
		}
		n[name] = count
	}
	return n
}

// Migrations lose nothing, the log still verifies, everything can be read, and work goes on.
func TestADatabaseOfTheVersionBeforeOpens(t *testing.T) {
	eachOfSchema5(t, func(t *testing.T, url string) {
		ctx := context.Background()
		before := counts(t, url)
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if before[name] == 0 {
				t.Errorf("the testdata has no row of %s: that proves nothing", name)
			}
		}
		store := storagetest.Open(t, url)
		after := counts(t, url)
		for name, n := range before {
			if more := after[name] > n; after[name] < n || more && name != "counters" { // what is new is counted too
				t.Errorf("%s has %d rows, had %d", name, after[name], n)
			}
		}
		old, err := store.VerifyAudit(ctx, bot.Seal{})
		if err != nil || old.Seq != int64(before["audit"]) {
			t.Fatalf("the log ends at %s, had %d entries: %v", old, before["audit"], err)
		}
		if v, err := store.Verify(ctx); err != nil || v.Bare != old.Seq || v.Unbound == 0 || v.Objects != 0 {
			t.Errorf("entries from before are to be told as without digest: %+v %v", v, err)
		}
		versionBefore := `INSERT INTO audit (seq, at, actor, action, object, version, result, detail, source, key, prev, hash)
SELECT seq + 1, at, actor, action, object, version, result, detail, source, key, hash, '` + strings.Repeat("a", 64) + `' FROM audit ORDER BY seq DESC LIMIT 1`
		if _, err := store.SQL().Exec(versionBefore); err == nil || !strings.Contains(err.Error(), "digest") {
			t.Errorf("an instance of the version before can still commit: %v", err)
		}
		for name, read := range readers {
			t.Run(name, func(t *testing.T) { read(t, store, before) })
		}
		workGoesOn(t, store)
		last, err := store.VerifyAudit(ctx, old)
		if err != nil || last.Seq <= old.Seq {
			t.Errorf("after new commits the log ends at %s: %v", last, err)
		}
		if v, err := store.Verify(ctx); err != nil || v.Objects == 0 || v.Bare != old.Seq {
			t.Errorf("what was changed since is to be bound: %+v %v", v, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		again, err := storage.Open(ctx, url, storage.Options{Relaxed: true, NoMigrate: true})
		if err != nil {
			t.Fatalf("opened again: %v", err)
		}
		if seal, err := again.VerifyAudit(ctx, last); err != nil || seal != last {
			t.Errorf("opened again, the log ends at %s, not %s: %v", seal, last, err)
		}
		_ = again.Close()
	})
}

// workGoesOn commits to what was there before and to what is new.
func workGoesOn(t *testing.T, s *storage.Store) {
	t.Helper()
	ctx, clock := context.Background(), fixed(schema5At)
	b := engine.New(engine.Options{Store: s, Clock: clock})
	platform := []bot.PersonID{"ana", "dan"}
	services := []bot.Service{
		{ID: "search", Name: "Search", Owners: platform}, {ID: "web", Name: "Web shop", Owners: platform},
	}
	b.Use(response.New(s.Incidents(), b, response.Options{Clock: clock}).Capability())
	options := control.Options{
		Clock: clock, People: s.People, Services: bot.ServicesOf(services...), Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
	}
	changes := control.New(s.Changes(), b, options)
	if err := changes.LoadPolicy(ctx); err != nil {
		t.Fatal(err)
	}
	b.Use(changes.Capability())
	say := func(who, text string) string {
		t.Helper()
		r := b.Receive(ctx, bot.Request{Key: text, From: bot.Account{Platform: "cli", User: who}, Text: text, NoForms: true})
		if r.Status != bot.Done {
			t.Errorf("%s: %s", text, r.Status)
			if r.Message != nil {
				t.Error(r.Message.Plain(time.UTC))
			}
			return ""
		}
		return r.Message.Plain(time.UTC)
	}
	open, err := s.Incidents().List(ctx, response.Filter{Open: true, Limit: 1})
	if err != nil || len(open) != 1 {
		t.Fatalf("open incidents: %d %v", len(open), err)
	}
	waiting, err := s.Changes().List(ctx, change.Filter{States: []change.State{change.Pending}, Service: "web", Limit: 1})
	if err != nil || len(waiting) != 1 {
		t.Fatalf("pending changes: %d %v", len(waiting), err)
	}
	count, err := s.CountIncidents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	say("ana", "/incident note "+open[0].ID()+" Written by the new version")
	next := fmt.Sprintf("INC-%d", count+1)
	if text := say("dan", "/incident declare Something new sev4"); !strings.Contains(text, next) {
		t.Errorf("the next incident is not %s: %s", next, text)
	}
	say("ana", fmt.Sprintf("/change approve %s r%d", waiting[0].ID(), waiting[0].Revision))
	say(
		"dan",
		`/change new title="Made by the new version" service=search env=staging why="Planned" plan="By the runbook" `+
			`start="2026-12-08 08:00 UTC" end=1h`,
	)
}

// fixed is a clock that stands still.
type fixed time.Time

// Now implements bot.Clock.
func (f fixed) Now() time.Time { return time.Time(f) }

// What is saved first after an upgrade may add nothing to the timeline: the log binds the rows all the same.
func TestTheFirstSaveAfterAnUpgradeMayBeSilent(t *testing.T) {
	eachOfSchema5(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s, err := storage.Open(ctx, url, storage.Options{Server: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		silent := func(object string) bot.Effects {
			return bot.Effects{Audit: bot.Audit{
				Action: "test.silent", Object: object, Result: bot.ResultDone, Source: "test", At: schema5At,
			}}
		}
		_, err = s.Changes().Update(ctx, "CHG-1", nil, func(c *change.Change, _ change.Look) (bot.Effects, error) {
			return silent(c.ID()), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Incidents().Update(ctx, "INC-1", func(i *incident.Incident) (bot.Effects, error) {
			return silent(i.ID()), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(ctx); err != nil {
			t.Error(err)
		}
	})
}
