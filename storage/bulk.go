package storage

import (
	"database/sql"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// eachRow reads the rows of a statement without looking at their types each time: there are thousands.
func eachRow(tx *gorm.DB, what, statement string, args []any, row func(*sql.Rows) error) error {
	rows, err := tx.Raw(statement, args...).Rows()
	if err != nil {
		return dbError("read "+what, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return dbError("read "+what, err)
		}
	}
	return dbError("read "+what, rows.Err())
}

// target is what rows are scanned into, time and again: times first, which it turns to UTC, for reports compute in it. A time that is NULL becomes zero.
type target struct {
	times []sql.NullTime
	into  []any
}

func newTarget(times int, into ...any) *target {
	t := &target{times: make([]sql.NullTime, times)}
	for k := range t.times {
		t.into = append(t.into, &t.times[k])
	}
	t.into = append(t.into, into...)
	return t
}

func (t *target) scan(rows *sql.Rows) error {
	err := rows.Scan(t.into...)
	for k := range t.times {
		t.times[k].Time = t.times[k].Time.UTC()
	}
	return err
}

// howMany counts, for room to be made once for thousands of large things.
func howMany(tx *gorm.DB, statement string, args ...any) (int, error) {
	var n int
	err := tx.Raw(statement, args...).Scan(&n).Error
	return n, dbError("count", err)
}

// belonging reads pairs of a number and a name for all numbers, which are in their order. statement lacks the condition on the number. Numbers are given one after the other, so what is asked for
// lies close together and is found by few looks into an index, however long the history is.
func belonging(tx *gorm.DB, what, statement string, numbers []int64, add func(number int64, name string)) error {
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
		var parts []string // each by itself: of alternatives in one condition both databases make a walk through the whole table
		var args []any
		for _, s := range some {
			parts, args = append(parts, statement+" number BETWEEN ? AND ?"), append(args, s[0], s[1])
		}
		err := eachRow(tx, what, strings.Join(parts, " UNION ALL "), args, func(rows *sql.Rows) error {
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
