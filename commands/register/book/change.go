package book

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/approval"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Create adds a record that fill makes of an empty one. own is its key, "" where its number is its id.
func (b *Book[T, P]) Create(
	ctx context.Context, c *bot.Call, own string, fill func(x P) error,
) (reply bot.Reply, err error) {
	err = b.Desk.Store().Add(ctx, b.Rules.Noun, func(number int64) (record.Change, error) {
		x := b.Blank()
		h := x.Base()
		h.Number, h.ID, h.Added, h.Owner = number, cmp.Or(own, b.Rules.ID(number)), c.Now, c.Person.ID
		if err := fill(x); err != nil {
			return record.Change{}, err
		}
		change, err := b.Changed(ctx, c, x, nil, nil, "")
		if err != nil {
			return record.Change{}, err
		}
		if x.Base().Linked, err = b.Desk.Named(ctx, change.Linked); err != nil {
			return record.Change{}, err
		}
		change.Effects.Dues = b.Dues(x)
		reply = bot.Answer(b.Card(x, c, "added"))
		change.Effects.Answer = reply
		return change, nil
	})
	return reply, err
}

// Change changes a record by a call: what it is becomes what do leaves, if its rules allow that. The answer is its
// card.
func (b *Book[T, P]) Change(
	ctx context.Context, c *bot.Call, id string, anybody bool, do func(x P) (said string, err error),
) (bot.Reply, error) {
	var reply bot.Reply
	err := b.Desk.Store().Update(ctx, id, func(ctx context.Context, now record.Row) (record.Change, error) {
		x, err := b.Open(ctx, c, now, anybody)
		if err != nil {
			return record.Change{}, err
		}
		if !x.Base().Live() {
			return record.Change{}, bot.Errorf(bot.Conflict, "%s is archived. Bring it back first: %s restore %s", now.ID,
				c.Command.Stem(), now.ID)
		}
		was, linked, due := b.Texts(x), b.Refs(x), b.Dues(x)
		said, err := do(x)
		if err != nil {
			return record.Change{}, err
		}
		change, err := b.Changed(ctx, c, x, was, linked, said)
		if err != nil {
			return record.Change{}, err
		}
		change.Effects.Dues = bot.DuesChanged(due, b.Dues(x))
		if x.Base().Linked, err = b.Desk.Afterwards(ctx, x.Base().ID, x.Base().Linked, &change); err != nil {
			return record.Change{}, err
		}
		reply = bot.Answer(b.Card(x, c, said))
		change.Effects.Answer = reply
		return change, nil
	})
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		return bot.Reply{}, b.None(id)
	case errors.Is(err, desk.ErrNothing):
		return bot.Answer(bot.Say("Nothing changes: ", id, " says all of this already.")), nil
	}
	return reply, err
}

// Apply makes a record say what a call says.
func (b *Book[T, P]) Apply(x P, c *bot.Call) error {
	var bad bot.Problems
	for i := range b.Fields {
		if err := b.Fields[i].Apply(x, c, x.Base().Sight()); err != nil {
			bad = append(bad, err)
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// Changed is what is saved of a record that was changed, from the texts and links that it had. nil texts: it is new.
func (b *Book[T, P]) Changed(
	ctx context.Context, c *bot.Call, x P, was []string, linked []record.Link, said string,
) (record.Change, error) {
	h := x.Base()
	if h.Seen == "" {
		h.Seen = record.Everybody
	}
	if err := b.resolve(ctx, c, x, was); err != nil {
		return record.Change{}, err
	}
	if err := b.check(ctx, c, x, was); err != nil {
		return record.Change{}, err
	}
	if t, ok := any(x).(Timed); ok && h.Live() {
		if today := value.DayOf(c.Now.In(b.Desk.Zone())); wakes(t, today) {
			t.Pass(today)
		}
	}
	h.Version++
	if a := approval.Of(x); a != nil {
		if lapsed := a.Bind(h.Version, b.Texts(x)); lapsed != "" {
			h.Tell("lapsed", lapsed)
		}
	}
	h.Changed = c.Now
	var change record.Change
	var told []string
	is := b.Texts(x)
	for i := range b.Fields {
		before := ""
		if was != nil {
			before = was[i]
		}
		if before != is[i] {
			name := b.Fields[i].Param.Name
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
	now := b.Refs(x)
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
	if change.Row, err = b.Row(x); err != nil {
		return record.Change{}, err
	}
	detail := said
	switch {
	case was == nil:
		detail = "added"
	case len(told) > 0 && h.Seen != record.Restricted:
		detail = strings.Join(Differences(change.History), "; ")
	case len(told) > 0 && said == "":
		detail = "changed " + strings.Join(told, ", ")
	}
	change.Effects = c.Effects(h.ID, h.Version, value.Cut(detail, 1000))
	if err := b.Desk.Rely(ctx, &change); err != nil {
		return record.Change{}, err
	}
	return change, b.along(ctx, c, x, &change)
}

// along asks the kind about a change.
func (b *Book[T, P]) along(ctx context.Context, c *bot.Call, x P, change *record.Change) error {
	if b.Rules.Along == nil {
		return nil
	}
	h := x.Base()
	if h.from == nil {
		return b.Rules.Along(ctx, c, nil, x, change)
	}
	was, err := b.Decode(*h.from)
	if err != nil {
		return err
	}
	was.Base().Linked = h.Linked
	return b.Rules.Along(ctx, c, was, x, change)
}

// resolve makes fields that name records name them by what everything stores, and refuses records that are of other
// registers or not there.
func (b *Book[T, P]) resolve(ctx context.Context, c *bot.Call, x P, was []string) error {
	hidden := x.Base().Sight()
	for i := range b.Fields {
		f := &b.Fields[i]
		if f.Param.Many && c.Given(f.Param.Name) && c.Changed(f.Param.Name) {
			if err := f.Known(c.List(f.Param.Name), hidden); err != nil {
				return err
			}
		}
		if f.Refs == nil || was != nil && was[i] == f.Text(x) {
			continue
		}
		ids := slices.Clone(f.Refs(x))
		for k := range ids {
			if hidden[ids[k]] { // it was named before
				continue
			}
			r, err := b.Desk.Store().Record(ctx, ids[k])
			switch {
			case errors.Is(err, bot.ErrNoSuch), err == nil && !b.Desk.Shows(c, &r):
				return f.None(ids[k])
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

// check holds a record to the rules of all of them, then to those of its kind.
func (b *Book[T, P]) check(ctx context.Context, c *bot.Call, x P, was []string) error {
	h := x.Base()
	var bad bot.Problems
	if h.Seen == record.Team && h.Team == "" {
		bad = append(bad, bot.Errorf(bot.Invalid, "Team: say which team may see it, like team=platform.").About("team"))
	}
	if h.Name == "" {
		missing := bot.Errorf(bot.Invalid, "Name: this is missing. Write what it is called, like Datadog.")
		bad = append(bad, missing.About("name"))
	}
	for i := range b.Fields {
		f := &b.Fields[i]
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
func (b *Book[T, P]) known(ctx context.Context, x P, was []string) error {
	for i := range b.Fields {
		f := &b.Fields[i]
		if f.Who == nil || was != nil && was[i] == f.Text(x) {
			continue
		}
		for _, who := range f.Who(x) {
			if active, err := b.Desk.Active(ctx, who); err != nil {
				return err
			} else if !active {
				return bot.Errorf(bot.Invalid, "%s: @%s is not active here. Name somebody who is.", f.Param.Caption(),
					bot.Shown(string(who))).About(f.Param.Name)
			}
		}
	}
	return nil
}

var secrets = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|` +
	`\b(xox[abeprs]-|xapp-|gh[oprsu]_|github_pat_|glpat-|AKIA[0-9A-Z]{16}|sk_live_|AIza[0-9A-Za-z_-]{30})|` +
	`(?i)\b(password|passwd|passphrase|secret|api[-_ ]?key|licen[cs]e[-_ ]?key)\s*[:=]\s*\S{4,}`)

// noSecret refuses what looks like a password or a key: everybody who may see the record could read it, and its history
// keeps it for ever.
func noSecret(name, text string) error {
	if !secrets.MatchString(text) {
		return nil
	}
	return bot.Errorf(
		bot.Invalid, "%s looks as if it held a password or a key. Keep that in your vault, and write where it is, like "+
			"vault=https://vault.example.com/datadog. If it holds none, write it in other words.",
		Title(name),
	).About(name)
}

// InUse refuses to archive what live records name.
func InUse(h *Head) error {
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
