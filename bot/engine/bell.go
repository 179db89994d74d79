package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// rings is what an alarm about a thing says.
type rings func(ctx context.Context, id string) (bot.Ringing, error)

// addBell panics on a second one: that is a fault of the program, to be seen at its first start.
func (b *Bot) addBell(bell bot.Bell) {
	if bell == nil {
		return
	}
	if b.bell != nil {
		panic("two capabilities reach people beyond chat")
	}
	b.bell = bell
}

// Ring reaches somebody beyond chat, once for each alarm. Without a capability that can, nothing happens.
func (b *Bot) Ring(ctx context.Context, a bot.Alarm) error {
	if b.bell == nil {
		return nil
	}
	return b.bell.Ring(ctx, a)
}

// Rung lists what became of the alarms about a thing.
func (b *Bot) Rung(ctx context.Context, object string) ([]bot.Rung, error) {
	if b.bell == nil {
		return nil, nil
	}
	return b.bell.Rung(ctx, object)
}

// Ringing is what an alarm about a thing says by now. ErrNoSuch: nothing of that name can ring.
func (b *Bot) Ringing(ctx context.Context, object string) (bot.Ringing, error) {
	prefix, _, _ := strings.Cut(object, "-")
	f, known := b.rings[prefix]
	if !known {
		return bot.Ringing{}, bot.ErrNoSuch
	}
	return f(ctx, object)
}

// crew finds a group of people of one capability.
type crew func(ctx context.Context, c *bot.Call, name string) (string, error)

// Crew is what a capability calls a group of people that whoever calls may change. ErrNoSuch: there is none of that name.
func (b *Bot) Crew(ctx context.Context, c *bot.Call, name string) (string, error) {
	for _, find := range b.crews {
		group, err := find(ctx, c, name)
		if !errors.Is(err, bot.ErrNoSuch) {
			return group, err
		}
	}
	return "", bot.ErrNoSuch
}

// Does carries out an action for a person whom something else than an account proves, like a link that only they were
// sent. It goes through the one door, by an account of theirs. via says in the audit log what proved them.
func (b *Bot) Does(ctx context.Context, who bot.PersonID, a bot.Action, key, via string) bot.Reply {
	people, err := b.store.PeopleNamed(ctx, string(who))
	if err != nil {
		b.logOurs(err, a.Command)
		return b.explain(err, nil)
	}
	k := slices.IndexFunc(people, func(p bot.Person) bool { return p.ID == who && len(p.Accounts) > 0 })
	if k < 0 {
		return b.explain(bot.Errorf(
			bot.Forbidden, "Watchbell knows no account of %s any more. Ask an administrator.", who,
		), nil)
	}
	args := a.Args
	if args == nil {
		args = map[string]string{}
	}
	return b.Receive(ctx, bot.Request{
		Key: key, From: b.acting(people[k].Accounts), Via: via, Shortcut: a.Command, Args: args, NoForms: true,
	})
}

// acting is the account by which somebody acts who was proved otherwise: one of a platform that is there, so that it can
// say whether they are still a member.
func (b *Bot) acting(accounts []bot.Account) bot.Account {
	for _, a := range accounts {
		if _, err := b.platform(a.Platform); err == nil {
			return a
		}
	}
	return accounts[0]
}
