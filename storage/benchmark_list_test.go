//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// BenchmarkList is what people do beside any number of incidents that are long over, 50 of which are open: whole
// commands, from the words to the answer. The cost may not grow with the history: x-1e3 compares the median with that of
// the smallest database.
func BenchmarkList(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		smallest := map[string]float64{}
		for _, size := range []struct {
			name string
			n    int
		}{{"1e3", 1e3}, {"1e4", 1e4}, {"1e5", 1e5}, {"1e6", 1e6}} {
			b.Run(size.name, func(b *testing.B) {
				url := d.fresh(b)
				if err := store(b, url, bottest.Start).Close(); err != nil { // it makes the tables
					b.Fatal(err)
				}
				fill(b, url, size.n) // before the bot is there, which reads the counters once
				w := newBot(store(b, url, bottest.Start), bottest.NewClock())
				for _, c := range []struct{ name, command string }{
					{"open", "/incident list open"}, {"all", "/incident list all"},
					{"show", fmt.Sprintf("/incident show INC-%d", size.n/2)},
					{"declare", "/incident declare sev3 anyway=yes title=Slow"},
				} {
					b.Run(c.name, func(b *testing.B) {
						p50 := list(b, w, c.command)
						if size.n == 1e3 {
							smallest[c.name] = p50
						} else if smallest[c.name] > 0 {
							b.ReportMetric(p50/smallest[c.name], "x-1e3")
						}
					})
				}
			})
		}
	})
}

// list returns the median time of a command in seconds.
func list(b *testing.B, w *engine.Bot, command string) float64 {
	op := func(n int) error { return say(w, key(n), command) }
	drive(b, 1, 20, op)
	b.ResetTimer()
	l := drive(b, 1, b.N, op)
	l.report(b, "lists")
	return l.each[len(l.each)/2].Seconds()
}

const open = 50 // incidents, spread over the whole table

// fill stores incidents with a service, a responder and five timeline entries each, as years of work leave them behind.
func fill(b *testing.B, url string, n int) {
	b.Helper()
	db := connect(b, url)
	numbers := "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
	if strings.HasPrefix(url, "postgres") {
		numbers = "WITH numbers AS (SELECT n FROM generate_series(1, $1::bigint) n)"
	}
	at := bottest.Start.Add(-time.Hour).Format("'2006-01-02 15:04:05+00:00'")
	step := n / open
	state := fmt.Sprintf("CASE WHEN n %% %d = 0 THEN 'investigating' ELSE 'closed' END", step)
	ended := fmt.Sprintf("CASE WHEN n %% %d = 0 THEN NULL ELSE %s END", step, at)
	if strings.HasPrefix(url, "postgres") {
		at += "::timestamptz"
		ended = fmt.Sprintf("CASE WHEN n %% %d = 0 THEN NULL ELSE %s END", step, at)
	}
	insert := func(sql string) {
		if _, err := db.Exec(sql, n); err != nil {
			b.Fatal(err)
		}
	}
	insert(
		fmt.Sprintf(
			`INSERT INTO incidents (number, title, impact, severity, state, reporter, leadless_since, started_at, detected_at, declared_at, resolved_at, closed_at,
  resume_state, muted, last_human_at, updates, update_text, update_by, resolution, end_reason, reopened, happened, contributing,
  went_well, was_hard, source, origin, version, entries)
%s SELECT n, 'Checkout of shop ' || n || ' returns 502', 'Customers of shop ' || n || ' cannot pay', 'sev2', %s, 'dan', %s, %s, %s, %s, %s, %s,
  '', false, %s, 3, 'Rolled back, error rate is falling', 'dan', 'Rolled back release ' || n, '', 0, 'A release broke the checkout.', 'No test covered it.',
  'Rolled back in minutes.', 'Finding the release.', 'test', '', 9, 5 FROM numbers`, numbers, state, at, at, at, at,
			ended, ended, at,
		),
	)
	insert("INSERT INTO incident_services (number, service) " + numbers + " SELECT n, 'service-' || n % 100 FROM numbers")
	insert("INSERT INTO incident_responders (number, person) " + numbers + " SELECT n, 'dan' FROM numbers")
	insert("INSERT INTO incident_entries (number, seq, at, recorded_at, person, kind, text, link) " + numbers +
		fmt.Sprintf(
			" SELECT n, s.seq, %s, %s, 'dan', 'note', 'Something happened that is worth a line', '' FROM numbers, (SELECT 1 "+
				"AS seq UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) s",
			at, at,
		))
	insert(
		"UPDATE counters SET value = " + map[bool]string{true: "$1::bigint", false: "?"}[strings.HasPrefix(url, "postgres")] +
			" WHERE name = 'incident'",
	)
	settle(b, url)
}

// settle does what PostgreSQL does by itself within a minute or so: it looks at the tables, to plan by what is in them.
func settle(b *testing.B, url string) {
	b.Helper()
	if !strings.HasPrefix(url, "postgres") {
		return
	}
	if _, err := connect(b, url).Exec("VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAuditVerify reads and checks the whole audit log; one operation is one entry.
func BenchmarkAuditVerify(b *testing.B) {
	const entries = 20_000
	onBoth(b, func(b *testing.B, d *databases) {
		url := d.fresh(b)
		s := store(b, url, bottest.Start)
		sealed(b, connect(b, url), entries)
		b.Run("verify", func(b *testing.B) {
			cpu, start := cpuTime(), time.Now()
			for range b.N {
				if last, err := s.VerifyAudit(context.Background(), bot.Seal{}); err != nil || last.Seq != entries {
					b.Fatal(last, err)
				}
			}
			n := float64(b.N) * entries
			b.ReportMetric(n/time.Since(start).Seconds(), "entries/s")
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/n, "cpu-µs/entry")
		})
	})
}

// sealed writes an unbroken audit log of that many entries.
func sealed(b *testing.B, db *sql.DB, entries int) {
	b.Helper()
	var seq int64
	var head string
	if err := db.QueryRow("SELECT seq, hash FROM audit_head").Scan(&seq, &head); err != nil {
		b.Fatal(err)
	}
	var values []string
	for int(seq) < entries {
		a := bot.Audit{
			Actor: "dan", Action: "incident.update", Object: fmt.Sprintf("INC-%d", seq/10), Version: 3, Result: bot.ResultDone,
			Detail: "update: Rolled back, error rate is falling; severity: SEV2 to SEV3", Source: "test/incidents",
			Key: key(int(seq)), At: bottest.Start,
		}.Seal(seq+1, head)
		seq, head = a.Seq, a.Hash
		values = append(
			values,
			fmt.Sprintf(
				"(%d, '%s', '%s', '%s', '%s', %d, '%s', '%s', '%s', '%s', '%s', '%s')", a.Seq,
				a.At.Format("2006-01-02 15:04:05+00:00"),
				a.Actor, a.Action, a.Object, a.Version, a.Result, a.Detail, a.Source, a.Key, a.Prev, a.Hash,
			),
		)
		if len(values) == 1000 || int(seq) == entries {
			if _, err := db.Exec(
				"INSERT INTO audit (seq, at, actor, action, object, version, result, detail, source, key, prev, hash) VALUES " +
					strings.Join(values, ", "),
			); err != nil {
				b.Fatal(err)
			}
			values = nil
		}
	}
	if _, err := db.Exec(fmt.Sprintf("UPDATE audit_head SET seq = %d, hash = '%s'", seq, head)); err != nil {
		b.Fatal(err)
	}
}
