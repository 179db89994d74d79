package discord_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

func pinned(o *discord.Options) { o.Reactions = map[string]string{"📌": "thing.note"} }

// A reaction carries its command out once, with the words of the message and who wrote them.
func TestReactions(t *testing.T) {
	l := newLive(t, discordfake.Options{Privileged: discordfake.MessageContent}, pinned)
	l.open(t)
	const ana = "200000000000000010"
	l.fake.AddUser(discordfake.User{ID: ana, Name: "ana", GlobalName: "Ana Ruiz", Nick: "Ana R."})
	said, err := l.fake.Say(ana, l.channel, "", "the cache is full <@"+dan+">")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"one", "one"} { // told twice
		if err := l.fake.React(dan, l.channel, said, key, "📌"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both came", func() bool { return len(l.requests()) == 2 })
	list := l.requests()
	r := list[0]
	if r.Key != list[1].Key || r.Shortcut != "thing.note" || r.From != account(dan) || r.Quote == nil || !r.NoForms ||
		r.Place.Channel != l.channel {
		t.Fatalf("%+v", r)
	}
	if r.Quote.Author != "Ana R." || !strings.Contains(r.Quote.Text, "the cache is full") || r.Quote.Ours ||
		!strings.HasSuffix(r.Quote.Link, guild+"/"+l.channel+"/"+said) {
		t.Errorf("%+v", r.Quote)
	}
	// Nothing of these is ours to record.
	bots := l.fake.AddMessage(discordfake.Message{Channel: l.channel, Author: l.fake.BotUser(), Content: "mine"})
	for _, do := range []func() error{
		func() error { return l.fake.React(dan, l.channel, said, "", "🎉") },
		func() error { return l.fake.React(l.fake.BotUser(), l.channel, said, "", "📌") },
		func() error { return l.fake.React(dan, l.channel, bots, "", "📌") },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	l.works(t, "after")
	eventually(t, "the command came", func() bool { return len(l.requests()) > 2 })
	if list := l.requests(); len(list) != 3 {
		t.Errorf("%+v", list)
	}
}

// A kept reaction is gone on with by another process.
func TestAKeptReaction(t *testing.T) {
	var kept bot.Incoming
	l := newLive(t, discordfake.Options{Privileged: discordfake.MessageContent}, pinned)
	l.open(t)
	l.core.keep = func(in bot.Incoming) { kept = in }
	said, err := l.fake.Say(dan, l.channel, "", "words")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.fake.React(dan, l.channel, said, "", "📌"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it came", func() bool { return len(l.requests()) == 1 })
	again, err := l.Resume(kept.Back())
	if err != nil || again.Key() != kept.Key() {
		t.Fatal(err)
	}
	if r := again.Do(t.Context()); r.Status != bot.Done {
		t.Errorf("%+v", r)
	}
	if list := l.requests(); len(list) != 2 || list[0].Quote.Text != list[1].Quote.Text {
		t.Errorf("%+v", list)
	}
}

// Without the intent there are no reactions, and nobody asks Discord for them: it would refuse the gateway.
func TestReactionsWithoutTheIntent(t *testing.T) {
	l := newLive(t, discordfake.Options{}, pinned)
	l.open(t)
	said, err := l.fake.Say(dan, l.channel, "", "words")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.fake.React(dan, l.channel, said, "", "📌"); err != nil {
		t.Fatal(err)
	}
	l.works(t, "after")
	if list := l.requests(); len(list) != 1 || list[0].Quote != nil {
		t.Errorf("%+v", list)
	}
}
