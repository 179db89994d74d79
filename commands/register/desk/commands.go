package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Capability is what people do with records of any kind, by /ops.
func (d *Desk) Capability() bot.Capability {
	id := bot.Param{
		Name: "id", Label: "Which", Kind: bot.TextParam, Bare: true, Required: true, Max: 60, Match: record.IDs(),
		Help: "An id or a name, like CTR-7 or checkout.", Knows: d.knows,
	}
	commands := []bot.Command{
		{
			Name: "ops.show", Title: "Show a record", Submit: "Show", Reads: true,
			Summary: "show any record by its id or name; /ops CTR-7 is enough",
			Example: "/ops show CTR-1", Params: []bot.Param{id}, Handle: d.show,
		},
		{
			Name: "ops.find", Reads: true, Summary: "find records by words, in all registers",
			Example: "/ops find datadog", Handle: d.find,
			Params: []bot.Param{{
				Name: "words", Kind: bot.TextParam, Bare: true, Required: true, Max: 100, Help: "All of which have to be there.",
			}},
		},
		{
			Name: "ops.history", Title: "History of a record", Submit: "Show", Reads: true,
			Summary: "what became of a record: who changed what, and when",
			Example: "/ops history CTR-1", Params: []bot.Param{id}, Handle: d.history,
		},
		{
			Name: "ops.link", Title: "Link two records", Submit: "Link",
			Summary: "link two things, like a contract with what it covers", Example: "/ops link CTR-1 covers checkout",
			Params: []bot.Param{d.linkParam()}, Handle: d.link,
		},
		{
			Name: "ops.unlink", Title: "Unlink two records", Submit: "Unlink", Summary: "take a link away",
			Example: "/ops unlink CTR-1 covers checkout", Params: []bot.Param{d.linkParam()}, Handle: d.link,
		},
		{
			Name: "ops.handover", Title: "Hand everything over", Submit: "Hand over",
			Summary: "give everything that somebody owns to somebody else", Example: "/ops handover @ben @ana",
			Params: []bot.Param{
				{Name: "people", Label: "From whom, to whom", Kind: bot.PersonParam, Bare: true, Many: true, Required: true,
					Form: true, Help: "Whoever leaves first, then who takes over, like @ben @ana. Without the second it lists what there is."},
				{Name: "confirm", Kind: bot.FlagParam, Hidden: true},
			},
			Handle: d.handover,
		},
	}
	commands = append(commands, d.importCommands()...)
	for i := range commands {
		commands[i].Permission = commands[i].Name
	}
	return bot.Capability{
		Noun: bot.Noun{
			Name: umbrella, Umbrella: true, Default: "ops.show",
			Groups: []bot.Group{{Title: "Records", Verbs: []string{"show", "find", "history", "link", "unlink", "handover", "undo"}}},
		},
		Commands: commands, Happened: d.happened, Mine: d.own, Estate: &bot.Estate{Owned: d.owned, Hand: d.hand},
		Jobs: map[string]bot.JobHandler{handOver: d.handOver},
		Grants: bot.Grants{
			"member":  {"ops.show", "ops.find", "ops.history", "ops.link", "ops.unlink"},
			"auditor": {"ops.show", "ops.find", "ops.history", record.SeeEveryone},
			"manager": {"ops.handover", "ops.apply", "ops.undo", record.Manage, record.SeeEveryone},
		},
	}
}

func (d *Desk) linkParam() bot.Param {
	return bot.Param{
		Name: "what", Label: "What", Kind: bot.TextParam, Bare: true, Required: true, Form: true, Max: 200,
		Help: "An id, how it is linked, and another id, like CTR-1 covers checkout.",
	}
}

func nothing(id string) error {
	return bot.Errorf(bot.NotFound, "There is no record %s. Look for it with: /ops find %[1]s", bot.Shown(id))
}

// record finds a record of any kind that somebody may see, with its register.
func (d *Desk) record(ctx context.Context, c *bot.Call, id string) (record.Row, Register, error) {
	id = strings.Trim(id, " .,:;()")
	r, err := d.named(ctx, id)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && !d.Shows(c, &r) {
		return r, nil, nothing(id)
	}
	b := d.Register(r.Kind)
	if err == nil && b == nil {
		err = bot.Errorf(bot.NotFound, "%s is of a register that is switched off here: %s.", r.ID, r.Kind)
	}
	return r, b, err
}

// show shows a record by its id alone.
func (d *Desk) show(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, b, err := d.record(ctx, c, c.Text("id"))
	if err != nil {
		return bot.Reply{}, err
	}
	if !c.May(r.Kind + ".show") {
		return bot.Reply{}, nothing(c.Text("id"))
	}
	return b.Look(ctx, c, r)
}

// kinds are the registers that somebody may read.
func (d *Desk) kinds(c *bot.Call) []string {
	var list []string
	for _, b := range d.books {
		if c.May(b.Noun() + ".list") {
			list = append(list, b.Noun())
		}
	}
	return list
}

// find looks through all registers.
func (d *Desk) find(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	kinds := d.kinds(c)
	if len(kinds) == 0 {
		return bot.Reply{}, bot.Errorf(bot.Forbidden, "You may read none of the registers. Ask an administrator for a role.")
	}
	rows, err := d.store.List(ctx, record.Query{
		Kinds: kinds, Words: strings.ToLower(c.Text("words")), Reader: record.ReaderOf(bot.LookerOf(ctx)), Limit: listed + 1,
		Bare: true,
	})
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(d.found("Found", rows, "Nothing holds all of these words. Fewer find more.")), nil
}

// found lists rows of any kind.
func (d *Desk) found(heading string, rows []record.Row, none string) bot.Message {
	m := bot.Message{Title: heading}
	if len(rows) == 0 {
		m.Sections = []bot.Section{bot.Para(none)}
	}
	for i, r := range rows {
		if i == listed {
			m.Context = append(m.Context, bot.T("There are more."))
			break
		}
		line := bot.T(bot.Bold(r.ID), " "+r.Name+" · "+r.Kind)
		if r.State != "" {
			line = append(line, bot.T(" · "+r.State)...)
		}
		if r.Owner != "" {
			line = append(append(line, bot.T(" · ")...), bot.Mention(r.Owner))
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	return m
}

func (d *Desk) history(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, b, err := d.record(ctx, c, c.Text("id"))
	if err == nil && !c.May(r.Kind+".history") {
		err = nothing(c.Text("id"))
	}
	if err != nil {
		return bot.Reply{}, err
	}
	return b.History(ctx, c, r)
}

// link links two things, or takes the link away, as a relation of the first one's kind says.
func (d *Desk) link(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	words := strings.Fields(c.Text("what"))
	if len(words) < 3 {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "What: write an id, how it is linked, and another id, like CTR-1 covers checkout.",
		).About("what")
	}
	first, name, second := words[0], strings.ToLower(strings.Join(words[1:len(words)-1], " ")), words[len(words)-1]
	from, b, err := d.record(ctx, c, first)
	if err != nil {
		return bot.Reply{}, err
	}
	to, known, err := d.other(ctx, c, second)
	if err != nil {
		return bot.Reply{}, err
	}
	relation, backwards, err := d.relation(b, name, known)
	if err != nil {
		return bot.Reply{}, err
	}
	l := record.Link{From: from.ID, Name: relation.Name, To: to}
	if backwards {
		l.From, l.To = to, from.ID
	}
	return d.join(ctx, c, l, c.Command.Name == "ops.unlink")
}

// other is the thing at the second end of a link: a record, or another capability's thing. known is the noun of its
// register, or the prefix of its id.
func (d *Desk) other(ctx context.Context, c *bot.Call, id string) (canonical, known string, err error) {
	r, err := d.store.Record(ctx, id)
	if err == nil && d.Shows(c, &r) {
		return r.ID, r.Kind, nil
	}
	if err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return "", "", err
	}
	id = strings.ToUpper(id)
	if _, err := d.o.Title(ctx, id); errors.Is(err, bot.ErrNoSuch) {
		return "", "", nothing(id)
	} else if err != nil {
		return "", "", err
	}
	prefix, _, _ := strings.Cut(id, "-")
	return id, prefix, nil
}

// relation finds how a record of a register can be linked by a name with a thing of a kind. backwards: the name is how
// the relation of the other one's register reads from this end.
func (d *Desk) relation(b Register, name, known string) (r Relation, backwards bool, err error) {
	var names []string
	for _, r := range b.Relations() {
		if slices.Contains(r.To, known) {
			if r.Name == name {
				return r, false, nil
			}
			names = append(names, r.Name)
		}
	}
	if o := d.Register(known); o != nil {
		for _, r := range o.Relations() {
			if slices.Contains(r.To, b.Noun()) {
				if r.Back == name {
					return r, true, nil
				}
				names = append(names, r.Back)
			}
		}
	}
	if len(names) == 0 {
		return r, false, bot.Errorf(bot.Invalid, "What: a %s is not linked with a %s.", b.Noun(), known).About("what")
	}
	return r, false, bot.Errorf(
		bot.Invalid, "What: a %s is linked with a %s by %s, not by %q.", b.Noun(), known, value.Listed(names),
		bot.Shown(name),
	).About("what")
}

// join makes a link or takes it away. It is a change of the record that it comes from.
func (d *Desk) join(ctx context.Context, c *bot.Call, l record.Link, away bool) (bot.Reply, error) {
	var reply bot.Reply
	err := d.store.Update(ctx, l.From, func(ctx context.Context, now record.Row) (record.Change, error) {
		b := d.Register(now.Kind)
		if b == nil || !d.Shows(c, &now) {
			return record.Change{}, bot.ErrNoSuch
		}
		linked, err := d.store.Links(ctx, l.From)
		if err != nil {
			return record.Change{}, err
		}
		there := slices.Contains(linked, l)
		if there != away {
			return record.Change{}, ErrNothing
		}
		if !slices.Contains(c.Person.Groups, now.Team) && now.Owner != c.Person.ID && !c.May(record.Manage) {
			return record.Change{}, bot.Errorf(
				bot.Forbidden, "Only the owner of %s, its team and managers may link it. %s", now.ID, d.OwnerOf(now),
			)
		}
		said := l.Name + " " + l.To
		change := record.Change{Row: now}
		if away {
			change.Severed, said = []record.Link{l}, "no longer "+said
		} else {
			change.Linked = []record.Link{l}
		}
		change.Row.Version++
		change.Row.Changed = c.Now
		change.History = []record.Entry{{
			Record: now.ID, Version: change.Row.Version, N: 1, At: c.Now, By: c.Person.ID, What: c.Command.Verb(), Is: said,
			Agent: c.Agent,
		}}
		change.Effects = c.Effects(now.ID, change.Row.Version, said)
		if err := d.Rely(ctx, &change); err != nil {
			return record.Change{}, err
		}
		for _, r := range b.Relations() {
			if r.Name == l.Name && r.Then != "" && !away {
				change.Effects.Jobs = append(change.Effects.Jobs, bot.Job{Kind: r.Then, Object: l.To})
			}
		}
		reply = bot.Answer(bot.Say(bot.Bold(now.ID), " "+now.Name+": "+said+"."))
		change.Effects.Answer = reply
		return change, nil
	})
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		return bot.Reply{}, nothing(l.From)
	case errors.Is(err, ErrNothing) && away:
		return bot.Reply{}, bot.Errorf(bot.NotFound, "%s is not linked so: %s %s.", l.From, l.Name, l.To)
	case errors.Is(err, ErrNothing):
		return bot.Answer(bot.Say("They are linked so already.")), nil
	}
	return reply, err
}
