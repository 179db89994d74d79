package ask_test

import (
	"context"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// crowd finds people as the storage does: by id, or by name without regard to case.
type crowd []bot.Person

func (c crowd) PeopleNamed(_ context.Context, name string) ([]bot.Person, error) {
	var found []bot.Person
	for _, p := range c {
		if string(p.ID) == strings.ToLower(name) || strings.EqualFold(p.Name, name) {
			found = append(found, p)
		}
	}
	return found, nil
}

func (c crowd) People(context.Context) ([]bot.Person, error) { return c, nil }

func (c crowd) ObjectAt(context.Context, bot.Conversation) (string, error) { return "", bot.ErrNoSuch }

func TestPeopleOfOneName(t *testing.T) {
	people := crowd{
		{ID: "ana", Name: "Ana Silva", Active: true},
		{ID: "ana-silva.discord", Name: "Ana Silva"},
		{ID: "dan", Name: "Dan Weber", Active: true},
		{ID: "dan-2", Name: "Dan Weber", Active: true},
		{ID: "dan-3", Name: "Dan Weber"},
		{ID: "eve", Name: "Eve Lind"},
		{ID: "eve-2", Name: "Eve Lind"},
		{ID: "gus", Name: "Gus Ek"},
	}
	b := &ask.Binder{Store: people}
	for _, c := range []struct{ name, typed, want, refused string }{
		{name: "one of them is active", typed: "Ana Silva", want: "ana"},
		{name: "the id of one who is not", typed: "@ana-silva.discord", want: "ana-silva.discord"},
		{
			name: "two are active", typed: "dan weber",
			refused: `several people are called "dan weber". Write one of @dan, @dan-2.`,
		},
		{name: "the id of one of three", typed: "@dan-3", want: "dan-3"},
		{name: "none is active", typed: "Eve Lind", refused: "Write one of @eve, @eve-2."},
		{name: "the only one is not active", typed: "Gus Ek", want: "gus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := &bot.Call{
				Command: &bot.Command{Params: []bot.Param{{Name: "person", Label: "Person", Kind: bot.PersonParam}}},
				Raw:     map[string]string{"person": c.typed},
			}
			err := b.Bind(t.Context(), call)
			switch {
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("%v, want a refusal with %q", err, c.refused)
			case c.refused == "" && (err != nil || string(call.Who("person").ID) != c.want):
				t.Errorf("%s, %v; want %s", call.Who("person").ID, err, c.want)
			}
		})
	}
}
