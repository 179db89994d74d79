package change

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
)

// List implements change.Store. A page costs the same at any depth and in any history, also when nothing matches, with
// two exceptions: what is asked of the changes of one service beside it is looked at change by change, and so is what a
// period touched (Touched), which is read from end to end anyway.
func (r Repository) List(ctx context.Context, f change.Filter) ([]*change.Change, error) {
	tx := r.db.Reader(ctx)
	p := listing{database.PageOf("c.number", f.Limit).Below(f.Before).Above(f.After - 1)}
	p.Up = f.After > 0
	if err := p.created(tx, f); err != nil {
		return nil, err
	}
	if f.Involves != "" {
		p.involves(string(f.Involves))
	}
	if err := p.changes(tx, f); err != nil {
		return nil, err
	}
	var rows []changeRow
	if err := p.Scan(tx, "changes", &rows); err != nil {
		return nil, database.Error("list changes", err)
	}
	list := make([]*change.Change, len(rows))
	for i := range rows {
		c, err := rows[i].change()
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, loadChangeParts(tx, list)
}

// listing is a page of changes.
type listing struct{ *database.Paging }

// created bounds the numbers by when changes were created.
func (p listing) created(tx *gorm.DB, f change.Filter) error {
	if from := f.Created[0]; !from.IsZero() {
		after, err := database.NumberBefore(tx, "changes", "created_at", from)
		if err != nil {
			return err
		}
		p.Above(after).And("c.created_at >= ?", from)
	}
	if to := f.Created[1]; !to.IsZero() {
		p.And("c.created_at < ?", to)
	}
	if t := f.Touched; !t[0].IsZero() {
		p.And("(c.created_at >= ? AND c.created_at < ? OR c.started_at >= ? AND c.started_at < ?)", t[0], t[1], t[0], t[1])
	}
	return nil
}

// changes chooses the index to read by: the open ones, which are few; those of some days; those of a person; those of a
// service; or those of a kind.
func (p listing) changes(tx *gorm.DB, f change.Filter) error {
	switch {
	case len(f.States) > 0 && !slices.ContainsFunc(f.States, over):
		p.each(f, true)
		p.Read("changes c", "c.state IN "+openOrDraft)
	case !f.From.IsZero() && !f.To.IsZero():
		p.each(f, true)
		p.Order = "+c.number" // the plus keeps both databases from reading all changes for the sake of their order
		p.Read(
			"changes c", "coalesce(c.started_at, c.start_at) >= ? AND coalesce(c.started_at, c.start_at) < ?",
			f.From.Add(-longChange), f.To,
		)
		p.Read("changes c", "c.lasts")
	case f.Requester != "":
		p.each(f, false)
		for _, column := range []string{"requester", "beneficiary"} {
			where := "c." + column + " = ?"
			if column == "beneficiary" {
				where += " AND c.beneficiary <> c.requester"
			}
			if err := p.facets(tx, f, where, string(f.Requester)); err != nil {
				return err
			}
		}
	case f.Service != "":
		p.kinds(f)
		p.window(f)
		p.Key = "s.number"
		p.Read("change_services s JOIN changes c ON c.number = s.number", "s.service = ?", f.Service)
	case len(f.States) > 0 || f.Type != "" || f.Level != "" || f.Env != "":
		p.each(f, false)
		return p.facets(tx, f, "")
	default:
		p.each(f, false)
		p.Read("changes c", "")
	}
	return nil
}

const (
	openOrDraft = "('draft', 'pending', 'approved', 'implementing', 'verifying', 'rolling_back', 'review')"
	longChange  = 31 * 24 * time.Hour // longer than any window
)

func over(s change.State) bool {
	return !strings.Contains(openOrDraft, "'"+string(s)+"'")
}

// each adds what is looked at change by change; with kinds that is also what facets would find.
func (p listing) each(f change.Filter, kinds bool) {
	p.window(f)
	if f.Service != "" {
		p.And(
			"EXISTS (SELECT 1 FROM change_services s WHERE s.number = c.number AND s.service = ?"+database.OneByOne+")",
			f.Service,
		)
	}
	if kinds {
		p.kinds(f)
		if who := string(f.Requester); who != "" {
			p.And("(c.requester = ? OR c.beneficiary = ?)", who, who)
		}
	}
}

func (p listing) window(f change.Filter) {
	if !f.From.IsZero() {
		p.And("coalesce(c.finished_at, c.end_at, c.started_at) >= ?", f.From)
	}
	if !f.To.IsZero() {
		// what is negated is not looked up by an index: changes() chooses it
		p.And("NOT (coalesce(c.started_at, c.start_at) >= ?)", f.To)
	}
}

// involves looks for an id in the votes and, between its quotes, anywhere in the JSON of the record and of the current
// content: a field that is added is looked at as well. An underscore stands for any letter, so a little more is found.
func (p listing) involves(who string) {
	quoted := `%"` + who + `"%`
	p.And(
		"(c.data LIKE ? OR EXISTS (SELECT 1 FROM change_revisions r WHERE r.number = c.number AND r.revision = c.revision "+
			"AND r.content LIKE ?"+database.OneByOne+") OR EXISTS (SELECT 1 FROM change_votes v WHERE v.number = c.number AND "+
			"(v.person = ? OR v.seat = ?)"+database.OneByOne+"))", quoted, quoted, who, who,
	)
}

func (p listing) kinds(f change.Filter) {
	if len(f.States) > 0 {
		p.And("c.state IN ?", texts(f.States))
	}
	if f.Type != "" {
		p.And("c.type = ?", string(f.Type))
	}
	if f.Level != "" {
		p.And("c.risk_level = ?", string(f.Level))
	}
	if f.Env != "" {
		p.And("c.env = ?", f.Env)
	}
}

// mostFacets is how many parts a statement may have.
const mostFacets = 400

// facets adds a part for each combination of state, type, risk and environment that there is among changes and that
// matches. There are some dozens; they are found by a step through an index for each.
func (p listing) facets(tx *gorm.DB, f change.Filter, where string, args ...any) error {
	if where == "" {
		where = "1 = 1"
	}
	var all []string
	least := "SELECT min(c.facet) FROM changes c WHERE " + where
	err := tx.Raw("WITH RECURSIVE f (facet) AS ("+least+" UNION ALL SELECT ("+least+
		" AND c.facet > f.facet) FROM f WHERE f.facet IS NOT NULL) "+
		"SELECT facet FROM f WHERE facet IS NOT NULL", append(slices.Clone(args), args...)...).Scan(&all).Error
	if err != nil {
		return database.Error("read kinds of changes", err)
	}
	all = slices.DeleteFunc(all, func(facet string) bool { return !matches(facet, f) })
	if len(all) > mostFacets { // environments without end
		p.kinds(f)
		p.Read("changes c", where, args...)
		return nil
	}
	for _, facet := range all {
		p.Read("changes c", where+" AND c.facet = ?", append(slices.Clone(args), facet)...)
	}
	return nil
}

// matches reports whether a facet (state, type, risk, environment) is one that is asked for.
func matches(facet string, f change.Filter) bool {
	x := append(strings.SplitN(facet, " ", 4), "", "", "", "")
	return (len(f.States) == 0 || slices.Contains(f.States, change.State(x[0]))) &&
		(f.Type == "" || string(f.Type) == x[1]) &&
		(f.Level == "" || string(f.Level) == x[2]) && (f.Env == "" || f.Env == x[3])
}
