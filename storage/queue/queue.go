// Package queue is what the bot remembers of its own work: jobs that wait or run, requests that took too long (the
// inbox), what was posted where (the outbox), and what the tokens on buttons stand for.
//
//	added ──> waiting ──ClaimJobs──> running ──FinishJob──> gone, waiting again, or dead and visible
package queue

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Queue is the repository of jobs, kept requests, posted messages and refs. It is safe for concurrent use.
type Queue struct {
	db     *database.DB
	places places
	keeper *keeper // writes into the inbox
}

var (
	_ bot.Queue  = (*Queue)(nil)
	_ bot.Inbox  = (*Queue)(nil)
	_ bot.Outbox = (*Queue)(nil)
	_ bot.Refs   = (*Queue)(nil)
)

// New returns the queue of a database that was just opened. For a server it takes over what an earlier one left running
// in a SQLite file.
func New(ctx context.Context, db *database.DB, o database.Options) (*Queue, error) {
	q := &Queue{db: db}
	db.OnNews(q.places.forget)
	if err := q.takeOver(ctx, o); err != nil && !database.CannotWrite(err) { // the leases end by themselves
		return nil, err
	}
	return q, q.newKeeper(ctx, o)
}

// Wake implements bot.Queue.
func (q *Queue) Wake() <-chan struct{} { return q.db.Wake() }

type jobRow = commit.JobRow

func asJob(r jobRow) bot.Job {
	return bot.Job{
		ID: r.ID, Kind: r.Kind, Object: r.Object, Arg: r.Arg, Lane: r.Lane, At: r.RunAt, Attempt: r.Attempt, Owner: r.Owner,
		Enqueued: r.EnqueuedAt, Err: r.LastError,
	}
}

// addJob adds a job without a lane; one that waits already absorbs it and keeps the earlier time.
func (q *Queue) addJob(tx *gorm.DB, j bot.Job) error {
	row := &jobRow{Kind: j.Kind, Object: j.Object, Arg: j.Arg, RunAt: database.Now(), EnqueuedAt: database.Now()}
	if !j.At.IsZero() {
		row.RunAt = j.At.UTC().Truncate(time.Microsecond)
	}
	return database.Insert(tx, commit.EarlierJob, row)
}

// AddJobs implements bot.Queue. Those with a lane are put in order with everything else that is committed.
func (q *Queue) AddJobs(ctx context.Context, jobs []bot.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	return database.Error("add jobs", q.db.Commits().Do(ctx, &commit.Changes{Effects: bot.Effects{Jobs: jobs}}))
}

// AddSlot implements bot.Queue.
func (q *Queue) AddSlot(ctx context.Context, schedule, slot string, job bot.Job) error {
	var have int64
	if err := q.db.Reader(ctx).Raw("SELECT count(*) FROM slots WHERE schedule = ? AND slot = ?", schedule, slot).
		Scan(&have).Error; err != nil || have > 0 {
		return database.Error("read slot", err)
	}
	return q.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		at := job.At
		if at.IsZero() {
			at = database.Now()
		}
		r := tx.Exec("INSERT INTO slots (schedule, slot, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", schedule, slot, at)
		if r.Error != nil || r.RowsAffected == 0 {
			return false, database.Error("take slot", r.Error)
		}
		return true, database.Error("add slot's job", q.addJob(tx, job))
	})
}

// QueueState implements bot.Queue.
func (q *Queue) QueueState(ctx context.Context, at time.Time) (bot.QueueState, error) {
	var n struct{ Waiting, Running, Dead int }
	err := q.db.Reader(ctx).Raw(`SELECT (SELECT count(*) FROM jobs WHERE state = 0 AND run_at <= ?) AS waiting,
  (SELECT count(*) FROM jobs WHERE state = 1) AS running, (SELECT count(*) FROM jobs WHERE state = 2) AS dead`, at).Scan(&n).Error
	state := bot.QueueState{Waiting: n.Waiting, Running: n.Running, Dead: n.Dead}
	if err != nil || n.Waiting == 0 {
		return state, database.Error("read queue", err)
	}
	var oldest jobRow
	// Those behind the head of their lane wait for it, not for us.
	if err := q.db.Reader(ctx).Raw(`SELECT * FROM jobs j WHERE j.state = 0 AND NOT j.behind
AND (j.lane = '' OR j.id = (SELECT h.id FROM jobs h WHERE h.lane = j.lane AND h.state < 2 ORDER BY h.id LIMIT 1)) ORDER BY j.run_at LIMIT 1`).Scan(&oldest).Error; err != nil {
		return state, database.Error("read queue", err)
	}
	if oldest.ID != 0 {
		state.Oldest = max(0, at.Sub(oldest.RunAt))
	}
	return state, nil
}

// DeadJobs implements bot.Queue.
func (q *Queue) DeadJobs(ctx context.Context, limit int) ([]bot.Job, error) {
	var rows []jobRow
	err := q.db.Reader(ctx).Raw("SELECT * FROM jobs WHERE state = 2 ORDER BY id DESC LIMIT ?", limit).Scan(&rows).Error
	var jobs []bot.Job
	for _, r := range rows {
		jobs = append(jobs, asJob(r))
	}
	return jobs, database.Error("read dead jobs", err)
}

// ReviveJob implements bot.Queue. Alone, for the job takes a new place in its lane.
func (q *Queue) ReviveJob(ctx context.Context, id int64, at time.Time) error {
	return q.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		var dead jobRow
		if err := tx.Raw("SELECT * FROM jobs WHERE id = ? AND state = 2", id).Scan(&dead).Error; err != nil {
			return nil, database.Error("read dead job", err)
		}
		if dead.ID == 0 {
			return nil, bot.ErrNoSuch
		}
		if err := tx.Exec("DELETE FROM jobs WHERE id = ?", id).Error; err != nil {
			return nil, database.Error("revive job", err)
		}
		again := bot.Job{Kind: dead.Kind, Object: dead.Object, Arg: dead.Arg, Lane: dead.Lane, At: at}
		return &commit.Changes{Effects: bot.Effects{Jobs: []bot.Job{again}}}, nil
	})
}
