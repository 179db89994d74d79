package change_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// A message is real when Watchbell posted it. That it stands in an incident's channel, or is linked from somewhere,
// proves nothing.
func TestACardIsRealByItsOwnID(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Wait(0)
		card := bot.MessageRef{}
		for _, m := range w.Chat.Messages() {
			if strings.Contains(m.Key, "INC-1") && m.To == "" && !m.Gone {
				card = m.Ref
			}
		}
		room, err := w.Bot.Room(t.Context(), "incident.room/INC-1/test")
		if err != nil || card.ID == "" {
			t.Fatalf("no room or no message: %+v %v", card, err)
		}
		foreign := bot.MessageRef{Conversation: room, ID: "a-message-of-somebody"}
		elsewhere := card
		elsewhere.Channel = "another-channel"
		for name, c := range map[string]struct {
			quote bot.Quote
			want  string
		}{
			"one that Watchbell posted": {bot.Quote{Ref: card}, "This message is real. It is about INC-1."},
			"another one in an incident's channel": {
				bot.Quote{Ref: foreign, Author: "Watchbell", Text: "INC-1"}, "Watchbell did not post this message.",
			},
			"the id of ours in another channel": {bot.Quote{Ref: elsewhere}, "Watchbell did not post this message."},
			"an answer, as the platform says": {
				bot.Quote{Ref: foreign, Ours: true}, "as an answer to somebody. It is no card.",
			},
		} {
			w.Run(name, func(t *testing.T) {
				r := w.Send("dan", bot.Request{Shortcut: "change.verify-card", Quote: &c.quote})
				if r.Status != bot.Done || r.Form != nil || !strings.Contains(bottest.Text(r), c.want) {
					t.Errorf("%s: %s %s", name, r.Status, bottest.Text(r))
				}
			})
		}
		for link, want := range map[string]string{
			"https://example.slack.com/archives/C024BE7LD/p1764079320000100": "This link leads to no place where Watchbell posts.",
			"https://evil.example/": "This link leads to no place where Watchbell posts.",
		} {
			w.Run(link, func(t *testing.T) {
				r := w.Type("dan", "/change verify-card "+link)
				if r.Status != bot.Done || r.Message.Tone != bot.Critical || !strings.Contains(bottest.Text(r), want) {
					t.Errorf("%s: %s %s", link, r.Status, bottest.Text(r))
				}
			})
		}
		w.Refused("dan", "/change verify-card INC-1", "Give the link of a message as the chat copies it")
	})
}
