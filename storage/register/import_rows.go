package register

import (
	"encoding/json"
	"time"

	"github.com/watchbell/watchbell/bot"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

type importRow struct {
	Number    int64 `gorm:"primaryKey;autoIncrement:false"`
	Kind      string
	Person    *string
	At        time.Time
	File      string
	Sum       string
	Created   int
	Changed   int
	Undoes    int64
	Undone    int64
	First     int64  // the number of the first record that it adds
	Relies    string // as JSON, like the next two
	Bumps     string
	Jobs      string
	Digest    string // the running digest of its rows
	AppliedAt *time.Time
}

func (importRow) TableName() string { return "imports" }

func newImportRow(i kernel.Import, first int64) (*importRow, error) {
	row := &importRow{
		Number: i.Number, Kind: i.Kind, Person: database.Nobody(i.By), At: stored(i.At), File: i.File, Sum: i.Sum,
		Created: i.Created, Changed: i.Changed, Undoes: i.Undoes, Undone: i.Undone, First: first, Digest: i.Digest,
		AppliedAt: database.OrNull(i.Applied),
	}
	for text, list := range map[*string]any{&row.Relies: i.Relies, &row.Bumps: i.Bumps, &row.Jobs: i.Jobs} {
		data, err := json.Marshal(list)
		if err != nil {
			return nil, database.Error("encode import", err)
		}
		*text = string(data)
	}
	return row, nil
}

func (row importRow) of() (kernel.Import, error) {
	i := kernel.Import{
		Number: row.Number, Kind: row.Kind, By: database.Somebody(row.Person), At: row.At.UTC(), File: row.File,
		Sum: row.Sum, Created: row.Created, Changed: row.Changed, Undoes: row.Undoes, Undone: row.Undone,
		Digest: row.Digest, Applied: database.OrZero(row.AppliedAt),
	}
	for text, list := range map[string]any{row.Relies: &i.Relies, row.Bumps: &i.Bumps, row.Jobs: &i.Jobs} {
		if err := json.Unmarshal([]byte(text), list); err != nil {
			return i, database.Error("decode import", err)
		}
	}
	return i, nil
}

// stagedRow is what an import makes of one record.
type stagedRow struct {
	Import     int64 `gorm:"primaryKey;autoIncrement:false"`
	N          int   `gorm:"primaryKey;autoIncrement:false"` // from 1
	WasVersion int
	Before     string    // its row before as JSON, "" if it is new
	Told       bool      // reports count something of its history
	History    string    // its entries as JSON
	Digest     string    // what the audit log would hold of the record after it
	Record     recordRow `gorm:"embedded"`
}

func (stagedRow) TableName() string { return "import_rows" }

// entries are those of the history, as of a moment; the zero moment leaves theirs.
func (row *stagedRow) entries(at time.Time) ([]entryRow, error) {
	var list []entryRow
	if err := json.Unmarshal([]byte(row.History), &list); err != nil {
		return nil, database.Error("decode history of "+row.Record.ID, err)
	}
	for i := range list {
		if !at.IsZero() {
			list[i].At = at
		}
	}
	return list, nil
}

// staged is what the row says, without its links and dues.
func (row *stagedRow) staged() (s kernel.Staged, err error) {
	if s.Change.Row, err = row.Record.record(); err != nil || row.Before == "" {
		return s, err
	}
	var before recordRow
	if err := json.Unmarshal([]byte(row.Before), &before); err != nil {
		return s, database.Error("decode "+row.Record.ID, err)
	}
	was, err := before.record()
	s.Was = &was
	return s, err
}

type stagedLinkRow struct {
	Import int64 `gorm:"primaryKey;autoIncrement:false"`
	Gone   bool  `gorm:"primaryKey"`
	FromID string
	Name   string
	ToID   string
}

func (stagedLinkRow) TableName() string { return "import_links" }

type stagedDueRow struct {
	Import int64 `gorm:"primaryKey;autoIncrement:false"`
	Gone   bool
	Due    commit.DueRow `gorm:"embedded"`
}

func (stagedDueRow) TableName() string { return "import_dues" }

func newStagedDueRow(number int64, d bot.Due) stagedDueRow {
	return stagedDueRow{Import: number, Gone: d.Settled(), Due: *commit.NewDueRow(d)}
}
