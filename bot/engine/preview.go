package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Preview is how a thing looks below a link to it, to everybody in a conversation. It is ErrNoSuch unless who shared
// the link and every reader may see the thing. An account that nobody knows is taken for a guest's.
func (b *Bot) Preview(ctx context.Context, id string, from bot.Account, readers []bot.Account) (bot.Message, error) {
	prefix, _, _ := strings.Cut(id, "-")
	p, known := b.previews[prefix]
	if !known {
		return bot.Message{}, bot.ErrNoSuch
	}
	person, err := b.identify(ctx, from)
	if err != nil {
		return bot.Message{}, err
	}
	if !b.grants.Allow(person, p.permission) {
		return bot.Message{}, bot.ErrNoSuch
	}
	for _, r := range readers {
		if err := b.mayRead(ctx, r, p.permission); err != nil {
			return bot.Message{}, err
		}
	}
	m, err := p.show(ctx, id)
	if err != nil {
		return bot.Message{}, err
	}
	m.Actions = nil // they are for where it is worked on
	return b.seal(ctx, m, from.Platform, from.Workspace)
}

func (b *Bot) mayRead(ctx context.Context, reader bot.Account, permission string) error {
	person, err := b.store.Identify(ctx, reader)
	if errors.Is(err, bot.ErrNoSuch) {
		person, err = bot.Person{Active: true, Roles: []string{guestRole}}, nil
	}
	if err == nil && !b.grants.Allow(person, permission) {
		err = bot.ErrNoSuch
	}
	return err
}

// preview is what one capability shows below links, and the permission it takes to see it.
type preview struct {
	permission string
	show       func(context.Context, string) (bot.Message, error)
}
