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
		if !ok || !c.Reads || v.Title == "" || taken || !b.shows(v.One) {
			panic(
				fmt.Sprintf(
					"page %q: its command %q or one of its things is missing or changes things, it has no title, or there are two",
					v.Name, v.Command,
				),
			)
		}
		b.views = append(b.views, v)
	}
}

// shows reports whether all commands of a thing's page are there and change nothing.
func (b *Bot) shows(one *bot.One) bool {
	if one == nil {
		return true
	}
	names := []string{one.Command}
	for _, t := range one.Tabs {
		names = append(names, t.Command)
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		c, ok := b.tree.Command(name)
		return !ok || !c.Reads || c.Param(one.Arg) == nil
	})
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

// Board is the console's Home for an account's owner: what capabilities put there of the pages that the owner may look
// at, ready for the account's platform.
func (b *Bot) Board(ctx context.Context, from bot.Account) ([]bot.Panel, error) {
	return b.panels(ctx, from, func(ctx context.Context, v bot.View, p bot.Person) ([]bot.Panel, error) {
		if v.Board == nil {
			return nil, nil
		}
		return v.Board(ctx, p)
	})
}

// Watched are the panels that are in sight on every page of the console.
func (b *Bot) Watched(ctx context.Context, from bot.Account) ([]bot.Panel, error) {
	return b.panels(ctx, from, func(ctx context.Context, v bot.View, p bot.Person) ([]bot.Panel, error) {
		if v.Watch == nil {
			return nil, nil
		}
		panel, err := v.Watch(ctx, p)
		return []bot.Panel{panel}, err
	})
}

func (b *Bot) panels(
	ctx context.Context, from bot.Account, of func(context.Context, bot.View, bot.Person) ([]bot.Panel, error),
) ([]bot.Panel, error) {
	person, err := b.identify(ctx, from)
	if err != nil {
		return nil, err
	}
	looking := b.looking(ctx, person)
	var all []bot.Panel
	for _, v := range b.views {
		if !b.grants.Allow(person, b.commandOf(v).Permission) {
			continue
		}
		panels, err := of(looking, v, person)
		if err != nil {
			return nil, fmt.Errorf("panels of %s: %w", v.Name, err)
		}
		all = append(all, panels...)
	}
	name, err := b.namer(ctx, from.Platform)
	if err != nil {
		return nil, err
	}
	page := b.permitted(person, bot.Page{Panels: bot.Merge(all)}).Mapped(name)
	page, err = b.sealActions(ctx, page, bot.Request{From: from})
	return page.Panels, err
}

// Answered is what somebody was told about an action that was carried out: nil when there was none of that key, or
// nothing is kept of it.
func (b *Bot) Answered(ctx context.Context, key string) (*bot.Reply, error) {
	return b.store.Answered(ctx, key)
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
