package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/register/contract"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/risk"
	"github.com/watchbell/watchbell/commands/register/service"
	"github.com/watchbell/watchbell/commands/register/vendor"
)

// keeps is a register, by its noun.
type keeps struct {
	noun string
	on   func(*desk.Desk) bot.Capability
}

// registers are all that there are. Adding one is a line here.
var registers = []keeps{
	{vendor.Kind.Noun, vendor.New},
	{contract.Kind.Noun, contract.New},
	{risk.Kind.Noun, risk.New},
}

// useRegisters adds those that the configuration has switched on.
func (a *app) useRegisters() error {
	if err := knownRegisters(a.config); err != nil {
		return err
	}
	a.desk.SendBy(a.bot)
	a.bot.Use(a.desk.Capability())
	if isOn(a.config, service.Noun) {
		for _, c := range a.services.Capabilities() {
			a.bot.Use(c)
		}
	}
	useRegisters(a.bot, a.desk, a.config)
	return nil
}

// useRegisters adds those that keep nothing for others.
func useRegisters(b *engine.Bot, d *desk.Desk, f *config.File) {
	for _, r := range registers {
		if isOn(f, r.noun) {
			b.Use(r.on(d))
		}
	}
}

func isOn(f *config.File, noun string) bool {
	return f.Registers == nil || slices.Contains(f.Registers, noun)
}

func (a *app) deskOptions(clock bot.Clock) desk.Options {
	return desk.Options{
		People: a.store.People, Title: a.titleOf, State: a.stateOf, Incident: a.incidentOf, Clock: clock, Zone: a.config.Zone,
	}
}

func registerNouns() []string {
	nouns := []string{service.Noun}
	for _, r := range registers {
		nouns = append(nouns, r.noun)
	}
	return nouns
}

func knownRegisters(f *config.File) error {
	nouns := registerNouns()
	for _, name := range f.Registers {
		if !slices.Contains(nouns, name) {
			return fmt.Errorf("registers: there is no register %q; there are %s", name, strings.Join(nouns, ", "))
		}
	}
	return nil
}

// titleOf is what an incident or a change is called, to everybody. What only some may read is not there.
func (a *app) titleOf(ctx context.Context, id string) (string, error) {
	title, _, err := a.outside(ctx, id)
	return title, err
}

// stateOf is what state it is in. A change that is closed is so only where it went well.
func (a *app) stateOf(ctx context.Context, id string) (string, error) {
	_, state, err := a.outside(ctx, id)
	return state, err
}

// incidentOf is what registers need to know of an incident.
func (a *app) incidentOf(ctx context.Context, id string) (desk.Incident, error) {
	if !strings.HasPrefix(id, "INC-") {
		return desk.Incident{}, bot.ErrNoSuch
	}
	i, err := a.store.Incidents().Get(ctx, id)
	if err != nil {
		return desk.Incident{}, err
	}
	_, err = a.titleOf(ctx, id)
	open := err == nil
	if errors.Is(err, bot.ErrNoSuch) {
		err = nil
	}
	return desk.Incident{
		Services: i.Services, Severity: i.Severity.Label(), Grave: i.Grave(), Lost: i.Lost(a.desk.Now()),
		Resolved: i.Times.Resolved, Open: open,
	}, err
}

func (a *app) outside(ctx context.Context, id string) (title, state string, err error) {
	var about []string
	switch prefix, _, _ := strings.Cut(id, "-"); prefix {
	case "INC":
		i, err := a.store.Incidents().Get(ctx, id)
		if err != nil {
			return "", "", err
		}
		title, state, about = i.Title, string(i.State), i.Services
	case "CHG":
		c, err := a.store.Changes().Get(ctx, id)
		if err != nil || c.State == change.Draft {
			return "", "", errors.Join(err, bot.ErrNoSuch)
		}
		title, state, about = c.Title, string(c.State), c.Services
		if c.State == change.Closed && c.Outcome != policy.Success && c.Outcome != policy.WithIssues {
			state = c.Outcome.Label()
		}
	default:
		return "", "", bot.ErrNoSuch
	}
	all, err := a.services.Services(ctx)
	if err != nil {
		return "", "", err
	}
	if !bot.Restrictions(all).Include(bot.Reader{}, bot.Audience{Services: about}) {
		return "", "", bot.ErrNoSuch
	}
	return title, state, nil
}
