package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/contract"
	"github.com/watchbell/watchbell/commands/register/risk"
	"github.com/watchbell/watchbell/commands/register/vendor"
)

// keeps is a register, by its noun.
type keeps struct {
	noun string
	on   func(*app) []bot.Capability
}

func keep[T any, P register.Record[T]](k register.Kind[T]) keeps {
	return keeps{k.Noun, func(a *app) []bot.Capability { return []bot.Capability{register.New[T, P](a.desk, k)} }}
}

// registers are all that there are. Adding one is a line here.
var registers = []keeps{
	{"service", func(a *app) []bot.Capability { return a.services.Capabilities() }},
	keep(vendor.Kind),
	keep(contract.Kind),
	keep(risk.Kind),
}

// useRegisters adds those that the configuration has switched on.
func (a *app) useRegisters() error {
	if err := knownRegisters(a.config); err != nil {
		return err
	}
	a.bot.Use(a.desk.Capability())
	for _, r := range registers {
		if on := a.config.Registers; on != nil && !slices.Contains(on, r.noun) {
			continue
		}
		for _, c := range r.on(a) {
			a.bot.Use(c)
		}
	}
	return nil
}

func knownRegisters(f *config.File) error {
	var nouns []string
	for _, r := range registers {
		nouns = append(nouns, r.noun)
	}
	for _, name := range f.Registers {
		if !slices.Contains(nouns, name) {
			return fmt.Errorf("registers: there is no register %q; there are %s", name, strings.Join(nouns, ", "))
		}
	}
	return nil
}

// titleOf is what an incident or a change is called, to everybody. What only some may read is not there.
func (a *app) titleOf(ctx context.Context, id string) (string, error) {
	var title string
	var about []string
	switch prefix, _, _ := strings.Cut(id, "-"); prefix {
	case "INC":
		i, err := a.store.Incidents().Get(ctx, id)
		if err != nil {
			return "", err
		}
		title, about = i.Title, i.Services
	case "CHG":
		c, err := a.store.Changes().Get(ctx, id)
		if err != nil {
			return "", err
		}
		title, about = c.Title, c.Services
	default:
		return "", bot.ErrNoSuch
	}
	all, err := a.services.Services(ctx)
	if err != nil {
		return "", err
	}
	if !bot.Restrictions(all).Include(bot.Reader{}, bot.Audience{Services: about}) {
		return "", bot.ErrNoSuch
	}
	return title, nil
}
