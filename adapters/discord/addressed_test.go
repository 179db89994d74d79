package discord_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// What people write to the bot, by a mention or directly, is carried out like a typed command, once, and answered to
// them alone.
func TestWordsToTheBot(t *testing.T) {
	l := newLive(t, discordfake.Options{})
	l.open(t)
	us, direct := "<@"+l.fake.BotUser()+">", l.fake.Direct(dan)
	for _, c := range []struct{ name, in, said, want string }{
		{"a mention", l.channel, us + " probe echo hello", "/probe echo hello"},
		{"in the middle", l.channel, "hey " + us + " probe echo hello", "/probe hey probe echo hello"},
		{"without the noun", l.channel, us + " echo  hello", "/probe echo hello"},
		{"of a person", l.channel, us + " echo <@" + dan + ">", "/probe echo @dan"},
		{"nothing but a mention", l.channel, us, "/probe help"},
		{"help", l.channel, us + " help", "/help"},
		{"directly", direct, "probe echo hello", "/probe echo hello"},
		{"directly, with a slash", direct, "/probe echo hello", "/probe echo hello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, answers := len(l.requests()), len(l.fake.Messages(direct))
			for range 2 { // told twice
				if _, err := l.fake.Say(dan, c.in, c.name, c.said); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "it came", func() bool { return len(l.requests()) == before+2 })
			list := l.requests()[before:]
			r := list[0]
			if r.Text != c.want || r.From != account(dan) || r.Place.Channel != c.in || r.Key == "" || r.Key != list[1].Key {
				t.Errorf("%+v", r)
			}
			more := 1 // the answer, which Discord takes once
			if c.in == direct {
				more = 2 // and the words
			}
			eventually(t, "it is answered", func() bool { return len(l.fake.Messages(direct)) == answers+more })
		})
	}
}

// What people say among themselves, and what bots say, is nothing to us.
func TestWordsThatAreNotForTheBot(t *testing.T) {
	l := newLive(t, discordfake.Options{Privileged: discordfake.MessageContent}, pinned)
	l.open(t)
	for _, text := range []string{"lunch?", "probe echo hello", "@everyone look", "<@" + dan + "> probe echo"} {
		if _, err := l.fake.Say(dan, l.channel, "", text); err != nil {
			t.Fatal(err)
		}
	}
	l.works(t, "after")
	eventually(t, "the command came", func() bool { return len(l.requests()) > 0 })
	l.stop()
	if list := l.requests(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}

// What opens a form elsewhere is answered by a button that opens it.
func TestWordsThatNeedAForm(t *testing.T) {
	h := world{}.start(t)
	if _, err := h.fake.Say(h.users["dan"], h.fake.Direct(h.users["dan"]), "", "thing ask"); err != nil {
		t.Fatal(err)
	}
	h.wasTold(t, "dan", "Your form “Ask” is ready.")
	var asked discordfake.Message
	for _, m := range h.fake.Messages(h.fake.Direct(h.users["dan"])) {
		if m.Author == h.fake.BotUser() {
			asked = m
		}
	}
	if ack, err := h.press(t, "dan", asked, "Open the form"); err != nil || ack.Modal == nil {
		t.Errorf("%+v %v", ack, err)
	}
}

// What was kept is gone on with by another process.
func TestKeptWords(t *testing.T) {
	var kept bot.Incoming
	l := newLive(t, discordfake.Options{})
	l.open(t)
	l.core.keep = func(in bot.Incoming) { kept = in }
	if _, err := l.fake.Say(dan, l.fake.Direct(dan), "", "probe echo hello"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it came", func() bool { return len(l.requests()) == 1 })
	again, err := l.Resume(kept.Back())
	if err != nil || again.Key() != kept.Key() {
		t.Fatal(err)
	}
	if r := again.Do(t.Context()); r.Status != bot.Done || !strings.Contains(l.requests()[1].Text, "echo hello") {
		t.Errorf("%+v %+v", r, l.requests())
	}
}
