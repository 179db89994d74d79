package ask

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
)

// umbrella is a tree whose noun /ops has commands of two capabilities.
func umbrella() *Tree {
	var t Tree
	command := func(name string, params ...bot.Param) bot.Command {
		return bot.Command{
			Name: name, Permission: name, Summary: "do " + name, Example: "/ops", Params: params,
			Spaced: name == "ops.me-link" || name == "ops.contract-add",
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil },
		}
	}
	ops := bot.Noun{
		Name: "ops", Summary: "everything else", Groups: []bot.Group{{Title: "You", Verbs: []string{"me", "me-link"}}},
	}
	t.Add(ops, []bot.Command{
		command("ops.me"), command("ops.me-link", bot.Param{Name: "code", Kind: bot.TextParam, Bare: true, Max: 40}),
		t.HelpCommand(ops),
	})
	t.Add(bot.Noun{
		Name: "ops", Groups: []bot.Group{{Title: "Contracts", Verbs: []string{"contract-add"}}},
		Buttons: []bot.Action{{Label: "Add a contract", Command: "ops.contract-add"}},
	}, []bot.Command{
		command("ops.contract-add", bot.Param{Name: "name", Kind: bot.TextParam, Bare: true}),
		command("ops.verify", bot.Param{Name: "text", Kind: bot.TextParam, Bare: true}), command("ops.verify-card"),
	})
	return &t
}

// allowed is a call of somebody who may do everything.
func allowed(t *testing.T, tree *Tree, line string) *bot.Call {
	t.Helper()
	cmd, typed, err := tree.Parse(t.Context(), line)
	if err != nil {
		t.Fatal(err)
	}
	c := &bot.Call{
		Command: cmd, Raw: typed.Args, Person: bot.Person{Active: true, Roles: []string{"admin"}},
		Rights: bot.NewGrants(nil),
	}
	b := Binder{Tree: tree, Zone: time.UTC}
	if err := b.Bind(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestANounOfSeveralCapabilities(t *testing.T) {
	tree := umbrella()
	for _, c := range []struct{ line, command, text string }{
		{"/ops me", "ops.me", ""},
		{"/ops me link", "ops.me-link", ""},
		{"/ops ME Link 7KQ2-M9XD", "ops.me-link", "7KQ2-M9XD"},
		{"/ops  me   link 7KQ2 M9XD", "ops.me-link", "7KQ2 M9XD"},
		{"/ops me-link 7KQ2-M9XD", "ops.me-link", "7KQ2-M9XD"},
		{"/ops contract add Datadog", "ops.contract-add", "Datadog"},
		{"/ops verify card", "ops.verify", "card"}, // a hyphen is no space unless the command says so
		{"/ops verify-card", "ops.verify-card", ""},
		{"/ops", "ops.help", ""},
		{"/ops help", "ops.help", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			cmd, typed, err := tree.Parse(t.Context(), c.line)
			if err != nil || cmd.Name != c.command || typed.Args["code"]+typed.Args["name"]+typed.Args["text"] != c.text {
				t.Errorf("%+v %+v %v", cmd, typed, err)
			}
		})
	}
	if nouns := tree.Nouns(); len(nouns) != 1 || nouns[0].Summary != "everything else" || len(nouns[0].Groups) != 2 {
		t.Errorf("%+v", nouns)
	}
}

func TestTheHelpOfAnUmbrellaHasAllOfIt(t *testing.T) {
	tree := umbrella()
	for line, parts := range map[string][]string{
		"/ops":                   {"You", "/ops me link", "Contracts", "/ops contract add", "do ops.contract-add"},
		"/ops help":              {"/ops me link", "/ops contract add"},
		"/help ops":              {"/ops me link", "/ops contract add"},
		"/ops help me":           {"/ops me", "Do ops.me."},
		"/help ops me":           {"/ops me", "Do ops.me."},
		"/ops help me link":      {"/ops me link [<code>]", "Do ops.me-link."},
		"/help ops contract add": {"/ops contract add"},
	} {
		t.Run(line, func(t *testing.T) {
			c := allowed(t, tree, line)
			r, err := c.Command.Handle(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			said := r.Message.Plain(time.UTC)
			for _, part := range parts {
				if !strings.Contains(said, part) {
					t.Errorf("%q is missing in:\n%s", part, said)
				}
			}
			if a := r.Message.Actions; strings.HasSuffix(line, "ops") && (len(a) != 1 || a[0].Label != "Add a contract") {
				t.Errorf("buttons: %+v", a)
			}
		})
	}
}

func TestTheFirstOfTwoWordsAlone(t *testing.T) {
	tree := umbrella()
	for line, want := range map[string]string{
		"/ops contract":        "/ops contract needs one more word. There is: /ops contract add.",
		"/ops contract renew":  "/ops contract needs one more word. There is: /ops contract add.",
		"/ops me lnik":         "There is no /ops me lnik. Did you mean /ops me link? For all commands write /ops help.",
		"/ops mee":             "There is no /ops mee. Did you mean /ops me? For all commands write /ops help.",
		"/ops contracts add x": "There is no /ops contracts. For all commands write /ops help.",
	} {
		t.Run(line, func(t *testing.T) {
			if _, _, err := tree.Parse(t.Context(), line); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

func TestTwoWordsAreCompleted(t *testing.T) {
	b := Binder{Tree: umbrella(), Zone: time.UTC}
	for text, want := range map[string][]string{
		"/o":               {"/ops "},
		"/ops m":           {"/ops me ", "/ops me link "},
		"/ops me ":         {"/ops me link "},
		"/ops me l":        {"/ops me link "},
		"/ops contract":    {"/ops contract add "},
		"/ops me link ":    nil,
		"/ops me link 7KQ": nil,
	} {
		t.Run(text, func(t *testing.T) {
			var got []string
			for _, s := range b.Complete(t.Context(), text) {
				got = append(got, s.Text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestANounIsDescribedOnce(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), `noun "ops"`) {
			t.Errorf("a second summary was taken: %v", p)
		}
	}()
	umbrella().Add(bot.Noun{Name: "ops", Summary: "something else"}, nil)
}

// What stands under an umbrella is typed behind it, and alone where people type freely.
func TestNounsUnderAnUmbrella(t *testing.T) {
	var tree Tree
	handle := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil }
	name := bot.Param{Name: "name", Kind: bot.TextParam, Bare: true, Required: true}
	tree.Add(bot.Noun{Name: "ops", Summary: "what we run", Umbrella: true}, []bot.Command{{
		Name: "ops.me", Permission: "ops.me", Summary: "who you are", Example: "/ops me", Handle: handle,
	}})
	tree.Add(bot.Noun{Name: "ops", Default: "ops.show"}, []bot.Command{{
		Name: "ops.show", Permission: "ops.show", Summary: "show a thing", Example: "/ops show CTR-1", Handle: handle,
		Params: []bot.Param{{Name: "id", Kind: bot.TextParam, Bare: true, Match: regexp.MustCompile(`^[A-Z]{3}-\d+$`)}},
	}})
	contract := bot.Noun{Name: "contract", Summary: "what we signed", Under: "ops"}
	tree.Add(contract, []bot.Command{
		{
			Name: "contract.add", Permission: "contract.add", Summary: "add one", Example: "/ops contract add Lights",
			Params: []bot.Param{name}, Handle: handle,
		},
		tree.HelpCommand(contract),
	})
	for line, want := range map[string]string{
		"/ops contract add Lights": "contract.add", "/contract add Lights": "contract.add", "/ops me": "ops.me",
		"/ops contract": "contract.help", "/OPS Contract ADD Lights": "contract.add", "/ops CTR-7": "ops.show",
		"/ops\ncontract add Lights": "contract.add",
	} {
		c, _, err := tree.Parse(t.Context(), line)
		if err != nil || c.Name != want {
			t.Errorf("%q: %v %v", line, c, err)
		}
	}
	for line, want := range map[string]string{
		"/ops contrac add x": "There is no /ops contrac. Did you mean /ops contract?",
		"/ops contract ad x": "There is no /ops contract ad. Did you mean /ops contract add?",
	} {
		_, _, err := tree.Parse(t.Context(), line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
	if n := tree.Nouns(); len(n) != 1 {
		t.Errorf("slash commands: %v", n)
	}
	add, _ := tree.Command("contract.add")
	if add.Usage() != "/ops contract add <name>" || add.Behind() != "contract add" {
		t.Errorf("%s, %s", add.Usage(), add.Behind())
	}
	b := Binder{Tree: &tree}
	for text, want := range map[string]string{
		"/ops con": "/ops contract ", "/ops contract a": "/ops contract add ", "/contr": "/ops contract ",
	} {
		if s := b.Complete(t.Context(), text); len(s) != 1 || s[0].Text != want {
			t.Errorf("%q: %v", text, s)
		}
	}
}
