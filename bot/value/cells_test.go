package value

import (
	"slices"
	"testing"
)

func TestCellsAreNoFormulas(t *testing.T) {
	row := []string{
		"=1", "+1", "-1", "@SUM", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM", "\x00=1", "a=1", "", "日", " =1", "\xff",
		"'=1", "''=1", "'a", "it's",
	}
	want := []string{
		"'=1", "'+1", "'-1", "'@SUM", "'\t=1", "'\r=1", "'\n=1", "'＝1", "'＋1", "'－1", "'＠SUM", "'\x00=1", "a=1", "", "日",
		" =1", "\xff", "''=1", "'''=1", "'a", "it's",
	}
	before := slices.Clone(row)
	if got := Cells(row); !slices.Equal(got, want) || !slices.Equal(row, before) {
		t.Errorf("%q", got)
	}
	for i, cell := range Cells(row) {
		if got := Unmarked(cell); got != row[i] {
			t.Errorf("%q became %q and then %q", row[i], cell, got)
		}
	}
}

func TestCounted(t *testing.T) {
	for want, c := range map[string]struct {
		n    int
		noun string
	}{
		"1 change": {1, "change"}, "0 changes": {0, "change"}, "2 changes": {2, "change"}, "1 entry": {1, "entry"},
		"3 entries": {3, "entry"}, "2 days": {2, "day"},
		"2 boxes": {2, "box"}, "2 people": {2, "person"}, "1 person": {1, "person"}, "2 classes": {2, "class"},
		"-1 changes": {-1, "change"}, "5 follow-ups": {5, "follow-up"},
	} {
		if got := Counted(c.n, c.noun); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
