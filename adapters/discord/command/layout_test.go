package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

func words(list ...string) func(context.Context) ([]bot.Option, error) {
	var o []bot.Option
	for _, w := range list {
		o = append(o, bot.Option{Value: w, Label: strings.ToUpper(w)})
	}
	return func(context.Context) ([]bot.Option, error) { return o, nil }
}

func numbered(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint("word", i))
	}
	return list
}

// every has one parameter of each kind.
func every() []bot.Param {
	return []bot.Param{
		{Name: "book", Kind: bot.RefParam, Prefix: "BK", Required: true, Bare: true, Options: words(), Help: "BK-1"},
		{Name: "text", Label: "What", Kind: bot.TextParam, Required: true, Max: 200},
		{Name: "long", Kind: bot.TextParam, Paragraph: true},
		{Name: "shelf", Kind: bot.ChoiceParam, Options: words("north")},
		{Name: "size", Kind: bot.ChoiceParam, Fixed: true, Options: words("small", "large"), Help: "small or large."},
		{Name: "tags", Kind: bot.ChoiceParam, Fixed: true, Many: true, Options: words("new", "old")},
		{Name: "shade", Kind: bot.ChoiceParam, Fixed: true, Options: words(numbered(26)...)},
		{Name: "to", Kind: bot.PersonParam},
		{Name: "with", Kind: bot.PersonParam, Many: true},
		{Name: "copies", Kind: bot.NumberParam, Min: 1, Max: 9},
		{Name: "at", Kind: bot.TimeParam}, {Name: "for", Kind: bot.DurationParam}, {Name: "on", Kind: bot.DayParam},
		{Name: "fee", Kind: bot.MoneyParam}, {Name: "anyway", Kind: bot.FlagParam},
		{Name: "scan", Kind: bot.FileParam, Max: 10}, {Name: "before", Kind: bot.NumberParam, Hidden: true},
	}
}

func lend() *bot.Command {
	return &bot.Command{Name: "book.lend", Summary: "lend a book to somebody", Params: every()}
}

func ofBooks(t *testing.T, commands ...*bot.Command) *Layout {
	t.Helper()
	l, err := New(t.Context(), []bot.Noun{{Name: "book", Summary: "lend books"}}, commands)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEachKindOfArgumentHasItsOption(t *testing.T) {
	l := ofBooks(t, lend())
	sub := l.Commands()[0].Options[0]
	one, nine := 1, 9
	want := []Option{
		{Type: text, Name: "text", Description: "What", Required: true, MaxLength: 200},
		{Type: text, Name: "book", Description: "BK-1", Autocomplete: true},
		{Type: text, Name: "long", Description: "Long", MaxLength: 4000},
		{Type: text, Name: "shelf", Description: "Shelf", Autocomplete: true},
		{
			Type: text, Name: "size", Description: "small or large.",
			Choices: []Choice{{"SMALL", "small"}, {"LARGE", "large"}},
		},
		{Type: text, Name: "tags", Description: "Tags", Autocomplete: true},
		{Type: text, Name: "shade", Description: "Shade", Autocomplete: true},
		{Type: user, Name: "to", Description: "To"},
		{Type: text, Name: "with", Description: "With", Autocomplete: true},
		{Type: integer, Name: "copies", Description: "Copies", Min: &one, Max: &nine},
		{Type: text, Name: "at", Description: "At"}, {Type: text, Name: "for", Description: "For"},
		{Type: text, Name: "on", Description: "On"}, {Type: text, Name: "fee", Description: "Fee"},
		{Type: boolean, Name: "anyway", Description: "Anyway"},
	}
	if !reflect.DeepEqual(sub.Options, want) {
		t.Errorf("got  %+v\nwant %+v", sub.Options, want)
	}
	if sub.Name != "lend" || sub.Description != "Lend a book to somebody" || sub.Type != subcommand {
		t.Errorf("%+v", sub)
	}
}

// Discord does not send a command without its required options, so whatever a form asks for is not required.
func TestOnlyWhatNoFormAsksForIsRequired(t *testing.T) {
	for name, c := range map[string]struct {
		title string
		form  bool
		want  bool
	}{"no form": {want: true}, "a form that asks": {"Lend", true, false}, "a form that does not": {"Lend", false, true}} {
		t.Run(name, func(t *testing.T) {
			l := ofBooks(t, &bot.Command{
				Name: "book.lend", Summary: "lend", Title: c.title,
				Params: []bot.Param{{Name: "text", Kind: bot.TextParam, Required: true, Form: c.form}},
			})
			if got := l.Commands()[0].Options[0].Options[0].Required; got != c.want {
				t.Errorf("required: %v", got)
			}
		})
	}
}

func named(options []Option) []string {
	var list []string
	for _, o := range options {
		list = append(list, o.Name)
	}
	return list
}

func TestCommonVerbsAreSubcommands(t *testing.T) {
	verb := func(verb string, common bool) *bot.Command {
		return &bot.Command{Name: "book." + verb, Summary: verb, Common: common}
	}
	for name, c := range map[string]struct {
		noun     bot.Noun
		commands []*bot.Command
		want     []string
	}{
		"the common ones": {
			bot.Noun{Name: "book"}, []*bot.Command{verb("buy", false), verb("lend", true), verb("help", true)},
			[]string{"lend", "help", "more"},
		},
		"all, where none is common": {
			bot.Noun{Name: "book"}, []*bot.Command{verb("buy", false), verb("lend", false), verb("help", true)},
			[]string{"buy", "lend", "help", "more"},
		},
		"none of an umbrella": {
			bot.Noun{Name: "book", Umbrella: true}, []*bot.Command{verb("lend", true)}, []string{"do", "text"},
		},
		"one that is called like ours": {
			bot.Noun{Name: "book"}, []*bot.Command{verb("more", true)}, []string{"more-2", "more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := New(t.Context(), []bot.Noun{c.noun}, c.commands)
			if err != nil {
				t.Fatal(err)
			}
			if got := named(l.Commands()[0].Options); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// What does not fit is left out and named, and what is laid out keeps to the limits.
func TestWhatDoesNotFitIsLeft(t *testing.T) {
	var many, wide, marked []*bot.Command
	for i := range 30 {
		many = append(many, &bot.Command{Name: fmt.Sprint("book.verb", i), Summary: "do it", Common: true})
		wide = append(wide, &bot.Command{
			Name: fmt.Sprint("book.verb", i), Summary: strings.Repeat("word ", 30), Common: true,
			Params: []bot.Param{{Name: "shade", Kind: bot.ChoiceParam, Fixed: true, Options: words(numbered(25)...)}},
		})
		marked = append(marked, &bot.Command{
			Name: fmt.Sprint("book.verb", i), Summary: "do it", Shortcut: fmt.Sprint("Do ", i), OnOurs: i%2 == 0,
		})
	}
	full := &bot.Command{Name: "book.lend", Summary: "lend"}
	for i := range 30 {
		full.Params = append(full.Params, bot.Param{Name: fmt.Sprint("text", i), Kind: bot.TextParam})
	}
	for name, c := range map[string]struct {
		commands []*bot.Command
		left     int
		first    string
	}{
		"verbs":   {many, 7, "book.verb23"},
		"size":    {wide, 12, "book.verb18"},
		"menu":    {marked, 22, "book.verb0"},
		"options": {[]*bot.Command{full}, 5, "book.lend text29"},
	} {
		t.Run(name, func(t *testing.T) {
			l := ofBooks(t, c.commands...)
			if len(l.Left()) == 0 {
				t.Fatal("nothing is left")
			}
			t.Logf("%d characters, left %v", l.Commands()[0].size(), l.Left())
			if n := len(l.Commands()[0].Options); n > maxVerbs {
				t.Errorf("%d subcommands", n)
			}
			if n := l.Commands()[0].size(); n > maxSize {
				t.Errorf("%d characters", n)
			}
			if len(l.Left()) != c.left || !slices.Contains(l.Left(), c.first) {
				t.Errorf("%d are left, without %s: %v", len(l.Left()), c.first, l.Left())
			}
		})
	}
}

func TestTheMenuOfMessages(t *testing.T) {
	long := "Write down what happened in this message"
	l := ofBooks(
		t, &bot.Command{Name: "book.verify", Summary: "verify", Shortcut: "Is this real?", OnOurs: true},
		&bot.Command{Name: "book.note", Summary: "note", Shortcut: long},
	)
	var got []string
	for _, d := range l.Commands()[1:] {
		got = append(got, d.Name)
	}
	if want := []string{"Write down what happened in thi…", "Is this real?"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A test of the layout would be worth little if it did not see what is added to the tree.
func TestAnotherCapabilityAppears(t *testing.T) {
	nouns := []bot.Noun{{Name: "book", Summary: "lend books"}}
	commands := []*bot.Command{lend()}
	nouns = append(nouns, bot.Noun{Name: "lamp", Summary: "hang lamps and look after them"})
	commands = append(commands, &bot.Command{
		Name: "lamp.hang", Summary: "hang a lamp",
		Params: []bot.Param{{Name: "room", Kind: bot.TextParam, Help: "Like hall."}},
	})
	l, err := New(t.Context(), nouns, commands)
	if err != nil {
		t.Fatal(err)
	}
	d := l.Commands()[1]
	if d.Name != "lamp" || d.Description != "Hang lamps and look after them" || d.Options[0].Options[0].Name != "room" {
		t.Errorf("%+v", d)
	}
}

func TestNamesThatDiscordDoesNotTake(t *testing.T) {
	taken := map[string]bool{"taken": true, strings.Repeat("x", 32): true}
	for name, want := range map[string]string{
		"backout-tested": "backout-tested", "Größe": "größe", "due date": "due-date", "a.b/c": "a-b-c", "": "-",
		"taken": "taken-2", "Taken": "taken-2", strings.Repeat("x", 40): strings.Repeat("x", 30) + "-2", "日付": "日付",
	} {
		t.Run(name, func(t *testing.T) {
			got := valid(name, func(s string) bool { return taken[s] })
			if got != want || !validName.MatchString(got) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestDescriptionsAreCutAtAWord(t *testing.T) {
	phrase := "a sentence of words "
	for name, c := range map[string]struct{ in, want string }{
		"short":       {"lend a book", "lend a book"},
		"nothing":     {"\u200b", "–"},
		"long":        {strings.Repeat(phrase, 6), strings.Repeat(phrase, 4) + "a sentence of…"},
		"one word":    {strings.Repeat("x", 120), strings.Repeat("x", 99) + "…"},
		"many pixels": {strings.Repeat("🔔", 60), strings.Repeat("🔔", 49) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := describe(c.in); got != c.want || units(got) > maxDescription {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAChoiceThatCannotBeReadIsNamed(t *testing.T) {
	c := lend()
	closed := func(context.Context) ([]bot.Option, error) { return nil, errors.New("closed") }
	c.Params = []bot.Param{{Name: "size", Kind: bot.ChoiceParam, Fixed: true, Options: closed}}
	_, err := New(t.Context(), []bot.Noun{{Name: "book", Summary: "lend books"}}, []*bot.Command{c})
	if err == nil || err.Error() != "lay out book.lend: closed" {
		t.Error(err)
	}
}

// ours is a layout whose every part is as it should be, for tests that break one.
func ours(t *testing.T) []Definition {
	t.Helper()
	c := lend()
	c.Shortcut = "Lend this"
	data, err := json.Marshal(ofBooks(t, c).Commands())
	if err != nil {
		t.Fatal(err)
	}
	var list []Definition
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEachLimitIsNamedWhereItIsBroken(t *testing.T) {
	if err := Check(ours(t)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 101)
	option := func(l []Definition, name string) *Option {
		sub := l[0].Options[0].Options
		return &sub[slices.IndexFunc(sub, func(o Option) bool { return o.Name == name })]
	}
	ten, two := 10, 2
	for name, c := range map[string]struct {
		breaks func(l []Definition) []Definition
		want   string
	}{
		"a name in capitals": {
			func(l []Definition) []Definition { l[0].Name = "Book"; return l }, `/Book: the name "Book" must have`,
		},
		"a long name of an option": {
			func(l []Definition) []Definition { option(l, "to").Name = strings.Repeat("n", 33); return l }, "must have 1 to 32",
		},
		"a name with a space": {
			func(l []Definition) []Definition { l[0].Options[0].Name = "lend it"; return l }, "/book lend it: the name",
		},
		"no description": {
			func(l []Definition) []Definition { l[0].Options[1].Description = ""; return l },
			"/book more: its description has 0 characters",
		},
		"a long description": {
			func(l []Definition) []Definition { option(l, "at").Description = long; return l },
			"/book lend at: its description has 101 characters, it must have 1 to 100",
		},
		"too many options": {
			func(l []Definition) []Definition {
				for i := range 12 {
					l[0].Options[0].Options = append(l[0].Options[0].Options, Option{
						Type: text, Name: fmt.Sprint("o", i), Description: "more",
					})
				}
				return l
			}, "/book lend: 27 options, the limit is 25",
		},
		"too many subcommands": {
			func(l []Definition) []Definition {
				for i := range 24 {
					l[0].Options = append(l[0].Options, Option{Type: subcommand, Name: fmt.Sprint("s", i), Description: "more"})
				}
				return l
			}, "/book: 26 options, the limit is 25",
		},
		"too much in all": {
			func(l []Definition) []Definition {
				for i := range 23 {
					o := Option{Type: text, Name: "x", Description: "x"}
					for k := range 25 {
						o.Choices = append(o.Choices, Choice{fmt.Sprint("a name ", k), fmt.Sprint("a value ", k)})
					}
					l[0].Options = append(l[0].Options, Option{
						Type: subcommand, Name: fmt.Sprint("s", i), Description: "more", Options: []Option{o},
					})
				}
				return l
			}, "characters over all its names, descriptions and choices, the limit is 8000",
		},
		"too many choices": {
			func(l []Definition) []Definition {
				for i := range 24 {
					o := option(l, "size")
					o.Choices = append(o.Choices, Choice{fmt.Sprint("n", i), fmt.Sprint("v", i)})
				}
				return l
			}, "/book lend size: 26 choices, the limit is 25",
		},
		"a long choice": {
			func(l []Definition) []Definition { option(l, "size").Choices[0].Name = long; return l },
			"has 101 characters, it must have 1 to 100",
		},
		"a long value": {
			func(l []Definition) []Definition { option(l, "size").Choices[0].Value = long; return l },
			`/book lend size: the value of the choice "SMALL" has 101 characters`,
		},
		"two choices alike": {
			func(l []Definition) []Definition { option(l, "size").Choices[1].Value = "small"; return l },
			`/book lend size: there are two choices "LARGE"`,
		},
		"choices that are completed": {
			func(l []Definition) []Definition { option(l, "size").Autocomplete = true; return l },
			"/book lend size: only a text without choices can be completed",
		},
		"choices of a number": {
			func(l []Definition) []Definition { option(l, "copies").Choices = []Choice{{"1", "1"}}; return l },
			"/book lend copies: only a text has choices here",
		},
		"a long text": {
			func(l []Definition) []Definition { option(l, "text").MaxLength = 6001; return l },
			"/book lend text: a text may have up to 6000 characters, not 6001",
		},
		"bounds of a text": {
			func(l []Definition) []Definition { option(l, "text").Min = &two; return l },
			"/book lend text: only a number has bounds",
		},
		"bounds that exclude each other": {
			func(l []Definition) []Definition {
				o := option(l, "copies")
				o.Min, o.Max = &ten, &two
				return l
			}, "/book lend copies: no number is from 10 to 2",
		},
		"required behind optional": {
			func(l []Definition) []Definition { option(l, "at").Required = true; return l },
			"/book lend at: a required option stands behind one that is not",
		},
		"two options alike": {
			func(l []Definition) []Definition { option(l, "at").Name = "on"; return l },
			`/book lend: there are two options called "on"`,
		},
		"an argument beside subcommands": {
			func(l []Definition) []Definition {
				l[0].Options = append(l[0].Options, Option{Type: text, Name: "text", Description: "text"})
				return l
			}, "/book: subcommands and arguments stand side by side",
		},
		"a subcommand too deep": {
			func(l []Definition) []Definition {
				l[0].Options[0].Options = []Option{{Type: subcommand, Name: "deep", Description: "deep"}}
				return l
			}, "/book lend deep: a subcommand cannot be below a subcommand",
		},
		"an argument with options": {
			func(l []Definition) []Definition { option(l, "at").Options = []Option{{}}; return l },
			"/book lend at: an argument has no options",
		},
		"an unknown type of option": {
			func(l []Definition) []Definition { option(l, "at").Type = 7; return l }, "/book lend at: its type is 7",
		},
		"two commands alike": {
			func(l []Definition) []Definition { return append(l, l[0]) }, "/book: there are two of this name",
		},
		"an unknown type of command": {
			func(l []Definition) []Definition { l[1].Type = 2; return l }, `"Lend this": its type is 2`,
		},
		"a menu entry with a description": {
			func(l []Definition) []Definition { l[1].Description = "lend"; return l },
			`"Lend this": an entry in the menu of messages has no description`,
		},
		"a long menu entry": {
			func(l []Definition) []Definition { l[1].Name = strings.Repeat("n", 33); return l },
			"its name has 33 characters, it must have 1 to 32",
		},
		"too many menu entries": {
			func(l []Definition) []Definition {
				for i := range 15 {
					l = append(l, Definition{Type: 3, Name: fmt.Sprint("Entry ", i)})
				}
				return l
			}, "all commands: 16 entries in the menu of messages, the limit is 15",
		},
		"too many commands": {
			func(l []Definition) []Definition {
				for i := range 100 {
					l = append(l, Definition{Type: 1, Name: fmt.Sprint("c", i), Description: "more"})
				}
				return l
			}, "all commands: 101 slash commands, the limit is 100",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(c.breaks(ours(t)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	// Nothing is registered that Discord would refuse.
	same := func(name string) *bot.Command {
		return &bot.Command{Name: "book." + name, Summary: name, Shortcut: "Lend this"}
	}
	_, err := New(t.Context(), []bot.Noun{{Name: "book", Summary: "lend"}}, []*bot.Command{same("lend"), same("give")})
	if err == nil || !strings.Contains(err.Error(), `"Lend this": there are two of this name`) {
		t.Error(err)
	}
}
