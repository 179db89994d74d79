package database

import (
	"database/sql"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// EachRow reads the rows of a statement without looking at their types each time: there are thousands.
func EachRow(tx *gorm.DB, what, statement string, args []any, row func(*sql.Rows) error) error {
	rows, err := tx.Raw(statement, args...).Rows()
	if err != nil {
		return Error("read "+what, err)
	}
	return eachRow(rows, what, row)
}

func eachRow(rows *sql.Rows, what string, row func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return Error("read "+what, err)
		}
	}
	return Error("read "+what, rows.Err())
}

// Column is a column of a table, and where its value goes.
type Column struct {
	Name string
	Into any
}

// EachFound reads some columns of the rows that a query finds, as EachRow does. The values of a row are there while row
// is called.
func EachFound(tx *gorm.DB, what string, columns []Column, row func() error) error {
	var names []string
	var into []any
	for _, c := range columns {
		names, into = append(names, c.Name), append(into, c.Into)
	}
	rows, err := tx.Select(names).Rows()
	if err != nil {
		return Error("read "+what, err)
	}
	return eachRow(rows, what, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		return row()
	})
}

// Target is what rows are scanned into, time and again: times first, which it turns to UTC, for reports compute in it.
// A time that is NULL becomes zero.
type Target struct {
	Times []sql.NullTime
	into  []any
}

// NewTarget makes a target of so many times, followed by what into points to.
func NewTarget(times int, into ...any) *Target {
	t := &Target{Times: make([]sql.NullTime, times)}
	for k := range t.Times {
		t.into = append(t.into, &t.Times[k])
	}
	t.into = append(t.into, into...)
	return t
}

// Scan fills the target with the row that rows is at.
func (t *Target) Scan(rows *sql.Rows) error {
	err := rows.Scan(t.into...)
	for k := range t.Times {
		t.Times[k].Time = t.Times[k].Time.UTC()
	}
	return err
}

// Count counts, for room to be made once for thousands of large things.
func Count(tx *gorm.DB, statement string, args ...any) (int, error) {
	var n int
	err := tx.Raw(statement, args...).Scan(&n).Error
	return n, Error("count", err)
}

// Belonging reads pairs of a number and a name for all numbers, which are in their order. statement lacks the condition
// on the number. Numbers are given one after the other, so what is asked for lies close together and is found by few
// looks into an index, however long the history is.
func Belonging(tx *gorm.DB, what, statement string, numbers []int64, add func(number int64, name string)) error {
	const gap, looks = 32, 50
	var stretches [][2]any
	for k, n := range numbers {
		if k > 0 && n-numbers[k-1] <= gap {
			stretches[len(stretches)-1][1] = n
			continue
		}
		stretches = append(stretches, [2]any{n, n})
	}
	var number int64
	var name string
	for some := range slices.Chunk(stretches, looks) {
		// each by itself: of alternatives in one condition both databases make a walk through the whole table
		var parts []string
		var args []any
		for _, s := range some {
			parts, args = append(parts, statement+" number BETWEEN ? AND ?"), append(args, s[0], s[1])
		}
		err := EachRow(tx, what, strings.Join(parts, " UNION ALL "), args, func(rows *sql.Rows) error {
			if err := rows.Scan(&number, &name); err != nil {
				return err
			}
			add(number, name)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
