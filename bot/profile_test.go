package bot_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	store := storagetest.WithPeople(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), "test")
	b := bot.New(bot.Options{Store: store, Clock: bottest.NewClock(), Grants: bot.Grants{"responder": {"thing.*"}, "guest": {"thing.see"}, "incident-lead": {"thing.*"}}})
	platform := &known{Recorder: bottest.NewRecorder(), profiles: map[string]bot.Profile{
		"ana": {Name: "Ana Ruiz", Standing: bot.Member}, "dan": {Name: "Dan Weber", Standing: bot.Guest}, "ben": {Name: "Ben Okafor", Standing: bot.Gone},
		"fay": {Name: "Fay Lin", Standing: bot.Member, Zone: time.FixedZone("X", 3600)}, "gil": {Name: "Gil Roth", Standing: bot.Guest},
	}}
	b.Attach(platform)
	say := func(word string) bot.Handler {
		return func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			return bot.Answer(bot.Say(word + " by " + string(c.Person.ID))), nil
		}
	}
	b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.see", Permission: "thing.see", Summary: "see it", Example: "/thing see", Reads: true, Handle: say("seen")},
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
		r := b.Receive(context.Background(), bot.Request{From: bot.Account{Platform: "test", User: c.who}, Text: c.text})
		if got := r.Message.Plain(time.UTC); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %s", c.who, c.text, got)
		}
	}
	platform.err = errors.New("the platform does not answer")
	for who, want := range map[string]string{"ana": "could not check who you are", "new": "may not have been recorded"} {
		r := b.Receive(context.Background(), bot.Request{From: bot.Account{Platform: "test", User: who}, Text: "/thing do"})
		if got := r.Message.Plain(time.UTC); r.Status != bot.Unready || !strings.Contains(got, want) {
			t.Errorf("%s while the platform does not answer: %s %s", who, r.Status, got)
		}
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
	store := storagetest.WithPeople(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), "test")
	b := bot.New(bot.Options{Store: store, Clock: bottest.NewClock(), Grants: bot.Grants{"responder": {"thing.*"}}})
	b.Attach(stuck{bottest.NewRecorder()})
	b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.do", Permission: "thing.do", InOutage: true, Summary: "do it", Example: "/thing do",
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("done")), nil }},
	}})
	dan := bot.Account{Platform: "test", User: "dan"}
	if err := b.Learn(t.Context(), []bot.Profile{{Account: dan, Standing: bot.Member}}, 23*time.Hour); err != nil {
		t.Fatal(err)
	}
	if r := b.Receive(t.Context(), bot.Request{From: dan, Text: "/thing do"}); r.Status != bot.Done {
		t.Errorf("%s %v", r.Status, r.Message)
	}
}

// A form that could not be shown in time opens again as it was typed, with what changed meanwhile.
func TestAFormOpensAgain(t *testing.T) {
	store := storagetest.WithPeople(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"), "test")
	b := bot.New(bot.Options{Store: store, Clock: bottest.NewClock(), Grants: bot.Grants{"incident-lead": {"thing.*"}, "responder": {"thing.*"}}})
	color := "red"
	b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.paint", Permission: "thing.paint", Title: "Paint it", Summary: "paint it", Example: "/thing paint", Params: []bot.Param{
			{Name: "why", Kind: bot.TextParam, Bare: true, Form: true}, {Name: "color", Kind: bot.TextParam, Form: true}, {Name: "date", Kind: bot.TextParam, Form: true, Required: true},
		}, Prefill: func(context.Context, *bot.Call) (map[string]string, error) {
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
			}},
	}})
	ana := bot.Account{Platform: "test", User: "ana"}
	first := b.Receive(context.Background(), bot.Request{From: ana, Text: "/thing paint it is dull"})
	color = "blue"
	again := b.Receive(context.Background(), bot.Request{From: ana, Token: first.Form.Token})
	if again.Form == nil || again.Form.Inputs[0].Value != "it is dull" || again.Form.Inputs[1].Value != "blue" {
		t.Fatalf("%+v", again.Form)
	}
	other := b.Receive(context.Background(), bot.Request{From: bot.Account{Platform: "test", User: "dan"}, Token: first.Form.Token})
	if other.Form != nil {
		t.Error("somebody else opened the form")
	}
	// A platform that cannot show an input does not send it either: it is left as it is.
	done := b.Receive(context.Background(), bot.Request{From: ana, Token: first.Form.Token, Values: map[string]string{"date": "today"}})
	if done.Status != bot.Done || color != "blue" {
		t.Errorf("%s, color %s", done.Status, color)
	}
	conflict := b.Receive(context.Background(), bot.Request{From: ana, Token: first.Form.Token, Values: map[string]string{"date": "today", "color": "green"}})
	if conflict.Form == nil || !conflict.Form.Inputs[1].Conflict {
		t.Errorf("%+v", conflict)
	}
}
