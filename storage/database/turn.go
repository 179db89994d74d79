package database

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// DecideAgain is how often a caller decides anew because something moved before everybody else has to wait for it.
const DecideAgain = 3

// Alter is the one way to change an object that is there: read it, decide in memory, commit on the condition that it is
// still the same, else begin anew. decide returns what to save and the object as that leaves it; what it reads, it
// reads through tx. Callers of one process take turns with an object and get from each other what they saved.
func Alter[T any](
	ctx context.Context, d *DB, object string, read func(tx *gorm.DB) (*T, error), decide Decision[T],
) error {
	return AlterFrom(ctx, d, object, nil, read, decide)
}

// Decision is a function that decides on an object as it is now. It may be called several times.
type Decision[T any] func(tx *gorm.DB, now *T) (*T, *commit.Changes, error)

// ErrOld is what AlterRecent returns when the object has to be read, and nothing was changed.
var ErrOld = errors.New("what was remembered may be old")

// AlterRecent is Alter by what this process remembers of the object. ErrOld: nothing is remembered, or it may be old,
// and nothing was changed. Nobody is refused by what may be old.
func AlterRecent[T any](ctx context.Context, d *DB, object string, decide Decision[T]) error {
	last, ok := d.recent.get(object).(*T)
	if !ok {
		return ErrOld
	}
	turn, err := d.lanes.Enter(ctx, object)
	if err != nil {
		return err
	}
	defer turn.Leave()
	if left, ok := turn.Left.(*T); ok {
		last = left
	}
	then, changes, err := decide(d.Reader(ctx), last)
	if err == nil {
		if err = d.commitTurn(ctx, turn, then, changes); !errors.Is(err, commit.ErrMoved) {
			return err
		}
	}
	d.recent.drop(object)
	return ErrOld
}

// commitTurn commits what was decided in somebody's turn.
func (d *DB) commitTurn(ctx context.Context, turn *commit.Turn, then any, changes *commit.Changes) error {
	turn.Committing()
	err := d.commits.Do(ctx, changes)
	if err == nil {
		turn.Saved(then)
	}
	return err
}

// AlterFrom is Alter for a caller who has read the object already, nil for one who has not.
func AlterFrom[T any](
	ctx context.Context, d *DB, object string, first *T, read func(tx *gorm.DB) (*T, error), decide Decision[T],
) error {
	turn, err := d.lanes.Enter(ctx, object)
	if err != nil {
		return err
	}
	defer turn.Leave()
	now, handed := turn.Left.(*T)
	if !handed {
		now = first
	}
	for range DecideAgain {
		tx := d.Reader(ctx)
		if now == nil {
			if now, err = read(tx); err != nil {
				return err
			}
		}
		then, changes, err := decide(tx, now)
		if err != nil {
			return err
		}
		if err = d.commitTurn(ctx, turn, then, changes); !errors.Is(err, commit.ErrMoved) {
			return err
		}
		if stale, err := d.Stale(ctx, changes.Effects.Relies); stale || err != nil {
			return cmp.Or(err, bot.ErrStale)
		}
		now = nil
	}
	return d.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		now, err := read(tx)
		if err != nil {
			return nil, err
		}
		_, changes, err := decide(tx, now)
		return changes, err
	})
}

// Alone lets decide read and write while nothing else is committed. It is for what is seldom.
func (d *DB) Alone(ctx context.Context, decide func(tx *gorm.DB) (*commit.Changes, error)) error {
	err := d.commits.Alone(ctx, "", func(tx *gorm.DB, _ int64) (*commit.Changes, error) { return decide(tx) })
	return d.LetInAnew(err)
}

// LetInAnew is for what reads nothing of its own: when something moved, it was what the request was let in on.
func (d *DB) LetInAnew(err error) error {
	if !errors.Is(err, commit.ErrMoved) {
		return err
	}
	d.forgetNews(NewsPeople)
	return bot.ErrStale
}

// Stale reports whether what a request was let in on has changed. What is remembered of it is then forgotten.
func (d *DB) Stale(ctx context.Context, relies []bot.Guard) (bool, error) {
	if len(relies) == 0 {
		return false, nil
	}
	names := make([]string, len(relies))
	for i, g := range relies {
		names[i] = g.Name
	}
	now, err := ReadGuards(d.Reader(ctx), names...)
	if err != nil || slices.Equal(now, relies) {
		return false, err
	}
	d.forgetNews(NewsPeople)
	return true, nil
}

// ErrNothing ends an alteration that has nothing to do.
var ErrNothing = errors.New("nothing to do")

// Save saves effects with the rows that rows adds. It compares nothing.
func (d *DB) Save(ctx context.Context, e bot.Effects, rows func(*commit.Changes)) error {
	c := &commit.Changes{Effects: e}
	rows(c)
	return d.LetInAnew(d.commits.Do(ctx, c))
}
