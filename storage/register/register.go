// Package register is the repository of the records of all registers: one table for whatever kind they are of, with
// their links and their history. It knows nothing of what a record says.
package register

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/record"
)

// Repository is the repository of records. It is safe for concurrent use.
type Repository struct{ db *database.DB }

var _ kernel.Store = Repository{}

// New returns the repository of a database.
func New(db *database.DB) Repository { return Repository{db} }

// counterOf begins the name of the counter of a kind.
const counterOf = "record/"

// state is a record as the database has it, without its history. It is never changed: many may hold the same one.
type state struct {
	row   recordRow
	links []linkRow // from it, in their order
}

// called finds a record by its ID or Alias, in any case.
const called = "lower(r.id) = lower(@id) OR lower(r.alias) = lower(@id)"

// readState reads a record; bot.ErrNoSuch if there is none.
func readState(tx *gorm.DB, id string) (*state, error) {
	var s state
	var t database.Together
	name := map[string]any{"id": id}
	t.Add("read record", &s.row, "SELECT r.* FROM records r WHERE "+called, name)
	t.Add("read links", &s.links, "SELECT l.* FROM record_links l JOIN records r ON r.id = l.from_id WHERE "+called, name)
	if err := t.All(tx); err != nil {
		return nil, err
	}
	if s.row.ID == "" {
		return nil, bot.ErrNoSuch
	}
	slices.SortFunc(s.links, linkRow.compare)
	return &s, nil
}

// after is the state that a change leaves, and what has to be written to get there. The links are those from the
// record: each is a part of its state, and so of what the audit log holds of it.
func (s *state) after(change kernel.Change) (*state, *commit.Changes, error) {
	change.Row.Version = s.row.Version + 1
	row, err := newRecordRow(change.Row)
	if err != nil {
		return nil, nil, err
	}
	c := &commit.Changes{Effects: change.Effects}
	var history []any
	row.Trail = s.row.Trail
	for i, e := range change.History {
		history = append(history, newEntryRow(row, i+1, e))
	}
	row.Trail = record.Trail(row.Trail, history...)
	for _, l := range slices.Concat(change.Linked, change.Severed) {
		if l.From != row.ID {
			return nil, nil, fmt.Errorf("the change of %s has a link from %s", row.ID, l.From)
		}
	}
	severed := each(change.Severed, newLinkRow)
	kept := slices.DeleteFunc(slices.Clone(s.links), func(l linkRow) bool { return slices.Contains(severed, l) })
	left := &state{row: *row, links: append(kept, each(change.Linked, newLinkRow)...)}
	slices.SortFunc(left.links, linkRow.compare)
	left.links = slices.Compact(left.links)
	if s.row.Version == 0 {
		c.Insert("", row)
	} else {
		c.Replace(row, &s.row, s.row.Version, "kind", "number")
	}
	c.Insert("", history...)
	c.Insert("", record.Missing(left.links, s.links)...)
	for _, gone := range record.Missing(s.links, left.links) {
		c.Delete(gone, "from_id", "name", "to_id")
	}
	c.Bump(change.Bumps...)
	a := &c.Effects.Audit
	a.Object, a.Version, a.Digest = row.ID, row.Version, left.digest()
	return left, c, nil
}

// imported is the state that an import leaves, and the entries of its history. Those are kept with the import.
func (s *state) imported(number int64, change kernel.Change) (*state, []entryRow, error) {
	left, _, err := s.after(change)
	if err != nil {
		return nil, nil, err
	}
	left.row.ImportID = number
	var entries []entryRow
	for i, e := range change.History {
		entries = append(entries, *newEntryRow(&left.row, i+1, e))
	}
	return left, entries, nil
}

// digest is what the audit log holds of the record.
func (s *state) digest() string {
	return record.Digest(record.AppendRows([]any{&s.row}, s.links)...)
}

// Add implements register.Records. make reads, and nobody may wait for that while a commit is under way: so it is asked
// beforehand, for the number that comes next, and again when somebody else got that one. Of several at once with one ID
// the schema lets one in.
func (r Repository) Add(
	ctx context.Context, kind string, make func(number int64) (kernel.Change, error),
) error {
	var next int64
	err := r.db.Reader(ctx).
		Raw("SELECT coalesce((SELECT value FROM counters WHERE name = ?), 0) + 1", counterOf+kind).Scan(&next).Error
	if err != nil {
		return database.Error("read counter", err)
	}
	for try := 0; ; try++ {
		expected := next
		changes, err := added(kind, expected, make)
		if err != nil {
			return err
		}
		err = r.db.Commits().Number(ctx, counterOf+kind, func(number int64) (*commit.Changes, error) {
			switch {
			case number == expected:
				return changes, nil
			case try < database.DecideAgain:
				next = number
				return nil, errOtherNumber
			}
			return added(kind, number, make)
		})
		switch {
		case errors.Is(err, errOtherNumber):
			continue
		case errors.Is(err, gorm.ErrDuplicatedKey):
			return kernel.ErrTaken
		}
		return r.db.LetInAnew(err)
	}
}

// errOtherNumber is that a new record would get another number than it was made for.
var errOtherNumber = errors.New("another number is next")

// added is what to write of a new record.
func added(kind string, number int64, make func(number int64) (kernel.Change, error)) (*commit.Changes, error) {
	change, err := make(number)
	if err != nil {
		return nil, err
	}
	change.Row.Kind, change.Row.Number = kind, number
	_, c, err := (&state{}).after(change)
	return c, err
}

// Update implements register.Records. What decide reads with its context it reads in the transaction that it decides
// in, where there is one.
func (r Repository) Update(
	ctx context.Context, id string, decide func(ctx context.Context, now kernel.Row) (kernel.Change, error),
) error {
	return database.Alter(
		ctx, r.db, counterOf+strings.ToLower(id), func(tx *gorm.DB) (*state, error) { return readState(tx, id) },
		func(tx *gorm.DB, now *state) (*state, *commit.Changes, error) {
			was, err := now.row.record()
			if err != nil {
				return nil, nil, err
			}
			change, err := decide(database.WithSnapshot(ctx, tx), was)
			if err != nil {
				return nil, nil, err
			}
			is := change.Row
			if is.Kind != was.Kind || is.Number != was.Number || is.ID != was.ID || is.Alias != was.Alias {
				return nil, nil, fmt.Errorf("a change of %s gives it another kind, number or id", was.ID)
			}
			return now.after(change)
		},
	)
}

// Record implements register.Records.
func (r Repository) Record(ctx context.Context, id string) (kernel.Row, error) {
	var row recordRow
	err := r.db.Reader(ctx).Raw("SELECT r.* FROM records r WHERE "+called, map[string]any{"id": id}).Scan(&row).Error
	switch {
	case err != nil:
		return kernel.Row{}, database.Error("read record", err)
	case row.ID == "":
		return kernel.Row{}, bot.ErrNoSuch
	}
	return row.record()
}

// Links implements register.Web.
func (r Repository) Links(ctx context.Context, id string) ([]kernel.Link, error) {
	rows, err := gorm.G[linkRow](r.db.Reader(ctx)).Where("from_id = ? OR to_id = ?", id, id).
		Order("from_id, name, to_id").Find(ctx)
	return each(rows, linkRow.link), database.Error("read links", err)
}

// History implements register.Web.
func (r Repository) History(ctx context.Context, id string, limit int) ([]kernel.Entry, error) {
	tx := r.db.Reader(ctx)
	rows, err := gorm.G[entryRow](tx).Where("record = ?", id).Order("version DESC, n DESC").Limit(limit).Find(ctx)
	if err != nil {
		return nil, database.Error("read history", err)
	}
	more, err := importedEntries(tx, "s.id = ?", id)
	if err != nil {
		return nil, err
	}
	rows = append(rows, more...)
	slices.SortFunc(rows, func(a, b entryRow) int {
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(b.N, a.N))
	})
	return each(rows[:min(limit, len(rows))], entryRow.entry), nil
}

// Guards implements register.Web.
func (r Repository) Guards(ctx context.Context, names ...string) ([]bot.Guard, error) {
	return database.ReadGuards(r.db.Reader(ctx), names...)
}
