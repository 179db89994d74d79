package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// How often a caller decides anew because something moved before everybody else has to wait for it.
const decideAgain = 3

// alter is the one way to change an object that is there: read it, decide in memory, commit on the condition that it is still the same, else
// begin anew. decide returns what to save and the object as that leaves it; what it reads, it reads through tx. Callers of one process take
// turns with an object and get from each other what they saved.
func alter[T any](ctx context.Context, s *Store, object string, read func(tx *gorm.DB) (*T, error),
	decide func(tx *gorm.DB, now *T) (*T, *commit.Changes, error)) error {
	turn, err := s.lanes.Enter(ctx, object)
	if err != nil {
		return err
	}
	defer turn.Leave()
	now, _ := turn.Left.(*T)
	for range decideAgain {
		tx := s.reader(ctx)
		if now == nil {
			if now, err = read(tx); err != nil {
				return err
			}
		}
		then, changes, err := decide(tx, now)
		if err != nil {
			return err
		}
		turn.Committing()
		if err = s.commits.Do(ctx, changes); err == nil {
			turn.Saved(then)
		}
		if !errors.Is(err, commit.ErrMoved) {
			return err
		}
		now = nil
	}
	err = s.commits.Alone(ctx, "", func(tx *gorm.DB, _ int64) (*commit.Changes, error) {
		now, err := read(tx)
		if err != nil {
			return nil, err
		}
		_, changes, err := decide(tx, now)
		return changes, err
	})
	if errors.Is(err, commit.ErrMoved) { // it is not the object that moved, but who acts
		return bot.ErrStale
	}
	return err
}
