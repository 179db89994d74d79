package register

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
)

// add adds a record. Whoever adds it owns it unless they name somebody.
func (b *book[T, P]) add(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	own := ""
	if b.kind.Keyed {
		var err error
		if own, err = key(c); err != nil {
			return bot.Reply{}, err
		}
	}
	reply, err := b.create(ctx, c, own, func(x P) error { return b.apply(x, c) })
	if errors.Is(err, record.ErrTaken) {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "Short id: there is a %s called %s already. Show it with /ops %s show %[2]s, or choose another one "+
				"with key=.", b.kind.Noun, own, b.kind.Noun,
		).About("key")
	}
	return reply, err
}

// create adds a record that fill makes of an empty one. own is its key, "" where its number is its id.
func (b *book[T, P]) create(
	ctx context.Context, c *bot.Call, own string, fill func(x P) error,
) (reply bot.Reply, err error) {
	err = b.desk.Store().Add(ctx, b.kind.Noun, func(number int64) (record.Change, error) {
		x := b.blank()
		h := x.Base()
		h.Number, h.ID, h.Added, h.Owner = number, cmp.Or(own, b.kind.id(number)), c.Now, c.Person.ID
		if err := fill(x); err != nil {
			return record.Change{}, err
		}
		change, err := b.changed(ctx, c, x, nil, nil, "")
		if err != nil {
			return record.Change{}, err
		}
		if x.Base().Linked, err = b.desk.Named(ctx, change.Linked); err != nil {
			return record.Change{}, err
		}
		change.Effects.Dues = b.dues(x)
		reply = bot.Answer(b.card(x, c, "added"))
		change.Effects.Answer = reply
		return change, nil
	})
	return reply, err
}

// blank is a record that nobody has said anything about.
func (b *book[T, P]) blank() P {
	x := P(new(T))
	if p, ok := any(x).(Preset); ok {
		p.Preset()
	}
	return x
}

// edit changes fields.
func (b *book[T, P]) edit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if len(c.Raw) == 1 && c.Opened == nil { // the form asks for the rest
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Say what to change, like: %s edit %s notes=\"renewed by mail\"", c.Command.Stem(), b.id(c),
		).About("name")
	}
	return b.change(ctx, c, b.id(c), false, func(x P) (string, error) {
		if err := c.Unchanged(b.values(x)); err != nil {
			return "", err
		}
		return "", b.apply(x, c)
	})
}

// apply makes a record say what a call says.
func (b *book[T, P]) apply(x P, c *bot.Call) error {
	var bad bot.Problems
	for i := range b.fields {
		if err := b.fields[i].Apply(x, c); err != nil {
			bad = append(bad, err)
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// values are the fields of a record as a form shows them.
func (b *book[T, P]) values(x P) map[string]string {
	m := map[string]string{}
	for i := range b.fields {
		m[b.fields[i].Param.Name] = b.fields[i].Text(x)
	}
	return m
}

func (b *book[T, P]) prefillEdit(ctx context.Context, c *bot.Call) (map[string]string, error) {
	x, err := b.find(ctx, c, false)
	if err != nil {
		return nil, err
	}
	return b.values(x), nil
}

// mayEdit says beforehand why somebody cannot change a record.
func (b *book[T, P]) mayEdit(ctx context.Context, c *bot.Call) error {
	if b.id(c) == "" {
		return nil
	}
	_, err := b.find(ctx, c, false)
	return err
}

// find reads the record that a call is about.
func (b *book[T, P]) find(ctx context.Context, c *bot.Call, anybody bool) (P, error) {
	r, err := b.desk.Store().Record(ctx, b.id(c))
	var x P
	if err == nil {
		x, err = b.open(ctx, c, r, anybody)
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, b.none(b.id(c))
	}
	return x, err
}

// show shows a record.
func (b *book[T, P]) show(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := b.find(ctx, c, true)
	if err != nil {
		return bot.Reply{}, err
	}
	return b.answer(ctx, x, c)
}

func (b *book[T, P]) answer(ctx context.Context, x P, c *bot.Call) (bot.Reply, error) {
	m := b.card(x, c, "")
	if b.kind.Around != nil {
		more, err := b.kind.Around(ctx, c, x)
		if err != nil {
			return bot.Reply{}, err
		}
		m.Sections = append(m.Sections, more...)
	}
	if c.Paged {
		return bot.Look(b.onePage(x, m)), nil
	}
	return bot.Answer(m), nil
}

// Look shows the record of a row.
func (b *book[T, P]) Look(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error) {
	x, err := b.open(ctx, c, r, true)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, b.none(r.ID)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	return b.answer(ctx, x, c)
}

// preview is the card of a record that everybody may see, below a link to it.
func (b *book[T, P]) preview(ctx context.Context, id string) (bot.Message, error) {
	r, err := b.desk.Store().Record(ctx, id)
	if err != nil || r.Kind != b.kind.Noun || r.Seen != record.Everybody {
		return bot.Message{}, errors.Join(err, bot.ErrNoSuch)
	}
	x, err := b.decode(r)
	if err != nil {
		return bot.Message{}, err
	}
	if x.Base().Linked, err = b.desk.Linked(ctx, r.ID); err != nil {
		return bot.Message{}, err
	}
	return b.card(x, &bot.Call{Zone: time.UTC}, ""), nil
}

// assign gives a record to another owner.
func (b *book[T, P]) assign(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	to := c.Who("to")
	return b.change(ctx, c, b.id(c), false, func(x P) (string, error) {
		x.Base().Owner = to.ID
		return "", nil
	})
}

// Give makes somebody the owner of a record in place of somebody else, if they still are, and in every field that names
// a person.
func (b *book[T, P]) Give(ctx context.Context, c *bot.Call, id string, from, to bot.PersonID) error {
	_, err := b.change(ctx, c, id, true, func(x P) (string, error) {
		for i := range b.fields {
			f := &b.fields[i]
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
func (b *book[T, P]) archive(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return b.keep(ctx, c, b.id(c), func(ctx context.Context, x P) (string, []bot.Guard, error) {
		h := x.Base()
		if !h.Live() {
			return "", nil, bot.Errorf(bot.Conflict, "%s is archived already.", h.ID)
		}
		guards, err := b.desk.Store().Guards(ctx, record.LinksGuard(h.ID)) // before the links that it stands for
		if err != nil {
			return "", nil, err
		}
		if h.Linked, err = b.desk.Linked(ctx, h.ID); err != nil {
			return "", nil, err
		}
		if err := inUse(h); err != nil {
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

// inUse refuses to archive what live records name.
func inUse(h *Head) error {
	var list []string
	hidden := false
	for _, l := range h.Linked {
		switch {
		case !l.Inward || l.Archived:
		case l.Hidden:
			hidden = true
		default:
			list = append(list, l.ID+" "+value.Shown(l.Title, 40))
		}
	}
	switch {
	case len(list) > 0:
		return bot.Errorf(
			bot.Conflict, "%s is still linked from %s. Archive these first, or make them name something else.", h.ID,
			value.Cut(strings.Join(list, ", "), 300),
		)
	case hidden:
		return bot.Errorf(bot.Conflict, "%s is still in use where you may not look. Ask an administrator.", h.ID)
	}
	return nil
}

// restore brings back an archived record.
func (b *book[T, P]) restore(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return b.keep(ctx, c, b.id(c), func(_ context.Context, x P) (string, []bot.Guard, error) {
		h := x.Base()
		if h.Live() {
			return "", nil, bot.Errorf(bot.Conflict, "%s is not archived.", h.ID)
		}
		h.Archived = time.Time{}
		return "brought back", nil, nil
	})
}

// keep archives a record or brings it back, as do says, if what it relied on still holds.
func (b *book[T, P]) keep(
	ctx context.Context, c *bot.Call, id string, do func(ctx context.Context, x P) (string, []bot.Guard, error),
) (bot.Reply, error) {
	var reply bot.Reply
	err := b.desk.Store().Update(ctx, id, func(ctx context.Context, now record.Row) (record.Change, error) {
		x, err := b.open(ctx, c, now, false)
		if err != nil {
			return record.Change{}, err
		}
		due, was := b.dues(x), b.texts(x)
		said, relies, err := do(ctx, x)
		if err != nil {
			return record.Change{}, err
		}
		change, err := b.changed(ctx, c, x, was, b.refs(x), said)
		if err != nil {
			return record.Change{}, err
		}
		change.Effects.Relies = append(change.Effects.Relies, relies...)
		change.Bumps = append(change.Bumps, record.Guard(x.Base().ID))
		change.Effects.Dues = bot.DuesChanged(due, b.dues(x))
		reply = bot.Answer(b.card(x, c, said))
		change.Effects.Answer = reply
		return change, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, b.none(id)
	}
	return reply, err
}

// history shows what became of a record.
func (b *book[T, P]) history(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	x, err := b.find(ctx, c, true)
	if err != nil {
		return bot.Reply{}, err
	}
	entries, err := b.desk.Store().History(ctx, x.Base().ID, desk.MaxHistory+1)
	if err != nil {
		return bot.Reply{}, err
	}
	return bot.Answer(desk.History(x.Base().ID, x.Base().Name, entries)), nil
}

// allDues are all that are open of a register's records, read afresh.
func (b *book[T, P]) allDues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	err := b.each(ctx, record.Query{}, func(x P) error {
		list = append(list, b.dues(x)...)
		return nil
	})
	return list, err
}

// each reads the live records that a query finds, page by page.
func (b *book[T, P]) each(ctx context.Context, q record.Query, do func(x P) error) error {
	q.Kind, q.Sort, q.Limit = b.kind.Noun, "number", 500
	for {
		rows, err := b.desk.Store().List(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			x, err := b.decode(r)
			if err == nil {
				err = do(x)
			}
			if err != nil {
				return err
			}
		}
		if len(rows) < q.Limit {
			return nil
		}
		last := b.desk.Store().Sorted(q, rows[len(rows)-1])
		q.After = &last
	}
}

// asleep reports that no record changes by time today.
func (b *book[T, P]) asleep(ctx context.Context, now time.Time) (bool, error) {
	if _, timed := any(P(new(T))).(Timed); !timed {
		return true, nil
	}
	rows, err := b.desk.Store().List(ctx, record.Query{
		Kind: b.kind.Noun, Wakes: value.DayOf(now.In(b.desk.Zone())), Limit: 1, Bare: true,
	})
	return len(rows) == 0, err
}

// pass lets time pass for the records that it changes: what happened on days that nobody was there happens now.
func (b *book[T, P]) pass(ctx context.Context, _ bot.Job) error {
	now := b.desk.Now()
	today := value.DayOf(now.In(b.desk.Zone()))
	rows, err := b.desk.Store().List(ctx, record.Query{Kind: b.kind.Noun, Wakes: today, Bare: true})
	if err != nil {
		return err
	}
	nobody := b.itself("pass", now)
	for _, r := range rows {
		_, err := b.change(ctx, nobody, r.ID, true, func(x P) (string, error) {
			return any(x).(Timed).Pass(today), nil
		})
		var refused *bot.Error
		if err != nil && !errors.As(err, &refused) { // what its own rules refuse is left for people
			return err
		}
	}
	return nil
}

// happened is what came to pass in a period and reports count.
func (b *book[T, P]) happened(ctx context.Context, period value.Span) ([]bot.Happening, error) {
	entries, err := b.desk.Store().Happened(ctx, b.kind.Noun, b.kind.events(), period)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	ids := map[string]bool{}
	for _, e := range entries {
		ids[e.Record] = true
	}
	rows, err := b.desk.Store().List(ctx, record.Query{IDs: sortedKeys(ids), Bare: true})
	if err != nil {
		return nil, err
	}
	byID := map[string]record.Row{}
	for _, r := range rows {
		byID[r.ID] = r
	}
	var list []bot.Happening
	for _, e := range entries {
		r, tells := byID[e.Record], b.kind.Tells[e.What]
		list = append(list, bot.Happening{
			Object: e.Record, One: tells.One, Many: tells.Many, Text: value.Shown(r.Name, 60) + ": " + e.Is, At: e.At,
			Audience: r.Audience(),
		})
	}
	return list, nil
}

func sortedKeys(m map[string]bool) []string {
	list := make([]string, 0, len(m))
	for k := range maps.Keys(m) {
		list = append(list, k)
	}
	return value.Sorted(list)
}
