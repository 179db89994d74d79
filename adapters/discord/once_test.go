package discord_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/bot"
)

const posting = "/channels/{channel}/messages"

// card is a message with a button, and plain one without.
func card() bot.Message {
	m := bot.Say("Checkout returns 502.")
	m.Title = "INC-1"
	m.Actions = []bot.Action{{Label: "Acknowledge", Command: "incident.ack", Token: "token"}}
	return m
}

// Nothing is posted twice, wherever the answer to the first attempt was lost and however much later the second one
// comes.
func TestASecondAttemptFindsTheFirst(t *testing.T) {
	messages := map[string]bot.Message{
		"a card": card(), "one line": bot.Say("one line"), "nothing at all": {},
		"only a title": {Title: "title"}, "long": bot.Say(strings.Repeat("long words ", 1000)),
	}
	places := map[string]func(*testing.T, *bare) bot.Conversation{
		"a channel": func(_ *testing.T, b *bare) bot.Conversation { return b.place() },
		"a thread": func(t *testing.T, b *bare) bot.Conversation {
			ref, err := b.Post(t.Context(), b.place(), bot.Say("card"), "card")
			if err != nil {
				t.Fatal(err)
			}
			to := b.place()
			to.Thread = ref.ID
			return to
		},
		"a direct message": func(t *testing.T, b *bare) bot.Conversation {
			to, err := b.Direct(t.Context(), account(dan))
			if err != nil {
				t.Fatal(err)
			}
			return to
		},
	}
	for place, to := range places {
		for what, m := range messages {
			for _, later := range []time.Duration{0, time.Minute, 10 * time.Minute, 20 * time.Hour} {
				t.Run(fmt.Sprint(place, " ", what, " ", later), func(t *testing.T) {
					b := newBare(t, discordfake.Options{})
					in := to(t, b)
					b.fake.Break(discordfake.Fault{Method: "POST", Route: posting, Lost: true, Times: 1})
					if _, err := b.Post(attempt(t, false), in, m, "key"); means(err) != "wait" {
						t.Fatalf("the answer was not lost: %v", err)
					}
					b.clock.move(later)
					b.again(t)
					ref, err := b.Post(attempt(t, true), in, m, "key")
					if err != nil {
						t.Fatal(err)
					}
					list := b.there(channelOf(in))
					if len(list) != 1 || list[0].ID != ref.ID {
						t.Errorf("%d messages, and it found %s", len(list), ref.ID)
					}
				})
			}
		}
	}
}

// channelOf is what Discord calls the place.
func channelOf(c bot.Conversation) string {
	if c.Thread != "" {
		return c.Thread
	}
	return c.Channel
}

// What others wrote meanwhile hides nothing, and a key of another post or place is another message.
func TestTheMarkIsOfTheKeyAndThePlace(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	other := b.place()
	other.Channel = b.fake.AddChannel(guild, "other")
	first, err := b.Post(t.Context(), b.place(), card(), "key")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 250 {
		if _, err := b.fake.Say(dan, b.channel, "", fmt.Sprint("words ", n)); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.move(time.Hour)
	ctx := attempt(t, true)
	if ref, err := b.Post(ctx, b.place(), card(), "key"); err != nil || ref.ID != first.ID {
		t.Errorf("%s, %v; want %s", ref.ID, err, first.ID)
	}
	for name, c := range map[string]struct {
		to  bot.Conversation
		key string
	}{"another key": {b.place(), "key2"}, "another place": {other, "key"}} {
		if ref, err := b.Post(ctx, c.to, card(), c.key); err != nil || ref.ID == first.ID {
			t.Errorf("%s: %s, %v", name, ref.ID, err)
		}
	}
}

// A first attempt does not look: that would cost a call for each message.
func TestAFirstAttemptDoesNotLook(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	if _, err := b.Post(attempt(t, false), b.place(), card(), "key"); err != nil {
		t.Fatal(err)
	}
	if n := len(b.fake.Calls("GET", "")); n > 0 {
		t.Errorf("%d look-ups", n)
	}
}

// A message that somebody deleted is gone. One whose answer was lost before somebody deleted it is posted again:
// Discord calls it unknown, and who is told that something is gone takes the channel for gone.
func TestADeletedMessageIsGone(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	ref, err := b.Post(t.Context(), b.place(), card(), "key")
	if err != nil {
		t.Fatal(err)
	}
	b.fake.DeleteMessage(b.channel, ref.ID)
	for name, do := range map[string]func() error{
		"edit": func() error { return b.Edit(t.Context(), ref, card()) },
		"pin":  func() error { return b.Pin(t.Context(), ref) },
	} {
		if err := do(); !errors.Is(err, bot.ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	again, err := b.Post(attempt(t, true), b.place(), card(), "key")
	if list := b.there(b.channel); err != nil || len(list) != 1 || list[0].ID != again.ID {
		t.Errorf("posted again as %s: %+v %v", again.ID, list, err)
	}
}

// A file is shown once.
func TestAFileIsUploadedOnce(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	f := bot.File{Name: "report.csv", Title: "Report", Type: "text/csv", Data: []byte("a,b\n1,2\n")}
	b.fake.Break(discordfake.Fault{Method: "POST", Route: posting, Lost: true, Times: 1})
	if _, err := b.Upload(t.Context(), b.place(), f, "file"); means(err) != "wait" {
		t.Fatal(err)
	}
	b.clock.move(time.Hour)
	ref, err := b.Upload(attempt(t, true), b.place(), f, "file")
	list := b.there(b.channel)
	if err != nil || len(list) != 1 || list[0].ID != ref.ID || len(list[0].Attachments) != 1 ||
		string(list[0].Attachments[0].Data) != string(f.Data) {
		t.Errorf("%v, %+v", err, list)
	}
}

// Two attempts to open one room make one room that the bot can write in, whichever answer was lost, also when a call in
// between was.
func TestOneRoomIsOpened(t *testing.T) {
	for name, route := range map[string][2]string{
		"the channel":   {"POST", "/guilds/{guild}/channels"},
		"the overwrite": {"PUT", "/channels/{channel}/permissions/{target}"},
	} {
		for _, which := range []int{1, 2} { // of the calls: a category, then a channel
			t.Run(fmt.Sprint(name, " ", which), func(t *testing.T) {
				b := newBare(t, discordfake.Options{})
				var n atomic.Int64
				b.fake.Break(discordfake.Fault{Lost: true, If: func(c discordfake.Call) bool {
					if c.Method == route[0] && c.Route == route[1] {
						return n.Add(1) == int64(which)
					}
					return false
				}})
				first, err := b.OpenChannel(t.Context(), "INC-1 Checkout", "room/INC-1")
				lost := n.Load() >= int64(which)
				if lost && means(err) != "wait" || !lost && err != nil {
					t.Fatalf("lost %v: %v", lost, err)
				}
				b.fake.Heal()
				b.again(t)
				second, err := b.OpenChannel(attempt(t, true), "INC-1 Checkout", "room/INC-1")
				if err != nil || first.Channel != "" && first != second {
					t.Fatalf("%v, then %v: %v", first, second, err)
				}
				if list := b.fake.Channels(guild); len(list) != 3 { // general, the category, the room
					t.Errorf("%d channels: %+v", len(list), list)
				}
				if err := b.Archive(t.Context(), second); err != nil {
					t.Fatal(err)
				}
				if _, err := b.Post(t.Context(), second, bot.Say("reopened"), "later"); err != nil {
					t.Errorf("the bot cannot write in its room: %v", err)
				}
				other, err := b.OpenChannel(t.Context(), "INC-1 Checkout", "room/INC-2")
				if err != nil || other == second {
					t.Errorf("another room of the same name: %v, %v", other, err)
				}
			})
		}
	}
}

func TestPinTwice(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	ref, err := b.Post(t.Context(), b.place(), card(), "key")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Pin(t.Context(), ref); err != nil {
			t.Error(err)
		}
	}
	if pins := b.fake.Pins(b.channel); len(pins) != 1 {
		t.Errorf("pins %v", pins)
	}
	b.fake.Break(discordfake.Fault{Method: "PUT", Code: 30003})
	if err := b.Pin(t.Context(), ref); err != nil || !b.log.has("can be done without") {
		t.Errorf("a channel that is full of pins: %v", err)
	}
}

// A thread is opened with its first message, and woken when Discord put it away. One that is locked against us is not
// written in for ever.
func TestThreads(t *testing.T) {
	open := func(t *testing.T, o discordfake.Options) (*bare, bot.Conversation, bot.MessageRef) {
		b := newBare(t, o)
		top, err := b.Post(t.Context(), b.place(), card(), "card")
		if err != nil {
			t.Fatal(err)
		}
		in := b.place()
		in.Thread = top.ID
		ref, err := b.Post(t.Context(), in, bot.Say("first update"), "update/1")
		if err != nil {
			t.Fatal(err)
		}
		return b, in, ref
	}
	t.Run("opened twice", func(t *testing.T) {
		b := newBare(t, discordfake.Options{})
		top, err := b.Post(t.Context(), b.place(), card(), "card")
		if err != nil {
			t.Fatal(err)
		}
		in := b.place()
		in.Thread = top.ID
		b.fake.Break(discordfake.Fault{
			Method: "POST", Route: "/channels/{channel}/messages/{message}/threads", Lost: true, Times: 1,
		})
		if _, err := b.Post(t.Context(), in, bot.Say("x"), "x"); means(err) != "wait" {
			t.Fatal(err)
		}
		// What another instance opened meanwhile: the first attempt to post says that there is none, and then there is.
		b.fake.Break(discordfake.Fault{Method: "POST", Route: posting, Code: 10003, Times: 1})
		if _, err := b.Post(attempt(t, true), in, bot.Say("x"), "x"); err != nil {
			t.Error(err)
		}
		if n := len(b.there(in.Thread)); n != 1 || len(b.fake.Threads(b.channel)) != 1 {
			t.Errorf("%d messages in %d threads", n, len(b.fake.Threads(b.channel)))
		}
	})
	t.Run("archived", func(t *testing.T) {
		b, in, ref := open(t, discordfake.Options{})
		b.fake.ArchiveThread(in.Thread, false)
		if err := b.Edit(t.Context(), ref, bot.Say("changed")); err != nil {
			t.Errorf("edit: %v", err)
		}
		b.fake.ArchiveThread(in.Thread, false)
		if _, err := b.Post(t.Context(), in, bot.Say("second"), "update/2"); err != nil {
			t.Errorf("post: %v", err)
		}
		b.fake.ArchiveThread(in.Thread, false)
		if err := b.Pin(t.Context(), ref); err != nil {
			t.Errorf("pin: %v", err)
		}
	})
	for name, archived := range map[string]bool{"locked": false, "locked and archived": true} {
		t.Run(name, func(t *testing.T) {
			b, in, ref := open(t, discordfake.Options{})
			if archived {
				b.fake.ArchiveThread(in.Thread, true)
			} else {
				b.fake.LockThread(in.Thread, true)
			}
			before := len(b.fake.Calls("", ""))
			if _, err := b.Post(t.Context(), in, bot.Say("second"), "update/2"); means(err) != "never" {
				t.Errorf("post: %v", err)
			}
			if err := b.Edit(t.Context(), ref, bot.Say("changed")); means(err) != "never" {
				t.Errorf("edit: %v", err)
			}
			if n := len(b.fake.Calls("", "")) - before; n > 6 {
				t.Errorf("%d calls", n)
			}
		})
	}
	t.Run("locked, with the right to manage threads", func(t *testing.T) {
		b, in, ref := open(t, discordfake.Options{Permissions: discordfake.Least | discordfake.ManageThreads})
		b.fake.ArchiveThread(in.Thread, true)
		if err := b.Edit(t.Context(), ref, bot.Say("changed")); err != nil {
			t.Error(err)
		}
	})
	t.Run("its card was deleted", func(t *testing.T) {
		b := newBare(t, discordfake.Options{})
		top, err := b.Post(t.Context(), b.place(), card(), "card")
		if err != nil {
			t.Fatal(err)
		}
		b.fake.DeleteMessage(b.channel, top.ID)
		in := b.place()
		in.Thread = top.ID
		if _, err := b.Post(t.Context(), in, bot.Say("x"), "x"); !errors.Is(err, bot.ErrGone) {
			t.Error(err)
		}
	})
}

// Somebody who lets nobody write to them is mentioned where they acted, once, without what only they may read.
func TestWhisperToWhoTakesNoDirectMessages(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	b.fake.AddUser(discordfake.User{ID: dan, Name: "dan", ClosedDMs: true})
	for range 2 {
		if err := b.Whisper(attempt(t, true), b.place(), account(dan), bot.Say("the secret"), "whisper"); err != nil {
			t.Fatal(err)
		}
	}
	list := b.there(b.channel)
	if len(list) != 1 || len(list[0].Pings) != 1 || list[0].Pings[0] != dan {
		t.Fatalf("%+v", list)
	}
	if text := list[0].Text(); strings.Contains(text, "secret") {
		t.Errorf("the channel reads %q", text)
	}
	if err := b.Whisper(t.Context(), bot.Conversation{}, account(dan), bot.Say("x"), "nowhere"); means(err) != "refused" {
		t.Errorf("without a place to mention them in: %v", err)
	}
}

// Nobody is notified by what people wrote, and by an edit nobody at all.
func TestWhoIsNotified(t *testing.T) {
	b := newBare(t, discordfake.Options{Permissions: discordfake.Least | discordfake.MentionEveryone})
	m := bot.Say("@everyone @here <@" + dan + "> <@&" + guild + ">")
	ref, err := b.Post(t.Context(), b.place(), m, "hostile")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Edit(t.Context(), ref, m); err != nil {
		t.Fatal(err)
	}
	person := bot.Span{Kind: bot.PersonSpan, Text: "Dan", User: dan}
	asked, err := b.Post(t.Context(), b.place(), bot.Message{Sections: []bot.Section{bot.Para(person, ", look")}}, "asked")
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := b.fake.Message(b.channel, ref.ID); len(m.Pings) > 0 {
		t.Errorf("hostile words notified %v", m.Pings)
	}
	if m, _ := b.fake.Message(b.channel, asked.ID); len(m.Pings) != 1 {
		t.Errorf("a mention notified %v", m.Pings)
	}
	if look.TokenSize != b.TokenSize() {
		t.Error("another size of tokens")
	}
}

// What each refusal means for the jobs that wanted something.
func TestRefusalsOfWhatGoesOut(t *testing.T) {
	for _, c := range []struct {
		call, want string
		fault      discordfake.Fault
	}{
		{"open", "refused", discordfake.Fault{Method: "POST", Code: 50013}},
		{"open", "refused", discordfake.Fault{Method: "POST", Code: 30013}},
		{"open", "wait", discordfake.Fault{Method: "POST", Status: 503}},
		{"open", "ok", discordfake.Fault{Method: "PUT", Code: 50013}},
		{"pin", "ok", discordfake.Fault{Code: 50013}}, {"pin", "gone", discordfake.Fault{Code: 10008}},
		{"pin", "wait", discordfake.Fault{Status: 500}},
		{"topic", "ok", discordfake.Fault{Code: 50013}}, {"topic", "wait", discordfake.Fault{
			Status: 429, RetryAfter: 10 * time.Minute, Scope: "shared",
		}},
		{"topic", "gone", discordfake.Fault{Code: 10003}},
		{"invite", "never", discordfake.Fault{Code: 50013}}, {"invite", "gone", discordfake.Fault{Code: 10003}},
		{"archive", "ok", discordfake.Fault{Method: "PUT", Code: 50013}},
		{"archive", "ok", discordfake.Fault{Method: "PUT", Code: 10003}},
		{"archive", "wait", discordfake.Fault{Method: "PATCH", Status: 502}},
		{"upload", "refused", discordfake.Fault{Code: 50013}}, {"upload", "refused", discordfake.Fault{Code: 50001}},
		{"upload", "wait", discordfake.Fault{Status: 500}},
		{"post", "never", discordfake.Fault{Code: 50001}}, {"post", "gone", discordfake.Fault{Code: 10003}},
		{"edit", "wait", discordfake.Fault{Code: 30046}}, {"edit", "gone", discordfake.Fault{Code: 10008}},
		{"whisper", "never", discordfake.Fault{Code: 50001}}, {"direct", "wait", discordfake.Fault{Status: 503}},
	} {
		t.Run(fmt.Sprint(c.call, " ", c.fault.Method, c.fault.Code, c.fault.Status), func(t *testing.T) {
			b := newBare(t, discordfake.Options{})
			ref, err := b.Post(t.Context(), b.place(), card(), "there")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.FindChannel(t.Context(), "general"); err != nil { // which tells who we are
				t.Fatal(err)
			}
			if c.fault.Method == "" { // what only reads goes on
				c.fault.If = func(c discordfake.Call) bool { return c.Method != "GET" }
			}
			b.fake.Break(c.fault)
			ctx := t.Context()
			err = map[string]func() error{
				"open":    func() error { _, err := b.OpenChannel(ctx, "new", "room/INC-9"); return err },
				"pin":     func() error { return b.Pin(ctx, ref) },
				"topic":   func() error { return b.SetTopic(ctx, b.place(), "topic") },
				"invite":  func() error { return b.Invite(ctx, b.place(), account(dan)) },
				"archive": func() error { return b.Archive(ctx, b.place()) },
				"post":    func() error { _, err := b.Post(ctx, b.place(), card(), "x"); return err },
				"edit":    func() error { return b.Edit(ctx, ref, card()) },
				"whisper": func() error { return b.Whisper(ctx, b.place(), account(dan), card(), "x") },
				"direct":  func() error { _, err := b.Direct(ctx, account(dan)); return err },
				"upload": func() error {
					_, err := b.Upload(ctx, b.place(), bot.File{Name: "a.txt", Type: "text/plain", Data: []byte("x")}, "x")
					return err
				},
			}[c.call]()
			if got := means(err); got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}
