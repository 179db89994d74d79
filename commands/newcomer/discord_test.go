package newcomer_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const danInDiscord = "200000000000000004"

// A new capability has its typed commands, its form and its buttons in Discord, whose adapter knows nothing of it.
func TestANewCapabilityIsInDiscord(t *testing.T) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	fake := discordfake.Start(t, discordfake.Options{Patience: 20 * time.Second})
	people := bottest.People(discord.Platform)
	for k, p := range people {
		if p.ID == "dan" {
			people[k].Accounts = []bot.Account{{Platform: discord.Platform, Workspace: fake.Guild(), User: danInDiscord}}
			fake.AddUser(discordfake.User{ID: danInDiscord, Name: "dan", GlobalName: p.Name})
		}
	}
	if err := store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	b := engine.New(engine.Options{Store: store, Clock: bottest.NewClock()})
	lamp := lamps{store}.capability()
	lamp.Commands = append(lamp.Commands, bot.Command{ // a card with a button
		Name: "lamp.show", Permission: "lamp.show", Reads: true, Summary: "show a lamp", Example: "/lamp show",
		Handle: func(context.Context, *bot.Call) (bot.Reply, error) {
			m := bot.Say("The lamp in the hall.")
			m.Actions = []bot.Action{
				{Label: "Hang another", Command: "lamp.hang"},
				{Label: "Hang one in the attic", Command: "lamp.hang", Args: map[string]string{"room": "attic"}},
			}
			return bot.Answer(m), nil
		},
	})
	b.Use(lamp)
	layout, err := command.New(t.Context(), b.Tree().Nouns(), b.Tree().Commands())
	if err != nil {
		t.Fatal(err)
	}
	a, err := discord.New(discord.Options{
		Token: fake.Token(), APIURL: fake.URL(), Core: b, Layout: layout, Retry: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Attach(a)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, b.Receive) }()
	t.Cleanup(func() { cancel(); <-ended })
	until(t, "Discord is reached", func() bool { return a.Health() == nil && fake.Connected() == 1 })
	general := fake.AddChannel(fake.Guild(), "general")
	types := func(verb string, options ...discordfake.Option) discordfake.Message {
		t.Helper()
		ack, err := fake.Command(danInDiscord, general, "", "lamp", discordfake.Sub(verb, options...))
		if err != nil {
			t.Fatal(err)
		}
		return ack.Message
	}
	hung := func(room string) {
		t.Helper()
		if entries, err := store.AuditOf(t.Context(), "LMP-"+room); err != nil || len(entries) != 1 {
			t.Errorf("%d entries for the lamp in the %s: %v", len(entries), room, err)
		}
	}

	want(t, "the typed command", read(t, types("hang", discordfake.Opt("room", "hall"))), "A lamp hangs in the hall.")
	hung("hall")
	types("hang")
	want(t, "the form", form(t, fake), "Hang a lamp", "Like hall.")
	ack, err := fake.Submit(danInDiscord, "", map[string]string{"room": "cellar"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the answer to the form", read(t, ack.Message), "A lamp hangs in the cellar.")
	hung("cellar")

	card := types("show")
	for label, answer := range map[string]string{
		"Hang one in the attic": "A lamp hangs in the attic.", "Hang another": "", // which opens a form
	} {
		ack, err := fake.Click(danInDiscord, general, card.ID, "", idOf(t, card, label))
		if err != nil {
			t.Fatal(err)
		}
		if answer != "" {
			want(t, label, read(t, ack.Message), answer)
		}
	}
	hung("attic")
	want(t, "the form of the button", form(t, fake), "Hang a lamp")
}

// components are those of a message of the fake Discord.
func components(t *testing.T, m discordfake.Message) (list []look.Component) {
	t.Helper()
	raw, err := json.Marshal(m.Components)
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func read(t *testing.T, m discordfake.Message) string {
	t.Helper()
	return looktest.Plain(components(t, m))
}

func idOf(t *testing.T, m discordfake.Message, label string) string {
	t.Helper()
	for c := range look.All(components(t, m)) {
		if c.Label == label {
			return c.CustomID
		}
	}
	t.Fatalf("no %q on %s", label, read(t, m))
	return ""
}

// form is the modal before Dan, as it was sent.
func form(t *testing.T, fake *discordfake.Server) string {
	t.Helper()
	raw, err := json.Marshal(fake.Modal(danInDiscord))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
