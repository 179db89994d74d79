package web_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// What is for somebody alone and must not wait rings in their open tabs; nothing else does, and nobody else's.
func TestWhatRingsInAnOpenTab(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	direct, err := w.chat.Direct(context.Background(), bot.Account{Platform: web.Platform, User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	s := w.as("ana").listen(room.Channel, w.now(), "")
	page := bot.Message{Title: "PAGE-1 · primary", Tone: bot.Critical, Sections: []bot.Section{bot.Para("Checkout is down")}}
	quiet := bot.Say("The weekly report is there.")
	w.post(direct, quiet, "quiet")
	ref := w.post(direct, page, "page")
	if e := s.wait("ring", "PAGE-1"); e.field("urgent") != true || !strings.Contains(e.Data, "Checkout is down") {
		t.Errorf("%s", e.Data)
	}
	if err := w.chat.Edit(context.Background(), ref, bot.Say("It was answered.")); err != nil {
		t.Fatal(err)
	}
	w.say("ben", room, "", "Hello @anabel, and mail to x@ana-b.example", 1)
	w.say("ana", room, "", "I am @ana", 2)
	w.say("ben", room, "", "Can you look, @ANA?", 3)
	if e := s.wait("ring", "Can you look"); e.field("title") != "Ben Okafor" {
		t.Errorf("%s", e.Data)
	}
	w.say("dan", room, "", "Or @Ana Ruiz", 4)
	s.wait("ring", "Or @Ana Ruiz")
	rung := 0
	for _, e := range s.all() {
		if e.Name == "ring" {
			rung++
		}
	}
	if rung != 3 {
		t.Errorf("it rang %d times", rung)
	}
}

// The page of a browser gives its subscription to the command that everybody has, as whoever looks.
func TestABrowserIsAddedByTheCommand(t *testing.T) {
	w := newWorld(t)
	body := w.as("ana").get("/me/bells").body
	for _, part := range []string{"Switch this browser on", `data-person="ana"`, `data-key="BEl62`, "bell.js"} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is missing in %s", part, body)
		}
	}
	w.as("ana").send("/me/bells", map[string]string{"id": "00000000-0001", "subscription": `{"endpoint":"x"}`})
	w.as("ana").send("/me/bells", map[string]string{"id": "00000000-0002", "test": "BELL-7"})
	asked := w.bot.requests()
	if len(asked) != 2 || asked[0].Shortcut != "ops.notify-add" || asked[0].Args["address"] != `{"endpoint":"x"}` ||
		asked[0].From.User != "ana" || asked[1].Shortcut != "ops.notify-test" || asked[1].Args["place"] != "BELL-7" {
		t.Errorf("%+v", asked)
	}
	if r := w.as("ana").send("/me/bells", map[string]string{"id": "x", "subscription": "y"}); r.status != 400 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// The script of the page hears the stream. Sound itself no test can hear.
func TestAMentionRingsInTheBrowser(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w.srv.URL)
	b.open("/c/incidents")
	b.wait("document.querySelector('#scroll')")
	room := w.room("incidents")
	first := w.post(room, bot.Say("something"), "something")
	b.sees("#posts", "something")
	w.say("ben", room, "", "Look at this, @ana", 1)
	b.wait("Number(document.body.dataset.rung) > " + first.ID)
	b.open("/me/bells")
	b.press("main", "Try the sound")
	b.sees("#bell-state", "four tones")
	var on bool
	if err := json.Unmarshal([]byte(b.value("JSON.stringify(!document.querySelector('#bell-on').disabled)")), &on); err != nil || !on {
		t.Errorf("%v %v", on, err)
	}
}
