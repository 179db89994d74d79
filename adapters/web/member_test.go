package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

func TestWhoOneActsAs(t *testing.T) {
	w := newWorld(t)
	for cookie, want := range map[string]string{
		"": "Ana Ruiz", "ben": "Ben Okafor", "nobody": "Ana Ruiz", "eve": "Ana Ruiz", "<script>": "Ana Ruiz",
	} {
		t.Run(cookie, func(t *testing.T) {
			page := w.as(cookie).get("/c/incidents").body
			if !strings.Contains(page, `<b>Demo</b> you act as</small><span class="name">`+want) {
				t.Errorf("with the cookie %q the page is not for %s", cookie, want)
			}
		})
	}
	for _, cookie := range []string{"nobody", "eve"} {
		t.Run(cookie, func(t *testing.T) {
			say := m{"id": "aaaaaaaa-1", "channel": w.id("general"), "thread": 0, "text": "not as somebody else"}
			if r := w.as(cookie).send("/say", say); r.status != http.StatusForbidden ||
				!strings.Contains(r.answer(t).Error, "Reload the page") {
				t.Errorf("%s says something: %d %s", cookie, r.status, r.body)
			}
			if r := w.as(cookie).get("/events?after=0&channel=" + w.room("general").Channel); r.status != http.StatusForbidden {
				t.Errorf("%s listens: %d", cookie, r.status)
			}
		})
	}
	form := w.as("").with("Content-Type", "application/x-www-form-urlencoded")
	r := form.raw("/persona", "person=ben&channel="+w.room("general").Channel)
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/c/general" ||
		r.header.Get("Set-Cookie") != "watchbell_persona=ben; Path=/; HttpOnly; SameSite=Strict" {
		t.Errorf("switch: %d %v", r.status, r.header)
	}
	for _, body := range []string{"person=nobody", "person=eve", "person=", "", "person=%zz"} {
		t.Run(body, func(t *testing.T) {
			if r := form.raw("/persona", body); r.status != http.StatusBadRequest || r.header.Get("Set-Cookie") != "" {
				t.Errorf("%q: %d %v", body, r.status, r.header)
			}
		})
	}
	direct, err := w.chat.Direct(context.Background(), bot.Account{Platform: web.Platform, User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []string{direct.Channel, "//evil.example", "999", ""} {
		t.Run(channel, func(t *testing.T) {
			if r := form.raw("/persona", "person=ben&channel="+channel); r.header.Get("Location") != "/" {
				t.Errorf("back to %q leads to %q", channel, r.header.Get("Location"))
			}
		})
	}
}

func TestTheFirstActivePersonWhenThereIsNoAna(t *testing.T) {
	list := bottest.People(web.Platform)
	w := newWorld(t, func(o *web.Options) {
		o.People = func(context.Context) ([]bot.Person, error) { return list[1:], nil }
	})
	if page := w.as("").
		get("/c/incidents").body; !strings.Contains(page, `you act as</small><span class="name">Ben Okafor`) {
		t.Error("not Ben")
	}
	list[1].Accounts = nil
	w = newWorld(t, func(o *web.Options) {
		o.People = func(context.Context) ([]bot.Person, error) { return list[1:2], nil }
	})
	r := w.as("").send("/say", m{"id": "aaaaaaaa-1", "channel": w.id("incidents"), "thread": 0, "text": "/incident help"})
	if r.status != http.StatusForbidden ||
		!strings.Contains(r.answer(t).Error, "Ben Okafor has no account for the web chat.") {
		t.Errorf("%d %s", r.status, r.body)
	}
	w = newWorld(t, func(o *web.Options) { o.People = func(context.Context) ([]bot.Person, error) { return nil, nil } })
	if r := w.as("").get("/c/incidents"); r.status != http.StatusServiceUnavailable ||
		!strings.Contains(r.body, "Nobody is configured yet") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestDirectMessagesAreForOnePersonOnly(t *testing.T) {
	w := newWorld(t)
	who := bot.Account{Platform: web.Platform, User: "ana"}
	direct, err := w.chat.Direct(context.Background(), who)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := w.chat.Direct(context.Background(), who); again != direct {
		t.Errorf("another conversation: %+v, %+v", direct, again)
	}
	ref := w.post(direct, bot.Say("for ana alone"), "dm")
	if r := w.as("ana").get("/c/@ana"); !strings.Contains(r.body, "for ana alone") {
		t.Errorf("ana: %d", r.status)
	}
	for _, path := range []string{
		"/c/@ana", "/to/" + direct.Channel, "/to/" + direct.Channel + "/" + ref.ID, "/c/@ana/thread/" + ref.ID,
		"/c/@ana/earlier?before=99", "/c/incidents/thread/" + ref.ID,
	} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ben").get(path); r.status != http.StatusNotFound || strings.Contains(r.body, "for ana alone") {
				t.Errorf("ben reads %s: %d", path, r.status)
			}
		})
	}
	for path, data := range map[string]m{
		"/say":      {"id": "aaaaaaaa-1", "channel": number(direct.Channel), "thread": 0, "text": "x"},
		"/shortcut": {"id": "aaaaaaaa-1", "post": number(ref.ID), "command": "incident.declare"},
		"/read":     {"channel": number(direct.Channel), "n": 1}, "/member": {"channel": number(direct.Channel), "in": true},
	} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ben").send(path, data); r.status != http.StatusNotFound {
				t.Errorf("ben at %s: %d %s", path, r.status, r.body)
			}
		})
	}
	if _, err := w.chat.FindChannel(context.Background(), "@ana"); err == nil {
		t.Error("direct messages are found by name")
	}
}

func TestReadingJoiningAndDismissing(t *testing.T) {
	w := newWorld(t)
	room := w.room("general")
	w.as("ana").get("/c/incidents")
	for i := range 3 {
		w.post(room, bot.Say("news"), fmt.Sprint(i))
	}
	unread := func(want string) {
		t.Helper()
		if got := strings.TrimSpace(w.as("ana").get("/unread").body); got != `{"unread":`+want+`}` {
			t.Errorf("unread %s, want %s", got, want)
		}
	}
	unread("3")
	if page := w.as("ana").get("/c/incidents").body; !strings.Contains(
		page, `<span class="badge"><span class="count">3</span>`,
	) {
		t.Error("the list does not show what is unread")
	}
	w.as("ana").send("/read", m{"channel": number(room.Channel), "n": 1_000_000})
	unread("0")
	w.as("ana").send("/member", m{"channel": number(room.Channel), "in": false})
	w.post(room, bot.Say("news"), "more")
	unread("0")
	w.as("ana").send("/member", m{"channel": number(room.Channel), "in": true})
	unread("1")

	a := w.as("ana").send("/say", m{
		"id": "aaaaaaaa-1", "channel": number(room.Channel), "thread": 0, "text": "/incident help",
	}).answer(t)
	if r := w.as("ben").send("/dismiss", m{"post": a.Post.ID}); r.status != http.StatusNotFound {
		t.Errorf("ben dismisses ana's answer: %d", r.status)
	}
	public := number(w.post(room, bot.Say("for all"), "public").ID)
	if r := w.as("ana").send("/dismiss", m{"post": public}); r.status != http.StatusForbidden {
		t.Errorf("ana dismisses what everybody sees: %d", r.status)
	}
	if r := w.as("ana").send("/dismiss", m{"post": a.Post.ID}); r.status != http.StatusOK {
		t.Errorf("ana dismisses her answer: %d %s", r.status, r.body)
	}
	if strings.Contains(w.as("ana").get("/c/general").body, "Only you can see this") {
		t.Error("a dismissed answer is still there")
	}
}

func TestAnArchivedChannelIsReadOnly(t *testing.T) {
	w := newWorld(t)
	room := w.room("general")
	ref := w.post(room, incidentCard("SEV2", "", w.clock.Now()), "card")
	if err := w.store.Archive(context.Background(), number(room.Channel)); err != nil {
		t.Fatal(err)
	}
	page := w.as("ana").get("/c/general").body
	if !strings.Contains(page, "This channel is archived") || strings.Contains(page, `class="composer"`) ||
		!strings.Contains(page, "INC-42") {
		t.Error("the page does not show that it is archived")
	}
	for path, data := range map[string]m{
		"/say":      {"channel": number(room.Channel), "thread": 0, "text": "x"},
		"/act":      {"post": number(ref.ID), "token": "t-lead", "choice": ""},
		"/shortcut": {"post": number(ref.ID), "command": "incident.declare"},
	} {
		t.Run(path, func(t *testing.T) {
			data["id"] = "aaaaaaaa-1"
			if r := w.as("ana").send(path, data); r.status != http.StatusConflict || !strings.Contains(r.body, "is archived") {
				t.Errorf("%s: %d %s", path, r.status, r.body)
			}
		})
	}
}

func TestManyChannelsStayUsable(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for i := range 300 {
		c, err := w.chat.OpenChannel(ctx, fmt.Sprintf("inc-%03d-something", i), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			if err := w.chat.Invite(ctx, c, bot.Account{Platform: web.Platform, User: "ana"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	page := w.as("ana").get("/c/incidents").body
	if n := strings.Count(page, "data-room="); n != 30+30+1 || !strings.Contains(page, "47 more: find them by name") ||
		!strings.Contains(page, "195 more: find them by name") {
		t.Errorf("%d channels are listed", n)
	}
	if strings.Index(page, "#incidents") > strings.Index(page, "inc-296-something") ||
		strings.Index(page, "inc-296") > strings.Index(page, "inc-292") {
		t.Error("not the standard channels first, then the newest")
	}
	for query, want := range map[string]int{
		"inc-0": 56, "%23INC-042": 2, "inc-04": 11, "%25": 1, "_": 1, "nothing": 1, "%27+OR+1%3D1": 1,
	} {
		t.Run(query, func(t *testing.T) {
			if n := strings.Count(w.as("ana").get("/channels?q="+query).body, "data-room="); n != want {
				t.Errorf("%q finds %d channels, want %d", query, n, want)
			}
		})
	}
}

func TestFindingPeopleAndCompleting(t *testing.T) {
	w := newWorld(t)
	for q, want := range map[string]string{
		"": `"@ana"`, "oKa": `[{"value":"@ben","label":"Ben Okafor"}]`, "@be": `"@ben"`, "eve": `[]`, "%25": `[]`,
	} {
		t.Run(q, func(t *testing.T) {
			if got := w.as("ana").get("/people?q=" + q).body; !strings.Contains(got, want) {
				t.Errorf("%q: %s", q, got)
			}
		})
	}
	for text, want := range map[string]string{
		"/inc": `[{"text":"/incident ","help":"declare and run incidents"}]`, "hello": `[]`, strings.Repeat("/", 1001): `[]`,
		"%ff%fe": `[]`,
	} {
		t.Run(fmt.Sprintf("%.20q", text), func(t *testing.T) {
			if got := strings.TrimSpace(w.as("ana").get("/complete?text=" + text).body); got != want {
				t.Errorf("%.20q: %s", text, got)
			}
		})
	}
}

func TestAPageDoesNothingAsWhomAnotherTabChose(t *testing.T) {
	w := newWorld(t)
	room := number(w.room("incidents").Channel)
	ben := w.as("ben") // the cookie by now; the page is ana's
	for _, path := range []string{
		"/events?channel=1&after=0&as=ana", "/people?q=&as=ana", "/channels?as=ana", "/unread?as=ana",
		"/complete?text=/&as=ana",
	} {
		t.Run(path, func(t *testing.T) {
			if r := ben.get(path); r.status != http.StatusConflict || !strings.Contains(r.body, "Another tab now acts as Ben") {
				t.Errorf("%s: %d %s", path, r.status, r.body)
			}
		})
	}
	say := map[string]any{"id": "00000000-0000", "channel": room, "thread": 0, "text": "hello"}
	if r := ben.send("/say?as=ana", say); r.status != http.StatusConflict ||
		!strings.Contains(r.body, "Reload this page to act as Ben") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if got := w.store.all(room); len(got) != 0 {
		t.Errorf("something was said: %q", got)
	}
	if r := ben.send("/say?as=ben", say); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}
