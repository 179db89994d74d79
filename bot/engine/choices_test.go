package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// strict is a platform that must not be asked.
type strict struct {
	*bottest.Recorder
	t *testing.T
}

func (s strict) Profile(context.Context, bot.Account) (bot.Profile, error) {
	s.t.Error("the platform was asked who somebody is")
	return bot.Profile{}, bot.ErrGone
}

// library is an installation in which books are lent, to be looked at before anything is done.
func library(t *testing.T) *storagetest.Installation {
	t.Helper()
	grants := bot.Grants{"responder": {"book.*"}, "guest": {"book.list", "*.help"}}
	w := storagetest.Install(t, sqlite(t), engine.Options{Grants: grants}, strict{bottest.NewRecorder(), t})
	id := bot.Param{
		Name: "book", Kind: bot.RefParam, Prefix: "BK", Required: true, Bare: true,
		Options: func(context.Context) ([]bot.Option, error) {
			var all []bot.Option
			for n := range 120 {
				id := fmt.Sprintf("BK-%d", 200-n)
				all = append(all, bot.Option{Value: id, Label: id + " Volume " + fmt.Sprint(200-n)})
			}
			return all, nil
		},
	}
	shelf := bot.Param{
		Name: "shelf", Kind: bot.ChoiceParam, Bare: true, Options: func(context.Context) ([]bot.Option, error) {
			return []bot.Option{{Value: "north", Label: "North wall"}, {Value: "south", Label: "South wall"}}, nil
		},
	}
	to := bot.Param{Name: "to", Kind: bot.PersonParam, Many: true}
	note := bot.Param{Name: "note", Kind: bot.TextParam}
	secret := bot.Param{Name: "before", Kind: bot.ChoiceParam, Hidden: true, Options: shelf.Options}
	command := func(verb, summary string, reads bool, aliases []string, params ...bot.Param) bot.Command {
		return bot.Command{
			Name: "book." + verb, Permission: "book." + verb, Summary: summary, Example: "/book " + verb, Reads: reads,
			Aliases: aliases, Params: params,
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("Done.")), nil },
		}
	}
	w.Bot.Use(bot.Capability{
		Noun: bot.Noun{
			Name: "book", Summary: "lend books",
			Groups: []bot.Group{
				{Title: "Look", Verbs: []string{"list", "help"}}, {Title: "Lend", Verbs: []string{"lend", "return"}},
			},
		},
		Commands: []bot.Command{
			command("buy", "buy a book", false, nil, shelf),
			command("return", "bring a book back", false, []string{"back"}, id, secret),
			command("lend", "lend a book to somebody", false, nil, id, to, note),
			command("list", "list the books", true, nil, shelf),
		},
	})
	return w
}

func values(options []bot.Option) []string {
	var list []string
	for _, o := range options {
		list = append(list, o.Value)
	}
	return list
}

func TestChoicesBeforeThereIsAForm(t *testing.T) {
	t.Parallel()
	w := library(t)
	for _, c := range []struct {
		name, who, command, param, words string
		want                             []string
		none                             bool // it is nothing for this person, or nothing to choose from
	}{
		{name: "all of them", who: "dan", command: "book.buy", param: "shelf", want: []string{"north", "south"}},
		{name: "part of the name", who: "dan", command: "book.buy", param: "shelf", words: "OUTH", want: []string{"south"}},
		{name: "by an id", who: "dan", command: "book.lend", param: "book", words: "bk-111", want: []string{"BK-111"}},
		{name: "not in the list", who: "dan", command: "book.lend", param: "book", words: "BK-7", want: []string{"BK-7"}},
		{name: "people by name", who: "dan", command: "book.lend", param: "to", words: "mar", want: []string{"@chloe"}},
		{name: "people by id", who: "dan", command: "book.lend", param: "to", words: "@an", want: []string{"@ana"}},
		{name: "nobody who left", who: "dan", command: "book.lend", param: "to", words: "eve"},
		{name: "who may only read", who: "gus", command: "book.list", param: "shelf", want: []string{"north", "south"}},
		{name: "who may not do it", who: "gus", command: "book.buy", param: "shelf", none: true},
		{name: "who left", who: "eve", command: "book.buy", param: "shelf", none: true},
		{name: "who is unknown", who: "zoe", command: "book.list", param: "shelf", none: true},
		{name: "no such command", who: "dan", command: "book.burn", param: "shelf", none: true},
		{name: "no such argument", who: "dan", command: "book.buy", param: "floor", none: true},
		{name: "a text", who: "dan", command: "book.lend", param: "note", none: true},
		{name: "for buttons only", who: "dan", command: "book.return", param: "before", none: true},
	} {
		w.Run(c.name, func(t *testing.T) {
			found, err := w.Bot.Choices(t.Context(), w.Account(c.who), c.command, c.param, c.words)
			if errors.Is(err, bot.ErrNoSuch) != c.none || err != nil && !c.none {
				t.Fatalf("error %v, want none %v", err, c.none)
			}
			if got := values(found); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	found, err := w.Bot.Choices(t.Context(), w.Account("dan"), "book.lend", "book", "")
	if err != nil || len(found) != ask.MaxFound {
		t.Errorf("%d of 120 choices, %v; want %d", len(found), err, ask.MaxFound)
	}
}

func TestVerbsThatFitThePlaceComeFirst(t *testing.T) {
	t.Parallel()
	w := library(t)
	room := bot.Conversation{Platform: "test", Channel: "bk-111"}
	other := bot.Conversation{Platform: "test", Channel: "lamp-1"}
	for c, object := range map[bot.Conversation]string{room: "BK-111", other: "LMP-1"} {
		if err := w.Bot.UseRoom(t.Context(), "room/"+object, object, c); err != nil {
			t.Fatal(err)
		}
	}
	usual := []string{"list", "help", "lend", "return", "buy"}
	for _, c := range []struct {
		name, who, words string
		place            bot.Conversation
		want             []string
	}{
		{name: "nowhere", who: "dan", want: usual},
		{name: "in any channel", who: "dan", place: bot.Conversation{Platform: "test", Channel: "general"}, want: usual},
		{name: "where something else is at home", who: "dan", place: other, want: usual},
		{name: "where a book is at home", who: "dan", place: room, want: []string{"lend", "return", "list", "help", "buy"}},
		{name: "the beginning of a verb", who: "dan", words: " Le", want: []string{"lend"}},
		{name: "another name of a verb", who: "dan", words: "ba", want: []string{"return"}},
		{name: "what it does", who: "dan", words: "somebody", want: []string{"lend"}},
		{name: "beginnings first", who: "dan", words: "b", place: room, want: []string{"return", "buy", "lend", "list"}},
		{name: "who may only read", who: "gus", place: room, want: []string{"list", "help"}},
		{name: "who left", who: "eve"},
	} {
		w.Run(c.name, func(t *testing.T) {
			found, err := w.Bot.Verbs(t.Context(), w.Account(c.who), c.place, "book", c.words)
			if err != nil {
				t.Fatal(err)
			}
			if got := values(found); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	found, err := w.Bot.Verbs(t.Context(), w.Account("dan"), room, "book", "lend")
	if err != nil || len(found) != 1 || found[0].Label != "lend – lend a book to somebody" {
		t.Errorf("%v %v", found, err)
	}
	if _, err := w.Bot.Verbs(t.Context(), w.Account("zoe"), room, "book", ""); !errors.Is(err, bot.ErrNoSuch) {
		t.Errorf("who is unknown: %v", err)
	}
}

func TestTextIsCompletedForThoseWhoMay(t *testing.T) {
	t.Parallel()
	w := library(t)
	for _, c := range []struct {
		name, who, text string
		want            []string
	}{
		{name: "a verb", who: "dan", text: "/book l", want: []string{"/book lend ", "/book list "}},
		{name: "a verb of somebody who may only read", who: "gus", text: "/book l", want: []string{"/book list "}},
		{name: "an id", who: "dan", text: "/book lend BK-11", want: []string{
			"/book lend BK-119 ", "/book lend BK-118 ", "/book lend BK-117 ", "/book lend BK-116 ", "/book lend BK-115 ",
			"/book lend BK-114 ", "/book lend BK-113 ", "/book lend BK-112 ", "/book lend BK-111 ", "/book lend BK-110 ",
		}},
		{name: "a person", who: "dan", text: "/book lend BK-111 @mi", want: []string{"/book lend BK-111 @mia "}},
		{name: "of somebody who may not", who: "gus", text: "/book lend BK-11"},
		{name: "of somebody who left", who: "eve", text: "/book lend BK-11"},
	} {
		w.Run(c.name, func(t *testing.T) {
			found, err := w.Bot.Completions(t.Context(), w.Account(c.who), c.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found {
				got = append(got, s.Text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := w.Bot.Completions(t.Context(), w.Account("zoe"), "/book "); !errors.Is(err, bot.ErrNoSuch) {
		t.Errorf("who is unknown: %v", err)
	}
}
