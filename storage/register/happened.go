package register

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot/value"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/database"
)

// happened reads what happened to records of all registers by one statement, as the digest's benchmark asks for: what
// changes did, and what imports did, whose entries are JSON. Both are looked up by kind, and what changes did by its
// name too, so the cost grows with the period and not with the history.
const happened = `WITH told(kind, what) AS (VALUES %s)
SELECT h.at, h.kind, h.record, h.version, h.n, h.person, h.what, h.was, h.became, '' AS imported,
  r.name, r.owner, r.team, r.seen, r.readers
FROM told JOIN record_history h ON h.kind = told.kind AND h.what = told.what AND h.at >= ? AND h.at < ?
JOIN records r ON r.id = h.record
UNION ALL
SELECT i.applied_at, i.kind, s.id, 0, 0, NULL, '', '', '', s.history, r.name, r.owner, r.team, r.seen, r.readers
FROM imports i JOIN import_rows s ON s.import = i.number AND s.told JOIN records r ON r.id = s.id
WHERE i.kind IN ? AND i.applied_at >= ? AND i.applied_at < ?`

// Happened implements register.Web.
func (r Repository) Happened(
	ctx context.Context, names map[string][]string, period value.Span,
) ([]kernel.Happened, error) {
	var marks []string
	var args []any
	kinds := slices.Sorted(maps.Keys(names))
	for _, kind := range kinds {
		for _, name := range names[kind] {
			marks, args = append(marks, "(?, ?)"), append(args, kind, name)
		}
	}
	if len(marks) == 0 {
		return nil, nil
	}
	from, to := period.From.UTC(), period.To.UTC()
	statement := strings.Replace(happened, "%s", strings.Join(marks, ", "), 1)
	list, err := eachHappened(r.db.Reader(ctx), statement, append(args, from, to, kinds, from, to))
	list = slices.DeleteFunc(list, func(h kernel.Happened) bool { return !slices.Contains(names[h.Of.Kind], h.What) })
	slices.SortFunc(list, func(a, b kernel.Happened) int {
		return cmp.Or(
			a.At.Compare(b.At), cmp.Compare(a.Record, b.Record), cmp.Compare(a.Version, b.Version), cmp.Compare(a.N, b.N),
		)
	})
	return list, err
}

func eachHappened(tx *gorm.DB, statement string, args []any) ([]kernel.Happened, error) {
	var list []kernel.Happened
	err := database.EachRow(tx, "what happened", statement, args, func(rows *sql.Rows) error {
		var e entryRow
		var of recordRow
		var imported string
		at := database.NewTarget(
			1, &e.Kind, &e.Record, &e.Version, &e.N, &e.Person, &e.What, &e.Was, &e.Became, &imported,
			&of.Name, &of.Owner, &of.Team, &of.Seen, &of.Readers,
		)
		if err := at.Scan(rows); err != nil {
			return err
		}
		e.At, of.ID, of.Kind = at.Times[0].Time, e.Record, e.Kind
		record, err := of.record()
		if err != nil {
			return err
		}
		entries := []entryRow{e}
		if imported != "" {
			staged := stagedRow{History: imported, Record: of}
			if entries, err = staged.entries(e.At); err != nil {
				return err
			}
		}
		for _, e := range entries {
			list = append(list, kernel.Happened{Entry: e.entry(), Of: record})
		}
		return nil
	})
	return list, err
}
