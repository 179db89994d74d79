package register

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/watchbell/watchbell/bot"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/database"
)

// List implements register.Records. In the order of the names a page costs the same in any register; others read all
// records of the register that live, or all that are archived.
func (r Repository) List(ctx context.Context, q kernel.Query) ([]kernel.Row, error) {
	o := r.order(q)
	tx := r.chosen(r.db.Reader(ctx), q)
	if q.After != nil {
		var err error
		if tx, err = o.after(tx, *q.After); err != nil {
			return nil, err
		}
	}
	if q.Limit > 0 {
		tx = tx.Limit(q.Limit)
	}
	var row recordRow
	list := []kernel.Row{}
	err := database.EachFound(tx.Model(&row).Clauses(o.clause()), "records", row.columns(q.Bare), func() error {
		r, err := row.record()
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// chosen are the records that a query asks for.
func (r Repository) chosen(tx *gorm.DB, q kernel.Query) *gorm.DB {
	where := func(on bool, sql string, args ...any) {
		if on {
			tx = tx.Where(sql, args...)
		}
	}
	where(q.Kind != "", "kind = ?", q.Kind)
	where(q.Kind == "" && q.Kinds != nil, "kind IN ?", q.Kinds)
	where(q.IDs != nil, "id IN ?", q.IDs)
	where(q.IDs == nil && q.Archived, "archived_at IS NOT NULL")
	where(q.IDs == nil && !q.Archived, "archived_at IS NULL")
	where(q.Owner != "", "owner = ?", string(q.Owner))
	where(q.Team != "", "team = ?", q.Team)
	where(q.State != "", "state = ?", q.State)
	where(q.Orphans, "(owner IS NULL AND team = '' OR owner IN (SELECT id FROM people WHERE NOT active))")
	where(!q.Wakes.IsZero(), "wakes > '' AND wakes <= ?", q.Wakes.String())
	for _, name := range slices.Sorted(maps.Keys(q.Where)) {
		where(true, r.field()+" = ?", name, q.Where[name])
	}
	for word := range strings.FieldsSeq(strings.ToLower(q.Words)) {
		where(true, `words LIKE ? ESCAPE '\'`, "%"+likeEscapes.Replace(word)+"%")
	}
	if who := q.Reader; who != nil && !who.All {
		name, _ := json.Marshal(string(who.Person)) // as it is in the list of readers, which is text
		where(true, "(seen = 'all' OR owner = ? OR seen = 'team' AND team IN ? OR "+
			"seen = 'restricted' AND replace(readers, ?, '') <> readers)", string(who.Person), who.Groups, string(name))
	}
	return tx
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// field is the expression for a field, "" where a record has none of it. Its argument is the name.
func (r Repository) field() string {
	if r.db.Dialect() == database.Postgres {
		return "coalesce(CAST(fields AS jsonb) ->> CAST(? AS text), '')"
	}
	return "coalesce(fields ->> ?, '')"
}

// The orders that are not by a field.
const (
	byName   = "name"
	byNumber = "number"
	byChange = "changed"
)

// order is that of a query: by a value, then by the kind where there may be several, then by the number.
type order struct {
	by      string   // name, number, changed or a field
	terms   []string // expressions
	args    []any    // of the terms
	kinds   bool
	falling bool
}

func (r Repository) order(q kernel.Query) order {
	by, falling := strings.CutPrefix(q.Sort, "-")
	o := order{by: cmp.Or(by, byName), kinds: q.Kind == "", falling: falling}
	switch {
	case o.by == byNumber:
	case o.by == byName:
		o.terms = []string{"sort_name"}
	case o.by == byChange:
		o.terms = []string{"changed_at"}
	case r.db.Dialect() == database.Postgres: // by bytes, as SQLite does
		o.terms, o.args = []string{r.field() + ` COLLATE "C"`}, []any{o.by}
	default:
		o.terms, o.args = []string{r.field()}, []any{o.by}
	}
	if o.kinds {
		o.terms = append(o.terms, "kind")
	}
	o.terms = append(o.terms, "number")
	return o
}

// clause is the order as SQL.
func (o order) clause() clause.OrderBy {
	way := ""
	if o.falling {
		way = " DESC"
	}
	return clause.OrderBy{Expression: clause.Expr{SQL: strings.Join(o.terms, way+", ") + way, Vars: o.args}}
}

// after leaves out what comes before the end of a page, and that too.
func (o order) after(tx *gorm.DB, end kernel.Key) (*gorm.DB, error) {
	args := slices.Clone(o.args)
	switch o.by {
	case byNumber:
	case byChange:
		at, err := time.Parse(time.RFC3339Nano, end.Value)
		if err != nil {
			return nil, bot.Errorf(bot.Invalid, "This is not where a page ended. Begin the list anew.")
		}
		args = append(args, at.UTC())
	default:
		args = append(args, strings.ReplaceAll(end.Value, "\x00", "")) // which PostgreSQL takes in no text
	}
	if o.kinds {
		args = append(args, strings.ReplaceAll(end.Kind, "\x00", ""))
	}
	than := " > "
	if o.falling {
		than = " < "
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(o.terms)), ", ")
	return tx.Where("("+strings.Join(o.terms, ", ")+")"+than+"("+marks+")", append(args, end.Number)...), nil
}

// Sorted implements register.Records.
func (r Repository) Sorted(q kernel.Query, row kernel.Row) kernel.Key {
	k := kernel.Key{Kind: row.Kind, Number: row.Number}
	switch by := r.order(q).by; by {
	case byNumber:
	case byName:
		k.Value = sortName(row.Name)
	case byChange:
		k.Value = stored(row.Changed).Format(time.RFC3339Nano)
	default:
		k.Value = row.Values[by]
	}
	return k
}
