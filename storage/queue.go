package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// jobRow's State is 0 while it waits, 1 while it runs, 2 once it was given up.
type jobRow struct {
	ID         int64 `gorm:"primaryKey;autoIncrement"`
	Kind       string
	Object     string
	Arg        string
	Lane       string
	RunAt      time.Time
	State      int
	Attempt    int
	Owner      string
	LeaseUntil *time.Time
	EnqueuedAt time.Time
	LastError  string
}

func (jobRow) TableName() string { return "jobs" }

func (r jobRow) job() bot.Job {
	return bot.Job{ID: r.ID, Kind: r.Kind, Object: r.Object, Arg: r.Arg, Lane: r.Lane, At: r.RunAt, Attempt: r.Attempt, Owner: r.Owner, Enqueued: r.EnqueuedAt, Err: r.LastError}
}

// addJobs adds jobs to a batch; one that waits already absorbs a second and keeps the earlier time.
func (s *Store) addJobs(b *batch, jobs []bot.Job, now time.Time) {
	var rows []any
	at := map[[3]string]*jobRow{}
	for _, j := range jobs {
		run := now
		if !j.At.IsZero() {
			run = j.At.UTC().Truncate(time.Microsecond)
		}
		key := [3]string{j.Kind, j.Object, j.Arg}
		if have := at[key]; have != nil {
			if run.Before(have.RunAt) {
				have.RunAt = run
			}
			continue
		}
		row := &jobRow{Kind: j.Kind, Object: j.Object, Arg: j.Arg, Lane: j.Lane, RunAt: run, EnqueuedAt: now}
		at[key] = row
		rows = append(rows, row)
	}
	b.insert("ON CONFLICT (kind, object, arg) WHERE state = 0 DO UPDATE SET run_at = "+s.dialect.least()+"(jobs.run_at, excluded.run_at)", rows...)
}

// AddJobs implements bot.Queue.
func (s *Store) AddJobs(ctx context.Context, jobs []bot.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	return s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		if _, err := s.lockHead(tx); err != nil { // orders lanes by commit, as changes do
			return false, err
		}
		var b batch
		s.addJobs(&b, jobs, now())
		_, err := b.run(tx, s.dialect)
		return true, dbError("add jobs", err)
	})
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// AddSlot implements bot.Queue.
func (s *Store) AddSlot(ctx context.Context, schedule, slot string, job bot.Job) error {
	var have int64
	if err := s.reader(ctx).Raw("SELECT count(*) FROM slots WHERE schedule = ? AND slot = ?", schedule, slot).Scan(&have).Error; err != nil || have > 0 {
		return dbError("read slot", err)
	}
	return s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		at := job.At
		if at.IsZero() {
			at = now()
		}
		r := tx.Exec("INSERT INTO slots (schedule, slot, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", schedule, slot, at)
		if r.Error != nil || r.RowsAffected == 0 {
			return false, dbError("take slot", r.Error)
		}
		var b batch
		s.addJobs(&b, []bot.Job{job}, now())
		_, err := b.run(tx, s.dialect)
		return true, dbError("add slot's job", err)
	})
}

// leaseNow is the time that leases are measured by: the database's own, so that instances need not agree on theirs.
func (d dialect) leaseNow() string {
	if d == postgresDialect {
		return "clock_timestamp()"
	}
	return "?"
}

// claimSQL takes jobs that are due, or whose runner died. Of a lane only the oldest unfinished job can be taken.
const claimSQL = `UPDATE jobs SET state = 1, owner = ?, attempt = attempt + 1, lease_until = {until}
WHERE id IN (
  SELECT j.id FROM jobs j
  WHERE ((j.state = 0 AND j.run_at <= ?) OR (j.state = 1 AND j.lease_until < {now}))
    AND (j.lane = '' OR j.id = (SELECT h.id FROM jobs h WHERE h.lane = j.lane AND h.state < 2 ORDER BY h.id LIMIT 1))
  ORDER BY j.run_at, j.id LIMIT ?{lock})
RETURNING *`

// ClaimJobs implements bot.Queue.
func (s *Store) ClaimJobs(ctx context.Context, c bot.Claim) ([]bot.Job, error) {
	if s.dialect == sqliteDialect && !s.anyDue(ctx, c) {
		return nil, nil
	}
	var rows []jobRow
	sql := strings.NewReplacer("{until}", s.dialect.leaseEnd(), "{now}", s.dialect.leaseNow(), "{lock}", s.dialect.skipLocked()).Replace(claimSQL)
	args := []any{c.Owner, c.Lease.Seconds(), c.Now, c.Limit}
	if s.dialect == sqliteDialect {
		args = []any{c.Owner, now().Add(c.Lease), c.Now, now(), c.Limit}
	}
	err := s.db.WithContext(ctx).Raw(sql, args...).Scan(&rows).Error
	var jobs []bot.Job
	for _, r := range rows {
		jobs = append(jobs, r.job())
	}
	return jobs, dbError("claim jobs", err)
}

// anyDue looks without writing: an idle bot must not take SQLite's write lock every second.
func (s *Store) anyDue(ctx context.Context, c bot.Claim) bool {
	var n int64
	err := s.reader(ctx).Raw("SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 0 AND run_at <= ?) OR EXISTS (SELECT 1 FROM jobs WHERE state = 1 AND lease_until < ?)", c.Now, now()).Scan(&n).Error
	return err != nil || n > 0
}

// NextJob implements bot.Queue.
func (s *Store) NextJob(ctx context.Context) (time.Time, error) {
	var at []time.Time
	err := s.reader(ctx).Raw(`SELECT at FROM (SELECT * FROM (SELECT run_at AS at FROM jobs WHERE state = 0 ORDER BY run_at LIMIT 1) waiting
UNION ALL SELECT * FROM (SELECT lease_until AS at FROM jobs WHERE state = 1 ORDER BY lease_until LIMIT 1) running) next`).Scan(&at).Error
	if err != nil || len(at) == 0 {
		return time.Time{}, dbError("read the next job", err)
	}
	return slices.MinFunc(at, time.Time.Compare).UTC(), nil
}

func (d dialect) leaseEnd() string {
	if d == postgresDialect {
		return "clock_timestamp() + make_interval(secs => ?)"
	}
	return "?"
}

func (d dialect) skipLocked() string {
	if d == postgresDialect {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// ExtendJobs implements bot.Queue.
func (s *Store) ExtendJobs(ctx context.Context, c bot.Claim, ids []int64) error {
	var end any = c.Lease.Seconds()
	if s.dialect == sqliteDialect {
		end = now().Add(c.Lease)
	}
	return dbError("extend jobs", s.db.WithContext(ctx).Exec("UPDATE jobs SET lease_until = "+s.dialect.leaseEnd()+" WHERE id IN ? AND owner = ? AND state = 1", end, ids, c.Owner).Error)
}

// FinishJob implements bot.Queue. It is fenced by owner and attempt: who lost the lease changes nothing.
func (s *Store) FinishJob(ctx context.Context, job bot.Job, o bot.Outcome) error {
	const mine = " WHERE id = ? AND owner = ? AND attempt = ? AND state = 1"
	db := s.db.WithContext(ctx)
	switch {
	case o.Done:
		return held(db.Exec("DELETE FROM jobs"+mine, job.ID, job.Owner, job.Attempt))
	case o.Dead:
		return held(db.Exec("UPDATE jobs SET state = 2, lease_until = NULL, last_error = ?"+mine, cut(o.Err), job.ID, job.Owner, job.Attempt))
	}
	return s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		// The same job may have been added again while this one ran. That one will see everything this one would: it takes over, after the pause
		// that a failure asks for, or at the earlier of the two times.
		at := s.dialect.least() + "(run_at, ?)"
		if o.Err != "" {
			at = "?"
		}
		r := tx.Exec("UPDATE jobs SET run_at = "+at+` WHERE kind = ? AND object = ? AND arg = ? AND state = 0
AND EXISTS (SELECT 1 FROM jobs mine WHERE mine.id = ? AND mine.owner = ? AND mine.attempt = ? AND mine.state = 1)`,
			o.At, job.Kind, job.Object, job.Arg, job.ID, job.Owner, job.Attempt)
		if r.Error != nil {
			return false, dbError("find job's successor", r.Error)
		}
		if r.RowsAffected > 0 {
			return false, held(tx.Exec("DELETE FROM jobs"+mine, job.ID, job.Owner, job.Attempt))
		}
		attempt := job.Attempt
		if o.Fresh {
			attempt = 0
		}
		return false, held(tx.Exec("UPDATE jobs SET state = 0, owner = '', lease_until = NULL, run_at = ?, attempt = ?, last_error = ?"+mine,
			o.At, attempt, cut(o.Err), job.ID, job.Owner, job.Attempt))
	})
}

// held is bot.ErrLeaseLost when a statement did not find the job in the hands of whoever ended it.
func held(r *gorm.DB) error {
	if r.Error == nil && r.RowsAffected == 0 {
		return bot.ErrLeaseLost
	}
	return dbError("finish job", r.Error)
}

func cut(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	if len(s) > 2000 {
		s = strings.ToValidUTF8(s[:2000], "")
	}
	return s
}

// QueueState implements bot.Queue.
func (s *Store) QueueState(ctx context.Context, at time.Time) (bot.QueueState, error) {
	var q struct{ Waiting, Running, Dead int }
	err := s.reader(ctx).Raw(`SELECT (SELECT count(*) FROM jobs WHERE state = 0 AND run_at <= ?) AS waiting,
  (SELECT count(*) FROM jobs WHERE state = 1) AS running, (SELECT count(*) FROM jobs WHERE state = 2) AS dead`, at).Scan(&q).Error
	state := bot.QueueState{Waiting: q.Waiting, Running: q.Running, Dead: q.Dead}
	if err != nil || q.Waiting == 0 {
		return state, dbError("read queue", err)
	}
	var oldest jobRow
	// Those behind the head of their lane wait for it, not for us.
	if err := s.reader(ctx).Raw(`SELECT * FROM jobs j WHERE j.state = 0
AND (j.lane = '' OR j.id = (SELECT h.id FROM jobs h WHERE h.lane = j.lane AND h.state < 2 ORDER BY h.id LIMIT 1)) ORDER BY j.run_at LIMIT 1`).Scan(&oldest).Error; err != nil {
		return state, dbError("read queue", err)
	}
	if oldest.ID != 0 {
		state.Oldest = max(0, at.Sub(oldest.RunAt))
	}
	return state, nil
}

// DeadJobs implements bot.Queue.
func (s *Store) DeadJobs(ctx context.Context, limit int) ([]bot.Job, error) {
	var rows []jobRow
	err := s.reader(ctx).Raw("SELECT * FROM jobs WHERE state = 2 ORDER BY id DESC LIMIT ?", limit).Scan(&rows).Error
	var jobs []bot.Job
	for _, r := range rows {
		jobs = append(jobs, r.job())
	}
	return jobs, dbError("read dead jobs", err)
}

// ReviveJob implements bot.Queue.
func (s *Store) ReviveJob(ctx context.Context, id int64, at time.Time) error {
	return s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var dead jobRow
		if err := tx.Raw("SELECT * FROM jobs WHERE id = ? AND state = 2"+s.dialect.forUpdate(), id).Scan(&dead).Error; err != nil {
			return false, dbError("read dead job", err)
		}
		if dead.ID == 0 {
			return false, bot.ErrNoSuch
		}
		if err := tx.Exec("DELETE FROM jobs WHERE id = ?", id).Error; err != nil {
			return false, dbError("revive job", err)
		}
		var b batch
		s.addJobs(&b, []bot.Job{{Kind: dead.Kind, Object: dead.Object, Arg: dead.Arg, Lane: dead.Lane}}, at)
		_, err := b.run(tx, s.dialect)
		return true, dbError("revive job", err)
	})
}
