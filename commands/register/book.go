package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/field"
	"github.com/watchbell/watchbell/commands/register/record"
)

// book is one register: its kind, with the desk that all of them share.
type book[T any, P Record[T]] struct {
	kind   Kind[T]
	fields []field.Field[T] // of the head, then of the kind
	desk   *desk.Desk
}

// New makes the register of a kind on a desk.
func New[T any, P Record[T]](d *desk.Desk, k Kind[T]) bot.Capability {
	return newBook[T, P](d, k).capability()
}

func newBook[T any, P Record[T]](d *desk.Desk, k Kind[T]) *book[T, P] {
	k.check()
	b := &book[T, P]{kind: k, desk: d, fields: slices.Concat(headFields[T, P](), k.Fields)}
	for i := range b.fields {
		b.complete(&b.fields[i])
	}
	d.Join(b)
	return b
}

// complete gives a field the choices that only the desk knows.
func (b *book[T, P]) complete(f *field.Field[T]) {
	switch {
	case f.Team:
		f.Param.Options = b.desk.Teams
	case len(f.To) > 0:
		f.Param.Options = func(ctx context.Context) ([]bot.Option, error) { return b.desk.Choices(ctx, f.To[0]) }
		f.Param.Parse = func(raw string) (string, bool) { return b.desk.Spelled(f.To[0], raw) }
	}
}

// decode is the record of a row.
func (b *book[T, P]) decode(r record.Row) (P, error) {
	x := P(new(T))
	if err := json.Unmarshal(r.Data, x); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.ID, err)
	}
	h := x.Base()
	h.Number, h.ID, h.Version = r.Number, r.ID, r.Version
	h.Added, h.Changed, h.Archived = r.Added, r.Changed, r.Archived
	h.from = &r
	if a := approval(x); a != nil && a.Pending != nil {
		a.Pending.now = b.digest(x, a.Pending)
	}
	return x, nil
}

// row is the row of a record.
func (b *book[T, P]) row(x P) (record.Row, error) {
	data, err := json.Marshal(x)
	if err != nil {
		return record.Row{}, fmt.Errorf("write %s: %w", x.Base().ID, err)
	}
	h := x.Base()
	r := record.Row{
		Kind: b.kind.Noun, Number: h.Number, ID: h.ID, Alias: b.kind.id(h.Number), Version: h.Version, Name: h.Name,
		Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: h.Readers, State: standing(x), Archived: h.Archived,
		Added: h.Added, Changed: h.Changed, Data: data, Values: map[string]string{},
	}
	if t, ok := any(x).(Timed); ok && h.Live() {
		r.Wakes = t.Wakes()
	}
	found := []string{r.ID, r.Alias}
	for i := range b.fields {
		f := &b.fields[i]
		text := f.Text(x)
		if text != "" && !f.Param.Paragraph {
			r.Values[f.Param.Name] = f.Sorted(x)
		}
		found = append(found, text)
	}
	r.Words = strings.ToLower(strings.Join(found, "\n"))
	return r, nil
}

// wakes reports whether time changes a record by a day.
func wakes(t Timed, today value.Day) bool {
	on := t.Wakes()
	return !on.IsZero() && !today.Before(on)
}

// standing is the state of a record, "" where its kind has none.
func standing(x any) string {
	if s, ok := x.(Stated); ok {
		return s.Standing()
	}
	return ""
}

// dues are those of a record.
func (b *book[T, P]) dues(x P) []bot.Due {
	h := x.Base()
	if !h.Live() {
		return nil
	}
	var dues []Due
	if d, ok := any(x).(Dated); ok {
		dues = d.Dues()
	}
	if a := approval(x); a != nil {
		dues = append(dues, a.dues()...)
	}
	var list []bot.Due
	for _, due := range dues {
		if due.On.IsZero() && due.At.IsZero() {
			continue
		}
		// what somebody else has to do is not given away with the record
		owner, reassign := due.Owner, (*bot.Action)(nil)
		if owner == "" {
			owner, reassign = h.Owner, &bot.Action{Label: "Reassign", Command: "assign", Form: true}
		}
		r := record.Row{Owner: h.Owner, Team: h.Team, Seen: h.Seen, Readers: append(slices.Clone(h.Readers), owner)}
		list = append(list, bot.Due{
			Object: h.ID, What: due.What, Name: h.ID + " " + value.Shown(h.Name, 60), On: due.On, At: due.At, Text: due.Text,
			Owner: owner, Team: h.Team, Audience: r.Audience(), Urgent: due.Urgent, Done: b.onto(due.Done, x),
			Reassign: b.onto(reassign, x), Open: b.onto(&bot.Action{Label: "Open", Command: "show"}, x),
			Ladder: b.ladder(due.What, h), Since: due.Since, Lead: due.Lead,
		})
	}
	return list
}

func (b *book[T, P]) ladder(what string, h *Head) []int {
	if len(h.Remind) > 0 {
		return h.Remind
	}
	return b.kind.Ladders[what]
}

// onto makes an action of a verb one on a record.
func (b *book[T, P]) onto(a *bot.Action, x P) *bot.Action {
	if a == nil {
		return nil
	}
	on := *a
	on.Command = b.kind.Noun + "." + a.Command
	on.Args = map[string]string{b.kind.Noun: x.Base().ID}
	for k, v := range a.Args {
		on.Args[k] = v
	}
	return &on
}

// texts are the fields of a record as text, in the order of the fields.
func (b *book[T, P]) texts(x P) []string {
	list := make([]string, len(b.fields))
	for i := range b.fields {
		list[i] = b.fields[i].Text(x)
	}
	return list
}

// refs are the links that the fields of a record make.
func (b *book[T, P]) refs(x P) []record.Link {
	var list []record.Link
	for i := range b.fields {
		f := &b.fields[i]
		if f.Refs == nil {
			continue
		}
		for _, id := range f.Refs(x) {
			list = append(list, record.Link{From: x.Base().ID, Name: f.Param.Name, To: id})
		}
	}
	return list
}

// change changes a record by a call: what it is becomes what do leaves, if its rules allow that. The answer is its
// card.
func (b *book[T, P]) change(
	ctx context.Context, c *bot.Call, id string, anybody bool, do func(x P) (said string, err error),
) (bot.Reply, error) {
	var reply bot.Reply
	err := b.desk.Store().Update(ctx, id, func(ctx context.Context, now record.Row) (record.Change, error) {
		x, err := b.open(ctx, c, now, anybody)
		if err != nil {
			return record.Change{}, err
		}
		if !x.Base().Live() {
			return record.Change{}, bot.Errorf(bot.Conflict, "%s is archived. Bring it back first: %s restore %s", now.ID,
				c.Command.Stem(), now.ID)
		}
		was, linked, due := b.texts(x), b.refs(x), b.dues(x)
		said, err := do(x)
		if err != nil {
			return record.Change{}, err
		}
		change, err := b.changed(ctx, c, x, was, linked, said)
		if err != nil {
			return record.Change{}, err
		}
		change.Effects.Dues = bot.DuesChanged(due, b.dues(x))
		if x.Base().Linked, err = b.desk.Afterwards(ctx, x.Base().ID, x.Base().Linked, &change); err != nil {
			return record.Change{}, err
		}
		reply = bot.Answer(b.card(x, c, said))
		change.Effects.Answer = reply
		return change, nil
	})
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		return bot.Reply{}, b.none(id)
	case errors.Is(err, desk.ErrNothing):
		return bot.Answer(bot.Say("Nothing changes: ", id, " says all of this already.")), nil
	}
	return reply, err
}

// open is the record of a row with its links, to somebody who may see it and, unless anybody may, change it.
func (b *book[T, P]) open(ctx context.Context, c *bot.Call, r record.Row, anybody bool) (P, error) {
	if r.Kind != b.kind.Noun || !b.desk.Shows(c, &r) {
		return nil, bot.ErrNoSuch
	}
	if !anybody && !b.mayChange(c, &r) {
		return nil, bot.Errorf(
			bot.Forbidden, "Only the owner of %s, its team and managers may change it. %s", r.ID, b.desk.OwnerOf(r),
		)
	}
	x, err := b.decode(r)
	if err == nil {
		x.Base().Linked, err = b.desk.Linked(ctx, r.ID)
	}
	return x, err
}

// mayChange reports whether somebody may change a record.
func (b *book[T, P]) mayChange(c *bot.Call, r *record.Row) bool {
	return r.Owner == c.Person.ID || r.Team != "" && slices.Contains(c.Person.Groups, r.Team) || c.May(record.Manage)
}

func (b *book[T, P]) none(id string) error {
	return bot.Errorf(
		bot.NotFound, "There is no %s %s. See what there is with: /ops %s list", b.kind.Noun, bot.Shown(id), b.kind.Noun,
	)
}

// changed is what is saved of a record that was changed, from the texts and links that it had. nil texts: it is new.
func (b *book[T, P]) changed(
	ctx context.Context, c *bot.Call, x P, was []string, linked []record.Link, said string,
) (record.Change, error) {
	h := x.Base()
	if h.Seen == "" {
		h.Seen = record.Everybody
	}
	if err := b.resolve(ctx, x, was); err != nil {
		return record.Change{}, err
	}
	if err := b.check(ctx, c, x, was); err != nil {
		return record.Change{}, err
	}
	if t, ok := any(x).(Timed); ok && h.Live() {
		if today := value.DayOf(c.Now.In(b.desk.Zone())); wakes(t, today) {
			t.Pass(today)
		}
	}
	h.Version++
	if a := approval(x); a != nil {
		a.bind(h, b.digest(x, a.Pending))
	}
	h.Changed = c.Now
	var change record.Change
	var told []string
	is := b.texts(x)
	for i := range b.fields {
		before := ""
		if was != nil {
			before = was[i]
		}
		if before != is[i] {
			name := b.fields[i].Param.Name
			change.History = append(change.History, record.Entry{What: name, Was: before, Is: is[i]})
			told = append(told, name)
		}
	}
	if said != "" {
		change.History = append(change.History, record.Entry{What: c.Command.Verb(), Is: said})
	}
	change.History = append(change.History, h.events...)
	h.events = nil
	if len(change.History) == 0 {
		return record.Change{}, desk.ErrNothing
	}
	for i := range change.History {
		e := &change.History[i]
		e.Record, e.Version, e.N, e.At, e.By, e.Agent = h.ID, h.Version, i+1, c.Now, c.Person.ID, c.Agent
	}
	now := b.refs(x)
	for _, l := range now {
		if !slices.Contains(linked, l) {
			change.Linked = append(change.Linked, l)
		}
	}
	for _, l := range linked {
		if !slices.Contains(now, l) {
			change.Severed = append(change.Severed, l)
		}
	}
	var err error
	if change.Row, err = b.row(x); err != nil {
		return record.Change{}, err
	}
	detail := said
	switch {
	case was == nil:
		detail = "added"
	case len(told) > 0 && h.Seen != record.Restricted:
		detail = strings.Join(differences(change.History), "; ")
	case len(told) > 0 && said == "":
		detail = "changed " + strings.Join(told, ", ")
	}
	change.Effects = c.Effects(h.ID, h.Version, value.Cut(detail, 1000))
	if err := b.desk.Rely(ctx, &change); err != nil {
		return record.Change{}, err
	}
	return change, b.along(ctx, c, x, &change)
}

// along asks the kind about a change.
func (b *book[T, P]) along(ctx context.Context, c *bot.Call, x P, change *record.Change) error {
	if b.kind.Along == nil {
		return nil
	}
	h := x.Base()
	if h.from == nil {
		return b.kind.Along(ctx, c, nil, x, change)
	}
	was, err := b.decode(*h.from)
	if err != nil {
		return err
	}
	was.Base().Linked = h.Linked
	return b.kind.Along(ctx, c, was, x, change)
}

// resolve makes fields that name records name them by what everything stores, and refuses records of other registers.
// Those that are not there are refused where the links are made.
func (b *book[T, P]) resolve(ctx context.Context, x P, was []string) error {
	for i := range b.fields {
		f := &b.fields[i]
		if f.Refs == nil || was != nil && was[i] == f.Text(x) {
			continue
		}
		ids := slices.Clone(f.Refs(x))
		for k := range ids {
			r, err := b.desk.Store().Record(ctx, ids[k])
			switch {
			case errors.Is(err, bot.ErrNoSuch), err == nil && !record.ReaderOf(bot.LookerOf(ctx)).Sees(&r):
			case err != nil:
				return err
			case !slices.Contains(f.To, r.Kind):
				return bot.Errorf(bot.Invalid, "%s: %s is a %s, not a %s.", f.Param.Caption(), r.ID, r.Kind, f.To[0]).
					About(f.Param.Name)
			default:
				ids[k] = r.ID
			}
		}
		if err := f.Read(x, strings.Join(ids, ",")); err != nil {
			return err
		}
	}
	return nil
}

// differences are what fields were and are.
func differences(history []record.Entry) []string {
	var list []string
	for _, e := range history {
		text := e.What + ": "
		if e.Was != "" {
			text += value.Shown(e.Was, 80) + " → "
		}
		if e.Is == "" {
			text += "none"
		}
		list = append(list, text+value.Shown(e.Is, 80))
	}
	return list
}

// check holds a record to the rules of all of them, then to those of its kind.
func (b *book[T, P]) check(ctx context.Context, c *bot.Call, x P, was []string) error {
	h := x.Base()
	var bad bot.Problems
	if h.Seen == record.Team && h.Team == "" {
		bad = append(bad, bot.Errorf(bot.Invalid, "Team: say which team may see it, like team=platform.").About("team"))
	}
	if h.Name == "" {
		missing := bot.Errorf(bot.Invalid, "Name: this is missing. Write what it is called, like Datadog.")
		bad = append(bad, missing.About("name"))
	}
	for i := range b.fields {
		f := &b.fields[i]
		text := f.Text(x)
		if was != nil && was[i] == text {
			continue
		}
		again := f.Read(x, text) // what came by a call was held to less than what files say
		if again != nil {
			bad = append(bad, f.Wrong(again))
		} else if err := noSecret(f.Param.Name, text); err != nil && f.Param.Kind == bot.TextParam {
			return err
		}
	}
	if len(bad) > 0 {
		return bad
	}
	if err := b.known(ctx, x, was); err != nil {
		return err
	}
	if k, ok := any(x).(Checker); ok {
		return k.Check()
	}
	return nil
}

// known refuses people who are not there or no longer active, in fields that changed.
func (b *book[T, P]) known(ctx context.Context, x P, was []string) error {
	for i := range b.fields {
		f := &b.fields[i]
		if f.Who == nil || was != nil && was[i] == f.Text(x) {
			continue
		}
		for _, who := range f.Who(x) {
			if active, err := b.desk.Active(ctx, who); err != nil {
				return err
			} else if !active {
				return bot.Errorf(bot.Invalid, "%s: @%s is not active here. Name somebody who is.", f.Param.Caption(),
					bot.Shown(string(who))).About(f.Param.Name)
			}
		}
	}
	return nil
}
