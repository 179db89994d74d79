package commit

import (
	"reflect"
	"slices"
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
