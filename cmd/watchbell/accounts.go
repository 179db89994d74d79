package main

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/account"
)

// accountOptions connect people's accounts with what their owners have a part in.
func (a *app) accountOptions() account.Options {
	return account.Options{
		Secret: a.store.Secret,
		Parts: func(ctx context.Context, who bot.PersonID) ([]account.Part, error) {
			parts, err := a.changes.Parts(ctx, who)
			list := make([]account.Part, len(parts))
			for n, p := range parts {
				list[n] = account.Part(p)
			}
			return list, err
		},
		Left: a.incidents.FreeRoles, Log: a.log,
	}
}
