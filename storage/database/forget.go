package database

import (
	"context"
	"time"
)

// What nobody needs any more is deleted a little at a time, with a pause in between, so that nobody waits for it: a
// statement that deletes a million rows would hold up every other write of a SQLite file for as long as it lasts.
const (
	ForgetAtOnce = 500
	forgetPause  = 10 * time.Millisecond
)

// Forget repeats a statement, whose last parameter is how many rows to delete, until it finds less than that.
func (d *DB) Forget(ctx context.Context, what, sql string, args ...any) error {
	for {
		r := d.db.WithContext(ctx).Exec(sql, append(args, ForgetAtOnce)...)
		if r.Error != nil || r.RowsAffected < ForgetAtOnce {
			return Error("forget "+what, r.Error)
		}
		if err := Breathe(ctx); err != nil {
			return err
		}
	}
}

// Breathe lets others have their turn.
func Breathe(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(forgetPause):
		return nil
	}
}
