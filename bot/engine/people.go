package engine

import (
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
)

// sealPeople gives every mention in m the person's name and account on the platform. It returns a copy.
func (b *Bot) sealPeople(ctx context.Context, m bot.Message, platform string) (bot.Message, error) {
	if !bot.MentionsAnyone(m) {
		return m, nil
	}
	name, err := b.namer(ctx, platform)
	if err != nil {
		return m, err
	}
	return m.Mapped(name), nil
}

// namer gives people in a text their names, and their accounts on a platform.
func (b *Bot) namer(ctx context.Context, platform string) (func(bot.Text) bot.Text, error) {
	people, err := b.store.People(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]bot.Person, len(people))
	for _, p := range people {
		byID[string(p.ID)] = p
	}
	return func(t bot.Text) bot.Text {
		t = slices.Clone(t)
		for i := range t {
			if p, ok := byID[t[i].Ref]; ok && t[i].Kind == bot.PersonSpan {
				t[i].Text = p.Name
				if a, ok := on(p, platform); ok {
					t[i].User = a.User
				}
			}
		}
		return t
	}, nil
}
