package storage

import (
	"context"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// kind is a kind of things that are kept whole: each as JSON in a row with a number, a version, and the few columns that statements look at.
type kind[T, R any] struct {
	table, name, counter string
	row                  func(*T) (*R, error)
	thing                func(R) (*T, error)
	id                   func(*T) (number *int64, version *int)

	// What is kept beside the row, if anything is: it is read with it, and written with it.
	read  func(tx *gorm.DB, x *T) error
	write func(b *batch, x *T)
}

// add gives a number to the thing that make makes.
func (k kind[T, R]) add(ctx context.Context, s *Store, make func(tx *gorm.DB, number int64) (*T, bot.Effects, error)) (*T, error) {
	var x *T
	err := s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		n, h, err := s.nextNumber(tx, k.counter)
		if err != nil {
			return false, err
		}
		var e bot.Effects
		if x, e, err = make(tx, n); err != nil {
			return false, err
		}
		row, err := k.row(x)
		if err != nil {
			return false, err
		}
		var b batch
		b.insert("", row)
		return len(e.Jobs) > 0, s.save(tx, &b, h, e)
	})
	return x, err
}

// begin sets the number of a new thing, and its first version.
func (k kind[T, R]) begin(x *T, n int64) {
	number, version := k.id(x)
	*number, *version = n, 1
}

// update locks a thing, lets decide change it, and keeps that as its next version.
func (k kind[T, R]) update(ctx context.Context, s *Store, number int64, decide func(*T) (bot.Effects, error)) (*T, error) {
	var x *T
	err := s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var err error
		if x, err = k.find(tx, number, s.dialect.forUpdate()); err != nil {
			return false, err
		}
		_, version := k.id(x)
		was := *version
		*version++
		e, err := decide(x)
		if err != nil {
			return false, err
		}
		row, err := k.row(x)
		if err != nil {
			return false, err
		}
		h, err := s.lockHead(tx)
		if err != nil {
			return false, err
		}
		e.Audit.Version = *version
		var b batch
		b.update(row, "number = ? AND version = ?", number, was)
		if k.write != nil {
			k.write(&b, x)
		}
		return len(e.Jobs) > 0, s.save(tx, &b, h, e)
	})
	return x, err
}

// find reads one. bot.ErrNoSuch: there is none.
func (k kind[T, R]) find(tx *gorm.DB, number int64, lock string) (*T, error) {
	list, err := k.list(tx, "SELECT * FROM "+k.table+" WHERE number = ?"+lock, number)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, bot.ErrNoSuch
	}
	if k.read != nil {
		err = k.read(tx, list[0])
	}
	return list[0], err
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
