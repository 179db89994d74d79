package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

// some are people to look up.
type some []bot.Person

func (s some) People(context.Context) ([]bot.Person, error) { return s, nil }

func (s some) PeopleNamed(_ context.Context, name string) ([]bot.Person, error) {
	return slices.DeleteFunc(slices.Clone(s), func(p bot.Person) bool {
		return !strings.EqualFold(string(p.ID), name) && !strings.EqualFold(p.Name, name)
	}), nil
}

// Somebody is found as in chat: by their id, their name, or as much of it as only they have.
func TestWhoIsMeant(t *testing.T) {
	people := some{
		{ID: "ana", Name: "Ana Ruiz", Active: true}, {ID: "anatol", Name: "Anatol Berg", Active: true},
		{ID: "dan", Name: "Dan Weber", Active: true}, {ID: "dan-fox.discord", Name: "Dan Fox", Active: true},
		{ID: "eve", Name: "Eve Stone"}, {ID: "eve2", Name: "Eve Stone", Active: true}, {ID: "kim", Name: "Kim Lee"},
	}
	for _, c := range []struct{ name, said, want, refused string }{
		{"an id", "ana", "ana", ""}, {"with an at sign", "@ana", "ana", ""}, {"in capitals", "ANA", "ana", ""},
		{"a name", "Dan Weber", "dan", ""}, {"a family name", "weber", "dan", ""}, {"a part", "anat", "anatol", ""},
		{"a part of an id", "fox", "dan-fox.discord", ""},
		{"the name of two, one of them active", "Eve Stone", "eve2", ""},
		{"somebody who is deactivated, by the id", "kim", "kim", ""},
		{"a part of somebody who is deactivated", "lee", "", `--as: there is no active person "lee". Add people`},
		{
			"a part of several", "an", "",
			`--as: "an" may be several people: ana (Ana Ruiz), anatol (Anatol Berg). Write one of the ids, like --as @ana`,
		},
		{"not the middle of a word", "ruizz", "", "there is no active person"},
		{"a slip", "dsn", "", `--as: nobody is called "dsn". Did you mean dan?`},
		{"nothing", " ", "", "there is no active person"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := meant(t.Context(), people, "--as", c.said)
			if string(p.ID) != c.want || (err == nil) != (c.refused == "") ||
				err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%q, %v", p.ID, err)
			}
		})
	}
}

// Names work at the terminal, and the same person by another name is the same person: a key counts once.
func TestActingByAName(t *testing.T) {
	dir := demoFolder(t)
	do := func(who, line string, more ...string) result {
		return runCLI(t, append([]string{"do", "--data", dir, "--as", who, line}, more...)...)
	}
	if r := do("Weber", "/incident declare Checkout returns 502 sev2", "--key", "k"); r.code != exitDone {
		t.Fatalf("%+v", r)
	}
	if r := do("@dan", "/incident declare Checkout returns 502 sev2", "--key", "k"); !strings.Contains(r.out, "INC-1") {
		t.Errorf("%+v", r)
	}
	if r := do("d", "/incident list"); r.code != exitUsage || !strings.Contains(r.err, "may be several people: dan") {
		t.Errorf("%+v", r)
	}
	r := runCLI(
		t, "token", "create", "--data", dir, "--name", "ci", "--as", "Deploy pipeline", "--scope", "change.gate",
	)
	if r.code != exitDone || !strings.Contains(r.err, "It acts as @deploy") {
		t.Errorf("%+v", r)
	}
}
