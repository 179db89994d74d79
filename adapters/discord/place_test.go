package discord_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// A command of a message's menu knows the message, and opens its form.
func TestACommandOnAMessage(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		said, err := h.fake.Say(h.users["ana"], h.channel, "", "the cache is full")
		if err != nil {
			t.Fatal(err)
		}
		ack, err := h.fake.MessageCommand(h.users["dan"], h.channel, said, "", "Do it")
		if err != nil || ack.Type != discordfake.Opened {
			t.Fatalf("%+v, %v", ack, err)
		}
		if got := text(h.submits(t, "dan", map[string]string{"what": "this"})); !strings.Contains(got, "done: this") {
			t.Errorf("%q", got)
		}
	})
}

// Buttons that somebody was sent alone work there, in the guild that they share with the bot; who left it may not use
// them any more.
func TestAClickInADirectMessage(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		to, err := h.adapter.Direct(t.Context(), account(h.users["dan"]))
		if err != nil {
			t.Fatal(err)
		}
		ref, err := h.core.Post(t.Context(), "thing.direct", "", to, bot.Message{
			Sections: []bot.Section{bot.Para("press")},
			Actions:  []bot.Action{{Label: "See", Command: "thing.see", Args: map[string]string{"why": "alone"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := h.fake.Message(to.Channel, ref.ID)
		ack, err := h.press(t, "dan", m, "See")
		if err != nil || !strings.Contains(plainly(ack), "done: /alone") || !strings.Contains(plainly(ack), "by Dan Weber") {
			t.Errorf("%q, %v", plainly(ack), err)
		}
		h.stop()
		h.start(t, h.core.Receive) // which remembers nobody
		h.fake.RemoveMember(guild, h.users["dan"])
		ack, err = h.press(t, "dan", m, "See")
		if err != nil || !strings.Contains(plainly(ack), "does not serve your server") {
			t.Errorf("%q, %v", plainly(ack), err)
		}
	})
}

// A command in a thread is of the thread, and its answer is seen by who typed it only.
func TestACommandInAThread(t *testing.T) {
	h := world{}.start(t)
	top := h.button(t, bot.Action{Label: "See", Command: "thing.see"})
	in := h.Place()
	in.Thread = top.ID
	if _, err := h.adapter.Post(t.Context(), in, bot.Say("first update"), "update"); err != nil {
		t.Fatal(err)
	}
	ack, err := h.fake.Command(
		h.users["dan"], top.ID, "", "thing", discordfake.Sub("see", discordfake.Opt("why", "below")),
	)
	if err != nil || !strings.Contains(plainly(ack), "below") || ack.Message.Channel != top.ID || ack.Message.Only == "" {
		t.Errorf("%+v, %v", ack, err)
	}
}

// The same press, delivered twice, is done once.
func TestAPressThatComesTwice(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		for range 2 {
			if _, err := h.types("dan", "again", "note", discordfake.Opt("text", "x")); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.fake.Shown(h.users["dan"], h.channel)); n != 1 {
			t.Errorf("%d answers", n)
		}
		if h.log.has("did not reach") || len(h.directly("dan")) > 0 {
			t.Error("the second answer was taken for a failure")
		}
	})
}
