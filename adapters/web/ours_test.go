package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// Whether a card is real is asked of what the bot posted. What a person wrote is nobody's card.
func TestWhatIsAboutOurMessagesIsNotOfferedOnPeoples(t *testing.T) {
	w := newWorld(t, func(o *web.Options) {
		o.Shortcuts = func() []web.Shortcut {
			return []web.Shortcut{{Command: "change.verify-card", Label: "Is this card real?", Ours: true}}
		}
	})
	room := w.room("incidents")
	if _, err := w.chat.Post(t.Context(), room, bot.Say("a card"), "card"); err != nil {
		t.Fatal(err)
	}
	if page := w.as("ana").get("/c/incidents"); strings.Count(page.body, "Is this card real?") != 1 {
		t.Errorf("offered %d times on one message of ours", strings.Count(page.body, "Is this card real?"))
	}
	w.say("ana", room, "", "hello", 1)
	if page := w.as("ana").get("/c/incidents"); strings.Count(page.body, "Is this card real?") != 1 {
		t.Errorf("offered %d times on one message of ours and one of Ana", strings.Count(page.body, "Is this card real?"))
	}
	if r := w.as("ana").
		send(
			"/shortcut", m{"id": "aaaaaaaa-2", "post": number(w.now()), "command": "change.verify-card"},
		); r.status != http.StatusBadRequest {
		t.Errorf("on a person's message: %d %s", r.status, r.body)
	}
}

func TestLinksLeadBackToMessages(t *testing.T) {
	w := newWorld(t)
	for link, want := range map[string]string{
		"https://ops.example/to/3/14": "3 14", "https://OPS.example/to/3/14/thread": "3 14",
		"http://localhost:8080/to/3/14":    "3 14",
		"https://ops.example.evil/to/3/14": "", "https://evil.example/to/3/14": "", "https://ops.example/to/3/x": "",
		"https://ops.example/c/incidents": "", "nonsense": "",
	} {
		t.Run(link, func(t *testing.T) {
			ref, ok := w.chat.MessageAt(t.Context(), link)
			got := ""
			if ok {
				got = ref.Channel + " " + ref.ID
			}
			if got != want || ok && ref.Platform != web.Platform {
				t.Errorf("%s leads to %q, want %q", link, got, want)
			}
		})
	}
}
