package register

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

var sortWord = regexp.MustCompile(`^-?[a-z][a-z-]*$`)

// filters are what a list can be cut down by.
func (g *registry[T, P]) filters() []bot.Param {
	which := []bot.Option{
		{Value: "mine", Label: "those that you own"}, {Value: "orphans", Label: "those that nobody active owns"},
		{Value: "archived", Label: "those that are archived"}, {Value: "all", Label: "all that are live"},
	}
	list := []bot.Param{
		{
			Name: "which", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: field.Fixed(which),
			Help: "mine, orphans, archived or all (default).",
		},
		{Name: "owner", Kind: bot.PersonParam, Help: "Like owner=@ana."},
		{Name: "team", Kind: bot.ChoiceParam, Options: g.Desk.Teams, Help: "Like team=platform."},
		{Name: "find", Kind: bot.TextParam, Max: 100, Help: "Words that it has to hold, like find=\"data centre\"."},
		{
			Name: "sort", Kind: bot.TextParam, Max: 40,
			Help: "By name (default), number, changed or a field, like sort=name; a minus in front turns it round.",
		},
		{Name: "after", Kind: bot.TextParam, Max: 400, Hidden: true},
	}
	if _, stated := any(P(new(T))).(Stated); stated {
		list = append(list, bot.Param{Name: "state", Kind: bot.TextParam, Max: 40, Help: "Like state=active."})
	}
	for _, f := range g.OwnFields() {
		switch p := f.Param; {
		case p.Many:
		case p.Kind == bot.ChoiceParam, p.Kind == bot.PersonParam:
			p.Form, p.Required, p.Label = false, false, ""
			if !slices.ContainsFunc(list, func(x bot.Param) bool { return x.Name == p.Name }) {
				list = append(list, p)
			}
		}
	}
	return list
}

// query is what a call asks for.
func (g *registry[T, P]) query(ctx context.Context, c *bot.Call) (record.Query, error) {
	q := record.Query{
		Kind: g.kind.Noun, Reader: book.ReaderOf(c), Owner: c.Who("owner").ID,
		Team: c.Text("team"), Words: strings.ToLower(c.Text("find")), State: c.Text("state"), Sort: c.Text("sort"),
		Where: map[string]string{},
	}
	switch c.Text("which") {
	case "mine":
		q.Owner = c.Person.ID
	case "orphans":
		q.Orphans = true
	case "archived":
		q.Archived = true
	}
	by := strings.TrimPrefix(q.Sort, "-")
	if q.Sort != "" && (!sortWord.MatchString(q.Sort) || !slices.Contains(g.orders(q.Reader), by)) {
		return q, bot.Errorf(bot.Invalid, "Sort: %q is nothing that %s are sorted by. Write one of %s.",
			bot.Shown(q.Sort), g.kind.plural(), strings.Join(g.orders(q.Reader), ", ")).About("sort")
	}
	var err error
	for _, f := range g.OwnFields() {
		name := f.Param.Name
		if !c.Given(name) {
			continue
		}
		text := c.Text(name)
		switch {
		case f.Param.Kind == bot.PersonParam:
			text = string(c.Who(name).ID)
		case f.Refs != nil:
			r, err := g.Desk.Store().Record(ctx, text)
			if errors.Is(err, bot.ErrNoSuch) || err == nil && !q.Reader.Sees(&r) {
				err = f.None(text)
			}
			if err != nil {
				return q, err
			}
			text = r.ID
		}
		q.Where[name] = strings.ToLower(text)
	}
	q.After, err = readKey(c.Text("after"))
	return q, err
}

// orders are what a list can be sorted by. Where lists are sorted by what is named, they give away what is hidden.
func (g *registry[T, P]) orders(see *record.Reader) []string {
	names := []string{"name", "number", "changed", "owner", "team"}
	for _, f := range g.OwnFields() {
		if f.Refs == nil || see.All {
			names = append(names, f.Param.Name)
		}
	}
	return names
}
