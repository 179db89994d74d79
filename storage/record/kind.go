// Package record is how repositories keep things: whole as JSON or in rows of their own, with the digest of their state
// that the audit log holds, and shown page by page to whoever verifies them.
package record

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Kind is a kind of things that are kept whole: each as JSON in a row with a number, a version, and the few columns
// that statements look at.
type Kind[T, R any] struct {
	Table, Name, Counter string
	Prefix               string // of the ids that people see and the log names
	Row                  func(*T) (*R, error)
	Thing                func(R) (*T, error)
	ID                   func(*T) (number *int64, version *int)

	// What is kept beside the row, if anything is: it is read with it, and written with it.
	Read          func(tx *gorm.DB, x *T) error
	Parts         func(x *T) []any
	PartsConflict string

	Dues func(x *T) []bot.Due // what is due of it, if anything can be
}

// Add gives a number to the thing that make makes. make may be called several times, and reads nothing.
func (k Kind[T, R]) Add(
	ctx context.Context, d *database.DB, make func(number int64) (*T, bot.Effects, error),
) (*T, error) {
	var x *T
	err := d.Commits().Number(ctx, k.Counter, func(n int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if x, e, err = make(n); err != nil {
			return nil, err
		}
		row, err := k.Row(x)
		if err != nil {
			return nil, err
		}
		if k.Dues != nil {
			e.Dues = append(e.Dues, k.Dues(x)...)
		}
		e.Audit.Digest = k.digest(row, x)
		c := &commit.Changes{Effects: e}
		c.Insert("", row)
		return c, nil
	})
	return x, d.LetInAnew(err)
}

// Begin sets the number of a new thing, and its first version.
func (k Kind[T, R]) Begin(x *T, n int64) {
	number, version := k.ID(x)
	*number, *version = n, 1
}

// Update lets decide change a thing, and keeps that as its next version.
func (k Kind[T, R]) Update(
	ctx context.Context, d *database.DB, number int64, decide func(*T) (bot.Effects, error),
) (*T, error) {
	var x *T
	read := func(tx *gorm.DB) (*R, error) { return k.findRow(tx, number) }
	err := database.Alter(
		ctx, d, k.Table+"/"+strconv.FormatInt(number, 10), read,
		func(tx *gorm.DB, now *R) (*R, *commit.Changes, error) {
			var err error
			if x, err = k.whole(tx, *now); err != nil {
				return nil, nil, err
			}
			_, version := k.ID(x)
			was := *version
			var due []bot.Due
			if k.Dues != nil {
				due = k.Dues(x)
			}
			*version++
			e, err := decide(x)
			if err != nil {
				return nil, nil, err
			}
			row, err := k.Row(x)
			if err != nil {
				return nil, nil, err
			}
			if k.Dues != nil {
				e.Dues = append(e.Dues, bot.DuesChanged(due, k.Dues(x))...)
			}
			e.Audit.Version = *version
			e.Audit.Digest = k.digest(row, x)
			c := &commit.Changes{Effects: e}
			c.Replace(row, now, was, "number")
			if k.Parts != nil {
				c.Insert(k.PartsConflict, k.Parts(x)...)
			}
			return row, c, nil
		},
	)
	return x, err
}

// digest is what the audit log holds of a thing's state.
func (k Kind[T, R]) digest(row *R, x *T) string {
	rows := []any{row}
	if k.Parts != nil {
		rows = append(rows, k.Parts(x)...)
	}
	return Digest(rows...)
}

// Find reads one. bot.ErrNoSuch: there is none.
func (k Kind[T, R]) Find(tx *gorm.DB, number int64) (*T, error) {
	row, err := k.findRow(tx, number)
	if err != nil {
		return nil, err
	}
	return k.whole(tx, *row)
}

func (k Kind[T, R]) findRow(tx *gorm.DB, number int64) (*R, error) {
	var rows []R
	if err := tx.Raw("SELECT * FROM "+k.Table+" WHERE number = ?", number).Scan(&rows).Error; err != nil {
		return nil, database.Error("read "+k.Name, err)
	}
	if len(rows) == 0 {
		return nil, bot.ErrNoSuch
	}
	return &rows[0], nil
}

// whole is the thing of a row, with what is kept beside it.
func (k Kind[T, R]) whole(tx *gorm.DB, row R) (*T, error) {
	x, err := k.Thing(row)
	if err == nil && k.Read != nil {
		err = k.Read(tx, x)
	}
	return x, database.Error("read "+k.Name, err)
}

// List reads what a statement finds, without what is kept beside.
func (k Kind[T, R]) List(tx *gorm.DB, statement string, args ...any) ([]*T, error) {
	var rows []R
	if err := tx.Raw(statement, args...).Scan(&rows).Error; err != nil {
		return nil, database.Error("read "+k.Name, err)
	}
	list := make([]*T, len(rows))
	for n, row := range rows {
		x, err := k.Thing(row)
		if err != nil {
			return nil, database.Error("read "+k.Name, err)
		}
		list[n] = x
	}
	return list, nil
}
