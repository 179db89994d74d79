package book

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/approval"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Dues are those of a record.
func (b *Book[T, P]) Dues(x P) []bot.Due {
	h := x.Base()
	if !h.Live() {
		return nil
	}
	var dues []Due
	if d, ok := any(x).(Dated); ok {
		dues = d.Dues()
	}
	if a := approval.Of(x); a != nil && a.Pending != nil {
		for _, who := range a.Pending.Waiting() {
			done := a.Pending.Button()
			dues = append(dues, Due{
				What: "approval:" + string(who), At: a.Pending.At, Text: "approve or refuse to " + a.Pending.What, Owner: who,
				Done: &done, Lead: a.Pending.By,
			})
		}
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
		r := h.Row()
		r.Readers = append(slices.Clone(h.Readers), owner)
		list = append(list, bot.Due{
			Object: h.ID, What: due.What, Name: h.ID + " " + value.Shown(h.Name, 60), On: due.On, At: due.At, Text: due.Text,
			Owner: owner, Team: h.Team, Audience: r.Audience(), Urgent: due.Urgent, Done: b.Onto(due.Done, x),
			Reassign: b.Onto(reassign, x), Open: b.Onto(&bot.Action{Label: "Open", Command: "show"}, x),
			Ladder: b.ladder(due.What, h), Since: due.Since, Lead: due.Lead,
		})
	}
	return list
}

func (b *Book[T, P]) ladder(what string, h *Head) []int {
	if len(h.Remind) > 0 {
		return h.Remind
	}
	return b.Rules.Ladders[what]
}

// Onto makes an action of a verb one on a record.
func (b *Book[T, P]) Onto(a *bot.Action, x P) *bot.Action {
	if a == nil {
		return nil
	}
	on := *a
	on.Command = b.Rules.Noun + "." + a.Command
	on.Args = map[string]string{b.Rules.Noun: x.Base().ID}
	for k, v := range a.Args {
		on.Args[k] = v
	}
	return &on
}

// AllDues are all that are open of a register's records, read afresh.
func (b *Book[T, P]) AllDues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	err := b.Each(ctx, record.Query{}, func(x P) error {
		list = append(list, b.Dues(x)...)
		return nil
	})
	return list, err
}

// wakes reports whether time changes a record by a day.
func wakes(t Timed, today value.Day) bool {
	on := t.Wakes()
	return !on.IsZero() && !today.Before(on)
}

// Asleep reports that no record changes by time today.
func (b *Book[T, P]) Asleep(ctx context.Context, now time.Time) (bool, error) {
	if _, timed := any(P(new(T))).(Timed); !timed {
		return true, nil
	}
	rows, err := b.Desk.Store().List(ctx, record.Query{
		Kind: b.Rules.Noun, Wakes: value.DayOf(now.In(b.Desk.Zone())), Limit: 1, Bare: true,
	})
	return len(rows) == 0, err
}

// Pass lets time pass for the records that it changes: what happened on days that nobody was there happens now.
func (b *Book[T, P]) Pass(ctx context.Context, _ bot.Job) error {
	now := b.Desk.Now()
	today := value.DayOf(now.In(b.Desk.Zone()))
	rows, err := b.Desk.Store().List(ctx, record.Query{Kind: b.Rules.Noun, Wakes: today, Bare: true})
	if err != nil {
		return err
	}
	nobody := b.Itself("pass", now)
	for _, r := range rows {
		_, err := b.Change(ctx, nobody, r.ID, true, func(x P) (string, error) {
			return any(x).(Timed).Pass(today), nil
		})
		var refused *bot.Error
		if err != nil && !errors.As(err, &refused) { // what its own rules refuse is left for people
			return err
		}
	}
	return nil
}

// Itself is what Watchbell does without anybody.
func (b *Book[T, P]) Itself(verb string, now time.Time) *bot.Call {
	return &bot.Call{
		Command: &bot.Command{Name: b.Rules.Noun + "." + verb, Under: Umbrella}, Now: now, Zone: b.Desk.Zone(),
		Rights: bot.Grants{"": {"*"}}, Person: bot.Person{Active: true, Roles: []string{""}},
	}
}

// Umbrella is the noun that all registers stand under.
const Umbrella = "ops"
