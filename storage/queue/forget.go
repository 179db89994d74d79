package queue

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/database"
)

const (
	forgetPages = 8                  // of PostgreSQL's, which hold some hundreds of answers
	slotLife    = 2 * 24 * time.Hour // longer than clocks are wrong
)

// Forget implements bot.Refs. It also deletes the slots of schedules that were followed by newer ones, and requests
// that were kept and that nobody went on with, like those of a platform that is used no more.
//
// What was posted stays: the card of a closed incident is still edited, its thread still says which incident a command
// is about, and that a message was sent is what keeps it from being sent again.
func (q *Queue) Forget(ctx context.Context, now, answersBefore time.Time) error {
	err := q.db.Forget(
		ctx, "refs", "DELETE FROM refs WHERE token IN (SELECT token FROM refs WHERE expires < ? ORDER BY expires LIMIT ?)",
		now,
	)
	// nobody carries out by now what nobody could carry out then: the answers that say what was done are deleted with it
	if err == nil {
		err = q.db.Forget(
			ctx, "kept requests",
			"DELETE FROM inbox WHERE key IN (SELECT key FROM inbox WHERE lease_until < ? ORDER BY lease_until LIMIT ?)",
			answersBefore,
		)
	}
	if err == nil {
		err = q.forgetSlots(ctx, now.Add(-slotLife))
	}
	if err != nil {
		return err
	}
	if q.db.Dialect() == database.Postgres {
		return q.forgetAnswersByPage(ctx, answersBefore)
	}
	return q.forgetAnswersByRow(ctx, answersBefore)
}

// forgetSlots deletes slots taken before a time, except the newest of each schedule, which says that it was taken.
func (q *Queue) forgetSlots(ctx context.Context, before time.Time) error {
	type slot struct{ Schedule, Slot string }
	for from := (slot{}); ; {
		var some []slot // the last of those before is the first here
		const sql = "SELECT schedule, slot FROM slots WHERE (schedule, slot) >= (?, ?) ORDER BY schedule, slot LIMIT ?"
		if err := q.db.Reader(ctx).Raw(sql, from.Schedule, from.Slot, database.ForgetAtOnce).Scan(&some).Error; err != nil {
			return database.Error("forget slots", err)
		}
		for n, first := 1, 0; n <= len(some); n++ {
			if n < len(some) && some[n].Schedule == some[first].Schedule {
				continue
			}
			if n-first > 1 {
				const sql = "DELETE FROM slots WHERE schedule = ? AND slot >= ? AND slot < ? AND at < ?"
				if err := q.db.Writer(ctx).
					Exec(sql, some[first].Schedule, some[first].Slot, some[n-1].Slot, before).Error; err != nil {
					return database.Error("forget slots", err)
				}
			}
			first = n
		}
		if len(some) < database.ForgetAtOnce {
			return nil
		}
		from = some[len(some)-1]
		if err := database.Breathe(ctx); err != nil {
			return err
		}
	}
}

// forgetAnswersByRow deletes old answers in the order in which SQLite keeps them, which is the one in which they came.
// It ends where nothing is old.
func (q *Queue) forgetAnswersByRow(ctx context.Context, before time.Time) error {
	for from := int64(0); ; {
		var to *int64
		err := q.db.Reader(ctx).Raw(
			"SELECT max(rowid) FROM (SELECT rowid FROM actions WHERE rowid > ? ORDER BY rowid LIMIT ?)", from,
			database.ForgetAtOnce,
		).Scan(&to).Error
		if err != nil || to == nil {
			return database.Error("forget answers", err)
		}
		r := q.db.Writer(ctx).Exec("DELETE FROM actions WHERE rowid > ? AND rowid <= ? AND at < ?", from, *to, before)
		if r.Error != nil || r.RowsAffected == 0 {
			return database.Error("forget answers", r.Error)
		}
		from = *to
		if err := database.Breathe(ctx); err != nil {
			return err
		}
	}
}

// forgetAnswersByPage deletes old answers a few pages of the table at a time, from the first to the last: once a day
// that costs less than an index, which every command would have to keep.
func (q *Queue) forgetAnswersByPage(ctx context.Context, before time.Time) error {
	var pages int64
	db := q.db.Writer(ctx)
	if err := db.Raw("SELECT pg_relation_size('actions') / current_setting('block_size')::bigint").
		Scan(&pages).Error; err != nil {
		return database.Error("forget answers", err)
	}
	tid := func(page int64) any { return gorm.Expr("?::text::tid", fmt.Sprintf("(%d,0)", page)) }
	for page := int64(0); page < pages; page += forgetPages {
		r := db.Exec("DELETE FROM actions WHERE ctid >= ? AND ctid < ? AND at < ?", tid(page), tid(page+forgetPages), before)
		if r.Error != nil {
			return database.Error("forget answers", r.Error)
		}
		if r.RowsAffected > 0 {
			if err := database.Breathe(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
