package register

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Permissions beside those of the commands.
const (
	Manage     = "ops.manage"     // to change records that others own, and what policies decide by
	restricted = "ops.restricted" // to see those that are for others only
)

// Desk is what all registers share: where records are kept, who is there, and what can be linked.
type Desk struct {
	store Store
	o     Options
	books []anyBook
}

// anyBook is a register whatever its kind.
type anyBook interface {
	noun() string
	prefix() string
	keyed() bool
	relations() []Relation
	look(ctx context.Context, c *bot.Call, r Row) (bot.Reply, error)
	describe(r Row, l *Linked, c *bot.Call) error
	give(ctx context.Context, c *bot.Call, id string, from, to bot.PersonID) error
}

// Options are what a desk is made of.
type Options struct {
	People func(ctx context.Context) ([]bot.Person, error)
	// Title is what a thing of another capability is called, like INC-4. bot.ErrNoSuch: there is none. Optional.
	Title func(ctx context.Context, id string) (string, error)
	Clock bot.Clock
	Zone  *time.Location // in which days end; default UTC
}

// NewDesk makes a desk. Without a store its registers only describe their commands.
func NewDesk(store Store, o Options) *Desk {
	if o.Title == nil {
		o.Title = func(context.Context, string) (string, error) { return "", bot.ErrNoSuch }
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	return &Desk{store: store, o: o}
}

func (d *Desk) zone() *time.Location { return d.o.Zone }

func (d *Desk) now() time.Time { return d.o.Clock.Now() }

func (d *Desk) book(noun string) anyBook {
	i := slices.IndexFunc(d.books, func(b anyBook) bool { return b.noun() == noun })
	if i < 0 {
		return nil
	}
	return d.books[i]
}

// reader is somebody as the store asks for them.
func reader(l bot.Looker) *Reader {
	return &Reader{Person: l.Person.ID, Groups: l.Person.Groups, All: l.May(restricted)}
}

// sees reports whether a reader may see a record.
func (r *Reader) sees(row *Row) bool {
	if r.All || row.Seen == Everybody || row.Seen == "" || r.Person != "" && row.Owner == r.Person {
		return true
	}
	if row.Seen == Team {
		return slices.Contains(r.Groups, row.Team)
	}
	return slices.Contains(row.Readers, r.Person)
}

func (d *Desk) shows(c *bot.Call, row *Row) bool {
	return reader(bot.Looker{Person: c.Person, Rights: c.Rights}).sees(row)
}

// teams are the groups that people are in, as choices.
func (d *Desk) teams(ctx context.Context) ([]bot.Option, error) {
	people, err := d.o.People(ctx)
	var names []string
	for _, p := range people {
		names = append(names, p.Groups...)
	}
	slices.Sort(names)
	var list []bot.Option
	for _, name := range slices.Compact(names) {
		list = append(list, bot.Option{Value: name, Label: name})
	}
	return list, err
}

func (d *Desk) isActive(ctx context.Context, who bot.PersonID) (bool, error) {
	people, err := d.o.People(ctx)
	return slices.ContainsFunc(people, func(p bot.Person) bool { return p.ID == who && p.Active }), err
}

// ownerOf says who looks after a record.
func (d *Desk) ownerOf(r Row) string {
	switch {
	case r.Owner != "":
		return "Its owner is @" + string(r.Owner) + "."
	case r.Team != "":
		return "Its team is " + r.Team + "."
	}
	return "It has no owner; ask a manager."
}

// mostChoices is how many records a menu is looked for in.
const mostChoices = 1000

// choices are the live records of a register, to whoever looks.
func (d *Desk) choices(ctx context.Context, noun string) ([]bot.Option, error) {
	rows, err := d.store.List(ctx, Query{Kind: noun, Reader: reader(bot.LookerOf(ctx)), Limit: mostChoices})
	list := make([]bot.Option, len(rows))
	for i, r := range rows {
		list[i] = bot.Option{Value: r.ID, Label: value.Cut(r.Name, 70)}
	}
	return list, err
}

var (
	idWord  = regexp.MustCompile(`^(?i)[a-z]{2,5}-[1-9][0-9]{0,8}$`)
	keyWord = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
)

// spelled is an id of a register's records that no menu lists.
func (d *Desk) spelled(noun, raw string) (string, bool) {
	b := d.book(noun)
	if b == nil {
		return "", false
	}
	prefix, _, _ := strings.Cut(raw, "-")
	switch {
	case idWord.MatchString(raw) && strings.EqualFold(prefix, b.prefix()):
		return strings.ToUpper(raw), true
	case b.keyed() && keyWord.MatchString(strings.ToLower(raw)):
		return strings.ToLower(raw), true
	}
	return "", false
}

// linked is what a thing is linked with, at both ends. What whoever looks may not see has no title and no kind.
func (d *Desk) linked(ctx context.Context, id string) ([]Linked, error) {
	links, err := d.store.Links(ctx, id)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	return d.ends(ctx, id, links)
}

// named is what a new record is linked with.
func (d *Desk) named(ctx context.Context, links []Link) ([]Linked, error) {
	if len(links) == 0 {
		return nil, nil
	}
	return d.ends(ctx, links[0].From, links)
}

// afterwards is what a record is linked with after a change of it.
func (d *Desk) afterwards(ctx context.Context, h *Head, change *Change) ([]Linked, error) {
	left := slices.DeleteFunc(slices.Clone(h.Linked), func(l Linked) bool {
		return !l.Inward && slices.Contains(change.Severed, Link{From: h.ID, Name: l.Name, To: l.ID})
	})
	added, err := d.named(ctx, change.Linked)
	return append(left, added...), err
}

// ends are the things at the other ends of the links of a record.
func (d *Desk) ends(ctx context.Context, id string, links []Link) ([]Linked, error) {
	var ids []string
	for _, l := range links {
		ids = append(ids, l.From, l.To)
	}
	rows, err := d.store.List(ctx, Query{IDs: ids})
	if err != nil {
		return nil, err
	}
	see := reader(bot.LookerOf(ctx))
	list := make([]Linked, len(links))
	for i, l := range links {
		x := Linked{Name: l.Name, ID: l.To}
		if l.To == id {
			x = Linked{Name: d.back(l, rows), ID: l.From, Inward: true}
		}
		if k := slices.IndexFunc(rows, func(r Row) bool { return r.ID == x.ID }); k >= 0 {
			r := rows[k]
			x.Kind, x.State, x.Archived, x.Hidden, x.Title = r.Kind, r.State, !r.Archived.IsZero(), !see.sees(&r), r.Name
		} else if x.Title, err = d.o.Title(ctx, x.ID); errors.Is(err, bot.ErrNoSuch) {
			x.Hidden = true // or it is somebody's who may see it
		} else if err != nil {
			return nil, err
		}
		list[i] = x
	}
	return list, nil
}

// back is how a link reads from its other end: as its relation says, or for a field as what names it.
func (d *Desk) back(l Link, rows []Row) string {
	k := slices.IndexFunc(rows, func(r Row) bool { return r.ID == l.From })
	if k < 0 {
		return l.Name
	}
	b := d.book(rows[k].Kind)
	if b == nil {
		return rows[k].Kind
	}
	for _, r := range b.relations() {
		if r.Name == l.Name {
			return r.Back
		}
	}
	return b.noun()
}

// rely makes a change depend on what it links to being there and live.
func (d *Desk) rely(ctx context.Context, change *Change) error {
	for _, l := range change.Linked {
		guards, err := d.store.Guards(ctx, recordGuard(l.To))
		if err != nil {
			return err
		}
		if err := d.linkable(ctx, l); err != nil {
			return err
		}
		change.Effects.Relies = append(change.Effects.Relies, guards...)
		change.Bumps = append(change.Bumps, LinksGuard(l.To))
	}
	return nil
}

// linkable refuses a link to what is not there for whoever looks, or is archived.
func (d *Desk) linkable(ctx context.Context, l Link) error {
	none := bot.Errorf(bot.NotFound, "%s: there is no %s.", l.Name, bot.Shown(l.To)).About(l.Name)
	r, err := d.store.Record(ctx, l.To)
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		if _, err = d.o.Title(ctx, l.To); errors.Is(err, bot.ErrNoSuch) {
			return none
		}
		return err
	case err != nil:
		return err
	case !reader(bot.LookerOf(ctx)).sees(&r):
		return none
	case !r.Archived.IsZero():
		return bot.Errorf(bot.Conflict, "%s: %s is archived. Bring it back first: /ops %s restore %s", l.Name, r.ID, r.Kind,
			r.ID).About(l.Name)
	case l.From == l.To:
		return bot.Errorf(bot.Invalid, "%s: a record cannot be linked with itself.", l.Name).About(l.Name)
	}
	return nil
}
