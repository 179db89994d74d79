package discord_test

import (
	"slices"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// reacts is an adapter in front of a channel in which people work, and in which dan said something.
func reacts(t *testing.T) (l *live, said string) {
	t.Helper()
	l = newLive(t, discordfake.Options{Privileged: discordfake.MessageContent}, pinned)
	l.core.rooms = []bot.Conversation{l.place()}
	l.open(t)
	said, err := l.fake.Say(dan, l.channel, "", "the cache is full")
	if err != nil {
		t.Fatal(err)
	}
	return l, said
}

func (l *live) react(t *testing.T, channel, message string) {
	t.Helper()
	if err := l.fake.React(dan, channel, message, "", "📌"); err != nil {
		t.Fatal(err)
	}
}

// A reaction that was put while nobody listened is carried out when a session begins, with the words of the message and
// by the key that it has as an event: once.
func TestReactionsThatWereMissed(t *testing.T) {
	for name, gap := range map[string]func(t *testing.T, l *live, during func()){
		"a restart": func(t *testing.T, l *live, during func()) {
			l.stop()
			during()
			l.run(t, pinned)
		},
		"a session that is not resumed": func(t *testing.T, l *live, during func()) {
			l.fake.Down(true)
			eventually(t, "it is not connected", func() bool { return l.fake.Connected() == 0 })
			l.fake.RefuseResume(0, false, 1)
			during()
			l.fake.Down(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, said := reacts(t)
			l.react(t, l.channel, said)
			eventually(t, "the first came", func() bool { return len(once(l.requests())) == 1 })
			var missed string
			gap(t, l, func() {
				var err error
				if missed, err = l.fake.Say(dan, l.channel, "", "restarted it"); err != nil {
					t.Fatal(err)
				}
				l.react(t, l.channel, missed)
				if err := l.fake.React(l.fake.BotUser(), l.channel, missed, "", "📌"); err != nil { // an echo of ours
					t.Fatal(err)
				}
			})
			l.open(t)
			eventually(t, "the missed one came", func() bool { return len(once(l.requests())) == 2 })
			r := once(l.requests())[1]
			if r.Key != "discord/reaction/"+missed+"/"+dan+"/📌" || r.Shortcut != "thing.note" || r.From != account(dan) ||
				r.Place != l.place() || r.Quote == nil || r.Quote.Text != "restarted it" || !r.Paced {
				t.Errorf("%+v %+v", r, r.Quote)
			}
			l.stop()
			before := len(l.requests())
			l.run(t, pinned) // and once more, with nothing missed
			l.open(t)
			l.works(t, "after")
			eventually(t, "the command came", func() bool { return len(l.requests()) > before })
			l.stop()
			if list := l.requests(); len(list) != before+1 {
				t.Errorf("%+v", list)
			}
		})
	}
}

// once leaves out what comes again: a session that has just begun reads what also comes to it as an event.
func once(list []bot.Request) []bot.Request {
	var first []bot.Request
	for _, r := range list {
		if !slices.ContainsFunc(first, func(f bot.Request) bool { return f.Key == r.Key }) {
			first = append(first, r)
		}
	}
	return first
}

// Threads of a room are read too; messages elsewhere, of bots and of long ago are not.
func TestWhereMissedReactionsAreRead(t *testing.T) {
	t.Parallel()
	l, said := reacts(t)
	in := l.place()
	in.Thread = said
	if _, err := l.Post(t.Context(), in, bot.Say("opens the thread"), "one"); err != nil {
		t.Fatal(err)
	}
	thread := said
	l.stop()
	below, err := l.fake.Say(dan, thread, "", "in the thread")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := l.fake.AddChannel(guild, "elsewhere")
	other, err := l.fake.Say(dan, elsewhere, "", "at lunch")
	if err != nil {
		t.Fatal(err)
	}
	posted := l.fake.AddMessage(discordfake.Message{Channel: l.channel, Author: l.fake.BotUser(), Content: "mine"})
	old := l.fake.AddMessage(
		discordfake.Message{ID: "1166401852345036800", Channel: l.channel, Author: dan, Content: "in 2023"},
	)
	for message, channel := range map[string]string{
		below: thread, other: elsewhere, posted: l.channel, old: l.channel,
	} {
		l.react(t, channel, message)
	}
	l.run(t, pinned)
	l.open(t)
	eventually(t, "it came", func() bool { return len(l.requests()) > 0 })
	l.stop()
	list := l.requests()
	if len(list) != 1 || list[0].Place.Thread != thread || list[0].Place.Channel != l.channel ||
		list[0].Quote.Text != "in the thread" {
		t.Errorf("%+v", list)
	}
}

// What Discord or the database do not answer at once is read later.
func TestMissedReactionsAreReadAgain(t *testing.T) {
	t.Parallel()
	l, said := reacts(t)
	l.stop()
	l.react(t, l.channel, said)
	l.core.noRooms.Store(2)
	l.fake.Break(discordfake.Fault{
		Method: "GET", Route: "/channels/{channel}/messages", Status: 429, RetryAfter: 10 * time.Millisecond, Times: 7,
	})
	l.run(t, pinned)
	l.open(t)
	eventually(t, "it came", func() bool { return len(l.requests()) == 1 })
}
