//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// hand declares incidents as careful code without a framework does: the same reads, then the same rows in one transaction, one statement
// after the other. It reads no command, checks no right and compares no titles; it is what the database and its driver cost.
type hand interface {
	declare(ctx context.Context, n int, at time.Time) error
}

// statement is SQL with question marks, which PostgreSQL wants numbered.
type statement struct{ sqlite, postgres string }

func prepare(sql string) statement {
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(sql, "?") {
		if text, ok := strings.CutSuffix(part, "?"); ok {
			n++
			part = fmt.Sprintf("%s$%d", text, n)
		}
		b.WriteString(part)
	}
	return statement{sql, strings.ReplaceAll(strings.ReplaceAll(b.String(), "min(", "least("), "/*lock*/", "FOR UPDATE")}
}

var (
	identify = prepare(`SELECT p.id, p.name, p.roles, p.zone, p.active, (SELECT answer FROM actions WHERE key = ?)
FROM accounts a JOIN people p ON p.id = a.person WHERE a.platform = ? AND a.workspace = ? AND a.user_id = ?`)
	similar = prepare(`SELECT i.number, i.title, coalesce(s.service, '')
FROM (SELECT number, title FROM incidents WHERE state IN ('investigating', 'identified', 'monitoring', 'paused') AND declared_at >= ? ORDER BY number DESC LIMIT 20) i
LEFT JOIN incident_services s ON s.number = i.number ORDER BY i.number DESC, s.service`)
	nextNumber    = prepare("UPDATE counters SET value = value + 1 WHERE name = 'incident' RETURNING value")
	lockHead      = prepare("SELECT seq, hash FROM audit_head WHERE id = 1 /*lock*/")
	insertDeclare = prepare(`INSERT INTO incidents (number, title, impact, severity, state, reporter, leadless_since, started_at, detected_at, declared_at,
  resume_state, next_update_at, muted, last_human_at, updates, update_text, update_by, resolution, end_reason, reopened, happened, contributing,
  went_well, was_hard, source, origin, version, entries)
VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, '', ?, false, ?, 0, '', '', '', '', 0, '', '', '', '', ?, '', 1, 1)`)
	insertService   = prepare("INSERT INTO incident_services (number, service, severity) VALUES (?, ?, ?)")
	insertResponder = prepare("INSERT INTO incident_responders (number, person) VALUES (?, ?)")
	insertEntry     = prepare("INSERT INTO incident_entries (number, seq, at, recorded_at, person, kind, text, link) VALUES (?, 1, ?, ?, ?, 'declared', ?, '')")
	insertAudit     = prepare("INSERT INTO audit (seq, at, actor, action, object, version, result, detail, source, key, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	moveHead        = prepare("UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1")
	insertJob       = prepare(`INSERT INTO jobs (kind, object, arg, lane, run_at, state, attempt, owner, enqueued_at, last_error) VALUES (?, ?, ?, ?, ?, 0, 0, '', ?, '')
ON CONFLICT (kind, object, arg) WHERE state = 0 DO UPDATE SET run_at = min(jobs.run_at, excluded.run_at)`)
	insertAction = prepare("INSERT INTO actions (key, answer, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING")
)

type pgHand struct{ pool *pgxpool.Pool }

type sqliteHand struct{ write, read *sql.DB }

func newHand(t testing.TB, url string) hand {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		open := func(conns int) *sql.DB {
			db := connect(t, "sqlite:"+path)
			db.SetMaxOpenConns(conns)
			db.SetMaxIdleConns(conns)
			return db
		}
		return sqliteHand{open(1), open(4)}
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 16
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pgHand{pool}
}

// scanner is what rows of both drivers can do.
type scanner interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

// conn is what the steps need of a driver.
type conn struct {
	query func(s statement, each func(scanner) error, args ...any) error
	exec  func(s statement, args ...any) error
}

func each(rows scanner, f func(scanner) error) error {
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (h pgHand) declare(ctx context.Context, n int, at time.Time) error {
	query := func(q interface {
		Query(context.Context, string, ...any) (pgx.Rows, error)
	}) func(statement, func(scanner) error, ...any) error {
		return func(s statement, f func(scanner) error, args ...any) error {
			rows, err := q.Query(ctx, s.postgres, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			return each(rows, f)
		}
	}
	if err := readByHand(conn{query: query(h.pool)}, n, at); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		exec := func(s statement, args ...any) error { _, err := tx.Exec(ctx, s.postgres, args...); return err }
		return writeByHand(conn{query(tx), exec}, n, at)
	})
}

func (h sqliteHand) declare(ctx context.Context, n int, at time.Time) error {
	query := func(q interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}) func(statement, func(scanner) error, ...any) error {
		return func(s statement, f func(scanner) error, args ...any) error {
			rows, err := q.QueryContext(ctx, s.sqlite, args...)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			return each(rows, f)
		}
	}
	if err := readByHand(conn{query: query(h.read)}, n, at); err != nil {
		return err
	}
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	exec := func(s statement, args ...any) error { _, err := tx.ExecContext(ctx, s.sqlite, args...); return err }
	if err := writeByHand(conn{query(tx), exec}, n, at); err != nil {
		return err
	}
	return tx.Commit()
}

// readByHand finds who acts and what is similar.
func readByHand(c conn, n int, at time.Time) error {
	err := c.query(identify, func(r scanner) error {
		var id, name, roles, zone string
		var active bool
		var answer *string
		return r.Scan(&id, &name, &roles, &zone, &active, &answer)
	}, key(n), "test", "", "dan")
	if err != nil {
		return err
	}
	return c.query(similar, func(r scanner) error {
		var number int64
		var title, service string
		return r.Scan(&number, &title, &service)
	}, at.Add(-10*time.Minute))
}

// writeByHand writes the rows of a declared incident.
func writeByHand(c conn, n int, at time.Time) error {
	var number int64
	if err := c.query(nextNumber, func(r scanner) error { return r.Scan(&number) }); err != nil {
		return err
	}
	var seq int64
	var head string
	if err := c.query(lockHead, func(r scanner) error { return r.Scan(&seq, &head) }); err != nil {
		return err
	}
	id := incident.FormatID(number)
	text := "SEV2: " + title(n)
	audit := bot.Audit{Actor: "dan", Action: "incident.declare", Object: id, Version: 1, Result: bot.ResultDone, Detail: "declared: " + text,
		Source: "test", Key: key(n), At: at}.Seal(seq+1, head)
	answer, err := json.Marshal(bot.Answer(bot.Message{Tone: bot.Good, Sections: []bot.Section{{Text: append(
		bot.T("Declared ", bot.Bold(id), " (SEV2): "+title(n)+". Its channel opens now and you are invited."),
		bot.T(" Nobody leads it yet: /incident lead me "+id)...)}}}))
	if err != nil {
		return err
	}
	steps := []struct {
		s    statement
		args []any
	}{
		{insertDeclare, []any{number, title(n), "sev2", "investigating", "dan", at, at, at, at, at.Add(time.Hour), at, "test"}},
		{insertService, []any{number, service(n), "sev2"}},
		{insertResponder, []any{number, "dan"}},
		{insertEntry, []any{number, at, at, "dan", text}},
		{insertAudit, []any{audit.Seq, audit.At, "dan", audit.Action, id, 1, audit.Result, audit.Detail, audit.Source, audit.Key, audit.Prev, audit.Hash}},
		{moveHead, []any{audit.Seq, audit.Hash}},
		{insertJob, []any{"incident.open-room", id, "test", id + "/test", at, at}},
		{insertJob, []any{"incident.nudge", id, "update", "", at.Add(time.Hour), at}},
		{insertJob, []any{"incident.nudge", id, "lead", "", at.Add(5 * time.Minute), at}},
		{insertJob, []any{"incident.nudge", id, "stale", "", at.Add(2 * time.Hour), at}},
		{insertAction, []any{audit.Key, string(answer), at}},
	}
	for _, step := range steps {
		if err := c.exec(step.s, step.args...); err != nil {
			return err
		}
	}
	return nil
}
