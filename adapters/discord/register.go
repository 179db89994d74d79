package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/rest"
)

// register gives each guild our commands, until that is done or ctx ends.
func (a *Adapter) register(ctx context.Context) {
	starting := "the commands are not registered in Discord yet"
	a.laidOut.Store(&starting)
	for pause := a.o.Retry; ; pause = min(2*pause, time.Minute) {
		err := a.registerAll(ctx)
		why := a.api.Redact(err)
		a.laidOut.Store(&why)
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.Error("commands are not registered in Discord", "error", why)
		if !rest.Pause(ctx, pause) {
			return
		}
		if _, err := a.directory.Renew(ctx); err != nil {
			a.log.Warn("Discord does not say who we are", "error", a.api.Redact(err))
		}
	}
}

func (a *Adapter) registerAll(ctx context.Context) error {
	self, err := a.directory.Whoami(ctx)
	if err != nil {
		return err
	}
	var failed []error // one guild does not keep the commands from the others
	for _, guild := range self.Guilds {
		if err := a.registerIn(ctx, self, guild); err != nil {
			failed = append(failed, fmt.Errorf("guild %s: %w", guild, err))
		}
	}
	return errors.Join(failed...)
}

// registerIn replaces the commands of a guild where they differ from ours, in one call, and reads them back: Discord
// takes all of them or none.
func (a *Adapter) registerIn(ctx context.Context, self *directory.Self, guild string) error {
	differs, err := a.differences(ctx, self, guild)
	if err != nil || len(differs) == 0 {
		return err
	}
	put := rest.Call{
		Method: "PUT", Route: "applications/%s/guilds/%s/commands", Args: []string{self.Application, guild},
		Body: a.o.Layout.Commands(),
	}
	if err := a.api.Do(ctx, put, nil); err != nil {
		return err
	}
	if differs, err = a.differences(ctx, self, guild); err == nil && len(differs) > 0 {
		err = fmt.Errorf("the commands that Discord shows are not those it was given: %s", strings.Join(differs, "; "))
	}
	if err == nil {
		a.log.Info("commands are registered in Discord", "guild", guild, "commands", len(a.o.Layout.Commands()))
	}
	return err
}

// differences are what a guild's commands lack, or have beside ours.
func (a *Adapter) differences(ctx context.Context, self *directory.Self, guild string) ([]string, error) {
	var there json.RawMessage
	get := rest.Call{
		Method: "GET", Route: "applications/%s/guilds/%s/commands", Args: []string{self.Application, guild},
	}
	if err := a.api.Do(ctx, get, &there); err != nil {
		return nil, err
	}
	return a.o.Layout.Differs(there), nil
}
