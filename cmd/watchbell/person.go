package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// roster is what people are looked up in. *storage.Store has it.
type roster interface {
	PeopleNamed(ctx context.Context, name string) ([]bot.Person, error)
	People(ctx context.Context) ([]bot.Person, error)
}

// meant is the person that a flag names: by their id, by their name, or by the beginning of a word of either that only
// one active person has. The error lists the people when it may be several, and is a nobodyError when it is none.
func meant(ctx context.Context, d roster, flag, said string) (bot.Person, error) {
	name := value.Line(strings.TrimPrefix(said, "@"))
	found, err := d.PeopleNamed(ctx, name)
	if err != nil {
		return bot.Person{}, err
	}
	if i := slices.IndexFunc(found, func(p bot.Person) bool { return strings.EqualFold(string(p.ID), name) }); i >= 0 {
		return found[i], nil
	}
	people, err := d.People(ctx)
	if err != nil {
		return bot.Person{}, err
	}
	if found = bot.PreferActive(found); len(found) == 0 {
		for _, p := range people {
			if p.Active && beginsWord(name, p) {
				found = append(found, p)
			}
		}
	}
	switch len(found) {
	case 0:
		return bot.Person{}, nobodyError{nobody(flag, name, people)}
	case 1:
		return found[0], nil
	}
	var list []string
	for _, p := range found {
		list = append(list, string(p.ID)+" ("+p.Name+")")
	}
	return bot.Person{}, bot.Errorf(
		bot.Invalid, "%s: %q may be several people: %s. Write one of the ids, like %s %s", flag, bot.Shown(name),
		strings.Join(list, ", "), flag, found[0].ID,
	)
}

// beginsWord reports whether a word of somebody's id or name begins with a text.
func beginsWord(text string, p bot.Person) bool {
	text = " " + strings.ToLower(text)
	words := func(s string) string {
		return " " + strings.ToLower(strings.NewReplacer("-", " ", ".", " ").Replace(s))
	}
	return strings.TrimSpace(text) != "" &&
		(strings.Contains(words(string(p.ID)), text) || strings.Contains(words(p.Name), text))
}

// nobodyError is why a name is nobody's, for people.
type nobodyError struct{ error }

// Unwrap gives the sentence.
func (e nobodyError) Unwrap() error { return e.error }

func nobody(flag, name string, people []bot.Person) error {
	var ids []string
	for _, p := range people {
		if p.Active {
			ids = append(ids, string(p.ID))
		}
	}
	if near := value.Nearest(name, ids); near != "" {
		return bot.Errorf(bot.Invalid, "%s: nobody is called %q. Did you mean %s?", flag, bot.Shown(name), near)
	}
	return bot.Errorf(
		bot.Invalid, "%s: there is no active person %q. Add people to the configuration; the server reads it when it starts.",
		flag, bot.Shown(name),
	)
}

// acts is who acts at the terminal, and their account there. Somebody unknown has an account too: the bot refuses it
// and keeps a record of that.
func (a *app) acts(ctx context.Context, as string) (bot.Person, bot.Account, error) {
	p, err := meant(ctx, a.store, "--as", as)
	var none nobodyError
	if errors.As(err, &none) {
		p, err = bot.Person{ID: bot.PersonID(strings.TrimPrefix(as, "@"))}, nil
	}
	return p, bot.Account{Platform: cliPlatform, User: string(p.ID)}, err
}
