package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// Reactions that people put while no server ran are on the timeline after the next start, each once however often that
// happens.
func TestDiscordReactionsThatWereMissed(t *testing.T) {
	t.Parallel()
	story := func(t *testing.T, url string) {
		w := newGuildWith(t, false, url, discordfake.Options{Privileged: discordfake.MessageContent})
		w.line("ana", w.general, "incident", "declare Checkout returns 502 sev2")
		c := w.opens("inc-1-")
		react := func(text, emoji string) string {
			t.Helper()
			said, err := w.fake.Say(discordIDs["mia"], c.ID, "", text)
			if err == nil {
				err = w.fake.React(discordIDs["ben"], c.ID, said, "", emoji)
			}
			if err != nil {
				t.Fatal(err)
			}
			return said
		}
		timeline := func() string {
			out, code := w.do("ana", "/incident timeline INC-1")
			if code != exitDone {
				t.Fatalf("%d: %s", code, out)
			}
			return out
		}
		on := func(text string) func() bool {
			return func() bool { return strings.Contains(timeline(), text) }
		}
		react("The cache is full", "📌")
		w.until("what was put in time is there", on("The cache is full"))
		w.server.kill()
		w.until("the gateway is closed", func() bool { return w.fake.Connected() == 0 })
		react("Emptied the cache", "📌")
		react("Ask the vendor why", "✅")
		w.begin()
		w.until("the note is there", on("Emptied the cache"))
		w.until("the task is there", on("Ask the vendor why"))
		w.again()
		w.line("ana", c.ID, "incident", "note Nothing more was missed")
		w.until("the command is carried out", on("Nothing more was missed"))
		w.server.stop()
		for _, text := range []string{"The cache is full", "Emptied the cache", "Ask the vendor why"} {
			if n := strings.Count(timeline(), text); n != 1 {
				t.Errorf("%q is there %d times:\n%s", text, n, timeline())
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) { story(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")) })
	t.Run("postgres", func(t *testing.T) { story(t, pgtest.URL(t)) })
}
