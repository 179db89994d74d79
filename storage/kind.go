package storage

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// kind is a kind of things that are kept whole: each as JSON in a row with a number, a version, and the few columns that statements look at.
type kind[T, R any] struct {
	table, name, counter string
	prefix               string // of the ids that people see and the log names
	row                  func(*T) (*R, error)
	thing                func(R) (*T, error)
	id                   func(*T) (number *int64, version *int)

	// What is kept beside the row, if anything is: it is read with it, and written with it.
	read          func(tx *gorm.DB, x *T) error
	parts         func(x *T) []any
	partsConflict string

	dues func(x *T) []bot.Due // what is due of it, if anything can be
}

// add gives a number to the thing that make makes. make may be called several times, and reads nothing.
func (k kind[T, R]) add(ctx context.Context, s *Store, make func(number int64) (*T, bot.Effects, error)) (*T, error) {
	var x *T
	err := s.commits.Number(ctx, k.counter, func(n int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if x, e, err = make(n); err != nil {
			return nil, err
		}
		row, err := k.row(x)
		if err != nil {
			return nil, err
		}
		e.Audit.Digest = k.digest(row, x)
		c := &commit.Changes{Effects: e}
		c.Insert("", row)
		return c, nil
	})
	return x, s.letInAnew(err)
}

// begin sets the number of a new thing, and its first version.
func (k kind[T, R]) begin(x *T, n int64) {
	number, version := k.id(x)
	*number, *version = n, 1
}

// update lets decide change a thing, and keeps that as its next version.
func (k kind[T, R]) update(ctx context.Context, s *Store, number int64, decide func(*T) (bot.Effects, error)) (*T, error) {
	var x *T
	read := func(tx *gorm.DB) (*R, error) { return k.findRow(tx, number) }
	err := alter(ctx, s, k.table+"/"+strconv.FormatInt(number, 10), read, func(tx *gorm.DB, now *R) (*R, *commit.Changes, error) {
		var err error
		if x, err = k.whole(tx, *now); err != nil {
			return nil, nil, err
		}
		_, version := k.id(x)
		was := *version
		var due []bot.Due
		if k.dues != nil {
			due = k.dues(x)
		}
		*version++
		e, err := decide(x)
		if err != nil {
			return nil, nil, err
		}
		row, err := k.row(x)
		if err != nil {
			return nil, nil, err
		}
		if k.dues != nil {
			e.Dues = append(e.Dues, bot.DuesChanged(due, k.dues(x))...)
		}
		e.Audit.Version = *version
		e.Audit.Digest = k.digest(row, x)
		c := &commit.Changes{Effects: e}
		c.Replace(row, now, was, "number")
		if k.parts != nil {
			c.Insert(k.partsConflict, k.parts(x)...)
		}
		return row, c, nil
	})
	return x, err
}

// digest is what the audit log holds of a thing's state.
func (k kind[T, R]) digest(row *R, x *T) string {
	rows := []any{row}
	if k.parts != nil {
		rows = append(rows, k.parts(x)...)
	}
	return digestOf(rows...)
}

// find reads one. bot.ErrNoSuch: there is none.
func (k kind[T, R]) find(tx *gorm.DB, number int64) (*T, error) {
	row, err := k.findRow(tx, number)
	if err != nil {
		return nil, err
	}
	return k.whole(tx, *row)
}

func (k kind[T, R]) findRow(tx *gorm.DB, number int64) (*R, error) {
	var rows []R
	if err := tx.Raw("SELECT * FROM "+k.table+" WHERE number = ?", number).Scan(&rows).Error; err != nil {
		return nil, dbError("read "+k.name, err)
	}
	if len(rows) == 0 {
		return nil, bot.ErrNoSuch
	}
	return &rows[0], nil
}

// whole is the thing of a row, with what is kept beside it.
func (k kind[T, R]) whole(tx *gorm.DB, row R) (*T, error) {
	x, err := k.thing(row)
	if err == nil && k.read != nil {
		err = k.read(tx, x)
	}
	return x, dbError("read "+k.name, err)
}

// list reads what a statement finds, without what is kept beside.
func (k kind[T, R]) list(tx *gorm.DB, statement string, args ...any) ([]*T, error) {
	var rows []R
	if err := tx.Raw(statement, args...).Scan(&rows).Error; err != nil {
		return nil, dbError("read "+k.name, err)
	}
	list := make([]*T, len(rows))
	for n, row := range rows {
		x, err := k.thing(row)
		if err != nil {
			return nil, dbError("read "+k.name, err)
		}
		list[n] = x
	}
	return list, nil
}
