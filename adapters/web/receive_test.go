package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

type m = map[string]any

func (w *world) id(name string) int64 { w.t.Helper(); return number(w.room(name).Channel) }

func TestWordsAreSaidToEverybody(t *testing.T) {
	w := newWorld(t)
	room := w.id("general")
	for range 2 { // the second is a repetition of the first
		a := w.as("ben").send("/say", m{
			"id": "aaaaaaaa-1", "channel": room, "thread": 0,
			"text": "  two\tcolumns\nand https://example.org/a?b=1, see\x00 \u202e",
		}).answer(t)
		if a.Status != "sent" || !strings.Contains(a.Post.HTML, `href="https://example.org/a?b=1"`) {
			t.Errorf("%+v", a)
		}
	}
	w.as("ana").send("/say", m{"id": "aaaaaaaa-1", "channel": room, "thread": 0, "text": "an id is its owner's"})
	if got, want := w.store.all(room), []string{
		"two    columns\nand https://example.org/a?b=1, see", "an id is its owner's",
	}; !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	if len(w.bot.requests()) != 0 {
		t.Error("words were taken for a command")
	}
	if page := w.as("gus").get("/c/general").body; !strings.Contains(page, "Ben Okafor") ||
		!strings.Contains(page, "columns") {
		t.Error("another person does not see it")
	}
}

func TestCommandsReachTheBotAndAreAnsweredInPrivate(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	root := w.post(room, bot.Say("root"), "root")
	for range 2 {
		a := w.as("ana").send("/say", m{
			"id": "aaaaaaaa-1", "channel": number(room.Channel), "thread": number(root.ID), "text": "\n /incident help",
		}).answer(t)
		if a.Status != "done" || !a.Post.Only || !strings.Contains(a.Post.HTML, "Only you can see this") ||
			!strings.Contains(a.Post.HTML, "/incident help") {
			t.Errorf("%+v", a)
		}
	}
	want := bot.Request{Key: "web:ana:aaaaaaaa-1", From: bot.Account{Platform: "web", User: "ana"}, Text: "/incident help",
		Place: bot.Conversation{Platform: "web", Channel: room.Channel, Thread: root.ID}}
	if got := w.bot.requests(); len(got) != 2 || fmt.Sprint(got[0]) != fmt.Sprint(want) ||
		fmt.Sprint(got[1]) != fmt.Sprint(want) {
		t.Errorf("requests %+v, want twice %+v", got, want)
	}
	if n := strings.Count(w.as("ana").get("/c/incidents/thread/"+root.ID).body, "declare and run incidents"); n != 1 {
		t.Errorf("the answer is kept %d times", n)
	}
	if strings.Contains(w.as("ben").get("/c/incidents/thread/"+root.ID).body, "declare and run incidents") {
		t.Error("somebody else sees the answer")
	}
}

// What could not be carried out is sent again under the same id. The person then sees what came of it, not once more
// that nothing did.
func TestARepetitionShowsItsOwnAnswer(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	for _, want := range []struct{ status, says string }{
		{"unavailable", "may not have been recorded"}, {"done", "It is recorded."},
	} {
		a := w.as("ana").send("/say", m{"id": "aaaaaaaa-1", "channel": number(room.Channel), "text": "/lost"}).answer(t)
		if a.Status != want.status || !strings.Contains(a.Post.HTML, want.says) {
			t.Errorf("%+v, want %+v", a, want)
		}
	}
}

func TestWhatCannotBeTaken(t *testing.T) {
	w := newWorld(t)
	room := w.id("general")
	elsewhere := number(w.post(w.room("incidents"), bot.Say("elsewhere"), "elsewhere").ID)
	say := func(change m) m {
		data := m{"id": "aaaaaaaa-1", "channel": room, "thread": 0, "text": "x"}
		for k, v := range change {
			data[k] = v
		}
		return data
	}
	for name, c := range map[string]struct {
		data   m
		status int
		says   string
	}{
		"too many characters": {
			say(m{"text": strings.Repeat("ä", 40_001)}), 400, "it has 40001 characters, the limit is 40000",
		},
		"nothing to see":         {say(m{"text": " \n\u200b\x00\u202e "}), 400, "write something first"},
		"no id":                  {say(m{"id": ""}), 400, "no valid number"},
		"an id with other signs": {say(m{"id": "aaaaaaaa:b"}), 400, "no valid number"},
		"a long id":              {say(m{"id": strings.Repeat("a", 65)}), 400, "no valid number"},
		"a command without id":   {say(m{"id": "1", "text": "/incident help"}), 400, "no valid number"},
		"an unknown channel":     {say(m{"channel": 999}), 404, "no such channel"},
		"channel zero":           {say(m{"channel": 0}), 404, "no such channel"},
		"a negative channel":     {say(m{"channel": -1}), 404, "no such channel"},
		"an unknown thread":      {say(m{"thread": 999}), 404, "does not exist any more"},
		"a thread elsewhere":     {say(m{"thread": elsewhere}), 400, "no such thread in this channel"},
		"a channel as a word":    {say(m{"channel": "1 OR 1=1"}), 400, "not one that this page sends"},
		"an unknown field":       {say(m{"person": "ben"}), 400, "not one that this page sends"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.as("ana").send("/say", c.data)
			if r.status != c.status || !strings.Contains(r.answer(t).Error, c.says) {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
	valid := fmt.Sprintf(`{"id":"aaaaaaaa-1","channel":%d,"thread":0,"text":"x"}`, room)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"invalid UTF-8": {strings.Replace(valid, `"x"`, "\"\xff\xfe\"", 1), 400},
		"too large":     {strings.Replace(valid, `"x"`, `"`+strings.Repeat("x", 300_000)+`"`, 1), 413},
		"nothing":       {"", 400}, "null and more": {valid + valid, 400}, "a list": {"[]", 400}, "no JSON": {"text=x", 400},
		"deep": {strings.Repeat("[", 100_000), 400},
	} {
		t.Run(name, func(t *testing.T) {
			if r := w.as("ana").raw("/say", c.body); r.status != c.status || r.answer(t).Error == "" {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
	if r := w.as("ana").with("Content-Type", "text/plain").raw("/say", valid); r.status != 400 {
		t.Errorf("as plain text: %d", r.status)
	}
	if got := w.store.all(room); len(got) != 0 || len(w.bot.requests()) != 0 {
		t.Errorf("something was taken: %q %v", got, w.bot.requests())
	}
	if r := w.as("ana").send("/say", say(m{"text": strings.Repeat("ä", 40_000)})); r.status != 200 {
		t.Errorf("at the limit: %d %s", r.status, r.body)
	}
}

// A click counts only on a post that the person sees and that carries the button.
func TestForgedClicksDoNothing(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	card := number(w.post(room, incidentCard("SEV2", "", w.clock.Now()), "card").ID)
	plain := number(w.post(room, bot.Say("no buttons"), "plain").ID)
	ctx := context.Background()
	direct, err := w.chat.Direct(ctx, bot.Account{Platform: web.Platform, User: "ben"})
	if err != nil {
		t.Fatal(err)
	}
	secret := number(w.post(direct, incidentCard("SEV1", "", w.clock.Now()), "direct").ID)
	if err := w.chat.Whisper(
		ctx, room, bot.Account{Platform: web.Platform, User: "ben"}, incidentCard("SEV1", "", w.clock.Now()), "whisper",
	); err != nil {
		t.Fatal(err)
	}
	whisper := secret + 1
	gone := number(w.post(room, incidentCard("SEV3", "", w.clock.Now()), "gone").ID)
	if err := w.store.DeletePost(ctx, number(room.Channel), gone); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data   m
		status int
		says   string
	}{
		"a token of no button": {
			m{"post": card, "token": "t-forged", "choice": ""}, 409, "no longer on the message",
		},
		"no token": {m{"post": card, "token": "", "choice": ""}, 409, "no longer on the message"},
		"the token of another post": {
			m{"post": plain, "token": "t-lead", "choice": ""}, 409, "no longer on the message",
		},
		"a post in another's messages": {
			m{"post": secret, "token": "t-lead", "choice": ""}, 404, "does not exist any more",
		},
		"an answer that another one sees": {
			m{"post": whisper, "token": "t-lead", "choice": ""}, 404, "does not exist any more",
		},
		"a deleted post": {m{"post": gone, "token": "t-lead", "choice": ""}, 404, "does not exist any more"},
		"no post":        {m{"post": 0, "token": "t-lead", "choice": ""}, 404, "does not exist any more"},
		"a choice that is not offered": {
			m{"post": card, "token": "t-sev", "choice": "SEV0"}, 400, "not one of the choices",
		},
		"no choice": {m{"post": card, "token": "t-sev", "choice": ""}, 400, "not one of the choices"},
		"a choice where there is none": {
			m{"post": card, "token": "t-lead", "choice": "SEV1"}, 400, "not one of the choices",
		},
		"somebody unknown": {
			m{"post": card, "token": "t-task", "choice": "@nobody"}, 400, "not one of the choices",
		},
		"somebody deactivated": {
			m{"post": card, "token": "t-task", "choice": "@eve"}, 400, "not one of the choices",
		},
		"somebody without the sign for one": {
			m{"post": card, "token": "t-task", "choice": "ben"}, 400, "not one of the choices",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.data["id"] = "aaaaaaaa-1"
			if r := w.as("ana").send("/act", c.data); r.status != c.status || !strings.Contains(r.answer(t).Error, c.says) {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
	if got := w.bot.requests(); len(got) != 0 {
		t.Errorf("the bot was asked: %+v", got)
	}
	for i, data := range []m{
		{"post": card, "token": "t-sev", "choice": "SEV1"}, {"post": card, "token": "t-task", "choice": "@ben"},
		{"post": card, "token": "t-lead", "choice": ""},
	} {
		data["id"] = fmt.Sprintf("bbbbbbbb-%d", i)
		if r := w.as("gus").send("/act", data); r.status != 200 {
			t.Errorf("%v: %d %s", data, r.status, r.body)
		}
	}
	got := w.bot.requests()
	if len(got) != 3 || got[0].Token != "t-sev" || got[0].Choice != "SEV1" || got[0].From.User != "gus" ||
		got[0].Key != "web:gus:bbbbbbbb-0" || got[0].Place != room {
		t.Errorf("requests %+v", got)
	}
	if !strings.Contains(w.as("gus").get("/c/incidents").body, "Change severity: SEV1 – critical") {
		t.Error("the answer does not say what was pressed")
	}
}

func TestForms(t *testing.T) {
	w := newWorld(t)
	w.bot.receive(context.Background(), bot.Request{
		Text: "/incident declare x", From: bot.Account{Platform: "web", User: "ana"},
	})
	room := number(w.bot.room.Channel)
	a := w.as("ana").send("/act", m{"id": "aaaaaaaa-1", "post": number(w.bot.card.ID), "token": "t-update", "choice": ""}).
		answer(t)
	if a.Status != "form" || a.Post != nil || !strings.Contains(a.Form, `data-token="f-update"`) {
		t.Fatalf("%+v", a)
	}
	for _, part := range []string{
		`<label for="f-text"><span>Update<span class="required" aria-hidden="true" title="Must be filled in">*</span></span></label>`,
		`<textarea id="f-text" name="text"`, `aria-required="true"`, `aria-describedby="f-text-help"`,
		`<option value="identified">Identified</option>`, `<option value="@ben">Ben Okafor</option>`,
		`<input type="checkbox" name="service" value="payments" checked>`,
	} {
		if !strings.Contains(a.Form, part) {
			t.Errorf("the form lacks %s:\n%s", part, a.Form)
		}
	}
	submit := m{
		"id": "aaaaaaaa-2", "channel": room, "thread": 0, "token": "f-update", "title": "Give an update",
		"values": map[string]string{"text": `too "short"`[:7], "service": "payments,web"},
	}
	a = w.as("ana").send("/submit", submit).answer(t)
	if a.Status != "usage" ||
		!strings.Contains(a.Form, `aria-invalid="true" aria-describedby="f-text-error f-text-help"`) ||
		!strings.Contains(a.Form, "\ntoo &#34;sh</textarea>") || !strings.Contains(a.Form, "at least 10 characters") {
		t.Errorf("%+v", a)
	}
	submit["values"], submit["id"] = map[string]string{"text": "rolled back, errors are falling"}, "aaaaaaaa-3"
	a = w.as("ana").send("/submit", submit).answer(t)
	if a.Status != "done" || a.Form != "" || !strings.Contains(a.Post.HTML, "is out") ||
		!strings.Contains(a.Post.HTML, "Give an update") {
		t.Errorf("%+v", a)
	}
	for name, change := range map[string]m{
		"no values": {"values": nil}, "too many values": {"values": many(61)},
		"a long token": {"token": strings.Repeat("x", 101)}, "no token": {"token": ""},
		"an answer too long": {"values": map[string]string{"text": strings.Repeat("x", 40_001)}},
	} {
		t.Run(name, func(t *testing.T) {
			data := m{
				"id": "aaaaaaaa-4", "channel": room, "thread": 0, "token": "f-update", "title": "x",
				"values": map[string]string{"text": "x"},
			}
			for k, v := range change {
				data[k] = v
			}
			if r := w.as("ana").send("/submit", data); r.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
}

func many(n int) map[string]string {
	values := map[string]string{}
	for i := range n {
		values[fmt.Sprint(i)] = "x"
	}
	return values
}

func TestShortcuts(t *testing.T) {
	w := newWorld(t)
	room := w.room("general")
	w.say("ben", room, "", "the queue is stuck <b>", 1)
	post := number(w.now())
	a := w.as("ana").send("/shortcut", m{"id": "aaaaaaaa-1", "post": post, "command": "incident.declare"}).answer(t)
	if !strings.Contains(a.Form, `value="the queue is stuck &lt;b&gt;"`) {
		t.Errorf("%+v", a)
	}
	got := w.bot.requests()
	q := bot.Quote{
		Author: "Ben Okafor", Text: "the queue is stuck <b>", At: w.clock.Now(),
		Link: fmt.Sprintf("https://ops.example/to/%s/%d", room.Channel, post),
		Ref:  bot.MessageRef{Conversation: room, ID: fmt.Sprint(post)},
	}
	if len(got) != 1 || got[0].Shortcut != "incident.declare" || *got[0].Quote != q || got[0].Place != room {
		t.Errorf("requests %+v, want the quote %+v", got, q)
	}
	for name, data := range map[string]m{
		"a command that is none": {"post": post, "command": "incident.resolve"},
		"no post":                {"post": 999, "command": "incident.declare"},
	} {
		t.Run(name, func(t *testing.T) {
			data["id"] = "aaaaaaaa-2"
			if r := w.as("ana").send("/shortcut", data); r.status < 400 {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
}

func TestAnswersThatTakeLong(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Patience = 30 * time.Millisecond })
	w.bot.hold = make(chan struct{})
	room := w.room("incidents")
	s, other := w.as("ana").listen(room.Channel, w.now(), ""), w.as("ben").listen(room.Channel, w.now(), "")
	for i, text := range []string{"/slow", "/slow form"} {
		r := w.as("ana").send("/say", m{
			"id": fmt.Sprintf("aaaaaaaa-%d", i), "channel": number(room.Channel), "thread": 0, "text": text,
		})
		if r.status != http.StatusAccepted || r.answer(t).Status != "working" {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	close(w.bot.hold)
	s.wait("post", "It took its time.")
	late := s.wait("post", "Open the form")
	post := fmt.Sprint(late.field("id"))
	if r := w.as("ana").get("/form/" + post); r.status != http.StatusOK ||
		!strings.Contains(r.body, `data-token="f-update" data-title="Give an update" data-post="`+post) {
		t.Errorf("the late form: %d %s", r.status, r.body)
	}
	if r := w.as("ben").get("/form/" + post); r.status != http.StatusNotFound {
		t.Errorf("somebody else opens it: %d", r.status)
	}
	if other.has("It took its time") {
		t.Error("somebody else hears the answer")
	}
}

// A secret is shown to whoever waits for it, and otherwise to nobody. What is kept says that it was shown.
func TestASecretIsKeptNowhere(t *testing.T) {
	for text, wants := range map[string]struct{ shown, kept string }{
		"/secret":      {"The secret is 4711.", ""},
		"/slow secret": {"", "A secret was shown once."},
	} {
		t.Run(text, func(t *testing.T) {
			late := strings.HasPrefix(text, "/slow")
			w := newWorld(t, func(o *web.Options) {
				if o.Patience = time.Minute; late {
					o.Patience = 30 * time.Millisecond
				}
			})
			w.bot.hold = make(chan struct{})
			room := w.room("incidents")
			s := w.as("ana").listen(room.Channel, w.now(), "")
			a := w.as("ana").send("/say", m{
				"id": "aaaaaaaa-1", "channel": number(room.Channel), "thread": 0, "text": text,
			}).answer(t)
			close(w.bot.hold)
			if late {
				s.wait("post", wants.kept)
			} else if a.Post == nil || a.Post.ID != 0 || !a.Post.Only || !strings.Contains(a.Post.HTML, wants.shown) {
				t.Errorf("%+v", a)
			}
			if page := w.as("ana").get("/c/incidents").body; strings.Contains(page, "4711") ||
				!strings.Contains(page, wants.kept) {
				t.Error(page)
			}
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			for _, p := range w.store.posts {
				if strings.Contains(p.Message.Plain(time.UTC), "4711") {
					t.Errorf("kept: %+v", p)
				}
			}
		})
	}
}

// The browser goes away, the action does not.
func TestABrokenConnectionLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.bot.hold = make(chan struct{})
	room := w.room("incidents")
	ctx, cancel := context.WithCancel(context.Background())
	body := fmt.Sprintf(`{"id":"aaaaaaaa-1","channel":%s,"thread":0,"text":"/slow"}`, room.Channel)
	r := w.as("ana").request(http.MethodPost, "/say", strings.NewReader(body)).WithContext(ctx)
	failed := make(chan error, 1)
	go func() {
		got, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = got.Body.Close()
		}
		failed <- err
	}()
	for len(w.bot.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s := w.as("ana").listen(room.Channel, w.now(), "")
	close(w.bot.hold)
	s.wait("post", "It took its time.")
}

func TestWhenTheStoreFails(t *testing.T) {
	w := newWorld(t)
	room := w.id("incidents")
	w.as("ana").get("/c/incidents")
	w.store.mu.Lock()
	w.store.fail = errors.New("secret detail of the database")
	w.store.mu.Unlock()
	for name, r := range map[string]response{
		"page": w.as("ana").get("/c/incidents"),
		"say":  w.as("ana").send("/say", m{"id": "aaaaaaaa-1", "channel": room, "thread": 0, "text": "x"}),
		"list": w.as("ana").get("/channels"),
	} {
		t.Run(name, func(t *testing.T) {
			if r.status != http.StatusServiceUnavailable || strings.Contains(r.body, "secret detail") ||
				!strings.Contains(r.body, "try again in a moment") {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		})
	}
}

func TestBeforeTheBotIsThere(t *testing.T) {
	w := &world{t: t, store: newFakeStore(), clock: bottest.NewClock()}
	w.chat = web.New(web.Options{
		Store: w.store, Clock: w.clock, Visitors: everybody(),
		People: func(context.Context) ([]bot.Person, error) { return bottest.People(web.Platform), nil },
	})
	w.srv = httptest.NewServer(w.chat.Handler())
	defer w.srv.Close()
	r := w.as("ana").send(
		"/say", m{"id": "aaaaaaaa-1", "channel": w.id("incidents"), "thread": 0, "text": "/incident help"},
	)
	if r.status != http.StatusServiceUnavailable || !strings.Contains(r.answer(t).Error, "still starting") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if got := w.chat.Link(context.Background(), bot.MessageRef{Conversation: w.room("incidents"), ID: "5"}); got != "" {
		t.Errorf("a link to nowhere: %q", got)
	}
}
