package register

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/desk"
)

func (g *registry[T, P]) Noun() string { return g.kind.Noun }

func (g *registry[T, P]) Prefix() string { return g.kind.Prefix }

func (g *registry[T, P]) Keyed() bool { return g.kind.Keyed }

func (g *registry[T, P]) Relations() []desk.Relation { return g.kind.Relations }

func (g *registry[T, P]) Tells() map[string]Tells { return g.kind.Tells }

// capability is everything the bot needs to know of a register.
func (g *registry[T, P]) capability() bot.Capability {
	n := g.kind.Noun
	pass := n + ".pass"
	grants := bot.Grants{
		"member": {
			n + ".add", n + ".edit", n + ".assign", n + ".archive", n + ".restore", n + ".show", n + ".list", n + ".history",
			n + ".export",
		},
		"auditor": {n + ".show", n + ".list", n + ".history", n + ".export"},
		"manager": {n + ".*"},
	}
	for _, v := range g.kind.Verbs {
		grants["member"] = append(grants["member"], n+"."+v.Name)
	}
	for _, v := range g.kind.Reads {
		grants["member"] = append(grants["member"], n+"."+v.Name)
		grants["auditor"] = append(grants["auditor"], n+"."+v.Name)
	}
	for role, patterns := range g.kind.Grants {
		grants[role] = append(grants[role], patterns...)
	}
	return bot.Capability{
		Noun: bot.Noun{
			Name: n, Aliases: g.kind.Aliases, Summary: g.kind.Summary, Under: book.Umbrella,
			Buttons: []bot.Action{{Label: "Add", Command: n + ".add", Form: true}, {Label: "List", Command: n + ".list"}},
		},
		Grants: grants, Commands: g.commands(), Prefix: g.kind.Prefix, Preview: g.preview,
		Jobs:      map[string]bot.JobHandler{pass: g.Pass, g.fileJob(): g.sendFile},
		Schedules: []bot.Schedule{{Name: pass, Cron: "7 * * * *", Zone: g.Desk.Zone(), Kind: pass, Idle: g.Asleep}},
		Pages: append([]bot.View{{
			Name: g.kind.plural(), Title: book.Title(g.kind.plural()), Command: n + ".list", Icon: "book", Group: "Registers",
			One: &bot.One{
				Prefix: g.kind.Prefix, Command: n + ".show", Arg: n,
				Tabs: []bot.Tab{{Name: "history", Title: "History", Command: n + ".history"}},
			},
		}}, g.kind.Pages...),
		Dues: g.AllDues,
	}
}

// commands are those of every register, then those of the kind.
func (g *registry[T, P]) commands() []bot.Command {
	n := g.kind.Noun
	add := slices.Clone(g.Params())
	add[0].Bare, add[0].Required = true, true
	if g.kind.Keyed {
		add = slices.Insert(add, 1, bot.Param{
			Name: "key", Label: "Short id", Kind: bot.TextParam, Form: true, Max: 40,
			Help: "What everything else calls it, like checkout; default is made of its name. It never changes.",
		})
	}
	change := func(c bot.Command, params ...bot.Param) bot.Command {
		c.Params = slices.Concat([]bot.Param{g.which()}, params)
		return c
	}
	why := bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Max: 500, Help: "For its history.",
	}
	list := []bot.Command{
		{
			Name: n + ".add", Title: "Add a " + n, Submit: "Add", Summary: "add a " + n, Common: true,
			Example: "/ops " + n + " add " + g.kind.Example, Params: add, Handle: g.add,
		},
		change(bot.Command{
			Name: n + ".edit", Title: "Edit a " + n, Submit: "Save", Summary: "change what a " + n + " says", Asks: true,
			Example: "/ops " + n + " edit " + g.example() + " notes=\"renewed by mail\"", Handle: g.edit, Prefill: g.prefillEdit,
			May: g.mayEdit,
		}, g.Params()...),
		change(bot.Command{
			Name: n + ".show", Reads: true, Summary: "show a " + n + " with its links", Common: true,
			Example: "/ops " + n + " show " + g.example(), Handle: g.show,
		}),
		{
			Name: n + ".list", Reads: true, Common: true, Aliases: []string{"ls"}, Summary: "list " + g.kind.plural(),
			Example: "/ops " + n + " list owner=@ana", Params: g.filters(), Handle: g.list,
		},
		change(bot.Command{
			Name: n + ".assign", Title: "Assign a " + n, Submit: "Assign", Summary: "give a " + n + " to another owner",
			Example: "/ops " + n + " assign " + g.example() + " @ben", Handle: g.assign, May: g.mayEdit,
		}, bot.Param{
			Name: "to", Label: "New owner", Kind: bot.PersonParam, Bare: true, Required: true, Form: true, Help: "Like @ben.",
		}),
		change(bot.Command{
			Name: n + ".archive", Title: "Archive a " + n, Submit: "Archive",
			Summary: "take a " + n + " out of the lists", Example: "/ops " + n + " archive " + g.example() + " no longer used",
			Handle: g.archive, May: g.mayEdit,
		}, why),
		change(bot.Command{
			Name: n + ".restore", Summary: "bring back an archived " + n,
			Example: "/ops " + n + " restore " + g.example(), Handle: g.restore,
		}),
		change(bot.Command{
			Name: n + ".history", Reads: true, Summary: "what became of a " + n + ": who changed what, and when",
			Example: "/ops " + n + " history " + g.example(), Handle: g.history,
		}),
	}
	list = append(list, g.fileCommands()...)
	for _, v := range g.kind.Verbs {
		list = append(list, g.verb(v))
	}
	for _, v := range g.kind.Reads {
		list = append(list, g.reads(v))
	}
	for i := range list {
		list[i].Permission = list[i].Name
	}
	return list
}

// verb is a command of the kind.
func (g *registry[T, P]) verb(v Verb[T]) bot.Command {
	c := v.Command
	c.Name = g.kind.Noun + "." + v.Name
	if !strings.HasPrefix(c.Example, "/") {
		c.Example = strings.TrimSpace("/ops " + g.kind.Noun + " " + v.Name + " " + g.example() + " " + c.Example)
	}
	c.Params = slices.Concat([]bot.Param{g.which()}, c.Params)
	c.Handle = func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
		return g.Change(ctx, c, g.IDOf(c), v.Anybody, func(x P) (string, error) { return v.Do(c, x) })
	}
	if c.May == nil && !v.Anybody {
		c.May = g.mayEdit
	}
	return c
}

// which is the parameter that names a record.
func (g *registry[T, P]) which() bot.Param {
	p := bot.Param{
		Name: g.kind.Noun, Kind: bot.RefParam, Prefix: g.kind.Prefix, Bare: true, Required: true,
		Help:    "Its id, like " + g.example() + ".",
		Options: func(ctx context.Context) ([]bot.Option, error) { return g.Desk.Choices(ctx, g.kind.Noun) },
	}
	if g.kind.Keyed {
		p.Kind, p.Form = bot.ChoiceParam, false
		p.Parse = func(raw string) (string, bool) { return g.Desk.Spelled(g.kind.Noun, raw) }
	}
	return p
}

func (g *registry[T, P]) example() string {
	if g.kind.Keyed {
		return "checkout"
	}
	return g.Rules.ID(1)
}

// key is the key of a new record that has one.
func key(c *bot.Call) (string, error) {
	return book.Key(c.Text("key"), c.Text("name"))
}
