package commit

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

type thingRow struct {
	ID      int64 `gorm:"primaryKey;autoIncrement:false"`
	Name    string
	Count   int
	Open    bool
	At      time.Time
	Note    *string
	EndedAt *time.Time
	Parent  *int64
	Version int
}

func (thingRow) TableName() string { return "things" }

// An UPDATE of a row that is known names the columns that differ and no other.
func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	at := time.Date(2026, 11, 25, 14, 2, 0, 0, time.UTC)
	text, other, same := "a", "b", "a"
	one, two := int64(1), int64(2)
	later, elsewhere := at.Add(time.Microsecond), at.In(time.FixedZone("", 3600))
	for name, c := range map[string]struct {
		alter func(*thingRow)
		want  []string
	}{
		"text":       {func(r *thingRow) { r.Name = "other" }, []string{"name"}},
		"number":     {func(r *thingRow) { r.Count = 8 }, []string{"count"}},
		"truth":      {func(r *thingRow) { r.Open = false }, []string{"open"}},
		"time":       {func(r *thingRow) { r.At = later }, []string{"at"}},
		"other text": {func(r *thingRow) { r.Note = &other }, []string{"note"}},
		"no text":    {func(r *thingRow) { r.Note = nil }, []string{"note"}},
		"other time": {func(r *thingRow) { r.EndedAt = &later }, []string{"ended_at"}},
		"no time":    {func(r *thingRow) { r.EndedAt = nil }, []string{"ended_at"}},
		"a number":   {func(r *thingRow) { r.Parent = &two }, []string{"parent"}},
		"several":    {func(r *thingRow) { r.Name, r.Version = "", 3 }, []string{"name", "version"}},
		"equal values, not one": {
			func(r *thingRow) { r.Note, r.EndedAt, r.At, r.Version = &same, &elsewhere, elsewhere, 3 }, []string{"version"},
		},
		"nothing": {func(*thingRow) {}, []string{"name", "count", "open", "at", "note", "ended_at", "parent", "version"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := thingRow{1, "name", 7, true, at, &text, &at, &one, 2}
			now := before
			c.alter(&now)
			var changes Changes
			changes.Replace(&now, &before, before.Version, "id")
			o := changes.ops[0]
			p := &part{slot: o.slot, rows: []reflect.Value{o.row}, before: []reflect.Value{o.before}, was: []int64{o.was}}
			columns := p.others()
			set := p.changed(0, columns)
			if got := names(set.of(columns)); !slices.Equal(got, c.want) {
				t.Errorf("written: %v, want %v", got, c.want)
			}
			if args := p.args(0, set, columns, p.finders()); len(args) != len(c.want)+2 || args[len(args)-1] != int64(2) {
				t.Errorf("arguments: %v", args)
			}
		})
	}
}

// On PostgreSQL rows that are replaced are one UPDATE, which names the columns that differ in any of them and no other.
// A column that is empty by now is among them, and each row keeps what it has of its own.
func TestPostgresWritesOnlyWhatDiffersInSomeRow(t *testing.T) {
	at := time.Date(2026, 11, 25, 14, 2, 0, 0, time.UTC)
	text := "a"
	first := thingRow{1, "first", 7, true, at, &text, &at, nil, 2}
	second := thingRow{2, "second", 8, true, at, &text, &at, nil, 5}
	renamed, ended := first, second
	renamed.Name, renamed.Version = "renamed", 3
	ended.EndedAt, ended.Version = nil, 6
	var changes Changes
	changes.Replace(&renamed, &first, first.Version, "id")
	changes.Replace(&ended, &second, second.Version, "id")
	s := &sealed{byPart: map[slot]*part{}, entries: 2}
	for i := range changes.ops {
		s.put(int64(i), &changes.ops[i])
	}
	var p postgres
	sql, args := p.statement(s)
	set := "UPDATE things SET name = u.c_name, ended_at = u.c_ended_at, version = u.c_version FROM unnest("
	if !strings.Contains(sql, set) {
		t.Errorf("the statement is not %s…:\n%s", set, sql)
	}
	want := []any{
		[]int64{1, 2}, []int64{2, 5}, []int64{0, 1}, []string{"renamed", "second"}, []*time.Time{&at, nil}, []int64{3, 6},
	}
	if got := args[5:]; !reflect.DeepEqual(got, want) {
		t.Errorf("arguments: %v, want %v", got, want)
	}
	again, same := p.statement(s) // its text is known by now
	if again != sql || !reflect.DeepEqual(same, args) {
		t.Errorf("the second time: %v\n%s", same, again)
	}
}
