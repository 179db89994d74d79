package register

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// umbrella is the noun that all registers stand under.
const umbrella = "ops"

func (b *book[T, P]) Noun() string               { return b.kind.Noun }
func (b *book[T, P]) Prefix() string             { return b.kind.Prefix }
func (b *book[T, P]) Keyed() bool                { return b.kind.Keyed }
func (b *book[T, P]) Relations() []desk.Relation { return b.kind.Relations }

// capability is everything the bot needs to know of a register.
func (b *book[T, P]) capability() bot.Capability {
	n := b.kind.Noun
	pass := n + ".pass"
	grants := bot.Grants{
		"member": {
			n + ".add", n + ".edit", n + ".assign", n + ".archive", n + ".restore", n + ".show", n + ".list", n + ".history",
			n + ".export",
		},
		"auditor": {n + ".show", n + ".list", n + ".history", n + ".export"},
		"manager": {n + ".*"},
	}
	for _, v := range b.kind.Verbs {
		grants["member"] = append(grants["member"], n+"."+v.Name)
	}
	for _, v := range b.kind.Reads {
		grants["member"] = append(grants["member"], n+"."+v.Name)
		grants["auditor"] = append(grants["auditor"], n+"."+v.Name)
	}
	for role, patterns := range b.kind.Grants {
		grants[role] = append(grants[role], patterns...)
	}
	c := bot.Capability{
		Noun: bot.Noun{
			Name: n, Aliases: b.kind.Aliases, Summary: b.kind.Summary, Under: umbrella,
			Buttons: []bot.Action{{Label: "Add", Command: n + ".add", Form: true}, {Label: "List", Command: n + ".list"}},
		},
		Grants: grants, Commands: b.commands(), Prefix: b.kind.Prefix, Preview: b.preview,
		Jobs:      map[string]bot.JobHandler{pass: b.pass, b.fileJob(): b.sendFile},
		Schedules: []bot.Schedule{{Name: pass, Cron: "7 * * * *", Zone: b.desk.Zone(), Kind: pass, Idle: b.asleep}},
		Pages: append([]bot.View{{
			Name: b.kind.plural(), Title: title(b.kind.plural()), Command: n + ".list", Icon: "book", Group: "Registers",
			One: &bot.One{
				Prefix: b.kind.Prefix, Command: n + ".show", Arg: n,
				Tabs: []bot.Tab{{Name: "history", Title: "History", Command: n + ".history"}},
			},
		}}, b.kind.Pages...),
		Dues: b.allDues,
	}
	if len(b.kind.Tells) > 0 {
		c.Happened = b.happened
	}
	return c
}

// title begins with a capital letter.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// commands are those of every register, then those of the kind.
func (b *book[T, P]) commands() []bot.Command {
	n := b.kind.Noun
	add := slices.Clone(b.params())
	add[0].Bare, add[0].Required = true, true
	if b.kind.Keyed {
		add = slices.Insert(add, 1, bot.Param{
			Name: "key", Label: "Short id", Kind: bot.TextParam, Form: true, Max: 40,
			Help: "What everything else calls it, like checkout; default is made of its name. It never changes.",
		})
	}
	change := func(c bot.Command, params ...bot.Param) bot.Command {
		c.Params = slices.Concat([]bot.Param{b.which()}, params)
		return c
	}
	why := bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Max: 500, Help: "For its history.",
	}
	list := []bot.Command{
		{
			Name: n + ".add", Title: "Add a " + n, Submit: "Add", Summary: "add a " + n, Common: true,
			Example: "/ops " + n + " add " + b.kind.Example, Params: add, Handle: b.add,
		},
		change(bot.Command{
			Name: n + ".edit", Title: "Edit a " + n, Submit: "Save", Summary: "change what a " + n + " says", Asks: true,
			Example: "/ops " + n + " edit " + b.example() + " notes=\"renewed by mail\"", Handle: b.edit, Prefill: b.prefillEdit,
			May: b.mayEdit,
		}, b.params()...),
		change(bot.Command{
			Name: n + ".show", Reads: true, Summary: "show a " + n + " with its links", Common: true,
			Example: "/ops " + n + " show " + b.example(), Handle: b.show,
		}),
		{
			Name: n + ".list", Reads: true, Common: true, Aliases: []string{"ls"}, Summary: "list " + b.kind.plural(),
			Example: "/ops " + n + " list owner=@ana", Params: b.filters(), Handle: b.list,
		},
		change(bot.Command{
			Name: n + ".assign", Title: "Assign a " + n, Submit: "Assign", Summary: "give a " + n + " to another owner",
			Example: "/ops " + n + " assign " + b.example() + " @ben", Handle: b.assign, May: b.mayEdit,
		}, bot.Param{
			Name: "to", Label: "New owner", Kind: bot.PersonParam, Bare: true, Required: true, Form: true, Help: "Like @ben.",
		}),
		change(bot.Command{
			Name: n + ".archive", Title: "Archive a " + n, Submit: "Archive",
			Summary: "take a " + n + " out of the lists", Example: "/ops " + n + " archive " + b.example() + " no longer used",
			Handle: b.archive, May: b.mayEdit,
		}, why),
		change(bot.Command{
			Name: n + ".restore", Summary: "bring back an archived " + n,
			Example: "/ops " + n + " restore " + b.example(), Handle: b.restore,
		}),
		change(bot.Command{
			Name: n + ".history", Reads: true, Summary: "what became of a " + n + ": who changed what, and when",
			Example: "/ops " + n + " history " + b.example(), Handle: b.history,
		}),
	}
	list = append(list, b.fileCommands()...)
	for _, v := range b.kind.Verbs {
		list = append(list, b.verb(v))
	}
	for _, v := range b.kind.Reads {
		list = append(list, b.reads(v))
	}
	for i := range list {
		list[i].Permission = list[i].Name
	}
	return list
}

// verb is a command of the kind.
func (b *book[T, P]) verb(v Verb[T]) bot.Command {
	c := v.Command
	c.Name = b.kind.Noun + "." + v.Name
	if !strings.HasPrefix(c.Example, "/") {
		c.Example = strings.TrimSpace("/ops " + b.kind.Noun + " " + v.Name + " " + b.example() + " " + c.Example)
	}
	c.Params = slices.Concat([]bot.Param{b.which()}, c.Params)
	c.Handle = func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
		return b.change(ctx, c, b.id(c), v.Anybody, func(x P) (string, error) { return v.Do(c, x) })
	}
	if c.May == nil && !v.Anybody {
		c.May = b.mayEdit
	}
	return c
}

// which is the parameter that names a record.
func (b *book[T, P]) which() bot.Param {
	p := bot.Param{
		Name: b.kind.Noun, Kind: bot.RefParam, Prefix: b.kind.Prefix, Bare: true, Required: true,
		Help:    "Its id, like " + b.example() + ".",
		Options: func(ctx context.Context) ([]bot.Option, error) { return b.desk.Choices(ctx, b.kind.Noun) },
	}
	if b.kind.Keyed {
		p.Kind, p.Form = bot.ChoiceParam, false
		p.Parse = func(raw string) (string, bool) { return b.desk.Spelled(b.kind.Noun, raw) }
	}
	return p
}

func (b *book[T, P]) example() string {
	if b.kind.Keyed {
		return "checkout"
	}
	return b.kind.id(1)
}

func (b *book[T, P]) id(c *bot.Call) string { return c.Text(b.kind.Noun) }

// params are the fields as parameters: the name, those of the kind, then those of the head. Those that the form asks
// for come first, because a platform may have inputs for the first ones only.
func (b *book[T, P]) params() []bot.Param {
	list := []bot.Param{b.fields[0].Param}
	for _, f := range b.kindFields() {
		list = append(list, f.Param)
	}
	for _, f := range b.fields[1:len(headNames)] {
		list = append(list, f.Param)
	}
	slices.SortStableFunc(list, func(x, y bot.Param) int {
		switch {
		case x.Form == y.Form:
			return 0
		case x.Form:
			return -1
		}
		return 1
	})
	return list
}

func (b *book[T, P]) kindFields() []field.Field[T] { return b.fields[len(headNames):] }

var sortWord = regexp.MustCompile(`^-?[a-z][a-z-]*$`)

// filters are what a list can be cut down by.
func (b *book[T, P]) filters() []bot.Param {
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
		{Name: "team", Kind: bot.ChoiceParam, Options: b.desk.Teams, Help: "Like team=platform."},
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
	for _, f := range b.kindFields() {
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
func (b *book[T, P]) query(c *bot.Call) (record.Query, error) {
	q := record.Query{
		Kind: b.kind.Noun, Reader: record.ReaderOf(bot.Looker{Person: c.Person, Rights: c.Rights}), Owner: c.Who("owner").ID,
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
	if name := strings.TrimPrefix(q.Sort, "-"); q.Sort != "" && (!sortWord.MatchString(q.Sort) || !b.sorts(name)) {
		return q, bot.Errorf(bot.Invalid, "Sort: %q is nothing that %s are sorted by. Write name, number, changed or one of %s.",
			bot.Shown(q.Sort), b.kind.plural(), strings.Join(b.kindNames(), ", ")).About("sort")
	}
	for _, f := range b.kindFields() {
		if name := f.Param.Name; c.Given(name) && f.Param.Kind == bot.PersonParam {
			q.Where[name] = strings.ToLower(string(c.Who(name).ID))
		} else if c.Given(name) {
			q.Where[name] = strings.ToLower(c.Text(name))
		}
	}
	var err error
	q.After, err = readKey(c.Text("after"))
	return q, err
}

func (b *book[T, P]) sorts(name string) bool {
	return slices.Contains([]string{"name", "number", "changed", "owner", "team"}, name) ||
		slices.Contains(b.kindNames(), name)
}

func (b *book[T, P]) kindNames() []string {
	var names []string
	for _, f := range b.kindFields() {
		names = append(names, f.Param.Name)
	}
	return names
}

// key is the key of a new record that has one.
func key(c *bot.Call) (string, error) {
	return keyOf(c.Text("key"), c.Text("name"))
}

func keyOf(given, name string) (string, error) {
	k := strings.ToLower(given)
	if k == "" {
		k = value.Slug(name, 40)
	}
	if !record.IsKey(k) {
		return "", bot.Errorf(
			bot.Invalid, "Short id: %q is not 1 to 40 of a to z, 0 to 9 and dashes, like checkout.", bot.Shown(k),
		).About("key")
	}
	return k, nil
}
