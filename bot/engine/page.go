package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

// addViews panics on a page whose command does not fit: that is a fault of the program, to be seen at its first start.
func (b *Bot) addViews(list []bot.View) {
	for _, v := range list {
		c, ok := b.tree.Command(v.Command)
		taken := slices.ContainsFunc(b.views, func(o bot.View) bool { return o.Name == v.Name })
		if !ok || !c.Reads || v.Title == "" || taken {
			panic(
				fmt.Sprintf(
					"page %q: its command %q is missing or changes things, it has no title, or there are two", v.Name, v.Command,
				),
			)
		}
		b.views = append(b.views, v)
	}
}

// commandOf is the command of a page that was added.
func (b *Bot) commandOf(v bot.View) *bot.Command {
	c, _ := b.tree.Command(v.Command)
	return c
}

// Views are all pages, in the order of the capabilities.
func (b *Bot) Views() []bot.View { return b.views }

// ViewsOf are the pages that somebody may look at, within scopes where those are not nil. Nobody unknown may look at
// any.
func (b *Bot) ViewsOf(ctx context.Context, from bot.Account, scopes []string) ([]bot.View, error) {
	p, err := b.identify(ctx, from)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, nil
	}
	var list []bot.View
	for _, v := range b.views {
		permission := b.commandOf(v).Permission
		if b.grants.Allow(p, permission) && (scopes == nil || bot.Covers(scopes, permission)) {
			list = append(list, v)
		}
	}
	return list, err
}

// CommandsOf are the commands that somebody may give by a token, within its scopes. Nobody unknown may give any.
func (b *Bot) CommandsOf(ctx context.Context, from bot.Account, scopes []string) ([]*bot.Command, error) {
	p, err := b.identify(ctx, from)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, nil
	}
	var list []*bot.Command
	for _, c := range b.tree.Commands() {
		if !c.InPerson && b.grants.Allow(p, c.Permission) && bot.Covers(scopes, c.Permission) {
			list = append(list, c)
		}
	}
	return list, err
}

// Permissions are those that a token can be for.
func (b *Bot) Permissions() access.Permissions {
	var rights []string
	for _, granted := range b.grants {
		for _, p := range granted {
			if strings.Contains(p, ":") {
				rights = append(rights, p)
			}
		}
	}
	return access.PermissionsOf(b.tree.Commands(), rights)
}

// Home is what an account's owner sees first, ready for the account's platform.
func (b *Bot) Home(ctx context.Context, from bot.Account) ([]bot.Message, error) {
	person, err := b.identify(ctx, from)
	if errors.Is(err, bot.ErrNoSuch) {
		return []bot.Message{bot.Say("Watchbell does not know you. Ask an administrator to add you.")}, nil
	}
	if err != nil {
		return nil, err
	}
	var all []bot.Message
	for _, v := range b.views {
		if !v.Home || !b.grants.Allow(person, b.commandOf(v).Permission) {
			continue
		}
		messages, err := b.homeOf(ctx, person, from, v)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			m.Actions = b.allowed(person, m.Actions)
			if m, err = b.seal(ctx, m, from.Platform, from.Workspace); err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		all = append(all, bot.Say("There is nothing here that you may see. Ask an administrator for a role."))
	}
	return all, nil
}

// homeOf is one page on somebody's own.
func (b *Bot) homeOf(ctx context.Context, p bot.Person, from bot.Account, v bot.View) ([]bot.Message, error) {
	ctx = b.looking(ctx, p)
	if v.Mine != nil {
		return v.Mine(ctx, p)
	}
	call := &bot.Call{
		Request: bot.Request{From: from, Paged: true, NoForms: true}, Command: b.commandOf(v),
		Person: p, Now: b.clock.Now(), Zone: b.location(p), Raw: v.With(nil), Rights: b.grants,
	}
	if err := b.binder.Bind(ctx, call); err != nil {
		return nil, err
	}
	reply, err := call.Command.Handle(ctx, call)
	if err != nil || reply.Page == nil {
		return nil, err
	}
	return []bot.Message{reply.Page.InShort(bot.HomeRows)}, nil
}
