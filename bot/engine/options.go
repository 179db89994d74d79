package engine

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// Options finds choices for one input of an open form by words that somebody types. Those whose name or value begins
// with the words come first. Only whose form it is gets any, and only where the form asks for a choice: anybody else
// gets ErrNoSuch.
func (b *Bot) Options(ctx context.Context, from bot.Account, token, input, words string) ([]bot.Option, error) {
	person, err := b.identify(ctx, from)
	if err != nil {
		return nil, err
	}
	p, err := b.inputOf(ctx, person, token, input)
	if err != nil {
		return nil, err
	}
	return find(b.looking(ctx, person), p, words)
}

// find finds the options of a parameter that have the words.
func find(ctx context.Context, p *bot.Param, words string) ([]bot.Option, error) {
	all, err := p.Options(ctx)
	if err != nil {
		return nil, err
	}
	found := ask.Matching(all, words)
	// older than what is listed
	if id, err := ask.ReadRef(p, words); p.Kind == bot.RefParam && err == nil && len(found) == 0 {
		found = []bot.Option{{Value: id.(string), Label: id.(string)}}
	}
	return found[:min(len(found), ask.MaxFound)], nil
}

// inputOf finds the parameter that an input of somebody's open form asks for.
func (b *Bot) inputOf(ctx context.Context, person bot.Person, token, input string) (*bot.Param, error) {
	ref, err := b.store.Ref(ctx, token)
	if err != nil {
		return nil, err
	}
	cmd, known := b.tree.Command(ref.Command)
	if !known || !ref.Open || ref.Person != person.ID || ref.Expires.Before(b.clock.Now()) ||
		!b.grants.Allow(person, cmd.Permission) {
		return nil, bot.ErrNoSuch
	}
	p := cmd.Param(input)
	if p == nil || p.Options == nil || p.Hidden {
		return nil, bot.ErrNoSuch
	}
	return p, nil
}
