package storage

import (
	"cmp"
	"strings"
	"time"

	"gorm.io/gorm"
)

// paging finds one page of a long table by its numbers. What is asked for is split into parts, each of which lies in one index in the order of the
// numbers: a part is read from where the page begins, and no further than the page is long. What the parts find is put in order together.
type paging struct {
	key     string // the column with the number
	id      string // its name in the table of the page's rows; default number
	limit   int
	up      bool   // the oldest first
	order   string // of the parts, where it is not that of the numbers
	columns string // of the page's rows, which are x
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

// pageOf pages from the largest number down; set up to page from the smallest.
func pageOf(key string, limit int) *paging { return &paging{key: key, limit: limit} }

// and adds a condition to all parts.
func (p *paging) and(sql string, args ...any) *paging {
	p.all.sql, p.all.args = append(p.all.sql, sql), append(p.all.args, args...)
	return p
}

// below and above bound the numbers; 0 does not.
func (p *paging) below(number int64) *paging {
	if number > 0 {
		p.and(p.key+" < ?", number)
	}
	return p
}

func (p *paging) above(number int64) *paging {
	if number > 0 {
		p.and(p.key+" > ?", number)
	}
	return p
}

// read adds a part: rows that meet a condition of its own ("" is none), besides those of all.
func (p *paging) read(from, where string, args ...any) {
	x := pagePart{from: from}
	if where != "" {
		x.sql, x.args = []string{where}, args
	}
	p.parts = append(p.parts, x)
}

// scan reads the page's rows of a table whose number is its key. Without parts there is nothing to find.
func (p *paging) scan(tx *gorm.DB, table string, into any) error {
	if len(p.parts) == 0 {
		return nil
	}
	sql, args := p.statement(table)
	return tx.Raw(sql, args...).Scan(into).Error
}

func (p *paging) statement(table string) (string, []any) {
	id, order := cmp.Or(p.id, "number"), " DESC LIMIT ?"
	if p.up {
		order = " LIMIT ?"
	}
	var parts []string
	var args []any
	for _, x := range p.parts {
		sql := "SELECT * FROM (SELECT " + p.key + " AS number FROM " + x.from
		if where := append(x.sql, p.all.sql...); len(where) > 0 {
			sql += " WHERE " + strings.Join(where, " AND ")
		}
		parts = append(parts, sql+" ORDER BY "+cmp.Or(p.order, p.key)+order+") part")
		args = append(append(append(args, x.args...), p.all.args...), p.limit)
	}
	// Crossed, so that SQLite reads the page first.
	sql := "SELECT " + cmp.Or(p.columns, "x.*") + " FROM (SELECT DISTINCT number FROM (" + strings.Join(parts, " UNION ALL ") + ") parts ORDER BY number" + order +
		") page CROSS JOIN " + table + " x WHERE x." + id + " = page.number ORDER BY x." + id + strings.TrimSuffix(order, " LIMIT ?")
	return sql, append(args, p.limit)
}

// oneByOne ends a sub-select in EXISTS that is to be asked for each row of few. Without it PostgreSQL may read all that it could find, once, and that grows.
const oneByOne = " LIMIT 1 OFFSET 0"

// Numbers are given in the order of the commits, and what is numbered notes when it was made by the clock of its process. No two of these differ by as
// much as this: what was made since a time has a larger number than what was made so much earlier.
const clocksApart = 24 * time.Hour

// numberBefore is a number that all rows made since a time exceed, by the index on the column that says when they were; 0 if there is none.
func numberBefore(tx *gorm.DB, table, column string, since time.Time) (int64, error) {
	var numbers []int64
	sql := "SELECT number FROM " + table + " WHERE " + column + " < ? ORDER BY " + column + " DESC LIMIT 1"
	if err := tx.Raw(sql, since.Add(-clocksApart).UTC()).Scan(&numbers).Error; err != nil || len(numbers) == 0 {
		return 0, dbError("find where to begin", err)
	}
	return numbers[0], nil
}
