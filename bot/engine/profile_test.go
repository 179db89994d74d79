package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// known is a platform that knows who people are.
type known struct {
	*bottest.Recorder
	profiles map[string]bot.Profile
	err      error
}

func (k *known) Profile(_ context.Context, a bot.Account) (bot.Profile, error) {
	p, ok := k.profiles[a.User]
	if !ok && k.err == nil {
		return p, bot.ErrGone
	}
	p.Account = a
	return p, k.err
}

func TestWhoMayAct(t *testing.T) {
	platform := &known{Recorder: bottest.NewRecorder(), profiles: map[string]bot.Profile{
		"ana": {Name: "Ana Ruiz", Standing: bot.Member}, "dan": {Name: "Dan Weber", Standing: bot.Guest},
		"ben": {Name: "Ben Okafor", Standing: bot.Gone},
		"fay": {Name: "Fay Lin", Standing: bot.Member, Zone: time.FixedZone("X", 3600)},
		"gil": {Name: "Gil Roth", Standing: bot.Guest},
	}}
	grants := bot.Grants{"responder": {"thing.*"}, "guest": {"thing.see"}, "incident-lead": {"thing.*"}}
	w := storagetest.Install(t, sqlite(t), engine.Options{Grants: grants}, platform)
	say := func(word string) bot.Handler {
		return func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			return bot.Answer(bot.Say(word + " by " + string(c.Person.ID))), nil
		}
	}
	w.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{
			Name: "thing.see", Permission: "thing.see", Summary: "see it", Example: "/thing see", Reads: true,
			Handle: say("seen"),
		},
		{Name: "thing.do", Permission: "thing.do", Summary: "do it", Example: "/thing do", Handle: say("done")},
	}})
	for _, c := range []struct{ who, text, want string }{
		{"ana", "/thing do", "done by ana"},
		{"dan", "/thing do", "You may not do this"}, // a responder in the configuration, a guest in the workspace
		{"dan", "/thing see", "seen by dan"},
		{"ben", "/thing do", "deactivated"},
		{"fay", "/thing do", "done by fay-lin"}, // nobody configured her
		{"gil", "/thing do", "You may not do this"},
		{"gil", "/thing see", "seen by gil-roth"},
		{"bot", "/thing see", "does not know the account"},
	} {
		w.Run(c.who+strings.TrimPrefix(c.text, "/thing"), func(t *testing.T) {
			r := w.Type(c.who, c.text)
			if got := r.Message.Plain(time.UTC); !strings.Contains(got, c.want) {
				t.Errorf("%s %s: %s", c.who, c.text, got)
			}
		})
	}
	platform.err = errors.New("the platform does not answer")
	for who, want := range map[string]string{"ana": "could not check who you are", "new": "may not have been recorded"} {
		w.Run(who, func(t *testing.T) {
			r := w.Type(who, "/thing do")
			if got := r.Message.Plain(time.UTC); r.Status != bot.Unready || !strings.Contains(got, want) {
				t.Errorf("%s while the platform does not answer: %s %s", who, r.Status, got)
			}
		})
	}
}

// stuck is a platform that never answers about people.
type stuck struct{ *bottest.Recorder }

func (stuck) Profile(ctx context.Context, a bot.Account) (bot.Profile, error) {
	<-ctx.Done()
	return bot.Profile{}, ctx.Err()
}

// A platform that hangs does not hold up what members may do without its answer.
func TestAPlatformThatHangs(t *testing.T) {
	grants := bot.Grants{"responder": {"thing.*"}}
	w := storagetest.Install(t, sqlite(t), engine.Options{Grants: grants}, stuck{bottest.NewRecorder()})
	w.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.do", Permission: "thing.do", InOutage: true, Summary: "do it", Example: "/thing do",
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("done")), nil }},
	}})
	member := bot.Profile{Account: w.Account("dan"), Standing: bot.Member}
	if err := w.Bot.Learn(t.Context(), []bot.Profile{member}, 23*time.Hour); err != nil {
		t.Fatal(err)
	}
	w.Do("dan", "/thing do")
}

// A form that could not be shown in time opens again as it was typed, with what changed meanwhile.
func TestAFormOpensAgain(t *testing.T) {
	grants := bot.Grants{"incident-lead": {"thing.*"}, "responder": {"thing.*"}}
	w := storagetest.Install(t, sqlite(t), engine.Options{Grants: grants})
	color := "red"
	w.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{
			Name: "thing.paint", Permission: "thing.paint", Title: "Paint it", Summary: "paint it", Example: "/thing paint",
			Params: []bot.Param{
				{Name: "why", Kind: bot.TextParam, Bare: true, Form: true}, {Name: "color", Kind: bot.TextParam, Form: true},
				{Name: "date", Kind: bot.TextParam, Form: true, Required: true},
			},
			Prefill: func(context.Context, *bot.Call) (map[string]string, error) {
				return map[string]string{"color": color}, nil
			},
			Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
				if err := c.Unchanged(map[string]string{"color": color}); err != nil {
					return bot.Reply{}, err
				}
				if c.Changed("color") {
					color = c.Text("color")
				}
				return bot.Answer(bot.Say("painted")), nil
			},
		},
	}})
	first := w.Type("ana", "/thing paint it is dull")
	color = "blue"
	again := w.Submit("ana", first.Form, nil)
	if again.Form == nil || again.Form.Inputs[0].Value != "it is dull" || again.Form.Inputs[1].Value != "blue" {
		t.Fatalf("%+v", again.Form)
	}
	other := w.Submit("dan", first.Form, nil)
	if other.Form != nil {
		t.Error("somebody else opened the form")
	}
	// A platform that cannot show an input does not send it either: it is left as it is.
	done := w.Submit("ana", first.Form, map[string]string{"date": "today"})
	if done.Status != bot.Done || color != "blue" {
		t.Errorf("%s, color %s", done.Status, color)
	}
	conflict := w.Submit("ana", first.Form, map[string]string{"date": "today", "color": "green"})
	if conflict.Form == nil || !conflict.Form.Inputs[1].Conflict {
		t.Errorf("%+v", conflict)
	}
}
