package ask

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

func testTree() *Tree {
	noop := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil }
	sev := func(context.Context) ([]bot.Option, error) {
		return []bot.Option{{Value: "sev1", Label: "SEV1"}, {Value: "sev2", Label: "SEV2"}}, nil
	}
	id := bot.Param{Name: "incident", Kind: bot.RefParam, Bare: true, Required: true, Prefix: "INC"}
	title := bot.Param{Name: "title", Kind: bot.TextParam, Bare: true, Required: true}
	severity := bot.Param{
		Name: "severity", Aliases: []string{"sev"}, Kind: bot.ChoiceParam, Bare: true, Options: sev,
		Match: regexp.MustCompile(`(?i)^sev-?\d+$`),
	}
	why := bot.Param{Name: "why", Kind: bot.TextParam, Bare: true}
	required := severity
	required.Required = true
	cmd := func(verb string, params ...bot.Param) bot.Command {
		return bot.Command{
			Name: "incident." + verb, Permission: "incident." + verb, Summary: "s", Example: "/incident " + verb,
			Params: params, Handle: noop,
		}
	}
	var t Tree
	t.Add(bot.Noun{Name: "incident", Aliases: []string{"inc"}, Default: "incident.declare"}, []bot.Command{
		cmd(
			"declare", title, severity, bot.Param{Name: "service", Kind: bot.ChoiceParam, Many: true, Options: sev},
			bot.Param{
				Name: "anyway", Kind: bot.FlagParam, Hidden: true,
			},
		),
		cmd("show", id),
		cmd("sev", id, required, why),
		cmd("role", id, bot.Param{Name: "role", Kind: bot.ChoiceParam, Bare: true, Required: true, Options: sev}, bot.Param{
			Name: "person", Kind: bot.PersonParam, Bare: true,
		}),
		cmd("lead", id, bot.Param{Name: "person", Kind: bot.PersonParam, Bare: true}),
		cmd("note", id, bot.Param{Name: "text", Kind: bot.TextParam, Bare: true, Required: true}, bot.Param{
			Name: "at", Kind: bot.TimeParam, Word: "at",
		}),
		cmd("task", id, bot.Param{Name: "text", Kind: bot.TextParam, Bare: true, Required: true}, bot.Param{
			Name: "person", Kind: bot.PersonParam, Bare: true,
		}, bot.Param{Name: "due", Kind: bot.TimeParam, Word: "due", Toward: value.Future}),
		cmd("done", id, bot.Param{Name: "number", Kind: bot.NumberParam, Bare: true, Required: true}),
		cmd("help"),
	})
	return &t
}

func TestParse(t *testing.T) {
	tree := testTree()
	type args = map[string]string
	for _, c := range []struct {
		text, command string
		want          args
	}{
		{"/incident declare Checkout returns 502 sev2", "declare", args{"title": "Checkout returns 502", "severity": "sev2"}},
		{"/inc DECLARE SEV1 Checkout is down", "declare", args{"title": "Checkout is down", "severity": "SEV1"}},
		{"/incident sev1 Checkout is down", "declare", args{"title": "Checkout is down", "severity": "sev1"}},
		{
			"/incident declare Checkout service:web down service=pay", "declare",
			args{"title": "Checkout service:web down", "service": "pay"},
		},
		{
			"/incident declare Checkout down service:web service=pay", "declare",
			args{"title": "Checkout down", "service": "pay,web"},
		},
		{`/incident declare "sev1 drill" is on`, "declare", args{"title": `"sev1 drill" is on`}},
		{`/incident declare title="a \"b\" c" sev=2`, "declare", args{"title": `a "b" c`, "severity": "2"}},
		{`/incident declare it's "half open`, "declare", args{"title": `it's "half open`}},
		{
			"/incident declare see https://x.example/?a=b anyway", "declare",
			args{"title": "see https://x.example/?a=b anyway"},
		},
		{"/incident show INC-4", "show", args{"incident": "INC-4"}},
		{"/incident show 4", "show", args{"incident": "4"}},
		{"/incident show 1e3", "show", args{"incident": "1e3"}},
		{"/incident sev 2 only one region", "sev", args{"severity": "2", "why": "only one region"}},
		{"/incident sev INC-3 sev1", "sev", args{"incident": "INC-3", "severity": "sev1"}},
		{"/incident role comms @ana", "role", args{"role": "comms", "person": "@ana"}},
		{"/incident lead me", "lead", args{"person": "me"}},
		{"/incident lead me INC-2", "lead", args{"incident": "INC-2", "person": "me"}},
		{"/incident lead INC-2 @ana", "lead", args{"incident": "INC-2", "person": "@ana"}},
		{"/incident note rolled back web at 14:05", "note", args{"text": "rolled back web", "at": "14:05"}},
		{"/incident note looked at 5 servers", "note", args{"text": "looked at 5 servers"}},
		{"/incident note see INC-9 too", "note", args{"text": "see INC-9 too"}},
		{"/incident note rolled back at 25:00", "note", args{"text": "rolled back", "at": "25:00"}},
		{"/incident note rolled back at tomorrowish", "note", args{"text": "rolled back", "at": "tomorrowish"}},
		{
			"/incident note rolled back at 14:00 ../../etc/passwd", "note",
			args{"text": "rolled back", "at": "14:00 ../../etc/passwd"},
		},
		{"/incident note the plan we looked at today", "note", args{"text": "the plan we looked at today"}},
		{
			"/incident task Check the disk @ben due 30m", "task",
			args{"text": "Check the disk", "person": "@ben", "due": "30m"},
		},
		{
			"/incident task Check the disk due tomorrow 09:00 @ben", "task",
			args{"text": "Check the disk", "person": "@ben", "due": "tomorrow 09:00"},
		},
		{"/incident note Title: it says 502", "note", args{"text": "Title: it says 502"}},
		{"/incident note Text: all of Europe", "note", args{"text": "Text: all of Europe"}},
		{"/incident done 3", "done", args{"number": "3"}},
		{"/incident", "help", args{}},
	} {
		t.Run(strings.TrimPrefix(c.text, "/incident "), func(t *testing.T) {
			cmd, typed, err := tree.Parse(context.Background(), c.text)
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
				return
			}
			if cmd.Verb() != c.command {
				t.Errorf("%s: is %s, want %s", c.text, cmd.Verb(), c.command)
			}
			if diff := cmp.Diff(c.want, typed.Args); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tree := testTree()
	for text, want := range map[string]string{
		"/incidnt list": "There is no command /incidnt. Did you mean /incident?",
		"/incident declar it is down": "There is no /incident declar. Did you mean /incident declare? For all " +
			"commands write /incident help.",
		"/incident zzz": "There is no /incident zzz. For all commands write /incident help.",
		"/incident Checkout returns 502": "There is no /incident Checkout. Did you mean /incident declare Checkout " +
			"returns 502? For all commands write /incident help.",
		"/incident declare x servise=web":   `/incident declare has no option "servise". Did you mean service=web?`,
		"/incident declare x sev=1 sev=2":   "Severity is given twice. Give it once.",
		"/incident lead INC-2 @ana and ben": `I do not understand "and ben" here. The command is: /incident lead [INC-1] [@person]. For example: /incident lead`,
	} {
		t.Run(strings.TrimPrefix(text, "/"), func(t *testing.T) {
			if _, _, err := tree.Parse(context.Background(), text); err == nil || err.Error() != want {
				t.Errorf("%s\n got %v\nwant %s", text, err, want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`/incident declare "a`, "/incident note x at", "/incident sev", "/", "/inc =:", `/incident declare a="`,
		"/incident note \x00 at 1\xff",
	} {
		f.Add(s)
	}
	tree := testTree()
	f.Fuzz(func(t *testing.T, s string) { _, _, _ = tree.Parse(context.Background(), s) })
}

func TestCommandsThatBreakTheRulesPanic(t *testing.T) {
	good := bot.Command{
		Name: "x.y", Permission: "x.y", Summary: "s", Example: "e",
		Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil },
	}
	for name, spoil := range map[string]func(*bot.Command){
		"without a permission": func(c *bot.Command) { c.Permission = "" },
		"without a handler":    func(c *bot.Command) { c.Handle = nil },
		"of another noun":      func(c *bot.Command) { c.Name = "z.y" },
		"form without title":   func(c *bot.Command) { c.Params = []bot.Param{{Name: "a", Kind: bot.TextParam, Form: true}} },
		"more inputs than a form has": func(c *bot.Command) {
			c.Title = "T"
			for range bot.MaxInputs + 1 {
				c.Params = append(c.Params, bot.Param{Name: "a", Kind: bot.TextParam, Form: true})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			c := good
			spoil(&c)
			new(Tree).Add(bot.Noun{Name: "x"}, []bot.Command{c})
		})
	}
}
