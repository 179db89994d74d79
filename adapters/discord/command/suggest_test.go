package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// asked is a core that answers with what a test gives it, and remembers what it was asked.
type asked struct {
	question    string
	options     []bot.Option
	suggestions []ask.Suggestion
	err         error
}

func (a *asked) Choices(_ context.Context, _ bot.Account, command, param, words string) ([]bot.Option, error) {
	a.question = fmt.Sprintf("choices %s %s %q", command, param, words)
	return a.options, a.err
}

func (a *asked) Verbs(
	_ context.Context, _ bot.Account, in bot.Conversation, noun, words string,
) ([]bot.Option, error) {
	a.question = fmt.Sprintf("verbs %s %s %q", in.Channel, noun, words)
	return a.options, a.err
}

func (a *asked) Completions(_ context.Context, _ bot.Account, text string) ([]ask.Suggestion, error) {
	a.question = fmt.Sprintf("completions %q", text)
	return a.suggestions, a.err
}

// typing is what Discord sends while somebody types into an option of a verb; "" is an umbrella.
func typing(noun, verb, option, typed string, before ...payload.Option) payload.Data {
	value, err := json.Marshal(typed)
	if err != nil {
		panic(err)
	}
	options := append(before, payload.Option{Name: option, Type: text, Value: value, Focused: true})
	if verb != "" {
		options = []payload.Option{{Name: verb, Type: subcommand, Options: options}}
	}
	return payload.Data{Type: payload.ChatInput, Name: noun, Options: options}
}

func doing(verb string) payload.Option {
	return payload.Option{Name: doOption, Type: text, Value: json.RawMessage(`"` + verb + `"`)}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	l := booksAndOps(t)
	options := func(list ...string) []bot.Option {
		var all []bot.Option
		for i := 0; i < len(list); i += 2 {
			all = append(all, bot.Option{Value: list[i], Label: list[i+1]})
		}
		return all
	}
	long := strings.Repeat("very ", 30) + "long"
	for name, c := range map[string]struct {
		typed       payload.Data
		options     []bot.Option
		suggestions []ask.Suggestion
		question    string
		want        []Choice
	}{
		"an argument": {
			typed: typing("book", "lend", "shelf", "nor"), options: options("north", "North wall"),
			question: `choices book.lend shelf "nor"`, want: []Choice{{"North wall", "north"}},
		},
		"an argument of a verb that is no subcommand any more": {
			typed: typing("book", "buy", "due-date", "f"), question: `choices book.buy due Date "f"`,
		},
		"the first of several": {
			typed: typing("book", "lend", "tags", "n"), options: options("new", "New"), question: `choices book.lend tags "n"`,
			want: []Choice{{"New", "new"}},
		},
		"the last of several": {
			typed: typing("book", "lend", "with", "@ana,@be"), options: options("@ana", "Ana Ruiz", "@ben", "Ben Okafor"),
			question: `choices book.lend with "@be"`, want: []Choice{{"@ana, Ben Okafor", "@ana,@ben"}},
		},
		"long names are cut, long values left out": {
			typed: typing("book", "lend", "shelf", ""), options: options("a", long, long, "Long", "b", "", "c", "\u200b"),
			question: `choices book.lend shelf ""`,
			want:     []Choice{{strings.Repeat("very ", 19) + "very…", "a"}, {"b", "b"}, {"c", "c"}},
		},
		"names that are alike": {
			typed: typing("book", "lend", "shelf", ""), options: options("a", "Wall", "b", "Wall", "a", "Other"),
			question: `choices book.lend shelf ""`, want: []Choice{{"Wall", "a"}, {"b Wall", "b"}},
		},
		"verbs, those that are at hand last": {
			typed:    typing("book", moreVerb, doOption, ""),
			options:  options("lend", "lend – lend a book", "buy", "buy – buy a book"),
			question: `verbs general book ""`, want: []Choice{{"buy – buy a book", "buy"}, {"lend – lend a book", "lend"}},
		},
		"verbs by words": {
			typed:    typing("book", moreVerb, doOption, "b"),
			options:  options("lend", "lend – lend a book", "buy", "buy – buy a book"),
			question: `verbs general book " b"`, want: []Choice{{"lend – lend a book", "lend"}, {"buy – buy a book", "buy"}},
		},
		"verbs of an umbrella": {
			typed: typing("ops", "", doOption, "/ops m"), options: options("me", "me – show who you are"),
			question: `verbs general ops " m"`, want: []Choice{{"me – show who you are", "me"}},
		},
		"the rest of a line": {
			typed: typing("book", moreVerb, textOption, "BK-1", doing("lend")),
			suggestions: []ask.Suggestion{
				{Text: "/book lend BK-11 ", Help: "The art"}, {Text: "/book lend BK-12 ", Help: "Of war"},
			},
			question: `completions "/book lend BK-1"`,
			want:     []Choice{{"BK-1", "BK-1"}, {"BK-11 – The art", "BK-11"}, {"BK-12 – Of war", "BK-12"}},
		},
		"the rest of a line that nobody can go on with": {
			typed:    typing("book", moreVerb, textOption, "BK-1 for Ana", doing("lend")),
			question: `completions "/book lend BK-1 for Ana"`,
		},
		"the rest of an umbrella's line": {
			typed:       typing("ops", "", textOption, "", doing("me")),
			suggestions: []ask.Suggestion{{Text: "/ops me link ", Help: "link an account"}},
			question:    `completions "/ops me "`, want: []Choice{{"link – link an account", "link"}},
		},
		"the rest of a line without a verb": {typed: typing("book", moreVerb, textOption, "BK-1")},
		"a command that is gone":            {typed: typing("lamp", "hang", "room", "hall")},
		"a subcommand that is gone":         {typed: typing("book", "burn", "book", "BK-1")},
		"an option that is gone":            {typed: typing("book", "lend", "colour", "red")},
	} {
		t.Run(name, func(t *testing.T) {
			core := &asked{options: c.options, suggestions: c.suggestions}
			place := bot.Conversation{Platform: "discord", Channel: "general"}
			got, err := l.Suggest(t.Context(), core, bot.Account{}, place, c.typed)
			if err != nil || !slices.Equal(got, c.want) || core.question != c.question {
				t.Errorf("asked %s\ngot  %q %v\nwant %q", core.question, got, err, c.want)
			}
		})
	}
}

func TestSuggestionsKeepToDiscordsLimits(t *testing.T) {
	t.Parallel()
	l := booksAndOps(t)
	var many []bot.Option
	for i := range 60 {
		many = append(many, bot.Option{Value: fmt.Sprint("shelf-", i), Label: strings.Repeat("🔔", 20+i)})
	}
	got, err := l.Suggest(
		t.Context(), &asked{options: many}, bot.Account{}, bot.Conversation{}, typing("book", "lend", "shelf", ""),
	)
	if err != nil || len(got) != 25 {
		t.Fatalf("%d suggestions, %v", len(got), err)
	}
	names := map[string]bool{}
	for _, c := range got {
		if n := units(c.Name); n < 1 || n > 100 || names[c.Name] {
			t.Errorf("%q has %d characters", c.Name, n)
		}
		names[c.Name] = true
	}
}

func TestNoSuggestions(t *testing.T) {
	t.Parallel()
	l := booksAndOps(t)
	broken := errors.New("no answer")
	for err, want := range map[error]error{bot.ErrNoSuch: nil, broken: broken} {
		for _, typed := range []payload.Data{
			typing("book", "lend", "shelf", "n"), typing("book", moreVerb, doOption, "n"),
			typing("ops", "", textOption, "n", doing("me")),
		} {
			got, gotErr := l.Suggest(t.Context(), &asked{err: err}, bot.Account{}, bot.Conversation{}, typed)
			if len(got) > 0 || !errors.Is(gotErr, want) {
				t.Errorf("%v: %v %v", err, got, gotErr)
			}
		}
	}
}
