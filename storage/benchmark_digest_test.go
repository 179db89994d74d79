//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/storage"
)

// BenchmarkDigest is the daily digest with so many incidents and as many changes in the database, a hundred of each a
// day, beside the same aggregates as SQL that was written for it alone. What happened in the last thirty days is the
// same each time, so the cost may not grow with the history: x-1e4 compares the median with that of the smallest
// database.
func BenchmarkDigest(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		smallest := 0.0
		for _, size := range []struct {
			name string
			n    int
		}{{"1e4", 1e4}, {"1e5", 1e5}, {"1e6", 1e6}} {
			b.Run(size.name, func(b *testing.B) {
				x := newDigestBench(b, d.fresh(b), size.n)
				x.agree(b)
				b.Run("digest", func(b *testing.B) {
					p50 := x.drive(b, x.digest)
					if size.n == 1e4 {
						smallest = p50
					} else if smallest > 0 {
						b.ReportMetric(p50/smallest, "x-1e4")
					}
					b.ReportMetric(x.memory(b), "MB-more")
				})
				b.Run("by-hand", func(b *testing.B) { x.drive(b, x.byHand) })
			})
		}
	})
}

type digestBench struct {
	store *storage.Store
	db    *sql.DB
	pg    bool
	now   time.Time
	view  digest.View
	last  digest.Content
	hand  handDigest
}

// perDay is how much happens.
const perDay = 100

func newDigestBench(b *testing.B, url string, n int) *digestBench {
	b.Helper()
	now := bottest.Start.Truncate(24 * time.Hour).Add(9 * time.Hour)
	x := &digestBench{store: store(b, url, now), db: connect(b, url), pg: strings.HasPrefix(url, "postgres"), now: now}
	period := value.Span{From: now.AddDate(0, 0, -1), To: now}
	x.view = digest.View{
		Kind: digest.Daily, Period: period, Earlier: []value.Span{{From: now.AddDate(0, 0, -2), To: period.From}},
		Zone: time.UTC,
	}
	x.fill(b, url, n)
	settle(b, url)
	return x
}

// epoch is an instant of a column in seconds.
func (x *digestBench) epoch(column string) string {
	if x.pg {
		return "extract(epoch FROM " + column + ")::float8"
	}
	return "unixepoch(" + column + ")"
}

// sql makes a statement for the database at hand: @col@ is a column in seconds, and ? a parameter.
func (x *digestBench) sql(text string) string {
	parts := strings.Split(text, "@")
	for k := 1; k < len(parts); k += 2 {
		parts[k] = x.epoch(parts[k])
	}
	text = strings.Join(parts, "")
	if !x.pg {
		return text
	}
	var out strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(text, "?") {
		if head, ok := strings.CutSuffix(part, "?"); ok {
			n++
			part = fmt.Sprintf("%s$%d", head, n)
		}
		out.WriteString(part)
	}
	return out.String()
}

// fill stores years of work, and a few changes that wait.
func (x *digestBench) fill(b *testing.B, url string, n int) {
	b.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)", n)
	at := func(seconds string) string { // after the start of the nth
		return fmt.Sprintf(
			"strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', %d + (n - %d) * %d + (%s), 'unixepoch')", x.now.Unix(), n, 86400/perDay,
			seconds,
		)
	}
	if x.pg {
		numbers = fmt.Sprintf("WITH numbers AS (SELECT n FROM generate_series(1, %d) n)", n)
		at = func(seconds string) string {
			return fmt.Sprintf("to_timestamp(%d + (n - %d)::bigint * %d + (%s))", x.now.Unix(), n, 86400/perDay, seconds)
		}
	}
	insert := func(text string) {
		if _, err := x.db.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
	ended := fmt.Sprintf("n %% %d <> 0 AND n < %d", n/20, n-15) // twenty stay open, from all times, and the last ones
	when := func(value string) string { return "CASE WHEN " + ended + " THEN " + value + " END" }
	insert(
		fmt.Sprintf(
			`INSERT INTO incidents (number, title, impact, severity, state, reporter, lead, started_at, detected_at, declared_at, acknowledged_at, mitigated_at, resolved_at, closed_at,
  resume_state, muted, last_human_at, updates, update_text, update_by, resolution, end_reason, reopened, happened, contributing, went_well, was_hard, source, origin, version, entries)
%s SELECT n, 'Checkout of shop ' || n || ' returns 502', 'Some customers cannot pay', CASE WHEN n %% 100 = 0 THEN 'sev1' WHEN n %% 20 = 5 THEN 'sev2' WHEN n %% 2 = 0 THEN 'sev3' ELSE 'sev4' END,
  CASE WHEN %s THEN 'closed' ELSE 'investigating' END, 'dan', 'dan', %s, %s, %s, %s, %s, %s, %s,
  '', false, %s, 3, 'Rolled back', 'dan', 'Rolled back release ' || n, '', 0, '', '', '', '', 'test', '', 9, 0 FROM numbers`,
			numbers, ended, at("-300"), at("-60"), at("0"), at("60 + n % 7 * 60"), when(at("900 + n % 11 * 240")),
			when(at("3600 + n % 13 * 300")), when(at("7200")), at("0"),
		),
	)
	insert("INSERT INTO incident_services (number, service) " + numbers + " SELECT n, 'service-' || n % 97 FROM numbers")
	insert(
		"INSERT INTO incident_tasks (number, n, text, created_by, created_at, follow_up, done_at, done_by, due_at) " +
			numbers + " SELECT n, 1, 'Write a test for shop ' || n, 'dan', " + at("3600") + ", true, " + when(at("86400")) +
			", " + when("'dan'") + ", " + at("864000") + " FROM numbers WHERE n % 10 = 0",
	)
	insert(
		fmt.Sprintf(
			`INSERT INTO changes (number, requester, beneficiary, type, state, held, revision, digest, title, env, template, risk_level, risk_score, start_at, end_at, created_at, submitted_at, decided_at,
  started_at, finished_at, ended_at, outcome, data, version, entries, caused, glass)
%s SELECT n, 'dan', 'dan', CASE WHEN n %% 5 = 0 THEN 'standard' WHEN n %% 50 = 3 THEN 'emergency' ELSE 'normal' END, 'closed', false, 1, '%s', 'Release of shop ' || n, 'prod', '', 'low', 20, %s, %s, %s, %s, %s, %s, %s, %s,
  CASE WHEN n %% 25 = 4 THEN 'failed' WHEN n %% 25 = 9 THEN 'rolled_back' ELSE 'success' END, '{}', 5, 0, n %% 40 = 7, false FROM numbers`,
			numbers, strings.Repeat("0", 64), at("-7200"), at("-600"), at("-90000"), at("-90000"), at("-90000 + n % 17 * 3600"),
			at("-7000"), at("-3600 + n % 5 * 900"), at("-60"),
		),
	)
	insert("INSERT INTO change_services (number, service) " + numbers + " SELECT n, 'service-' || n % 97 FROM numbers")
	insert(fmt.Sprintf("UPDATE counters SET value = %d WHERE name IN ('incident', 'change')", n))
	if err := x.store.Close(); err != nil { // it knows the counters from before
		b.Fatal(err)
	}
	x.store = store(b, url, x.now)
	clock := bottest.NewClock()
	clock.Move(x.now.Add(-time.Hour).Sub(clock.Now()))
	w := engine.New(engine.Options{Store: x.store, Clock: clock})
	desk := control.New(x.store.Changes(), w, control.Options{
		Clock: clock, People: x.store.People,
		Services: bot.ServicesOf(bot.Service{ID: "service-1", Name: "One", Owners: []bot.PersonID{"ben"}}),
	})
	if err := desk.LoadPolicy(context.Background()); err != nil {
		b.Fatal(err)
	}
	w.Use(desk.Capability())
	for n := range 20 {
		if err := say(
			w, key(n),
			fmt.Sprintf(
				`/change new title="Release %d" service=service-1 env=prod why=x plan=y backout=z start="tomorrow 22:00" end=1h`,
				n,
			),
		); err != nil {
			b.Fatal(err)
		}
	}
}

func (x *digestBench) drive(b *testing.B, op func() error) float64 {
	for range 3 {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	l := drive(b, 1, b.N, func(int) error { return op() })
	l.report(b, "digests")
	return l.each[len(l.each)/2].Seconds()
}

// memory is how much more is in use while a digest is made, in MB.
func (x *digestBench) memory(b *testing.B) float64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := x.digest(); err != nil {
		b.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / 1e6
}

func (x *digestBench) services() []bot.Service {
	var list []bot.Service
	for n := range 97 {
		id := service(n)
		list = append(list, bot.Service{ID: id, Name: id, Tier: 2, Target: 0.999})
	}
	return list
}

func (x *digestBench) digest() error {
	facts, err := x.store.Reports().Facts(context.Background(), x.now.AddDate(0, 0, -30), x.now, nil)
	if err != nil {
		return err
	}
	facts.Services = x.services()
	x.last = digest.Build(facts, x.view)
	return nil
}

// handDigest is what the SQL finds out.
type handDigest struct {
	opened, before, resolved, major, open      int
	ttd, tta, ttm, ttr, waits                  []float64
	impact                                     float64
	days                                       map[string]int // incidents by day and severity
	outcomes                                   map[string]int // changes by day and outcome
	availability                               map[string]float64
	weeks                                      []float64 // of the worst service
	p50, p90                                   map[int]float64
	implemented, failed, emergencies, inWindow int
	lines                                      int
}

// byHand asks the database for the aggregates of the digest, each with a statement of its own in one transaction.
func (x *digestBench) byHand() error {
	ctx := context.Background()
	tx, err := x.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: x.pg})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	h := handDigest{
		days: map[string]int{}, outcomes: map[string]int{}, availability: map[string]float64{}, p50: map[int]float64{},
		p90: map[int]float64{},
	}
	from, to, month := x.view.Period.From, x.view.Period.To, x.now.AddDate(0, 0, -30)
	one := func(text string, args []any, into ...any) error {
		return tx.QueryRowContext(ctx, x.sql(text), args...).Scan(into...)
	}
	each := func(text string, args []any, row func(*sql.Rows) error) error {
		rows, err := tx.QueryContext(ctx, x.sql(text), args...)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	args := func(list ...any) []any { return list }
	first, last := from.Unix(), to.Unix()
	week := x.now.Truncate(24*time.Hour).AddDate(0, 0, 1-28)
	worst := ""
	steps := []func() error{
		func() error {
			return one(
				`SELECT count(*) FILTER (WHERE declared_at >= ?), count(*) FILTER (WHERE declared_at < ?), count(*) FILTER (WHERE declared_at >= ? AND severity IN ('sev1', 'sev2')) FROM incidents
WHERE declared_at >= ? AND declared_at < ? AND state <> 'cancelled'`,
				args(from, from, from, from.AddDate(0, 0, -1), to), &h.opened, &h.before, &h.major,
			)
		},
		func() error {
			return each(
				`SELECT @detected_at@ - @started_at@, @acknowledged_at@ - @detected_at@, @mitigated_at@ - @detected_at@, @resolved_at@ - @started_at@ FROM incidents
WHERE resolved_at >= ? AND resolved_at < ? AND state IN ('resolved', 'review', 'closed')`, args(from, to),
				func(r *sql.Rows) error {
					var d, a, m, t float64
					err := r.Scan(&d, &a, &m, &t)
					h.resolved++
					h.ttd, h.tta, h.ttm, h.ttr = append(h.ttd, d), append(h.tta, a), append(h.ttm, m), append(h.ttr, t)
					return err
				},
			)
		},
		func() error { // the union of all impact, by islands
			return one(`SELECT coalesce(sum(length), 0) FROM (SELECT max(till) - min(since) AS length FROM (
  SELECT since, till, sum(CASE WHEN since <= reach THEN 0 ELSE 1 END) OVER (ORDER BY since, till) AS island FROM (
    SELECT since, till, max(till) OVER (ORDER BY since, till ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM (
      SELECT CASE WHEN @started_at@ < ? THEN ? ELSE @started_at@ END AS since, CASE WHEN mitigated_at IS NULL OR @mitigated_at@ > ? THEN ? ELSE @mitigated_at@ END AS till
      FROM (SELECT started_at, mitigated_at FROM incidents WHERE resolved_at >= ? UNION ALL SELECT started_at, mitigated_at FROM incidents WHERE state IN ('investigating', 'identified', 'monitoring', 'paused')) AS i WHERE started_at < ?) AS spans WHERE till > since) AS reached) AS islands GROUP BY island) AS lengths`,
				args(first, first, last, last, from, to), &h.impact)
		},
		func() error {
			day := "date(declared_at)"
			if x.pg {
				day = "to_char(declared_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
			}
			return each(
				"SELECT "+day+", severity, count(*) FROM incidents WHERE declared_at >= ? AND state <> 'cancelled' GROUP BY 1, 2",
				args(month),
				func(r *sql.Rows) error {
					var day, severity string
					var n int
					err := r.Scan(&day, &severity, &n)
					h.days[day+" "+severity] = n
					return err
				},
			)
		},
		func() error {
			done := "over_at"
			day := "date(" + done + ")"
			if x.pg {
				day = "to_char(" + done + " AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
			}
			return each(
				"SELECT "+day+
					", CASE WHEN outcome IN ('failed', 'rolled_back') OR caused THEN 'bad' ELSE 'good' END, count(*) FROM changes WHERE "+done+" >= ? AND started_at IS NOT NULL AND outcome <> '' GROUP BY 1, 2",
				args(month),
				func(r *sql.Rows) error {
					var day, outcome string
					var n int
					err := r.Scan(&day, &outcome, &n)
					h.outcomes[day+" "+outcome] = n
					return err
				},
			)
		},
		func() error {
			found, err := x.down(each, month, to, "")
			low := 2.0
			for id, down := range found {
				h.availability[id] = 1 - down/float64(to.Unix()-month.Unix())
				if a := h.availability[id]; a < low || a == low && id < worst {
					worst, low = id, a
				}
			}
			return err
		},
		func() error {
			for k := range 4 {
				begin := week.AddDate(0, 0, 7*k)
				end := begin.AddDate(0, 0, 7)
				if end.After(to) {
					end = to
				}
				found, err := x.down(each, begin, end, worst)
				if err != nil {
					return err
				}
				h.weeks = append(h.weeks, 1-found[worst]/float64(end.Unix()-begin.Unix()))
			}
			return nil
		},
		func() error {
			return each(
				`SELECT week, min(CASE WHEN 2 * n >= total THEN took END), min(CASE WHEN 10 * n >= 9 * total THEN took END) FROM (
  SELECT week, took, row_number() OVER (PARTITION BY week ORDER BY took) AS n, count(*) OVER (PARTITION BY week) AS total FROM (
    SELECT CAST(floor((@resolved_at@ - ?) / 604800.0) AS integer) AS week, @resolved_at@ - @started_at@ AS took FROM incidents WHERE resolved_at >= ? AND state IN ('resolved', 'review', 'closed')) AS times) AS ranked GROUP BY week`,
				args(week.Unix(), week),
				func(r *sql.Rows) error {
					var week int
					var p50, p90 float64
					err := r.Scan(&week, &p50, &p90)
					h.p50[week], h.p90[week] = p50, p90
					return err
				},
			)
		},
		func() error {
			return one(
				`SELECT count(*), count(*) FILTER (WHERE outcome IN ('failed', 'rolled_back') OR caused), count(*) FILTER (WHERE type = 'emergency'), count(*) FILTER (WHERE started_at >= start_at AND over_at <= end_at)
FROM changes WHERE over_at >= ? AND over_at < ? AND started_at IS NOT NULL AND outcome <> ''`, args(from, to),
				&h.implemented, &h.failed, &h.emergencies, &h.inWindow,
			)
		},
		func() error {
			return each(
				`SELECT @decided_at@ - @submitted_at@ FROM changes WHERE over_at >= ? AND over_at < ? AND started_at IS NOT NULL AND outcome <> '' AND type = 'normal' ORDER BY 1`,
				args(from, to),
				func(r *sql.Rows) error {
					var w float64
					err := r.Scan(&w)
					h.waits = append(h.waits, w)
					return err
				},
			)
		},
		func() error {
			return each(
				"SELECT number, title, severity, lead, declared_at, next_update_at FROM incidents WHERE state IN "+
					"('investigating', 'identified', 'monitoring', 'paused')",
				nil,
				func(r *sql.Rows) error {
					var n int64
					var title, severity string
					var lead sql.NullString
					var at time.Time
					var next sql.NullTime
					h.open++
					return r.Scan(&n, &title, &severity, &lead, &at, &next)
				},
			)
		},
		func() error {
			return each(
				`SELECT c.number, c.title, c.risk_level, c.start_at, c.end_at, r.content FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision
WHERE c.state IN ('pending', 'approved', 'implementing', 'verifying', 'rolling_back')`, nil,
				func(r *sql.Rows) error {
					var n int64
					var title, risk, content string
					var start, end sql.NullTime
					h.lines++
					return r.Scan(&n, &title, &risk, &start, &end, &content)
				},
			)
		},
		func() error {
			return each(
				"SELECT number, n, text, due_at FROM incident_tasks WHERE follow_up AND done_at IS NULL", nil,
				func(r *sql.Rows) error {
					var number, n int64
					var text string
					var due sql.NullTime
					h.lines++
					return r.Scan(&number, &n, &text, &due)
				},
			)
		},
		func() error {
			return each(
				"SELECT number, title, outcome FROM changes WHERE over_at >= ? AND started_at IS NOT NULL AND outcome <> '' AND "+
					"outcome IN ('failed', 'rolled_back')",
				args(from),
				func(r *sql.Rows) error {
					var n int64
					var title, outcome string
					h.lines++
					return r.Scan(&n, &title, &outcome)
				},
			)
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	slices.Sort(h.ttr)
	x.hand = h
	return nil
}

// down is for how long services were down, in seconds: all of what a SEV1 takes and half of what a SEV2 takes, each
// moment once.
func (x *digestBench) down(
	each func(string, []any, func(*sql.Rows) error) error, from, to time.Time, only string,
) (map[string]float64, error) {
	found := map[string]float64{}
	first, last := from.Unix(), to.Unix()
	for _, severities := range []string{"'sev1'", "'sev1', 'sev2'"} {
		name, join, which, args := "s.service", "JOIN incident_services s ON s.number = i.number", "", []any{
			first, first, last, last, from, to,
		}
		if only != "" {
			name, join, which, args = "'"+only+
				"' AS service", "", " AND EXISTS (SELECT 1 FROM incident_services s WHERE s.number = i.number AND s.service = ?)", append(
				args, only,
			)
		}
		err := each(`SELECT service, sum(length) FROM (SELECT service, max(till) - min(since) AS length FROM (
  SELECT service, since, till, sum(CASE WHEN since <= reach THEN 0 ELSE 1 END) OVER (PARTITION BY service ORDER BY since, till) AS island FROM (
    SELECT service, since, till, max(till) OVER (PARTITION BY service ORDER BY since, till ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM (
      SELECT `+name+`, CASE WHEN @started_at@ < ? THEN ? ELSE @started_at@ END AS since, CASE WHEN mitigated_at IS NULL OR @mitigated_at@ > ? THEN ? ELSE @mitigated_at@ END AS till
      FROM (SELECT number, started_at, mitigated_at, severity FROM incidents WHERE resolved_at >= ? UNION ALL
        SELECT number, started_at, mitigated_at, severity FROM incidents WHERE state IN ('investigating', 'identified', 'monitoring', 'paused')) AS i `+join+`
      WHERE started_at < ? AND i.severity IN (`+severities+`)`+which+`) AS spans
    WHERE till > since) AS reached) AS islands GROUP BY service, island) AS lengths GROUP BY service`, args, func(r *sql.Rows) error {
			var id string
			var seconds float64
			err := r.Scan(&id, &seconds)
			found[id] += seconds / 2
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// agree holds both ways to the same numbers.
func (x *digestBench) agree(b *testing.B) {
	b.Helper()
	if err := x.digest(); err != nil {
		b.Fatal(err)
	}
	if err := x.byHand(); err != nil {
		b.Fatal(err)
	}
	quantile := func(list []float64, q float64) float64 {
		return list[int(math.Ceil(q*float64(len(list))))-1] / 60
	}
	h := x.hand
	want := map[string]float64{
		"incidents.opened": float64(h.opened), "incidents.resolved": float64(h.resolved), "incidents.major": float64(h.major),
		"incidents.impact": h.impact / 60, "ttr.p50": quantile(h.ttr, 0.5), "ttr.p90": quantile(h.ttr, 0.9),
		"changes.implemented":  float64(h.implemented),
		"changes.failure-rate": 100 * float64(h.failed) / float64(h.implemented),
		"changes.emergency":    100 * float64(h.emergencies) / float64(h.implemented),
		"changes.in-window":    100 * float64(h.inWindow) / float64(h.implemented), "approval.p50": quantile(h.waits, 0.5),
	}
	for id, a := range h.availability {
		want["availability."+id] = 100 * a
	}
	got := map[string]float64{}
	for _, m := range x.last.Metrics {
		got[m.Name] = m.Value
	}
	for name, v := range want {
		if math.Abs(got[name]-v) > 1e-6 {
			b.Errorf("%s: the digest says %v, SQL %v", name, got[name], v)
		}
	}
	total := 0.0
	for _, c := range x.last.Charts {
		if c.Name == "incidents" {
			for _, s := range c.Series {
				for _, v := range s.Values {
					total += v
				}
			}
		}
	}
	if len(want) < 12 || total < 29*perDay {
		b.Errorf("too little to compare: %d numbers, %v incidents in the chart", len(want), total)
	}
}
