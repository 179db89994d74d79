package queue

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// mine fences what is written about a job: who lost the lease finds nothing to change.
const mine = " WHERE id = @id AND owner = @owner AND attempt = @attempt AND state = 1"

// What becomes of a job.
const (
	jobDone  = "DELETE FROM jobs" + mine
	jobDead  = "UPDATE jobs SET state = 2, lease_until = NULL, last_error = @err" + mine
	jobAgain = "UPDATE jobs SET state = 0, owner = '', lease_until = NULL, run_at = @at, attempt = @again, " +
		"last_error = @err" + mine
	jobTakeOver = `UPDATE jobs SET run_at = {at} WHERE kind = @kind AND object = @object AND arg = @arg AND state = 0
AND EXISTS (SELECT 1 FROM jobs running WHERE running.id = @id AND running.owner = @owner AND running.attempt = @attempt AND running.state = 1)`
)

// FinishJob implements bot.Queue. On SQLite the claim is part of the same commit.
func (q *Queue) FinishJob(ctx context.Context, job bot.Job, o bot.Outcome, next bot.Claim) ([]bot.Job, error) {
	if q.db.Dialect() == database.Postgres {
		if err := q.finishIn(q.db.JobWriter(ctx), job, o); err != nil || next.Limit <= 0 {
			return nil, err
		}
		return q.ClaimJobs(ctx, next)
	}
	var found looked
	var lost bool
	err := q.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		err := q.finishIn(tx, job, o)
		if lost = errors.Is(err, bot.ErrLeaseLost); err != nil && !lost {
			return false, err
		}
		found = looked{}
		if next.Limit > 0 && !lost {
			found, err = claimIn(tx, lookAt{next, max(firstLook, 2*next.Limit)})
			return false, database.Error("claim jobs", err)
		}
		return false, nil
	})
	if lost && err == nil {
		err = bot.ErrLeaseLost
	}
	if err != nil {
		return nil, err
	}
	return found.jobs(), nil
}

// finishIn needs no transaction: each of its statements may be the last one.
func (q *Queue) finishIn(db *gorm.DB, job bot.Job, o bot.Outcome) error {
	args := map[string]any{
		"id": job.ID, "owner": job.Owner, "attempt": job.Attempt, "kind": job.Kind, "object": job.Object, "arg": job.Arg,
		"at": o.At, "err": database.Cut(o.Err), "again": job.Attempt,
	}
	if o.Fresh {
		args["again"] = 0
	}
	run := func(sql string) *gorm.DB { return db.Exec(sql, args) }
	switch {
	case o.Done:
		return held(run(jobDone))
	case o.Dead:
		return held(run(jobDead))
	}
	// The same job may have been added again while this one ran. That one will see everything this one would: it takes
	// over, after the pause that a failure asks for, or at the earlier of the two times.
	at := q.db.Dialect().Least() + "(run_at, @at)"
	if o.Err != "" {
		at = "@at"
	}
	takeOver := strings.Replace(jobTakeOver, "{at}", at, 1)
	for range 3 {
		r := run(takeOver)
		if r.Error != nil {
			return database.Error("find job's successor", r.Error)
		}
		if r.RowsAffected > 0 {
			return held(run(jobDone))
		}
		if r = run(jobAgain); !errors.Is(r.Error, gorm.ErrDuplicatedKey) {
			return held(r)
		} // it was added just now
	}
	return errors.New("finish job: it is added again and again")
}

// held is bot.ErrLeaseLost when a statement did not find the job in the hands of whoever ended it.
func held(r *gorm.DB) error {
	if r.Error == nil && r.RowsAffected == 0 {
		return bot.ErrLeaseLost
	}
	return database.Error("finish job", r.Error)
}
