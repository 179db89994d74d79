package register

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	kernel "github.com/watchbell/watchbell/commands/register/record"
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
			if err := allFound(tx, found); err != nil {
				return err
			}
			return importObjects(tx, check)
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
	imports, err := stagedOf(tx, ids)
	if err != nil {
		return nil, err
	}
	var page []record.Object
	for _, row := range rows {
		s := state{row: row, links: links[row.ID]}
		o := record.Object{Name: row.ID, Digest: s.digest(), Logged: len(imports[row.ID]) > 0}
		entries, last := history[row.ID], (*appliedRow)(nil)
		for k := range imports[row.ID] {
			x := &imports[row.ID][k]
			more, err := x.entries(time.Time{})
			if err != nil {
				return nil, err
			}
			if entries = append(entries, more...); last == nil || last.Record.Version < x.Record.Version {
				last = x
			}
		}
		slices.SortStableFunc(entries, func(a, b entryRow) int {
			return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.N, b.N))
		})
		o.Fault = record.TimelineFault(row.Trail, entries)
		if last == nil || last.Record.Version < row.Version {
			page = append(page, o)
			continue
		}
		// The log has the import, and the import has the record.
		if !last.left(s) {
			o.Fault = "is not as its import left it: it was changed outside of Watchbell"
		}
		if o.Fault != "" {
			return nil, &bot.RecordError{Object: row.ID, What: o.Fault}
		}
	}
	return page, nil
}

// appliedRow is a stagedRow of an import that was applied.
type appliedRow struct {
	stagedRow
	AppliedAt time.Time
}

// left reports whether a record is as the import left it, but for when that was.
func (x *appliedRow) left(s state) bool {
	if !s.row.ChangedAt.Equal(x.AppliedAt) || x.WasVersion == 0 && !s.row.AddedAt.Equal(x.AppliedAt) {
		return false
	}
	s.row.ChangedAt, s.row.AddedAt = x.Record.ChangedAt, x.Record.AddedAt
	return s.digest() == x.Digest
}

// stagedOf is what applied imports made of records.
func stagedOf(tx *gorm.DB, ids []string) (map[string][]appliedRow, error) {
	var rows []stagedRow
	err := tx.Raw(
		"SELECT s.* FROM import_rows s JOIN imports i ON i.number = s.import WHERE i.applied_at IS NOT NULL AND s.id IN ?", ids,
	).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, database.Error("read imports", err)
	}
	var imports []importRow
	if err := tx.Where("applied_at IS NOT NULL").Find(&imports).Error; err != nil {
		return nil, database.Error("read imports", err)
	}
	at := map[int64]time.Time{}
	for _, i := range imports {
		at[i.Number] = database.OrZero(i.AppliedAt)
	}
	found := map[string][]appliedRow{}
	for _, row := range rows {
		found[row.Record.ID] = append(found[row.Record.ID], appliedRow{row, at[row.Import]})
	}
	return found, nil
}

// importObjects shows the imports that were applied to check.
func importObjects(tx *gorm.DB, check record.Check) error {
	var imports []importRow
	if err := tx.Where("applied_at IS NOT NULL").Order("number").Find(&imports).Error; err != nil {
		return database.Error("read imports", err)
	}
	for _, i := range imports {
		digest := ""
		for n := 0; ; n += objectPage {
			var rows []stagedRow
			err := tx.Where("import = ? AND n > ? AND n <= ?", i.Number, n, n+objectPage).Order("n").Find(&rows).Error
			if err != nil {
				return database.Error("read import", err)
			}
			for k := range rows {
				digest = record.Trail(digest, &rows[k])
			}
			if len(rows) == 0 {
				break
			}
		}
		if err := check([]record.Object{{Name: kernel.ImportID(i.Number), Digest: digest}}); err != nil {
			return err
		}
	}
	return nil
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
