package register

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/database"
)

type recordRow struct {
	Kind       string `gorm:"primaryKey"`
	Number     int64  `gorm:"primaryKey;autoIncrement:false"`
	ID         string
	Alias      string
	Version    int
	Name       string
	SortName   string // in lower case
	Owner      *string
	Team       string
	Seen       string
	Readers    string // as JSON, "" where there are none
	State      string
	Wakes      string
	ArchivedAt *time.Time
	AddedAt    time.Time
	ChangedAt  time.Time
	Fields     string // as JSON of texts
	Words      string
	Data       string
	Trail      string // the running digest of the history
	ImportID   int64  // the import that changed it last, 0 if people did so one by one
}

func (recordRow) TableName() string { return "records" }

// columns are those that a list reads.
func (row *recordRow) columns(bare bool) []database.Column {
	list := []database.Column{
		{Name: "kind", Into: &row.Kind}, {Name: "number", Into: &row.Number}, {Name: "id", Into: &row.ID},
		{Name: "alias", Into: &row.Alias}, {Name: "version", Into: &row.Version}, {Name: "name", Into: &row.Name},
		{Name: "owner", Into: &row.Owner}, {Name: "team", Into: &row.Team}, {Name: "seen", Into: &row.Seen},
		{Name: "readers", Into: &row.Readers}, {Name: "state", Into: &row.State}, {Name: "wakes", Into: &row.Wakes},
		{Name: "archived_at", Into: &row.ArchivedAt}, {Name: "added_at", Into: &row.AddedAt},
		{Name: "changed_at", Into: &row.ChangedAt},
	}
	if bare {
		return list
	}
	return append(
		list, database.Column{Name: "fields", Into: &row.Fields}, database.Column{Name: "words", Into: &row.Words},
		database.Column{Name: "data", Into: &row.Data},
	)
}

func newRecordRow(r kernel.Row) (*recordRow, error) {
	row := &recordRow{
		Kind: r.Kind, Number: r.Number, ID: r.ID, Alias: r.Alias, Version: r.Version, Name: r.Name,
		SortName: sortName(r.Name), Owner: database.Nobody(r.Owner), Team: r.Team,
		Seen: string(cmp.Or(r.Seen, kernel.Everybody)), State: r.State, Wakes: r.Wakes.String(),
		ArchivedAt: database.OrNull(r.Archived), AddedAt: stored(r.Added), ChangedAt: stored(r.Changed), Fields: "{}",
		Words: r.Words, Data: string(r.Data),
	}
	if len(r.Values) > 0 {
		data, err := json.Marshal(r.Values)
		if err != nil {
			return nil, database.Error("encode fields", err)
		}
		row.Fields = string(data)
	}
	if len(r.Readers) > 0 {
		data, err := json.Marshal(r.Readers)
		if err != nil {
			return nil, database.Error("encode readers", err)
		}
		row.Readers = string(data)
	}
	return row, nil
}

// sortName is what lists sort a name by.
func sortName(name string) string { return strings.ToLower(name) }

// stored is a time as both databases give it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func (row recordRow) record() (kernel.Row, error) {
	wakes, _ := value.ParseDate(row.Wakes)
	r := kernel.Row{
		Kind: row.Kind, Number: row.Number, ID: row.ID, Alias: row.Alias, Version: row.Version, Name: row.Name,
		Owner: database.Somebody(row.Owner), Team: row.Team, Seen: kernel.Visibility(row.Seen), State: row.State,
		Wakes: wakes, Archived: database.OrZero(row.ArchivedAt), Added: row.AddedAt.UTC(), Changed: row.ChangedAt.UTC(),
		Words: row.Words, Data: []byte(row.Data),
	}
	if row.Fields != "" { // it was read
		if err := json.Unmarshal([]byte(row.Fields), &r.Values); err != nil {
			return r, database.Error("read fields of "+row.ID, err)
		}
	}
	if row.Readers != "" {
		if err := json.Unmarshal([]byte(row.Readers), &r.Readers); err != nil {
			return r, database.Error("read readers of "+row.ID, err)
		}
	}
	return r, nil
}

type linkRow struct {
	FromID string `gorm:"primaryKey"`
	Name   string `gorm:"primaryKey"`
	ToID   string `gorm:"primaryKey"`
}

func (linkRow) TableName() string { return "record_links" }

func newLinkRow(l kernel.Link) linkRow { return linkRow{l.From, l.Name, l.To} }

func (row linkRow) link() kernel.Link {
	return kernel.Link{From: row.FromID, Name: row.Name, To: row.ToID}
}

// compare is the order of the links of a record, in which they are digested.
func (row linkRow) compare(o linkRow) int {
	return cmp.Or(cmp.Compare(row.FromID, o.FromID), cmp.Compare(row.Name, o.Name), cmp.Compare(row.ToID, o.ToID))
}

type entryRow struct {
	Record  string `gorm:"primaryKey"`
	Version int    `gorm:"primaryKey;autoIncrement:false"`
	N       int    `gorm:"primaryKey;autoIncrement:false"`
	Kind    string
	At      time.Time
	Person  *string
	What    string
	Was     string
	Became  string
	Agent   string `json:",omitempty"`
}

func (entryRow) TableName() string { return "record_history" }

// newEntryRow is the row of the n-th entry of a record's version.
func newEntryRow(of *recordRow, n int, e kernel.Entry) *entryRow {
	return &entryRow{
		Record: of.ID, Version: of.Version, N: n, Kind: of.Kind, At: stored(e.At), Person: database.Nobody(e.By),
		What: e.What, Was: e.Was, Became: e.Is, Agent: e.Agent,
	}
}

func (row entryRow) entry() kernel.Entry {
	return kernel.Entry{
		Record: row.Record, Version: row.Version, N: row.N, At: row.At.UTC(), By: database.Somebody(row.Person),
		What: row.What, Was: row.Was, Is: row.Became, Agent: row.Agent,
	}
}

// each maps the rows of a list.
func each[R, T any](rows []R, of func(R) T) []T {
	var list []T
	for _, row := range rows {
		list = append(list, of(row))
	}
	return list
}
