package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/record"
)

// stageTries is how often the next number of an import may be somebody else's.
const stageTries = 10

// Stage implements register.Imports. Each batch is a transaction of its own, on SQLite with what others save.
func (r Repository) Stage(
	ctx context.Context, i kernel.Import, fill func(first int64, add func([]kernel.Staged) error) (kernel.Import, error),
) (kernel.Import, error) {
	if err := r.forget(ctx, i.At.Add(-kernel.StagedFor)); err != nil {
		return i, err
	}
	row, err := r.begin(ctx, i)
	if err != nil {
		return i, err
	}
	n, digest := 0, ""
	filled, err := fill(row.First, func(list []kernel.Staged) error {
		b, err := r.batch(ctx, row.Number, n, list)
		if err != nil {
			return err
		}
		for k := range b.rows {
			digest = record.Trail(digest, &b.rows[k])
		}
		n += len(list)
		return r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) { return false, b.save(tx) })
	})
	if err == nil {
		filled.Number, filled.Digest = row.Number, digest
		if row, err = newImportRow(filled, row.First); err == nil {
			err = r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) { return false, tx.Save(row).Error })
		}
	}
	if err != nil {
		return i, errors.Join(err, r.drop(context.WithoutCancel(ctx), row.Number))
	}
	return filled, nil
}

// begin takes the next number for an import.
func (r Repository) begin(ctx context.Context, i kernel.Import) (*importRow, error) {
	var row *importRow
	for try := 0; ; try++ {
		err := r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
			var next, last int64
			if err := tx.Raw("SELECT coalesce(max(number), 0) + 1 FROM imports").Scan(&next).Error; err != nil {
				return false, err
			}
			if err := tx.Raw("SELECT value FROM counters WHERE name = ?", counterOf+i.Kind).Scan(&last).Error; err != nil {
				return false, err
			}
			i.Number = next
			var err error
			if row, err = newImportRow(i, last+1); err != nil {
				return false, err
			}
			return false, tx.Create(row).Error
		})
		if !errors.Is(err, gorm.ErrDuplicatedKey) || try == stageTries {
			return row, database.Error("begin import", err)
		}
	}
}

// batch is rows of an import that are written together.
type batch struct {
	rows  []stagedRow
	links []stagedLinkRow
	dues  []stagedDueRow
}

// batch makes the rows of changes, the first of which follows n others.
func (r Repository) batch(ctx context.Context, number int64, n int, list []kernel.Staged) (*batch, error) {
	var ids []string
	for _, s := range list {
		if s.Was != nil {
			ids = append(ids, s.Was.ID)
		}
	}
	states, err := r.states(ctx, ids)
	if err != nil {
		return nil, err
	}
	b := &batch{}
	for k, s := range list {
		was := &state{}
		row := stagedRow{Import: number, N: n + k + 1, Told: s.Told}
		if s.Was != nil {
			if was = states[s.Was.ID]; was == nil || was.row.Version != s.Was.Version {
				return nil, &kernel.MovedError{Records: []string{s.Was.ID}}
			}
			before, err := json.Marshal(was.row)
			if err != nil {
				return nil, database.Error("encode record", err)
			}
			row.Before, row.WasVersion = string(before), was.row.Version
		}
		then, entries, err := was.imported(number, s.Change)
		if err != nil {
			return nil, err
		}
		history, err := json.Marshal(entries)
		if err != nil {
			return nil, database.Error("encode history", err)
		}
		row.Record, row.History, row.Digest = then.row, string(history), then.digest()
		b.rows = append(b.rows, row)
		for _, l := range s.Change.Linked {
			b.links = append(b.links, stagedLinkRow{number, false, l.From, l.Name, l.To})
		}
		for _, l := range s.Change.Severed {
			b.links = append(b.links, stagedLinkRow{number, true, l.From, l.Name, l.To})
		}
		for _, d := range s.Change.Effects.Dues {
			b.dues = append(b.dues, newStagedDueRow(number, d))
		}
	}
	return b, nil
}

// rowsAtOnce keeps a statement below the number of arguments that databases take.
const rowsAtOnce = 500

func (b *batch) save(tx *gorm.DB) error {
	if err := tx.CreateInBatches(b.rows, rowsAtOnce).Error; err != nil {
		return database.Error("stage records", err)
	}
	if len(b.links) > 0 {
		if err := tx.CreateInBatches(b.links, rowsAtOnce).Error; err != nil {
			return database.Error("stage links", err)
		}
	}
	if len(b.dues) > 0 {
		return database.Error("stage dues", tx.CreateInBatches(b.dues, rowsAtOnce).Error)
	}
	return nil
}

// states are records with their links, by id.
func (r Repository) states(ctx context.Context, ids []string) (map[string]*state, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	tx := r.db.Reader(ctx)
	rows, err := gorm.G[recordRow](tx).Where("id IN ?", ids).Find(ctx)
	if err != nil {
		return nil, database.Error("read records", err)
	}
	links, err := gorm.G[linkRow](tx).Where("from_id IN ?", ids).Find(ctx)
	if err != nil {
		return nil, database.Error("read links", err)
	}
	found := map[string]*state{}
	for _, row := range rows {
		found[row.ID] = &state{row: row}
	}
	for _, l := range links {
		if s := found[l.FromID]; s != nil {
			s.links = append(s.links, l)
		}
	}
	for _, s := range found {
		slices.SortFunc(s.links, linkRow.compare)
	}
	return found, nil
}

// drop forgets an import that was not applied.
func (r Repository) drop(ctx context.Context, number int64) error {
	const some = 1000
	for from := 0; ; from += some {
		more := false
		err := r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
			done := tx.Exec("DELETE FROM import_rows WHERE import = ? AND n > ? AND n <= ?", number, from, from+some)
			more = done.RowsAffected == some
			return false, done.Error
		})
		if err != nil {
			return database.Error("forget import", err)
		}
		if !more {
			break
		}
	}
	err := r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		for _, table := range []string{"import_links WHERE import", "import_dues WHERE import", "imports WHERE number"} {
			if err := tx.Exec("DELETE FROM "+table+" = ?", number).Error; err != nil {
				return false, err
			}
		}
		return false, nil
	})
	return database.Error("forget import", err)
}

// forget drops what was staged before a time and not applied.
func (r Repository) forget(ctx context.Context, before time.Time) error {
	var old []int64
	err := r.db.Reader(ctx).Raw("SELECT number FROM imports WHERE applied_at IS NULL AND at < ?", before.UTC()).
		Scan(&old).Error
	for _, number := range old {
		err = errors.Join(err, r.drop(ctx, number))
	}
	return database.Error("look for old imports", err)
}

// Import implements register.Imports.
func (r Repository) Import(ctx context.Context, number int64) (kernel.Import, error) {
	row, err := r.find(ctx, number)
	if err != nil {
		return kernel.Import{}, err
	}
	return row.of()
}

func (r Repository) find(ctx context.Context, number int64) (importRow, error) {
	row, err := gorm.G[importRow](r.db.Reader(ctx)).Where("number = ?", number).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, bot.ErrNoSuch
	}
	return row, database.Error("read import", err)
}

// Staged implements register.Imports.
func (r Repository) Staged(ctx context.Context, number int64, without, limit int) ([]kernel.Staged, error) {
	rows, err := gorm.G[stagedRow](r.db.Reader(ctx)).Where("import = ? AND n > ? AND n <= ?", number, without, without+limit).
		Order("n").Find(ctx)
	if err != nil {
		return nil, database.Error("read import", err)
	}
	list := make([]kernel.Staged, len(rows))
	for k := range rows {
		if list[k], err = rows[k].staged(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Note implements register.Imports.
func (r Repository) Note(ctx context.Context, e bot.Effects) error {
	return r.db.Save(ctx, e, func(*commit.Changes) {})
}

// Apply implements register.Imports. Nothing else is committed meanwhile, so everything is written by a few statements
// for all records (BenchmarkImports).
func (r Repository) Apply(ctx context.Context, number int64, e bot.Effects) error {
	row, err := r.find(ctx, number)
	if err != nil {
		return err
	}
	i, err := row.of()
	if err != nil {
		return err
	}
	if err := r.unmoved(ctx, i); err != nil { // most often this is known before anybody has to wait
		return err
	}
	counter := ""
	if i.Created > 0 {
		counter = counterOf + i.Kind
	}
	e.Audit.Digest = i.Digest
	e.Jobs = append(e.Jobs, i.Jobs...)
	err = r.db.AloneLong(ctx, counter, applyLimit, func(tx *gorm.DB, next int64) (*commit.Changes, error) {
		if counter != "" && next != row.First {
			return nil, &kernel.MovedError{}
		}
		if err := r.unmoved(database.WithSnapshot(ctx, tx), i); err != nil {
			return nil, err
		}
		if err := write(tx, i, stored(e.Audit.At)); err != nil {
			return nil, err
		}
		c := &commit.Changes{Effects: e, Numbers: int64(i.Created)}
		c.Bump(i.Bumps...)
		return c, nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return &kernel.MovedError{}
	}
	return r.db.LetInAnew(err)
}

// applyLimit is how long a statement may take that writes thousands of rows on a busy server. Most take some 100 ms.
const applyLimit = 6 * time.Second

// unmoved refuses an import if something is no longer as it was compared with.
func (r Repository) unmoved(ctx context.Context, i kernel.Import) error {
	tx := r.db.Reader(ctx)
	var ids []string
	err := tx.Raw(
		"SELECT s.id FROM import_rows s LEFT JOIN records r ON r.id = s.id WHERE s.import = ? AND coalesce(r.version, 0) <> "+
			"s.was_version ORDER BY s.n LIMIT ?", i.Number, namedMoved,
	).Scan(&ids).Error
	if err != nil {
		return database.Error("compare records", err)
	}
	if len(ids) > 0 {
		return &kernel.MovedError{Records: ids}
	}
	for some := range slices.Chunk(i.Relies, rowsAtOnce) {
		names := make([]string, len(some))
		for k, g := range some {
			names[k] = g.Name
		}
		now, err := database.ReadGuards(tx, names...)
		if err != nil {
			return err
		}
		if !slices.Equal(now, some) {
			return &kernel.MovedError{}
		}
	}
	return nil
}

// namedMoved is how many records that moved are named.
const namedMoved = 6

// write makes an import visible.
func write(tx *gorm.DB, i kernel.Import, at time.Time) error {
	args := map[string]any{"import": i.Number, "at": at, "undoes": i.Undoes}
	for _, step := range steps {
		if step.undo && i.Undoes == 0 || step.adds && i.Created == 0 || step.changes && i.Changed == 0 ||
			step.onlyAdds && i.Changed > 0 {
			continue
		}
		done := tx.Exec(step.sql, args)
		if done.Error != nil {
			return database.Error("apply import: "+step.what, done.Error)
		}
		if step.once && done.RowsAffected != 1 {
			return &kernel.MovedError{}
		}
	}
	return nil
}

// step is a statement that is part of applying an import.
type step struct {
	what, sql           string
	adds, changes, undo bool // only of an import that adds or changes records, or takes another one back
	onlyAdds            bool // only of an import that changes none
	once                bool // it has to change one row
}

// steps apply an import. The columns are those of the rows themselves.
var steps = func() []step {
	var set, insert, values []string
	for _, name := range commit.FieldsOf(&recordRow{}).Columns {
		from := "s." + name
		switch name {
		case "added_at", "changed_at":
			from = "@at"
		}
		insert, values = append(insert, name), append(values, from)
		if !slices.Contains([]string{"kind", "number", "id", "alias", "added_at"}, name) {
			set = append(set, name+" = "+from)
		}
	}
	dues := strings.Join(commit.FieldsOf(&commit.DueRow{}).Columns, ", ")
	addDues := "INSERT INTO dues (" + dues + ") SELECT " + dues + " FROM import_dues WHERE import = @import AND NOT gone"
	return []step{
		{
			what: "once", once: true,
			sql: "UPDATE imports SET applied_at = @at WHERE number = @import AND applied_at IS NULL",
		},
		{
			what: "take back once", once: true, undo: true,
			sql: "UPDATE imports SET undone = @import WHERE number = @undoes AND undone = 0 AND applied_at IS NOT NULL",
		},
		{
			what: "change records", changes: true,
			sql: fmt.Sprintf(
				"UPDATE records SET %s FROM import_rows s WHERE s.import = @import AND s.was_version > 0 AND records.kind = s.kind AND "+
					"records.number = s.number", strings.Join(set, ", "),
			),
		},
		{
			what: "add records", adds: true,
			sql: fmt.Sprintf(
				"INSERT INTO records (%s) SELECT %s FROM import_rows s WHERE s.import = @import AND s.was_version = 0 ORDER BY s.n",
				strings.Join(insert, ", "), strings.Join(values, ", "),
			),
		},
		{
			what: "remove links", changes: true,
			sql: "DELETE FROM record_links WHERE (from_id, name, to_id) IN (SELECT from_id, name, to_id FROM import_links " +
				"WHERE import = @import AND gone)",
		},
		{
			what: "add links",
			sql: "INSERT INTO record_links (from_id, name, to_id) SELECT from_id, name, to_id FROM import_links " +
				"WHERE import = @import AND NOT gone",
		},
		{
			what: "settle dues", changes: true,
			sql: "DELETE FROM dues WHERE (object, what) IN (SELECT object, what FROM import_dues WHERE import = @import AND gone)",
		},
		{
			what: "add dues", onlyAdds: true, // nothing is looked for, which is faster
			sql: addDues,
		},
		{
			what: "write dues", changes: true,
			sql: addDues + " " + commit.DueConflict,
		},
	}
}()

// importedEntries are the entries that applied imports have of the histories of records, at the times at which they were
// applied. where finds rows s of imports i.
func importedEntries(tx *gorm.DB, where string, args ...any) ([]entryRow, error) {
	var list []entryRow
	err := database.EachRow(
		tx, "history of imports", "SELECT i.applied_at, s.history FROM import_rows s JOIN imports i ON i.number = s.import "+
			"WHERE i.applied_at IS NOT NULL AND "+where, args,
		func(rows *sql.Rows) error {
			var row stagedRow
			at := database.NewTarget(1, &row.History)
			if err := at.Scan(rows); err != nil {
				return err
			}
			entries, err := row.entries(at.Times[0].Time)
			list = append(list, entries...)
			return err
		},
	)
	return list, err
}
