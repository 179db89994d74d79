package register

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/record"
)

// objectPage is how many records are read at once.
const objectPage = 500

// Objects shows all records to check, and makes sure that none is missing.
func Objects(tx *gorm.DB, check record.Check) error {
	found := map[string]int64{} // how many of each kind
	var last recordRow
	for {
		var rows []recordRow
		if err := tx.Where("(kind, number) > (?, ?)", last.Kind, last.Number).Order("kind, number").Limit(objectPage).
			Find(&rows).Error; err != nil {
			return database.Error("read records", err)
		}
		if len(rows) == 0 {
			return allFound(tx, found)
		}
		last = rows[len(rows)-1]
		for _, row := range rows {
			found[row.Kind]++
			if row.Number != found[row.Kind] {
				return missing(row.Kind, found[row.Kind])
			}
		}
		page, err := objects(tx, rows)
		if err != nil {
			return err
		}
		if err := check(page); err != nil {
			return err
		}
	}
}

// objects are what a page of records and what belongs to them say.
func objects(tx *gorm.DB, rows []recordRow) ([]record.Object, error) {
	ids := each(rows, func(row recordRow) string { return row.ID })
	links, err := record.Grouped(
		tx, "SELECT * FROM record_links WHERE from_id IN ? ORDER BY from_id, name, to_id",
		func(x linkRow) string { return x.FromID }, ids,
	)
	if err != nil {
		return nil, err
	}
	history, err := record.Grouped(
		tx, "SELECT * FROM record_history WHERE record IN ? ORDER BY record, version, n",
		func(x entryRow) string { return x.Record }, ids,
	)
	if err != nil {
		return nil, err
	}
	page := make([]record.Object, len(rows))
	for i, row := range rows {
		s := state{row: row, links: links[row.ID]}
		page[i] = record.Object{
			Name: row.ID, Digest: s.digest(), Fault: record.TimelineFault(row.Trail, history[row.ID]),
		}
	}
	return page, nil
}

// allFound compares how many records of each kind there are with how many numbers were given.
func allFound(tx *gorm.DB, found map[string]int64) error {
	var counters []commit.CounterRow
	if err := tx.Where("name LIKE ?", counterOf+"%").Order("name").Find(&counters).Error; err != nil {
		return database.Error("read counters", err)
	}
	for _, c := range counters {
		kind := c.Name[len(counterOf):]
		if found[kind] < c.Value {
			return missing(kind, found[kind]+1)
		}
		found[kind] -= c.Value
	}
	for kind, more := range found {
		if more > 0 {
			return &bot.RecordError{
				Object: kind, What: fmt.Sprintf("has %d records that were added outside of Watchbell", more),
			}
		}
	}
	return nil
}

func missing(kind string, number int64) error {
	return &bot.RecordError{Object: fmt.Sprintf("%s %d", kind, number), What: "is missing: it was added once"}
}
