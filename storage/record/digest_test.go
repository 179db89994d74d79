package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/storage/record"
)

type thingRow struct {
	ID      int64 `gorm:"primaryKey;autoIncrement:false"`
	Name    string
	Kind    thingKind
	Count   int
	Open    bool
	At      time.Time
	Note    *string
	EndedAt *time.Time
	Parent  *int64
}

type thingKind string

func (thingRow) TableName() string { return "things" }

// The digests of rows are in the audit logs of installations, so they stay what they were.
func TestDigestsStayWhatTheyWere(t *testing.T) {
	at := time.Date(2026, 11, 25, 14, 2, 3, 456789000, time.FixedZone("", 3600))
	text, none, parent, zero := "a note", "", int64(7), int64(0)
	full := thingRow{1, "name", "big", -3, true, at, &text, &at, &parent}
	for name, c := range map[string]struct {
		rows []any
		want string
	}{
		"empty": {[]any{&thingRow{}}, "80a453114584c5a98fc72b8c832cd3c511e966c17389ecf8efcf2702ae66056b"},
		"full":  {[]any{&full}, "f1278db3185d29df11747fb52d988e713cac4370dcea445777210c3f4a858b99"},
		"set to empty": {
			[]any{&thingRow{Note: &none, EndedAt: &time.Time{}, Parent: &zero}},
			"881c3049d55311fdf5fc68bfc15e712ba1442d907983dd3594486675720b9f2e",
		},
		"two": {
			[]any{&full, &thingRow{Name: strings.Repeat("long ", 20_000)}},
			"3678af64c3ac8b317c9066dab50b1effb42a660aaf36446be994405cca12e94d",
		},
		"none": {nil, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // also by a buffer that was used before
				if got := record.Digest(c.rows...); got != c.want {
					t.Errorf("digest %s, want %s", got, c.want)
				}
			}
		})
	}
	const want = "6638611b0153724038fb80c7f980df8badd1648e617e99cfb06af60c354f8243"
	if got := record.Trail(record.Trail("", &full), &thingRow{ID: 2}); got != want {
		t.Errorf("trail %s, want %s", got, want)
	}
}

type strangeRow struct {
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Open *bool
}

func (strangeRow) TableName() string { return "strange" }

func TestAColumnWithoutADigestIsNoticed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a column of a kind that has no digest was left out silently")
		}
	}()
	record.Digest(&strangeRow{ID: 1, Open: new(bool)})
}
