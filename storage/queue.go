package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

type jobRow = commit.JobRow

func asJob(r jobRow) bot.Job {
	return bot.Job{ID: r.ID, Kind: r.Kind, Object: r.Object, Arg: r.Arg, Lane: r.Lane, At: r.RunAt, Attempt: r.Attempt, Owner: r.Owner, Enqueued: r.EnqueuedAt, Err: r.LastError}
}

// addJob adds a job without a lane; one that waits already absorbs it and keeps the earlier time.
func (s *Store) addJob(tx *gorm.DB, j bot.Job) error {
	row := &jobRow{Kind: j.Kind, Object: j.Object, Arg: j.Arg, RunAt: now(), EnqueuedAt: now()}
	if !j.At.IsZero() {
		row.RunAt = j.At.UTC().Truncate(time.Microsecond)
	}
	return insert(tx, commit.EarlierJob, row)
}

// AddJobs implements bot.Queue. Those with a lane are put in order with everything else that is committed.
func (s *Store) AddJobs(ctx context.Context, jobs []bot.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	return dbError("add jobs", s.commits.Do(ctx, &commit.Changes{Effects: bot.Effects{Jobs: jobs}}))
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
		return true, dbError("add slot's job", s.addJob(tx, job))
	})
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
	if err := s.reader(ctx).Raw(`SELECT * FROM jobs j WHERE j.state = 0 AND NOT j.behind
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
		jobs = append(jobs, asJob(r))
	}
	return jobs, dbError("read dead jobs", err)
}

// ReviveJob implements bot.Queue. Alone, for the job takes a new place in its lane.
func (s *Store) ReviveJob(ctx context.Context, id int64, at time.Time) error {
	return s.alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		var dead jobRow
		if err := tx.Raw("SELECT * FROM jobs WHERE id = ? AND state = 2", id).Scan(&dead).Error; err != nil {
			return nil, dbError("read dead job", err)
		}
		if dead.ID == 0 {
			return nil, bot.ErrNoSuch
		}
		if err := tx.Exec("DELETE FROM jobs WHERE id = ?", id).Error; err != nil {
			return nil, dbError("revive job", err)
		}
		again := bot.Job{Kind: dead.Kind, Object: dead.Object, Arg: dead.Arg, Lane: dead.Lane, At: at}
		return &commit.Changes{Effects: bot.Effects{Jobs: []bot.Job{again}}}, nil
	})
}
