// Package desk is what all registers share: where their records are kept, who is there, what can be linked, and what
// people do with records of any kind by /ops.
package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Desk is what all registers share: where records are kept, who is there, and what can be linked.
type Desk struct {
	store record.Store
	o     Options
	chat  Chat
	books []Register
}

// Register is a register whatever its kind.
type Register interface {
	Noun() string
	Prefix() string
	Keyed() bool
	Relations() []Relation
	Tells() map[string]Tells // what happens to its records and reports count, by its name in the history
	Look(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error)
	History(ctx context.Context, c *bot.Call, r record.Row) (bot.Reply, error)
	Describe(r record.Row, l *record.Linked, c *bot.Call) error
	Give(ctx context.Context, c *bot.Call, id string, from, to bot.PersonID) error
	Undo(ctx context.Context, c *bot.Call, i record.Import) (record.Import, error)
}

// Options are what a desk is made of.
type Options struct {
	People func(ctx context.Context) ([]bot.Person, error)
	// Title is what a thing of another capability is called, like INC-4. bot.ErrNoSuch: there is none. Optional.
	Title func(ctx context.Context, id string) (string, error)
	// State is what state such a thing is in. Optional.
	State func(ctx context.Context, id string) (string, error)
	// Incident is what registers need to know of an incident. bot.ErrNoSuch: there is none. Optional.
	Incident func(ctx context.Context, id string) (Incident, error)
	Clock    bot.Clock
	Zone     *time.Location // in which days end; default UTC
}

// Incident is an incident, as registers know it.
type Incident struct {
	Services []string
	Severity string // like SEV1
	Grave    bool   // a SEV1 or SEV2
	Lost     time.Duration
	Resolved time.Time // zero while it goes on
	Open     bool      // everybody may read of it
}

// New makes a desk. Without a store its registers only describe their commands.
func New(store record.Store, o Options) *Desk {
	if o.Title == nil {
		o.Title = func(context.Context, string) (string, error) { return "", bot.ErrNoSuch }
	}
	if o.Incident == nil {
		o.Incident = func(context.Context, string) (Incident, error) { return Incident{}, bot.ErrNoSuch }
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	return &Desk{store: store, o: o}
}

func (d *Desk) Zone() *time.Location { return d.o.Zone }

// Incident is what registers need to know of an incident. bot.ErrNoSuch: there is none.
func (d *Desk) Incident(ctx context.Context, id string) (Incident, error) {
	return d.o.Incident(ctx, id)
}

func (d *Desk) Now() time.Time { return d.o.Clock.Now() }

// Join adds a register.
func (d *Desk) Join(r Register) { d.books = append(d.books, r) }

// Store is where records are kept.
func (d *Desk) Store() record.Store { return d.store }

// Register is the one of a noun, nil if there is none.
func (d *Desk) Register(noun string) Register {
	i := slices.IndexFunc(d.books, func(b Register) bool { return b.Noun() == noun })
	if i < 0 {
		return nil
	}
	return d.books[i]
}

// Shows reports whether whoever calls may see a record.
func (d *Desk) Shows(c *bot.Call, row *record.Row) bool {
	return record.ReaderOf(bot.Looker{Person: c.Person, Rights: c.Rights}).Sees(row)
}

// Teams are the groups that people are in, as choices.
func (d *Desk) Teams(ctx context.Context) ([]bot.Option, error) {
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

func (d *Desk) Active(ctx context.Context, who bot.PersonID) (bool, error) {
	people, err := d.o.People(ctx)
	return slices.ContainsFunc(people, func(p bot.Person) bool { return p.ID == who && p.Active }), err
}

// OwnerOf says who looks after a record.
func (d *Desk) OwnerOf(r record.Row) string {
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

// Choices are the live records of a register, to whoever looks. A field called aliases has other names of a record.
func (d *Desk) Choices(ctx context.Context, noun string) ([]bot.Option, error) {
	rows, err := d.store.List(ctx, record.Query{
		Kind: noun, Reader: record.ReaderOf(bot.LookerOf(ctx)), Limit: mostChoices,
	})
	list := make([]bot.Option, len(rows))
	for i, r := range rows {
		also := r.Alias + " " + strings.ReplaceAll(r.Values["aliases"], ",", " ")
		list[i] = bot.Option{Value: r.ID, Label: value.Cut(r.Name, 70), Also: also}
	}
	return list, err
}

// Spelled is an id of a register's records that no menu lists.
func (d *Desk) Spelled(noun, raw string) (string, bool) {
	b := d.Register(noun)
	if b == nil {
		return "", false
	}
	prefix, _, _ := strings.Cut(raw, "-")
	switch {
	case record.IsID(raw) && strings.EqualFold(prefix, b.Prefix()):
		return strings.ToUpper(raw), true
	case b.Keyed() && record.IsKey(strings.ToLower(raw)):
		return strings.ToLower(raw), true
	}
	return "", false
}

// Linked is what a thing is linked with, at both ends. What whoever looks may not see has no title and no kind.
func (d *Desk) Linked(ctx context.Context, id string) ([]record.Linked, error) {
	links, err := d.store.Links(ctx, id)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	return d.ends(ctx, id, links)
}

// Named is what a new record is linked with.
func (d *Desk) Named(ctx context.Context, links []record.Link) ([]record.Linked, error) {
	if len(links) == 0 {
		return nil, nil
	}
	return d.ends(ctx, links[0].From, links)
}

// Afterwards is what a record is linked with after a change of it.
func (d *Desk) Afterwards(
	ctx context.Context, id string, linked []record.Linked, change *record.Change,
) ([]record.Linked, error) {
	left := slices.DeleteFunc(slices.Clone(linked), func(l record.Linked) bool {
		return !l.Inward && slices.Contains(change.Severed, record.Link{From: id, Name: l.Name, To: l.ID})
	})
	added, err := d.Named(ctx, change.Linked)
	return append(left, added...), err
}

// ends are the things at the other ends of the links of a record.
func (d *Desk) ends(ctx context.Context, id string, links []record.Link) ([]record.Linked, error) {
	var ids []string
	for _, l := range links {
		ids = append(ids, l.From, l.To)
	}
	rows, err := d.store.List(ctx, record.Query{IDs: ids, Bare: true})
	if err != nil {
		return nil, err
	}
	see := record.ReaderOf(bot.LookerOf(ctx))
	list := make([]record.Linked, len(links))
	for i, l := range links {
		x := record.Linked{Name: l.Name, ID: l.To}
		if l.To == id {
			x = record.Linked{Name: d.back(l, rows), ID: l.From, Inward: true}
		}
		if k := slices.IndexFunc(rows, func(r record.Row) bool { return r.ID == x.ID }); k >= 0 {
			r := rows[k]
			x.Kind, x.State, x.Archived, x.Hidden, x.Title = r.Kind, r.State, !r.Archived.IsZero(), !see.Sees(&r), r.Name
			x.Open = r.Seen == record.Everybody
		} else if x.Title, err = d.o.Title(ctx, x.ID); errors.Is(err, bot.ErrNoSuch) {
			x.Hidden = true // or it is somebody's who may see it
		} else if err == nil && d.o.State != nil {
			x.State, err = d.o.State(ctx, x.ID)
		}
		if err != nil && !errors.Is(err, bot.ErrNoSuch) {
			return nil, err
		}
		list[i] = x
	}
	return list, nil
}

// back is how a link reads from its other end: as its relation says, or for a field as what names it.
func (d *Desk) back(l record.Link, rows []record.Row) string {
	k := slices.IndexFunc(rows, func(r record.Row) bool { return r.ID == l.From })
	if k < 0 {
		return l.Name
	}
	b := d.Register(rows[k].Kind)
	if b == nil {
		return rows[k].Kind
	}
	for _, r := range b.Relations() {
		if r.Name == l.Name {
			return r.Back
		}
	}
	return b.Noun()
}

// Rely makes a change depend on what it links to being there and live.
func (d *Desk) Rely(ctx context.Context, change *record.Change) error {
	for _, l := range change.Linked {
		guards, err := d.store.Guards(ctx, record.Guard(l.To))
		if err != nil {
			return err
		}
		if err := d.linkable(ctx, l); err != nil {
			return err
		}
		change.Effects.Relies = append(change.Effects.Relies, guards...)
		change.Bumps = append(change.Bumps, record.LinksGuard(l.To))
	}
	return nil
}

// linkable refuses a link to what is not there for whoever looks, or is archived.
func (d *Desk) linkable(ctx context.Context, l record.Link) error {
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
	case !record.ReaderOf(bot.LookerOf(ctx)).Sees(&r):
		return none
	case !r.Archived.IsZero():
		return bot.Errorf(bot.Conflict, "%s: %s is archived. Bring it back first: /ops %s restore %s", l.Name, r.ID, r.Kind,
			r.ID).About(l.Name)
	case l.From == l.To:
		return bot.Errorf(bot.Invalid, "%s: a record cannot be linked with itself.", l.Name).About(l.Name)
	}
	return nil
}

// ErrNothing ends a change that changes nothing.
var ErrNothing = errors.New("nothing changes")

// MaxHistory is how many lines of a history are shown.
const MaxHistory = 30

// History shows what became of a record, the newest first.
func History(id, name string, entries []record.Entry) bot.Message {
	m := bot.Message{Title: "History of " + id + " " + name}
	if len(entries) > MaxHistory {
		entries = entries[:MaxHistory]
		m.Context = append(m.Context, bot.T(fmt.Sprintf("These are the newest %d. The API has all.", MaxHistory)))
	}
	for _, e := range entries {
		line := bot.T(bot.At(e.At), " ")
		if e.By != "" {
			line = append(line, bot.T(bot.By(e.By, e.Agent), " ")...)
		} else {
			line = append(line, bot.T("Watchbell ")...)
		}
		line = append(line, bot.T(bot.Bold(e.What), ": ")...)
		if e.Was != "" {
			line = append(line, bot.T(value.Cut(e.Was, 200), " → ")...)
		}
		is := value.Cut(e.Is, 200)
		if is == "" {
			is = "none"
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(line, bot.T(is)...)})
	}
	return m
}

// Relation is how a record may be linked to others, by /ops link.
type Relation struct {
	Name string   // as it reads from this record, like covers
	Back string   // as it reads from the other end, like "covered by"
	To   []string // nouns of registers, or prefixes of other things like INC
	Then string   // a job for the thing at the other end, once it is linked; "" is none
}

// Tells is how reports count what happened.
type Tells struct{ One, Many string }

// umbrella is the noun that all registers stand under.
const umbrella = "ops"

const listed = 20 // lines of a list in chat
