package storage

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// How often a caller decides anew because something moved before everybody else has to wait for it.
const decideAgain = 3

// alter is the one way to change an object that is there: read it, decide in memory, commit on the condition that it is still the same, else
// begin anew. decide returns what to save and the object as that leaves it; what it reads, it reads through tx. Callers of one process take
// turns with an object and get from each other what they saved.
func alter[T any](ctx context.Context, s *Store, object string, read func(tx *gorm.DB) (*T, error), decide decision[T]) error {
	return alterFrom(ctx, s, object, nil, read, decide)
}

type decision[T any] func(tx *gorm.DB, now *T) (*T, *commit.Changes, error)

var errOld = errors.New("what was remembered may be old")

// alterRecent is alter by what this process remembers of the object. errOld: nothing is remembered, or it may be old, and nothing was changed.
// Nobody is refused by what may be old.
func alterRecent[T any](ctx context.Context, s *Store, object string, decide decision[T]) error {
	last, ok := s.recent.get(object).(*T)
	if !ok {
		return errOld
	}
	turn, err := s.lanes.Enter(ctx, object)
	if err != nil {
		return err
	}
	defer turn.Leave()
	if left, ok := turn.Left.(*T); ok {
		last = left
	}
	then, changes, err := decide(s.reader(ctx), last)
	if err == nil {
		if err = s.commitTurn(ctx, turn, then, changes); !errors.Is(err, commit.ErrMoved) {
			return err
		}
	}
	s.recent.drop(object)
	return errOld
}

// commitTurn commits what was decided in somebody's turn.
func (s *Store) commitTurn(ctx context.Context, turn *commit.Turn, then any, changes *commit.Changes) error {
	turn.Committing()
	err := s.commits.Do(ctx, changes)
	if err == nil {
		turn.Saved(then)
	}
	return err
}

// alterFrom is alter for a caller who has read the object already, nil for one who has not.
func alterFrom[T any](ctx context.Context, s *Store, object string, first *T, read func(tx *gorm.DB) (*T, error), decide decision[T]) error {
	turn, err := s.lanes.Enter(ctx, object)
	if err != nil {
		return err
	}
	defer turn.Leave()
	now, handed := turn.Left.(*T)
	if !handed {
		now = first
	}
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
		if err = s.commitTurn(ctx, turn, then, changes); !errors.Is(err, commit.ErrMoved) {
			return err
		}
		if stale, err := s.stale(ctx, changes.Effects.Relies); stale || err != nil {
			return cmp.Or(err, bot.ErrStale)
		}
		now = nil
	}
	return s.alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		now, err := read(tx)
		if err != nil {
			return nil, err
		}
		_, changes, err := decide(tx, now)
		return changes, err
	})
}

// alone lets decide read and write while nothing else is committed. It is for what is seldom.
func (s *Store) alone(ctx context.Context, decide func(tx *gorm.DB) (*commit.Changes, error)) error {
	err := s.commits.Alone(ctx, "", func(tx *gorm.DB, _ int64) (*commit.Changes, error) { return decide(tx) })
	return s.letInAnew(err)
}

// letInAnew is for what reads nothing of its own: when something moved, it was what the request was let in on.
func (s *Store) letInAnew(err error) error {
	if !errors.Is(err, commit.ErrMoved) {
		return err
	}
	s.forgetNews(newsPeople)
	return bot.ErrStale
}

// stale reports whether what a request was let in on has changed. What is remembered of it is then forgotten.
func (s *Store) stale(ctx context.Context, relies []bot.Guard) (bool, error) {
	if len(relies) == 0 {
		return false, nil
	}
	names := make([]string, len(relies))
	for i, g := range relies {
		names[i] = g.Name
	}
	now, err := readGuards(s.reader(ctx), names...)
	if err != nil || slices.Equal(now, relies) {
		return false, err
	}
	s.forgetNews(newsPeople)
	return true, nil
}

// errNothing ends an alteration that has nothing to do.
var errNothing = errors.New("nothing to do")

// record saves rows with effects.
func (s *Store) record(ctx context.Context, e bot.Effects, rows func(*commit.Changes)) error {
	c := &commit.Changes{Effects: e}
	rows(c)
	return s.letInAnew(s.commits.Do(ctx, c))
}
