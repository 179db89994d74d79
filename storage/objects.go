package storage

import (
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// object is what the rows of an object say, for verification.
type object struct {
	name   string // as the audit log names it
	digest string // of its rows
	fault  string // what is wrong with the rows by themselves, if anything is
}

// checkObjects is shown one page of objects after the other. An error ends the reading.
type checkObjects func(page []object) error

const objectPage = 500

// dense makes sure that none of the numbers up to the counter's is missing.
func dense(tx *gorm.DB, table, counter string, id func(int64) string) error {
	var n struct{ Value, Rows, Newest int64 }
	err := tx.Raw("SELECT (SELECT value FROM counters WHERE name = ?) AS value, count(*) AS rows, coalesce(max(number), 0) AS newest FROM "+table, counter).Scan(&n).Error
	if err != nil || n.Value == n.Rows && n.Newest == n.Value {
		return dbError("count "+table, err)
	}
	var gap int64
	err = tx.Raw("SELECT coalesce(min(number), 0) + 1 FROM " + table + " t WHERE NOT EXISTS (SELECT 1 FROM " + table + " n WHERE n.number = t.number + 1)").Scan(&gap).Error
	if err != nil {
		return dbError("look for a gap", err)
	}
	var first int64
	if err := tx.Raw("SELECT count(*) FROM " + table + " WHERE number = 1").Scan(&first).Error; err == nil && first == 0 {
		gap = 1
	}
	return &bot.RecordError{Object: id(gap), What: fmt.Sprintf("is missing: %d were made", n.Value)}
}

// groupOf reads the parts of a page of objects, by the number that they belong to.
func groupOf[R any](tx *gorm.DB, sql string, of func(R) int64, args ...any) (map[int64][]R, error) {
	var rows []R
	if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, dbError("read parts", err)
	}
	by := map[int64][]R{}
	for _, row := range rows {
		by[of(row)] = append(by[of(row)], row)
	}
	return by, nil
}

const ofPage = " WHERE number BETWEEN ? AND ? ORDER BY number, "

// timelineFault says whether a timeline is not the one that its running digest was made of.
func timelineFault[R any](trail string, entries []R) string {
	run := ""
	for i := range entries {
		run = trailAfter(run, &entries[i])
	}
	if run != trail {
		return "has a timeline that is not the one that was written: an entry was changed, removed or added outside of Watchbell"
	}
	return ""
}

// eachPage reads a table of numbered rows in order.
func eachPage[R any](tx *gorm.DB, table string, check func([]R) error, number func(R) int64) error {
	for after := int64(-1 << 62); ; {
		var rows []R
		if err := tx.Raw("SELECT * FROM "+table+" WHERE number > ? ORDER BY number LIMIT ?", after, objectPage).Scan(&rows).Error; err != nil {
			return dbError("read "+table, err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := check(rows); err != nil {
			return err
		}
		after = number(rows[len(rows)-1])
	}
}

// objects shows all things of the kind to check, and makes sure that none is missing.
func (k kind[T, R]) objects(tx *gorm.DB, check checkObjects) error {
	number := func(row R) int64 {
		x, err := k.thing(row)
		if err != nil {
			return 1 << 62
		}
		n, _ := k.id(x)
		return *n
	}
	if err := dense(tx, k.table, k.counter, func(n int64) string { return k.prefix + strconv.FormatInt(n, 10) }); err != nil {
		return err
	}
	return eachPage(tx, k.table, func(rows []R) error {
		page := make([]object, len(rows))
		for i := range rows {
			s := &page[i]
			x, err := k.whole(tx, rows[i])
			if err != nil {
				return &bot.RecordError{Object: k.name, What: "cannot be read any more: " + err.Error()}
			}
			s.name, s.digest = k.prefix+strconv.FormatInt(number(rows[i]), 10), k.digest(&rows[i], x)
		}
		return check(page)
	}, number)
}

// eachObject shows the objects of a table to check, of which each row is one.
func eachObject[R any](tx *gorm.DB, table, order string, of func(R) object, check checkObjects) error {
	for done := 0; ; done += objectPage {
		var rows []R
		if err := tx.Raw("SELECT * FROM "+table+" ORDER BY "+order+" LIMIT ? OFFSET ?", objectPage, done).Scan(&rows).Error; err != nil {
			return dbError("read "+table, err)
		}
		page := make([]object, len(rows))
		for i, row := range rows {
			page[i] = of(row)
		}
		if err := check(page); err != nil || len(rows) < objectPage {
			return err
		}
	}
}
