package storage

import (
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/commit"
)

// batch is a list of statements that are carried out together: in one round trip on PostgreSQL, as the parts of one WITH, and
// one after the other on SQLite, where there is no wire. All see the state before the batch.
type batch struct{ parts []part }

type part struct {
	sql  string
	args []any
	one  bool // it has to touch exactly one row
}

// add appends an INSERT, UPDATE or DELETE without RETURNING and returns its index.
func (b *batch) add(sql string, args ...any) int {
	b.parts = append(b.parts, part{sql: sql, args: args})
	return len(b.parts) - 1
}

// insert appends an INSERT of rows of one kind. conflict is an ON CONFLICT clause or "".
func (b *batch) insert(conflict string, rows ...any) int {
	if len(rows) == 0 {
		return -1
	}
	f := commit.FieldsOf(rows[0])
	var args []any
	var values []string
	for _, row := range rows {
		values = append(values, f.Marks)
		args = append(args, f.Values(row)...)
	}
	sql := "INSERT INTO " + f.Table + " (" + strings.Join(f.Columns, ", ") + ") VALUES " + strings.Join(values, ", ")
	return b.add(sql+" "+conflict, args...)
}

// update appends an UPDATE of all columns of one row. run fails when where does not find exactly that one.
func (b *batch) update(row any, where string, args ...any) {
	f := commit.FieldsOf(row)
	var sets []string
	for _, c := range f.Columns {
		sets = append(sets, c+" = ?")
	}
	n := b.add("UPDATE "+f.Table+" SET "+strings.Join(sets, ", ")+" WHERE "+where, append(f.Values(row), args...)...)
	b.parts[n].one = true
}

// run carries the batch out and returns how many rows each statement touched.
func (b *batch) run(tx *gorm.DB, d dialect) ([]int64, error) {
	counts, err := b.execute(tx, d)
	if err != nil {
		return nil, err
	}
	for i, p := range b.parts {
		if p.one && counts[i] != 1 {
			return nil, fmt.Errorf("an update touched %d rows instead of one: %s", counts[i], p.sql)
		}
	}
	return counts, nil
}

func (b *batch) execute(tx *gorm.DB, d dialect) ([]int64, error) {
	counts := make([]int64, len(b.parts))
	if len(b.parts) == 0 {
		return counts, nil
	}
	if d == sqliteDialect {
		for i, p := range b.parts {
			r := tx.Exec(p.sql, p.args...)
			if r.Error != nil {
				return nil, r.Error
			}
			counts[i] = r.RowsAffected
		}
		return counts, nil
	}
	var with, count []string
	var args []any
	for i, p := range b.parts {
		with = append(with, fmt.Sprintf("s%d AS (%s RETURNING 1)", i, p.sql))
		count = append(count, fmt.Sprintf("(SELECT count(*) FROM s%d)", i))
		args = append(args, p.args...)
	}
	rows, err := tx.Raw("WITH "+strings.Join(with, ", ")+" SELECT "+strings.Join(count, ", "), args...).Rows()
	if err != nil {
		return nil, translated(tx, err)
	}
	defer func() { _ = rows.Close() }()
	into := make([]any, len(counts))
	for i := range counts {
		into[i] = &counts[i]
	}
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, translated(tx, err)
		}
		return nil, errors.New("batch returned no counts")
	}
	return counts, rows.Scan(into...)
}

func translated(tx *gorm.DB, err error) error {
	if t, ok := tx.Dialector.(gorm.ErrorTranslator); ok {
		return t.Translate(err)
	}
	return err
}
