package account_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// Everything that people are shown, as it looks.
func TestMessages(t *testing.T) {
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	there := w.dan()
	shows := func(name, text string) {
		t.Helper()
		bottest.Golden(t, name, codeForm.ReplaceAllString(text, "7KQ2-M9XD"))
	}
	told := func(name string) {
		t.Helper()
		all := w.Chat.In("@dan")
		shows(name, bottest.Render(all[len(all)-1].Message))
	}
	shows("help", bottest.Rendered(w.Do("mia", "/ops")))
	shows("me-enrolled", bottest.Rendered(w.as(there, "/ops me")))
	made := w.Do("dan", "/ops me link")
	shows("code", bottest.Rendered(made))
	shows("code-kept", bottest.Render(*made.Kept))
	code := codeForm.FindString(bottest.Text(made))
	shows("link", bottest.Rendered(w.as(there, "/ops me link "+code)))
	told("told-linked")
	shows("me", bottest.Rendered(w.as(there, "/ops me")))
	page := w.Send("dan", bot.Request{Text: "/ops me", Paged: true}).Page
	shows("me-page", bottest.Render(page.InShort(bot.HomeRows)))
	shows("unlink", bottest.Rendered(w.Do("dan", "/ops me unlink discord")))
	told("told-unlinked")
}
