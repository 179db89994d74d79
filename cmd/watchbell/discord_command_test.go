package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/bottest"
)

// Every command has its place in Discord, and what is registered there keeps to its limits.
func TestTheTreeFitsIntoDiscord(t *testing.T) {
	tree := demoApp(t).bot.Tree()
	l, err := command.New(t.Context(), tree.Nouns(), tree.Commands())
	if err != nil {
		t.Fatal(err)
	}
	if left := l.Left(); len(left) > 0 {
		t.Errorf("there is no room for %s: make fewer commands common, or their arguments shorter", strings.Join(left, ", "))
	}
	if data := inJSON(t, l.Commands()); len(l.Differs([]byte(data))) > 0 {
		t.Errorf("it differs from itself: %q", l.Differs([]byte(data)))
	}
	var menu []command.Definition
	for _, d := range l.Commands() {
		if d.Type == payload.MessageCommand {
			menu = append(menu, d)
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			name := d.Name + ".discord-command.json"
			if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(inJSON(t, d)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			bottest.Golden(t, filepath.Join("discord", name), inJSON(t, d))
		})
	}
	bottest.Golden(t, filepath.Join("discord", "menu.json"), inJSON(t, menu))
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// crossing carries a typed line to Discord and back.
type crossing struct {
	t      *testing.T
	app    *app
	layout *command.Layout
	people map[string]string // their Discord accounts
	ids    map[string]string // people by those
	person bot.Person        // who acts
	now    time.Time
}

func newCrossing(t *testing.T) *crossing {
	t.Helper()
	a, _ := prepared(t)
	tree := a.bot.Tree()
	l, err := command.New(t.Context(), tree.Nouns(), tree.Commands())
	if err != nil {
		t.Fatal(err)
	}
	people, err := a.store.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ana, err := a.store.PeopleNamed(t.Context(), "ana")
	if err != nil || len(ana) != 1 {
		t.Fatal(ana, err)
	}
	c := &crossing{
		t: t, app: a, layout: l, people: map[string]string{}, ids: map[string]string{}, person: ana[0], now: a.clock.Now(),
	}
	for i, p := range people {
		user := strconv.Itoa(80351110224678912 + i)
		c.people[string(p.ID)], c.ids[user] = user, string(p.ID)
	}
	return c
}

func (c *crossing) names() command.Names {
	return command.Names{Person: func(user string) (string, error) {
		if id, ok := c.ids[user]; ok {
			return id, nil
		}
		return "", bot.ErrNoSuch
	}}
}

var atPerson = regexp.MustCompile(`@[a-z]+`)

// mentioned is a text with Discord's mentions of people.
func (c *crossing) mentioned(s string) string {
	return atPerson.ReplaceAllStringFunc(s, func(at string) string {
		if user, ok := c.people[at[1:]]; ok {
			return "<@" + user + ">"
		}
		return at
	})
}

// bound are the arguments of a command as its handler gets them, or why it does not.
func (c *crossing) bound(t *testing.T, cmd *bot.Command, typed bot.Typed) (map[string]any, string) {
	t.Helper()
	binder := ask.Binder{Tree: c.app.bot.Tree(), Store: c.app.store, Zone: c.app.config.Zone}
	call := &bot.Call{Command: cmd, Person: c.person, Now: c.now, Zone: c.app.config.Zone, Typed: typed}
	if call.Raw = maps.Clone(typed.Args); call.Raw == nil {
		call.Raw = map[string]string{}
	}
	err := binder.Bind(t.Context(), call)
	var bad bot.Problems
	if err != nil && !errors.As(err, &bad) {
		t.Fatal(err)
	}
	if err != nil {
		return call.Bound, err.Error()
	}
	return call.Bound, ""
}

// entered is what Discord sends when somebody gives the arguments in the options of a subcommand.
func (c *crossing) entered(
	t *testing.T, root command.Definition, cmd *bot.Command, args map[string]string,
) payload.Data {
	t.Helper()
	sub := root.Options[0]
	d := payload.Option{Type: sub.Type, Name: sub.Name}
	given := 0
	for _, o := range sub.Options {
		raw, ok := args[o.Name]
		if !ok {
			continue
		}
		given++
		v, err := json.Marshal(c.entry(cmd.Param(o.Name), o, raw))
		if err != nil {
			t.Fatal(err)
		}
		d.Options = append(d.Options, payload.Option{Type: o.Type, Name: o.Name, Value: v})
	}
	if given != len(args) {
		t.Fatalf("%d of the arguments %v have an option", given, args)
	}
	return payload.Data{Type: payload.ChatInput, Name: root.Name, Options: []payload.Option{d}}
}

// entry is the value of an option. People can enter only what its type and its choices let them.
func (c *crossing) entry(p *bot.Param, o command.Option, raw string) any {
	switch o.Type {
	case 4:
		n, err := strconv.Atoi(strings.Trim(raw, "#rR"))
		if err != nil {
			c.t.Fatal(err)
		}
		return n
	case 5:
		return true
	case 6:
		if raw == "me" {
			return c.people[string(c.person.ID)]
		}
		return c.people[strings.TrimPrefix(raw, "@")]
	}
	for _, x := range o.Choices {
		if strings.EqualFold(x.Value, raw) || strings.EqualFold(x.Name, raw) {
			return x.Value
		}
	}
	if len(o.Choices) > 0 {
		v, ok := p.Parse(raw)
		if !ok {
			c.t.Fatalf("%s=%s is none of its choices", p.Name, raw)
		}
		return v
	}
	return c.mentioned(raw)
}

// Whatever can be typed can be entered in Discord, and means the same: as the options of a subcommand, and as the text
// behind more.
func TestEveryExampleComesBackFromDiscord(t *testing.T) {
	c := newCrossing(t)
	tree := c.app.bot.Tree()
	for _, cmd := range tree.Commands() {
		t.Run(cmd.Name, func(t *testing.T) {
			parsed, typed, err := tree.Parse(t.Context(), cmd.Example)
			if err != nil || parsed != cmd {
				t.Fatalf("%s: %v", cmd.Example, err)
			}
			want, refused := c.bound(t, cmd, typed)
			same := func(by string, args bot.Typed) {
				t.Helper()
				got, why := c.bound(t, cmd, args)
				if !reflect.DeepEqual(got, want) || why != refused {
					t.Errorf("%s: %s\ngot  %v %s\nwant %v %s", cmd.Example, by, got, why, want, refused)
				}
			}

			noun := bot.Noun{Name: cmp.Or(cmd.Under, cmd.Noun()), Summary: "alone"} // each command is a subcommand where it is the only one
			alone, err := command.New(t.Context(), []bot.Noun{noun}, []*bot.Command{cmd})
			if err != nil {
				t.Fatal(err)
			}
			d := c.entered(t, alone.Commands()[0], cmd, typed.Args)
			r, err := c.layout.Request(d, c.names())
			if err != nil || r.Shortcut != cmd.Name || r.Args == nil {
				t.Fatalf("%+v %v", r, err)
			}
			same("by options", bot.Typed{Args: r.Args})

			rest := strings.TrimSpace(strings.TrimPrefix(cmd.Example, cmd.Slash()))
			r, err = c.layout.Request(c.more(t, cmd, c.mentioned(rest)), c.names())
			if err != nil || r.Shortcut != "" {
				t.Fatalf("%+v %v", r, err)
			}
			again, args, err := tree.Parse(t.Context(), r.Text)
			if err != nil || again != cmd {
				t.Fatalf("%s: %v", r.Text, err)
			}
			same("by more", args)
		})
	}
}

// more is what Discord sends of a verb that was chosen and the text behind it.
func (c *crossing) more(t *testing.T, cmd *bot.Command, rest string) payload.Data {
	t.Helper()
	input := func(name, s string) payload.Option {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return payload.Option{Type: 3, Name: name, Value: data}
	}
	do := cmd.Verb()
	if cmd.Under != "" {
		do = cmd.Behind()
	}
	inputs := []payload.Option{input("do", do)}
	if rest != "" {
		inputs = append(inputs, input("text", rest))
	}
	d := payload.Data{Type: payload.ChatInput, Name: cmp.Or(cmd.Under, cmd.Noun()), Options: inputs}
	i := slices.IndexFunc(c.app.bot.Tree().Nouns(), func(n bot.Noun) bool { return n.Name == d.Name })
	if !c.app.bot.Tree().Nouns()[i].Umbrella {
		d.Options = []payload.Option{{Type: 1, Name: "more", Options: inputs}}
	}
	return d
}

// What is suggested in Discord is of this installation, for whoever types.
func TestDiscordSuggestsWhatThereIs(t *testing.T) {
	c := newCrossing(t)
	from := func(who string) bot.Account { return bot.Account{Platform: cliPlatform, User: who} }
	focused := func(name, s string) payload.Option {
		return payload.Option{Type: 3, Name: name, Value: json.RawMessage(strconv.Quote(s)), Focused: true}
	}
	sub := func(noun, verb string, options ...payload.Option) payload.Data {
		return payload.Data{
			Type: payload.ChatInput, Name: noun, Options: []payload.Option{{Type: 1, Name: verb, Options: options}},
		}
	}
	do := func(verb string) payload.Option {
		return payload.Option{Type: 3, Name: "do", Value: json.RawMessage(strconv.Quote(verb))}
	}
	for name, x := range map[string]struct {
		who   string
		typed payload.Data
		want  string
	}{
		"an incident":           {"ana", sub("incident", "resolve", focused("incident", "inc-1")), "INC-1"},
		"a service":             {"ana", sub("incident", "declare", focused("service", "pay")), "payments"},
		"another service":       {"ana", sub("incident", "declare", focused("service", "web,pay")), "web,payments"},
		"a rota":                {"ana", sub("oncall", "page", focused("rota", "")), "primary"},
		"a verb":                {"ana", sub("incident", "more", focused("do", "snoo")), "snooze"},
		"behind a verb":         {"ana", sub("incident", "more", do("snooze"), focused("text", "INC")), "INC-1"},
		"a person behind it":    {"ana", sub("incident", "more", do("owner"), focused("text", "3 @be")), "3 @ben"},
		"to a stranger":         {"nobody", sub("incident", "resolve", focused("incident", "")), ""},
		"to a stranger, a line": {"nobody", sub("incident", "more", do("snooze"), focused("text", "INC")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.layout.Suggest(t.Context(), c.app.bot, from(x.who), bot.Conversation{}, x.typed)
			if err != nil {
				t.Fatal(err)
			}
			if x.want == "" && len(got) > 0 ||
				x.want != "" && !slices.ContainsFunc(got, func(s command.Choice) bool { return s.Value == x.want }) {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}
