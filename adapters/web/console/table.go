package console

import (
	"encoding/csv"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// tableView is a table as its template needs it.
type tableView struct {
	Columns []columnView
	Rows    []rowView
	Next    string // the address of what follows
	First   string // the address of the first screen, when this is not it
}

type columnView struct {
	Label string
	Main  bool
	Sort  string // the address that sorts by it, or turns it round
	Order string // ascending or descending, when it is sorted by
}

type rowView struct {
	ID    string
	Path  string
	Cells []cellView
}

type cellView struct {
	Text []markup.Span
	Mark bot.Mark
	Main bool
	Path string
}

// sortArg is the argument of a view's command that says what a table is sorted by; a minus in front turns it round.
const sortArg = "sort"

// table is a table of the page's view. args are those that the page was asked for with.
func (l looker) table(t *bot.Table, args map[string]string) *tableView {
	if t == nil {
		return nil
	}
	view := &tableView{}
	for i, label := range t.Columns {
		column := columnView{Label: label, Main: i == t.Main}
		if l.view != nil && i < len(t.Sorts) && t.Sorts[i] != "" {
			column.Sort, column.Order = l.sorted(t.Sorts[i], args)
		}
		view.Columns = append(view.Columns, column)
	}
	for _, r := range t.Rows {
		row := rowView{ID: r.Object, Path: l.c.pathOf(r.Object)}
		if row.Path == "" && l.view != nil && l.view.One != nil && r.Object != "" {
			row.Path = thingPath(*l.view, r.Object)
		}
		for i, cell := range r.Cells {
			c := cellView{Text: l.text(cell), Mark: r.Marks[i], Main: i == t.Main}
			if c.Main {
				c.Path = row.Path
			}
			row.Cells = append(row.Cells, c)
		}
		view.Rows = append(view.Rows, row)
	}
	if t.Next != nil && l.view != nil {
		view.Next = viewPath(l.view.Name, t.Next)
	}
	return view
}

// sorted is the address of the same table sorted by a word, and how it is sorted by that now.
func (l looker) sorted(by string, args map[string]string) (path, order string) {
	next := maps.Clone(args)
	if next == nil {
		next = map[string]string{}
	}
	delete(next, "after")
	delete(next, "before")
	switch args[sortArg] {
	case by:
		next[sortArg], order = "-"+by, "ascending"
	case "-" + by:
		next[sortArg], order = by, "descending"
	default:
		next[sortArg] = by
	}
	return viewPath(l.view.Name, next), order
}

// filterView is a filter with what is chosen.
type filterView struct {
	bot.Filter
	Value string
	Links []link // of a pick
}

func (l looker) filters(list []bot.Filter, args map[string]string) []filterView {
	var views []filterView
	for _, f := range list {
		view := filterView{Filter: f, Value: args[f.Arg]}
		for i, o := range f.Options {
			if !f.Pick {
				break
			}
			next := maps.Clone(args)
			delete(next, "after")
			delete(next, "before")
			next[f.Arg] = o.Value
			view.Links = append(view.Links, link{
				o.Label, viewPath(l.view.Name, next), view.Value == o.Value || view.Value == "" && i == 0,
			})
		}
		views = append(views, view)
	}
	return views
}

// sendCSV sends a table as a file for spreadsheets. No cell is a formula there.
func sendCSV(w http.ResponseWriter, name string, t *bot.Table, who bot.Person) error {
	var b strings.Builder
	out := csv.NewWriter(&b)
	if err := out.Write(value.Cells(t.Columns)); err != nil {
		return err
	}
	for _, r := range t.Rows {
		row := make([]string, len(r.Cells))
		for i, c := range r.Cells {
			row[i] = c.Plain(who.Location())
		}
		if err := out.Write(value.Cells(row)); err != nil {
			return err
		}
	}
	out.Flush()
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".csv"}))
	_, _ = w.Write([]byte(b.String())) // a reader who went away
	return out.Error()
}
