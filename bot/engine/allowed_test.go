package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// What somebody may not do is not offered to them: in answers, in help and on their own page.
func TestNobodyIsOfferedWhatTheyMayNotDo(t *testing.T) {
	grants := bot.Grants{"responder": {"thing.*"}, "guest": {"thing.list", "*.help"}}
	w := storagetest.Install(t, sqlite(t), engine.Options{Grants: grants})
	begin := bot.Action{Label: "Begin", Command: "thing.begin"}
	offers := bot.Message{
		Sections: []bot.Section{bot.Para("Nothing is open.")},
		Actions:  []bot.Action{begin, {Label: "See", Command: "thing.list"}},
	}
	see := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(offers), nil }
	mine := func(context.Context, bot.Person) ([]bot.Message, error) { return []bot.Message{offers}, nil }
	w.Bot.Use(bot.Capability{
		Noun: bot.Noun{Name: "thing", Summary: "for tests", Buttons: []bot.Action{begin}},
		Commands: []bot.Command{
			{Name: "thing.begin", Permission: "thing.begin", Summary: "begin it", Example: "/thing begin", Handle: see},
			{Name: "thing.list", Permission: "thing.list", Reads: true, Summary: "see it", Example: "/thing list", Handle: see},
		}, Pages: []bot.View{{Name: "things", Title: "Things", Command: "thing.list", Home: true, Mine: mine}},
	})
	for who, offered := range map[string]bool{"dan": true, "gus": false} {
		w.Run(who, func(t *testing.T) {
			home, err := w.Bot.Home(t.Context(), w.Account(who))
			if err != nil || len(home) != 1 {
				t.Fatal(home, err)
			}
			for where, m := range map[string]bot.Message{
				"their page": home[0],
				"an answer":  *w.Type(who, "/thing list").Message,
				"help":       *w.Type(who, "/thing help").Message,
			} {
				got := false
				for _, a := range m.Actions {
					got = got || a.Label == "Begin"
				}
				if got != offered {
					t.Errorf("%s: %s offers to begin: %v\n%s", who, where, got, m.Plain(time.UTC))
				}
			}
		})
	}
}
