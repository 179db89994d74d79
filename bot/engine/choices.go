package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// Choices finds choices for an argument of a command by words that somebody types, before anything was done. Those
// whose name or value begins with the words come first. They are for people who may do the command: anybody else gets
// ErrNoSuch, and so does an argument without choices. It reads from the store only and asks no platform.
func (b *Bot) Choices(ctx context.Context, from bot.Account, command, param, words string) ([]bot.Option, error) {
	person, err := b.store.Identify(ctx, from)
	if err != nil {
		return nil, err
	}
	cmd, known := b.tree.Command(command)
	if !known || !b.grants.Allow(person, cmd.Permission) {
		return nil, bot.ErrNoSuch
	}
	switch p := cmd.Param(param); {
	case p == nil:
		return nil, bot.ErrNoSuch
	case p.Kind == bot.PersonParam:
		return b.colleagues(ctx, words)
	case p.Options == nil:
		return nil, bot.ErrNoSuch
	default:
		return find(b.looking(ctx, person), p, words)
	}
}

// colleagues are people by their names and ids.
func (b *Bot) colleagues(ctx context.Context, words string) ([]bot.Option, error) {
	people, err := b.store.People(ctx)
	if err != nil {
		return nil, err
	}
	var all []bot.Option
	for _, p := range people {
		if p.Active {
			all = append(all, bot.Option{Value: "@" + string(p.ID), Label: p.Name})
		}
	}
	found := ask.Matching(all, words)
	return found[:min(len(found), ask.MaxFound)], nil
}

// Verbs finds the verbs of a noun that somebody may use, by words that they type: part of a verb, of another name for
// it, or of what it does. The label of each is the Entry of its command. Verbs that take the thing a place belongs to
// come first, like those of an incident in its channel. It reads from the store only and asks no platform.
func (b *Bot) Verbs(
	ctx context.Context, from bot.Account, place bot.Conversation, noun, words string,
) ([]bot.Option, error) {
	person, err := b.store.Identify(ctx, from)
	if err != nil {
		return nil, err
	}
	here, err := b.prefixAt(ctx, place)
	if err != nil {
		return nil, err
	}
	order := b.order(noun)
	var list []*bot.Command
	for _, c := range b.tree.Commands() {
		if (c.Noun() == noun || c.Under == noun) && b.grants.Allow(person, c.Permission) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(x, y *bot.Command) int {
		return cmp.Or(takes(y, here)-takes(x, here), order(x)-order(y))
	})
	return named(list, words), nil
}

// named are the commands that have the words: at the beginning of a name first, then anywhere.
func named(list []*bot.Command, words string) []bot.Option {
	words = strings.ToLower(strings.TrimSpace(words))
	begins := func(name string) bool { return strings.HasPrefix(strings.ToLower(name), words) }
	var first, others []bot.Option
	for _, c := range list {
		o := bot.Option{Value: c.Verb(), Label: c.Entry()}
		if c.Under != "" {
			o.Value = c.Behind()
		}
		switch {
		case begins(o.Value), slices.ContainsFunc(c.Aliases, begins):
			first = append(first, o)
		case strings.Contains(strings.ToLower(o.Label), words):
			others = append(others, o)
		}
	}
	return append(first, others...)
}

// prefixAt is the prefix of the id of what a place belongs to, "" where it belongs to nothing.
func (b *Bot) prefixAt(ctx context.Context, place bot.Conversation) (string, error) {
	if place.Channel == "" {
		return "", nil
	}
	object, err := b.store.ObjectAt(ctx, place)
	if errors.Is(err, bot.ErrNoSuch) {
		return "", nil
	}
	prefix, _, _ := strings.Cut(object, "-")
	return prefix, err
}

// takes is 1 for a command that takes things with ids of this prefix, 0 for any other.
func takes(c *bot.Command, prefix string) int {
	if prefix != "" && slices.ContainsFunc(c.Params, func(p bot.Param) bool {
		return p.Kind == bot.RefParam && !p.Hidden && p.Prefix == prefix
	}) {
		return 1
	}
	return 0
}

// order tells the order in which people need the verbs of a noun, which is that of its help.
func (b *Bot) order(noun string) func(*bot.Command) int {
	var verbs []string
	for _, n := range b.tree.Nouns() {
		for _, g := range n.Groups {
			if n.Name == noun {
				verbs = append(verbs, g.Verbs...)
			}
		}
	}
	return func(c *bot.Command) int {
		if i := slices.Index(verbs, c.Verb()); i >= 0 {
			return i
		}
		return len(verbs)
	}
}

// Completions suggests like Complete how typed text could go on, of the commands that somebody may use. It reads from
// the store only and asks no platform.
func (b *Bot) Completions(ctx context.Context, from bot.Account, text string) ([]ask.Suggestion, error) {
	person, err := b.store.Identify(ctx, from)
	if err != nil {
		return nil, err
	}
	theirs := b.binder
	theirs.Tree = b.tree.Part(func(c *bot.Command) bool { return b.grants.Allow(person, c.Permission) })
	return theirs.Complete(b.looking(ctx, person), text), nil
}
