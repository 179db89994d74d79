package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
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
	f := fieldsOf(rows[0])
	var args []any
	var values []string
	for _, row := range rows {
		values = append(values, f.marks)
		args = append(args, f.values(row)...)
	}
	sql := "INSERT INTO " + f.table + " (" + strings.Join(f.columns, ", ") + ") VALUES " + strings.Join(values, ", ")
	return b.add(sql+" "+conflict, args...)
}

// update appends an UPDATE of all columns of one row. run fails when where does not find exactly that one.
func (b *batch) update(row any, where string, args ...any) {
	f := fieldsOf(row)
	var sets []string
	for _, c := range f.columns {
		sets = append(sets, c+" = ?")
	}
	n := b.add("UPDATE "+f.table+" SET "+strings.Join(sets, ", ")+" WHERE "+where, append(f.values(row), args...)...)
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

// fields are the columns of a row type, by GORM's own reading of its tags.
type fields struct {
	table   string
	columns []string
	marks   string
	schema  *schema.Schema
}

var (
	schemas   sync.Map
	allFields sync.Map
)

func fieldsOf(row any) *fields {
	s, err := schema.Parse(row, &schemas, schema.NamingStrategy{})
	if err != nil {
		panic(err) // a fault in a row type
	}
	if f, ok := allFields.Load(s); ok {
		return f.(*fields)
	}
	f := &fields{table: s.Table, schema: s}
	for _, name := range s.DBNames {
		if !s.FieldsByDBName[name].AutoIncrement {
			f.columns = append(f.columns, name)
		}
	}
	f.marks = "(" + strings.TrimSuffix(strings.Repeat("?, ", len(f.columns)), ", ") + ")"
	allFields.Store(s, f)
	return f
}

func (f *fields) values(row any) []any {
	v := reflectValue(row)
	var values []any
	for _, name := range f.columns {
		x, _ := f.schema.FieldsByDBName[name].ValueOf(backgroundCtx, v)
		values = append(values, x)
	}
	return values
}
