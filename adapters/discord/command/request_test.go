package command

import (
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// Accounts of the tests. Nobody is robot's person, and of lost nobody can tell.
const (
	ana, ben, robot, lost = "80351110224678912", "80351110224678913", "80351110224678914", "80351110224678915"
	general               = "41771983423143937"
)

func known() Names {
	return Names{
		Person: func(user string) (string, error) {
			switch user {
			case ana:
				return "ana", nil
			case ben:
				return "ben", nil
			case lost:
				return "", errors.New("no answer")
			}
			return "", bot.ErrNoSuch
		},
		Channel: func(channel string) (string, error) {
			if channel == general {
				return "general", nil
			}
			return "", bot.ErrGone
		},
	}
}

// entered is what Discord sends of a command, as JSON.
func entered(t *testing.T, data string) payload.Data {
	t.Helper()
	var d payload.Data
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func booksAndOps(t *testing.T) *Layout {
	t.Helper()
	lend := lend()
	lend.Common, lend.Shortcut = true, "Lend this"
	buy := &bot.Command{
		Name: "book.buy", Summary: strings.Repeat("buy a book ", 12),
		Params: []bot.Param{{Name: "due Date", Kind: bot.TimeParam}},
	}
	me := &bot.Command{Name: "ops.me", Summary: "show who you are"}
	nouns := []bot.Noun{{Name: "book", Summary: "lend books"}, {Name: "ops", Summary: "everything", Umbrella: true}}
	l, err := New(t.Context(), nouns, []*bot.Command{lend, buy, me})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatPeopleEnterComesBack(t *testing.T) {
	l := booksAndOps(t)
	lending := func(options string) string {
		return `{"type": 1, "name": "book", "options": [{"type": 1, "name": "lend", "options": [` + options + `]}]}`
	}
	for name, c := range map[string]struct {
		data string
		want bot.Request
	}{
		"no argument": {lending(""), bot.Request{Shortcut: "book.lend", Args: map[string]string{}}},
		"text": {
			lending(`{"type": 3, "name": "text", "value": "  as it was typed, @here "}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"text": "  as it was typed, @here "}},
		},
		"a person": {
			lending(`{"type": 6, "name": "to", "value": "` + ana + `"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"to": "@ana"}},
		},
		"people": {
			lending(`{"type": 3, "name": "with", "value": "<@` + ana + `>, <@!` + ben + `>"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"with": "@ana, @ben"}},
		},
		"a number": {
			lending(`{"type": 4, "name": "copies", "value": 3}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"copies": "3"}},
		},
		"yes and no": {
			lending(`{"type": 5, "name": "anyway", "value": true}, {"type": 3, "name": "shelf", "value": "North wall"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"anyway": "yes", "shelf": "North wall"}},
		},
		"no": {
			lending(`{"type": 5, "name": "anyway", "value": false}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"anyway": "no"}},
		},
		"an id": {
			lending(`{"type": 3, "name": "book", "value": "bk-7"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"book": "bk-7"}},
		},
		"an id with what the list says of it": {
			lending(`{"type": 3, "name": "book", "value": "BK-7 The art of war"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"book": "BK-7"}},
		},
		"no id": {
			lending(`{"type": 3, "name": "book", "value": "The art of war"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"book": "The art of war"}},
		},
		"a time that Discord shows": {
			lending(`{"type": 3, "name": "at", "value": "<t:1764079320:F>"}`),
			bot.Request{Shortcut: "book.lend", Args: map[string]string{"at": "2025-11-25 14:02 UTC"}},
		},
		"a verb that is no subcommand any more": {
			`{"type": 1, "name": "book", "options": [{"type": 1, "name": "buy", "options": [
				{"type": 3, "name": "due-date", "value": "fri"}]}]}`,
			bot.Request{Shortcut: "book.buy", Args: map[string]string{"due Date": "fri"}},
		},
		"an entry of a message's menu": {
			`{"type": 3, "name": "Lend this", "target_id": "1"}`, bot.Request{Shortcut: "book.lend"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := l.Request(entered(t, c.data), known())
			if err != nil {
				t.Fatal(err)
			}
			if got.Shortcut != c.want.Shortcut || got.Text != c.want.Text || !maps.Equal(got.Args, c.want.Args) ||
				(got.Args == nil) != (c.want.Args == nil) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestWhatFollowsMoreIsTyped(t *testing.T) {
	l := booksAndOps(t)
	buy := cut("buy – "+strings.Repeat("buy a book ", 12), 100)
	for name, c := range map[string]struct{ do, text, want string }{
		"a verb and the rest": {"lend", "BK-7 <@" + ana + ">", "/book lend BK-7 @ana"},
		"the line in one":     {"/book lend BK-7", "", "/book lend BK-7"},
		"the noun too":        {" Book lend", "", "/book lend"},
		"an entry":            {"lend – lend a book to somebody", "", "/book lend"},
		"an entry as shown":   {buy, "", "/book buy"},
		"no verb":             {"", "BK-7", "/book BK-7"},
		"nothing":             {"", "", "/book"},
	} {
		t.Run(name, func(t *testing.T) {
			var inputs []payload.Option
			for option, s := range map[string]string{"do": c.do, "text": c.text} {
				if s != "" {
					inputs = append(inputs, payload.Option{Name: option, Type: text, Value: json.RawMessage(strconv.Quote(s))})
				}
			}
			below := payload.Data{Type: 1, Name: "book", Options: []payload.Option{{Name: "more", Type: 1, Options: inputs}}}
			if got, err := l.Request(below, known()); err != nil || got.Text != c.want {
				t.Errorf("more: %q %v", got.Text, err)
			}
		})
	}
}

func TestAnUmbrellaIsTyped(t *testing.T) {
	l := booksAndOps(t)
	for data, want := range map[string]string{
		`{"type": 1, "name": "ops"}`: "/ops",
		`{"type": 1, "name": "ops", "options": [{"type": 3, "name": "do", "value": "me"}]}`: "/ops me",
		`{"type": 1, "name": "ops", "options": [{"type": 3, "name": "do", "value": "me"},
			{"type": 3, "name": "text", "value": "link"}]}`: "/ops me link",
	} {
		t.Run(want, func(t *testing.T) {
			if got, err := l.Request(entered(t, data), known()); err != nil || got.Text != want || got.Args != nil {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	l := booksAndOps(t)
	for name, c := range map[string]struct{ data, want string }{
		"a command that is gone": {`{"type": 1, "name": "lamp"}`, "There is no /lamp any more"},
		"an entry that is gone":  {`{"type": 3, "name": "Hang this"}`, `There is no "Hang this" any more`},
		"a user's menu":          {`{"type": 2, "name": "book"}`, "There is no /book any more"},
		"a subcommand that is gone": {
			`{"type": 1, "name": "book", "options": [{"type": 1, "name": "burn"}]}`, "There is no /book burn any more",
		},
		"an option that is gone": {
			`{"type": 1, "name": "book", "options": [{"type": 1, "name": "lend", "options": [
				{"type": 3, "name": "colour", "value": "red"}]}]}`, "There is no /book lend colour any more",
		},
		"somebody who is nobody here": {
			`{"type": 1, "name": "book", "options": [{"type": 1, "name": "lend", "options": [
				{"type": 6, "name": "to", "value": "` + robot + `"}]}],
				"resolved": {"users": {"` + robot + `": {"username": "robot", "global_name": "The Robot"}}}}`,
			"To: The Robot cannot be chosen. Guests, bots and people who left are excluded. Choose somebody else.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Request(entered(t, c.data), known())
			var e *bot.Error
			if !errors.As(err, &e) || !strings.Contains(e.Text, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	_, err := l.Request(entered(t, `{"type": 1, "name": "book", "options": [{"type": 1, "name": "lend", "options": [
		{"type": 6, "name": "to", "value": "`+lost+`"}]}]}`), known())
	var unknown *UnknownMention
	if !errors.As(err, &unknown) || unknown.ID != lost {
		t.Errorf("somebody who was not looked up: %v", err)
	}
}

func TestMentionsAreSpelled(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":          {"a < b > c, <3 and @ana", "a < b > c, <3 and @ana"},
		"a person":         {"ask <@" + ana + "> or <@!" + ben + ">", "ask @ana or @ben"},
		"nobody":           {"ask <@" + robot + ">", "ask @" + robot},
		"a role":           {"<@&41771983423143938>", "discord:41771983423143938"},
		"a channel":        {"in <#" + general + ">", "in #general"},
		"no channel":       {"in <#1>", "in #1"},
		"a time":           {"at <t:1764079320> or <t:1764079320:R>", "at 2025-11-25 14:02 UTC or 2025-11-25 14:02 UTC"},
		"a command":        {"see </book lend:816437322781949972>", "see /book lend"},
		"emoji":            {"<:party:1> <a:blob_dance:2>", ":party: :blob_dance:"},
		"a quiet link":     {"<https://example.org/?a=1>", "https://example.org/?a=1"},
		"no marks":         {"<@> <#a> <t:x> <script> <http://a b> <@12", "<@> <#a> <t:x> <script> <http://a b> <@12"},
		"a mark in a mark": {"<@<@" + ana + ">>", "<@@ana>"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Mentions(c.in, known())
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	got, err := Mentions("ask <@"+lost+"> and <@"+ana+">", known())
	var unknown *UnknownMention
	if !errors.As(err, &unknown) || unknown.Question != "who @"+lost+" is" || got != "ask @"+lost+" and @ana" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := Mentions("<#"+general+">", Names{Person: known().Person}); err != nil || got != "#"+general {
		t.Errorf("without names of channels: %q %v", got, err)
	}
}

// Somebody who is nobody here is spelled with the id in front: the name alone might be a person's id.
func TestNobodyIsSpelledLikeAPerson(t *testing.T) {
	l := booksAndOps(t)
	r, err := l.Request(entered(t, `{"type": 1, "name": "ops",
		"options": [{"type": 3, "name": "do", "value": "me <@`+robot+`>"}],
		"resolved": {"users": {"`+robot+`": {"username": "ana"}}, "members": {"`+robot+`": {"nick": "ben"}}}}`), known())
	if err != nil || r.Text != "/ops me @"+robot+"[ben]" {
		t.Errorf("%q %v", r.Text, err)
	}
}
