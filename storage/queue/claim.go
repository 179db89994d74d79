package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// A claim takes jobs that are due and jobs whose runner died, each by an index of its own, in its order. Of a lane only
// the oldest unfinished job can be taken. Due jobs that come later in their lane are marked (behind) when a claim meets
// them, and leave the index of what is due; when the job ahead of one is gone, a trigger takes the mark away. So each
// job is looked at about twice, and a claim costs the same however many wait. BenchmarkJobs/backlog shows it.
//
// A mark that is wrong would stop its lane. On SQLite nothing else writes meanwhile. On PostgreSQL the statement holds
// the row of the job ahead while it marks: whoever deletes that row waits, and the trigger's own statement then sees
// the mark. A row that is held by somebody else is left for the next claim, so a claim never waits for anybody.

// How many due jobs one round of a claim looks at. Where all of them are behind others, the next round looks at more.
const (
	firstLook = 16
	mostLook  = 256
	rounds    = 200
)

// lookAt is one round of a claim.
type lookAt struct {
	bot.Claim
	jobs int
}

// looked is what came of it.
type looked struct {
	rows []jobRow
	more bool // those that were looked at are not all that is due
}

// ClaimJobs implements bot.Queue.
func (q *Queue) ClaimJobs(ctx context.Context, c bot.Claim) ([]bot.Job, error) {
	var jobs []bot.Job
	look := firstLook
	for range rounds {
		if c.Limit <= 0 {
			break
		}
		found, err := q.claimOnce(ctx, lookAt{c, max(look, 2*c.Limit)})
		if err != nil && len(jobs) == 0 {
			return nil, database.Error("claim jobs", err)
		}
		jobs = append(jobs, found.jobs()...)
		c.Limit -= len(found.rows)
		if err != nil || !found.more {
			break
		}
		look = min(4*look, mostLook)
	}
	return jobs, nil
}

func (q *Queue) claimOnce(ctx context.Context, l lookAt) (found looked, err error) {
	if q.db.Dialect() == database.Postgres {
		return q.claimByStatement(ctx, l)
	}
	if !q.anyDue(ctx, l.Claim) { // an idle bot must not take SQLite's write lock every second
		return looked{}, nil
	}
	err = q.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		found, err = claimIn(tx, l)
		return false, err
	})
	if err != nil {
		return looked{}, err
	}
	return found, nil
}

// jobs are in the order in which they became due.
func (l looked) jobs() []bot.Job {
	slices.SortFunc(l.rows, func(a, b jobRow) int { return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID)) })
	var jobs []bot.Job
	for _, r := range l.rows {
		jobs = append(jobs, asJob(r))
	}
	return jobs
}

// headOf is the oldest unfinished job of a job's lane.
const headOf = `CASE WHEN j.lane = '' THEN j.id
    ELSE (SELECT h.id FROM jobs h WHERE h.lane = j.lane AND h.state < 2 ORDER BY h.id LIMIT 1) END`

// claimSQL is one round on PostgreSQL. Limits are part of the text, because the planner would take a parameter for a
// tenth of the table. Marking comes first: rows that a statement has changed it cannot lock any more.
const claimSQL = `WITH seen AS MATERIALIZED (
  SELECT j.id, j.run_at, ` + headOf + ` AS head
  FROM jobs j WHERE j.state = 0 AND NOT j.behind AND j.run_at <= @now ORDER BY j.run_at, j.id LIMIT %[1]d
), ended AS MATERIALIZED (
  SELECT id, run_at FROM jobs WHERE state = 1 AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT %[2]d
), later AS MATERIALIZED (
  SELECT j.id, s.head FROM jobs j JOIN seen s ON s.id = j.id WHERE s.head <> s.id AND j.state = 0 AND NOT j.behind FOR UPDATE OF j SKIP LOCKED
), ahead AS MATERIALIZED (
  SELECT h.id FROM jobs h WHERE h.id IN (SELECT head FROM later) AND h.state < 2 FOR NO KEY UPDATE SKIP LOCKED
), marked AS (
  UPDATE jobs SET behind = true WHERE id IN (SELECT l.id FROM later l JOIN ahead a ON a.id = l.head) RETURNING 1
), free AS MATERIALIZED (
  SELECT j.id FROM jobs j JOIN (SELECT id, run_at FROM seen WHERE head = id UNION ALL SELECT id, run_at FROM ended) c ON c.id = j.id
  WHERE j.state = 0 AND j.run_at <= @now OR j.state = 1 AND j.lease_until < clock_timestamp()
  ORDER BY c.run_at, c.id LIMIT %[2]d FOR UPDATE OF j SKIP LOCKED
), taken AS (
  UPDATE jobs SET state = 1, owner = @owner, attempt = attempt + 1, lease_until = clock_timestamp() + make_interval(secs => @lease)
  WHERE (SELECT count(*) FROM marked) >= 0 AND id IN (SELECT id FROM free) RETURNING *
)
SELECT (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM marked) AS marked, taken.*
FROM (SELECT 1) AS once LEFT JOIN taken ON true`

func (q *Queue) claimByStatement(ctx context.Context, l lookAt) (looked, error) {
	var rows []struct {
		Seen, Marked int
		Job          jobRow `gorm:"embedded"`
	}
	err := q.db.JobWriter(ctx).Raw(fmt.Sprintf(claimSQL, l.jobs, l.Limit),
		map[string]any{"now": l.Now, "owner": l.Owner, "lease": l.Lease.Seconds()}).Scan(&rows).Error
	var found looked
	for _, r := range rows {
		if r.Job.ID != 0 {
			found.rows = append(found.rows, r.Job)
		}
		found.more = r.Seen == l.jobs && r.Marked > 0
	}
	found.more = found.more && len(found.rows) < l.Limit
	return found, err
}

// anyDue looks without writing.
func (q *Queue) anyDue(ctx context.Context, c bot.Claim) bool {
	var n int64
	err := q.db.Reader(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 0 AND NOT behind AND run_at <= ?)
OR EXISTS (SELECT 1 FROM jobs WHERE state = 1 AND lease_until < ?)`, c.Now, database.Now()).Scan(&n).Error
	return err != nil || n > 0
}

// claimIn is one round on SQLite, in a transaction.
func claimIn(tx *gorm.DB, l lookAt) (looked, error) {
	var seen []struct{ ID, Head int64 }
	at := database.Now()
	err := tx.Raw(
		fmt.Sprintf(
			`SELECT * FROM (SELECT id, id AS head FROM jobs WHERE state = 1 AND lease_until < ? ORDER BY lease_until LIMIT %d)
UNION ALL SELECT * FROM (SELECT j.id, `+headOf+` AS head
  FROM jobs j WHERE j.state = 0 AND NOT j.behind AND j.run_at <= ? ORDER BY j.run_at, j.id LIMIT %d)`, l.Limit,
			l.jobs,
		),
		at, l.Now,
	).Scan(&seen).Error
	if err != nil {
		return looked{}, err
	}
	var free, later []int64
	for _, j := range seen {
		switch {
		case j.Head != j.ID:
			later = append(later, j.ID)
		case len(free) < l.Limit:
			free = append(free, j.ID)
		}
	}
	if len(later) > 0 {
		if err := tx.Exec("UPDATE jobs SET behind = true WHERE id IN ?", later).Error; err != nil {
			return looked{}, err
		}
	}
	found := looked{more: len(later) > 0 && len(free) < l.Limit && len(seen) >= l.jobs}
	if len(free) > 0 {
		err = tx.Raw("UPDATE jobs SET state = 1, owner = ?, attempt = attempt + 1, lease_until = ? WHERE id IN ? RETURNING *",
			l.Owner, at.Add(l.Lease), free).Scan(&found.rows).Error
	}
	return found, err
}

// ExtendJobs implements bot.Queue.
func (q *Queue) ExtendJobs(ctx context.Context, c bot.Claim, ids []int64) error {
	const extend = "UPDATE jobs SET lease_until = %s WHERE id IN ? AND owner = ? AND state = 1"
	if q.db.Dialect() == database.Postgres {
		sql := fmt.Sprintf(extend, "clock_timestamp() + make_interval(secs => ?)")
		return database.Error("extend jobs", q.db.JobWriter(ctx).Exec(sql, c.Lease.Seconds(), ids, c.Owner).Error)
	}
	return q.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		return false, database.Error(
			"extend jobs", tx.Exec(fmt.Sprintf(extend, "?"), database.Now().Add(c.Lease), ids, c.Owner).Error,
		)
	})
}

// NextJob implements bot.Queue.
func (q *Queue) NextJob(ctx context.Context) (time.Time, error) {
	var at []time.Time
	err := q.db.Reader(ctx).Raw(
		`SELECT at FROM (SELECT * FROM (SELECT run_at AS at FROM jobs WHERE state = 0 AND NOT behind ORDER BY run_at LIMIT 1) waiting
UNION ALL SELECT * FROM (SELECT lease_until AS at FROM jobs WHERE state = 1 ORDER BY lease_until LIMIT 1) running) next`,
	).Scan(&at).Error
	if err != nil || len(at) == 0 {
		return time.Time{}, database.Error("read the next job", err)
	}
	return slices.MinFunc(at, time.Time.Compare).UTC(), nil
}
