package record

import (
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Object is what the rows of an object say, for verification.
type Object struct {
	Name   string // as the audit log names it
	Digest string // of its rows
	Fault  string // what is wrong with the rows by themselves, if anything is
	Logged bool   // the log has to know it
}

// Check is shown one page of objects after the other. An error ends the reading.
type Check func(page []Object) error

const objectPage = 500

// Dense makes sure that none of the numbers up to the counter's is missing.
func Dense(tx *gorm.DB, table, counter string, id func(int64) string) error {
	var n struct{ Value, Rows, Newest int64 }
	err := tx.Raw(
		"SELECT (SELECT value FROM counters WHERE name = ?) AS value, count(*) AS rows, coalesce(max(number), 0) AS "+
			"newest FROM "+table,
		counter,
	).Scan(&n).Error
	if err != nil || n.Value == n.Rows && n.Newest == n.Value {
		return database.Error("count "+table, err)
	}
	var gap int64
	err = tx.Raw(
		"SELECT coalesce(min(number), 0) + 1 FROM " + table + " t WHERE NOT EXISTS (SELECT 1 FROM " + table +
			" n WHERE n.number = t.number + 1)",
	).Scan(&gap).Error
	if err != nil {
		return database.Error("look for a gap", err)
	}
	var first int64
	if err := tx.Raw("SELECT count(*) FROM " + table + " WHERE number = 1").Scan(&first).Error; err == nil && first == 0 {
		gap = 1
	}
	return &bot.RecordError{Object: id(gap), What: fmt.Sprintf("is missing: %d were made", n.Value)}
}

// Grouped reads the parts of a page of objects, by the number or id of what they belong to.
func Grouped[R any, K comparable](tx *gorm.DB, sql string, of func(R) K, args ...any) (map[K][]R, error) {
	var rows []R
	if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, database.Error("read parts", err)
	}
	by := map[K][]R{}
	for _, row := range rows {
		by[of(row)] = append(by[of(row)], row)
	}
	return by, nil
}

// OfPage is the end of a statement for Grouped: the parts of the objects from one number to another. The order of the
// parts follows.
const OfPage = " WHERE number BETWEEN ? AND ? ORDER BY number, "

// TimelineFault says whether a timeline is not the one that its running digest was made of.
func TimelineFault[R any](trail string, entries []R) string {
	run := ""
	for i := range entries {
		run = Trail(run, &entries[i])
	}
	if run != trail {
		return "has a timeline that is not the one that was written: an entry was changed, removed or added outside of " +
			"Watchbell"
	}
	return ""
}

// EachPage reads a table of numbered rows in order.
func EachPage[R any](tx *gorm.DB, table string, check func([]R) error, number func(R) int64) error {
	for after := int64(-1 << 62); ; {
		var rows []R
		if err := tx.Raw("SELECT * FROM "+table+" WHERE number > ? ORDER BY number LIMIT ?", after, objectPage).
			Scan(&rows).Error; err != nil {
			return database.Error("read "+table, err)
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

// Objects shows all things of the kind to check, and makes sure that none is missing.
func (k Kind[T, R]) Objects(tx *gorm.DB, check Check) error {
	number := func(row R) int64 {
		x, err := k.Thing(row)
		if err != nil {
			return 1 << 62
		}
		n, _ := k.ID(x)
		return *n
	}
	if err := Dense(tx, k.Table, k.Counter, func(n int64) string {
		return k.Prefix +
			strconv.FormatInt(n, 10)
	}); err != nil {
		return err
	}
	return EachPage(tx, k.Table, func(rows []R) error {
		page := make([]Object, len(rows))
		for i := range rows {
			s := &page[i]
			x, err := k.whole(tx, rows[i])
			if err != nil {
				return &bot.RecordError{Object: k.Name, What: "cannot be read any more: " + err.Error()}
			}
			s.Name, s.Digest = k.Prefix+strconv.FormatInt(number(rows[i]), 10), k.digest(&rows[i], x)
		}
		return check(page)
	}, number)
}

// EachObject shows the objects of a table to check, of which each row is one.
func EachObject[R any](tx *gorm.DB, table, order string, of func(R) Object, check Check) error {
	for done := 0; ; done += objectPage {
		var rows []R
		if err := tx.Raw("SELECT * FROM "+table+" ORDER BY "+order+" LIMIT ? OFFSET ?", objectPage, done).
			Scan(&rows).Error; err != nil {
			return database.Error("read "+table, err)
		}
		page := make([]Object, len(rows))
		for i, row := range rows {
			page[i] = of(row)
		}
		if err := check(page); err != nil || len(rows) < objectPage {
			return err
		}
	}
}
