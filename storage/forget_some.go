package storage

import (
	"context"
	"time"
)

// forget repeats a statement, whose last parameter is how many rows to delete, until it finds less than that.
func (s *Store) forget(ctx context.Context, what, sql string, args ...any) error {
	for {
		r := s.db.WithContext(ctx).Exec(sql, append(args, forgetAtOnce)...)
		if r.Error != nil || r.RowsAffected < forgetAtOnce {
			return dbError("forget "+what, r.Error)
		}
		if err := breathe(ctx); err != nil {
			return err
		}
	}
}

// breathe lets others have their turn.
func breathe(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(forgetPause):
		return nil
	}
}
