package register

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/record"
)

// add adds a record. Whoever adds it owns it unless they name somebody.
func (g *registry[T, P]) add(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	own := ""
	if g.kind.Keyed {
		var err error
		if own, err = key(c); err != nil {
			return bot.Reply{}, err
		}
	}
	reply, err := g.Create(ctx, c, own, func(x P) error { return g.Apply(x, c) })
	if errors.Is(err, record.ErrTaken) {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "Short id: there is a %s called %s already. Show it with /ops %s show %[2]s, or choose another one "+
				"with key=.", g.kind.Noun, own, g.kind.Noun,
		).About("key")
	}
	return reply, err
}

// edit changes fields.
func (g *registry[T, P]) edit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if len(c.Raw) == 1 && c.Opened == nil { // the form asks for the rest
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Say what to change, like: %s edit %s notes=\"renewed by mail\"", c.Command.Stem(), g.IDOf(c),
		).About("name")
	}
	return g.Change(ctx, c, g.IDOf(c), false, func(x P) (string, error) {
		if err := c.Unchanged(g.Values(x, x.Base().Sight())); err != nil {
			return "", err
		}
		return "", g.Apply(x, c)
	})
}

func (g *registry[T, P]) prefillEdit(ctx context.Context, c *bot.Call) (map[string]string, error) {
	x, err := g.Find(ctx, c, false)
	if err != nil {
		return nil, err
	}
	return g.Values(x, x.Base().Sight()), nil
}

// mayEdit says beforehand why somebody cannot change a record.
func (g *registry[T, P]) mayEdit(ctx context.Context, c *bot.Call) error {
	if g.IDOf(c) == "" {
		return nil
	}
	_, err := g.Find(ctx, c, false)
	return err
}

// show shows a record.
func (g *registry[T, P]) show(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := g.Find(ctx, c, true)
	if err != nil {
		return bot.Reply{}, err
	}
	return g.answer(ctx, x, c)
}

func (g *registry[T, P]) answer(ctx context.Context, x P, c *bot.Call) (bot.Reply, error) {
	m := g.card(x, c, "")
	if g.kind.Around != nil {
		more, err := g.kind.Around(ctx, c, x)
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, more...)
	}
	if c.Paged {
		return bot.Look(g.onePage(x, m)), nil
	}
	return bot.Answer(m), nil
}

// Look shows the record of a row.
func (g *registry[T, P]) Look(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error) {
	x, err := g.Open(ctx, c, r, true)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, g.None(r.ID)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	return g.answer(ctx, x, c)
}

// preview is the card of a record that everybody may see, below a link to it.
func (g *registry[T, P]) preview(ctx context.Context, id string) (bot.Message, error) {
	r, err := g.Desk.Store().Record(ctx, id)
	if err != nil || r.Kind != g.kind.Noun || r.Seen != record.Everybody {
		return bot.Message{}, errors.Join(err, bot.ErrNoSuch)
	}
	x, err := g.Decode(r)
	if err != nil {
		return bot.Message{}, err
	}
	if x.Base().Linked, err = g.Desk.Linked(ctx, r.ID); err != nil {
		return bot.Message{}, err
	}
	return g.card(x, &bot.Call{Zone: time.UTC}, ""), nil
}

// assign gives a record to another owner.
func (g *registry[T, P]) assign(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	to := c.Who("to")
	return g.Change(ctx, c, g.IDOf(c), false, func(x P) (string, error) {
		x.Base().Owner = to.ID
		return "", nil
	})
}

// Give makes somebody the owner of a record in place of somebody else, if they still are, and in every field that names
// a person.
func (g *registry[T, P]) Give(ctx context.Context, c *bot.Call, id string, from, to bot.PersonID) error {
	_, err := g.Change(ctx, c, id, true, func(x P) (string, error) {
		for i := range g.Fields {
			f := &g.Fields[i]
			if f.Who == nil || f.Param.Name == "readers" {
				continue
			}
			list := strings.Split(f.Text(x), ",")
			for k := range list {
				if list[k] == string(from) {
					list[k] = string(to)
				}
			}
			if err := f.Read(x, strings.Join(list, ",")); err != nil {
				return "", err
			}
		}
		return "", nil
	})
	return err
}

// archive takes a record out of the lists. What live records are linked to stays.
func (g *registry[T, P]) archive(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return g.keep(ctx, c, g.IDOf(c), func(ctx context.Context, x P) (string, []bot.Guard, error) {
		h := x.Base()
		if !h.Live() {
			return "", nil, bot.Errorf(bot.Conflict, "%s is archived already.", h.ID)
		}
		guards, err := g.Desk.Store().Guards(ctx, record.LinksGuard(h.ID)) // before the links that it stands for
		if err != nil {
			return "", nil, err
		}
		if h.Linked, err = g.Desk.Linked(ctx, h.ID); err != nil {
			return "", nil, err
		}
		if err := book.InUse(h); err != nil {
			return "", nil, err
		}
		h.Archived = c.Now
		said := "archived"
		if why := c.Text("why"); why != "" {
			said += ": " + why
		}
		return said, guards, nil
	})
}

// restore brings back an archived record.
func (g *registry[T, P]) restore(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return g.keep(ctx, c, g.IDOf(c), func(_ context.Context, x P) (string, []bot.Guard, error) {
		h := x.Base()
		if h.Live() {
			return "", nil, bot.Errorf(bot.Conflict, "%s is not archived.", h.ID)
		}
		h.Archived = time.Time{}
		return "brought back", nil, nil
	})
}

// keep archives a record or brings it back, as do says, if what it relied on still holds.
func (g *registry[T, P]) keep(
	ctx context.Context, c *bot.Call, id string, do func(ctx context.Context, x P) (string, []bot.Guard, error),
) (bot.Reply, error) {
	var reply bot.Reply
	err := g.Desk.Store().Update(ctx, id, func(ctx context.Context, now record.Row) (record.Change, error) {
		x, err := g.Open(ctx, c, now, false)
		if err != nil {
			return record.Change{}, err
		}
		due, was := g.Dues(x), g.Texts(x)
		said, relies, err := do(ctx, x)
		if err != nil {
			return record.Change{}, err
		}
		change, err := g.Changed(ctx, c, x, was, g.Refs(x), said)
		if err != nil {
			return record.Change{}, err
		}
		change.Effects.Relies = append(change.Effects.Relies, relies...)
		change.Bumps = append(change.Bumps, record.Guard(x.Base().ID))
		change.Effects.Dues = bot.DuesChanged(due, g.Dues(x))
		reply = bot.Answer(g.card(x, c, said))
		change.Effects.Answer = reply
		return change, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, g.None(id)
	}
	return reply, err
}

// history is History of the record that a call names.
func (g *registry[T, P]) history(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := g.Find(ctx, c, true)
	if err != nil {
		return bot.Reply{}, err
	}
	return g.History(ctx, c, x.Base().Row())
}
