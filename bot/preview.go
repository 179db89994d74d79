package bot

import (
	"context"
	"errors"
	"strings"
)

// Preview is how a thing looks below a link to it, to everybody in a conversation. It is ErrNoSuch unless who shared the link and every reader may
// see the thing. An account that nobody knows is taken for a guest's.
func (b *Bot) Preview(ctx context.Context, id string, from Account, readers []Account) (Message, error) {
	prefix, _, _ := strings.Cut(id, "-")
	p, known := b.previews[prefix]
	if !known {
		return Message{}, ErrNoSuch
	}
	person, err := b.identify(ctx, from)
	if err != nil {
		return Message{}, err
	}
	if !b.grants.Allow(person, p.permission) {
		return Message{}, ErrNoSuch
	}
	for _, r := range readers {
		if err := b.mayRead(ctx, r, p.permission); err != nil {
			return Message{}, err
		}
	}
	m, err := p.show(ctx, id)
	if err != nil {
		return Message{}, err
	}
	m.Actions = nil // they are for where it is worked on
	return b.seal(ctx, m, from.Platform, from.Workspace)
}

func (b *Bot) mayRead(ctx context.Context, reader Account, permission string) error {
	person, err := b.store.Identify(ctx, reader)
	if errors.Is(err, ErrNoSuch) {
		person, err = Person{Active: true, Roles: []string{guestRole}}, nil
	}
	if err == nil && !b.grants.Allow(person, permission) {
		err = ErrNoSuch
	}
	return err
}

// preview is what one capability shows below links, and the permission it takes to see it.
type preview struct {
	permission string
	show       func(context.Context, string) (Message, error)
}
