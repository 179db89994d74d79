package database

import (
	"cmp"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Paging finds one page of a long table by its numbers. What is asked for is split into parts, each of which lies in
// one index in the order of the numbers: a part is read from where the page begins, and no further than the page is
// long. What the parts find is put in order together.
type Paging struct {
	Key     string // the column with the number
	ID      string // its name in the table of the page's rows; default number
	limit   int
	Up      bool   // the oldest first
	Order   string // of the parts, where it is not that of the numbers
	Columns string // of the page's rows, which are x
	all     condition
	parts   []pagePart
}

type condition struct {
	sql  []string
	args []any
}

type pagePart struct {
	from string
	condition
}

// PageOf pages from the largest number down; set up to page from the smallest.
func PageOf(key string, limit int) *Paging { return &Paging{Key: key, limit: limit} }

// And adds a condition to all parts.
func (p *Paging) And(sql string, args ...any) *Paging {
	p.all.sql, p.all.args = append(p.all.sql, sql), append(p.all.args, args...)
	return p
}

// Below lets the page begin below a number; 0 does not.
func (p *Paging) Below(number int64) *Paging {
	if number > 0 {
		p.And(p.Key+" < ?", number)
	}
	return p
}

// Above lets the page end above a number; 0 does not.
func (p *Paging) Above(number int64) *Paging {
	if number > 0 {
		p.And(p.Key+" > ?", number)
	}
	return p
}

// Read adds a part: rows that meet a condition of its own ("" is none), besides those of all.
func (p *Paging) Read(from, where string, args ...any) {
	x := pagePart{from: from}
	if where != "" {
		x.sql, x.args = []string{where}, args
	}
	p.parts = append(p.parts, x)
}

// Scan reads the page's rows of a table whose number is its key. Without parts there is nothing to find.
func (p *Paging) Scan(tx *gorm.DB, table string, into any) error {
	if len(p.parts) == 0 {
		return nil
	}
	sql, args := p.Statement(table)
	return tx.Raw(sql, args...).Scan(into).Error
}

// Statement is the SELECT of the page, with its arguments. It needs a part.
func (p *Paging) Statement(table string) (string, []any) {
	id, order := cmp.Or(p.ID, "number"), " DESC LIMIT ?"
	if p.Up {
		order = " LIMIT ?"
	}
	var parts []string
	var args []any
	for _, x := range p.parts {
		sql := "SELECT * FROM (SELECT " + p.Key + " AS number FROM " + x.from
		if where := append(x.sql, p.all.sql...); len(where) > 0 {
			sql += " WHERE " + strings.Join(where, " AND ")
		}
		parts = append(parts, sql+" ORDER BY "+cmp.Or(p.Order, p.Key)+order+") part")
		args = append(append(append(args, x.args...), p.all.args...), p.limit)
	}
	// Crossed, so that SQLite reads the page first.
	sql := "SELECT " + cmp.Or(p.Columns, "x.*") + " FROM (SELECT DISTINCT number FROM (" + strings.Join(
		parts, " UNION ALL ",
	) + ") parts ORDER BY number" + order +
		") page CROSS JOIN " + table + " x WHERE x." + id + " = page.number ORDER BY x." + id + strings.TrimSuffix(
		order, " LIMIT ?",
	)
	return sql, append(args, p.limit)
}

// OneByOne ends a sub-select in EXISTS that is to be asked for each row of few. Without it PostgreSQL may read all that
// it could find, once, and that grows.
const OneByOne = " LIMIT 1 OFFSET 0"

// Numbers are given in the order of the commits, and what is numbered notes when it was made by the clock of its
// process. No two of these differ by as much as this: what was made since a time has a larger number than what was made
// so much earlier.
const clocksApart = 24 * time.Hour

// NumberBefore is a number that all rows made since a time exceed, by the index on the column that says when they were;
// 0 if there is none.
func NumberBefore(tx *gorm.DB, table, column string, since time.Time) (int64, error) {
	var numbers []int64
	sql := "SELECT number FROM " + table + " WHERE " + column + " < ? ORDER BY " + column + " DESC LIMIT 1"
	if err := tx.Raw(sql, since.Add(-clocksApart).UTC()).Scan(&numbers).Error; err != nil || len(numbers) == 0 {
		return 0, Error("find where to begin", err)
	}
	return numbers[0], nil
}
