package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/bell"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// world is a chat on a store in memory with a small scripted bot behind it.
type world struct {
	t     *testing.T
	store *fakeStore
	chat  *web.Chat
	clock *bottest.Clock
	srv   *httptest.Server
	bot   *scripted
	down  atomic.Bool // the server hangs up without an answer
	slow  atomic.Bool // pages take longer than what the page before them still wants to send
}

func newWorld(t *testing.T, change ...func(*web.Options)) *world {
	t.Helper()
	w := &world{t: t, store: newFakeStore(), clock: bottest.NewClock()}
	o := web.Options{
		Name: "Northwind Ops", URL: "https://ops.example", Store: w.store, Clock: w.clock,
		People: func(context.Context) ([]bot.Person, error) { return bottest.People(web.Platform), nil },
		Shortcuts: func() []web.Shortcut {
			return []web.Shortcut{
				{Command: "incident.declare", Label: "Declare incident"}, {Command: "incident.note", Label: "Add to timeline"},
			}
		},
		Complete: complete,
		Bell: bell.New(bell.Options{
			Name: "Northwind Ops", Key: func(context.Context) (string, error) { return "BEl62iUYgUivxIkv69yViEuiBIa", nil },
		}),
	}
	o.Visitors = web.NewPersonas(func(ctx context.Context) ([]bot.Person, error) { return o.People(ctx) }, "")
	for _, f := range change {
		f(&o)
	}
	w.chat = web.New(o)
	w.bot = &scripted{chat: w.chat, clock: w.clock}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.chat.Run(ctx, w.bot.receive) }()
	handler := w.chat.Handler()
	w.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			panic(http.ErrAbortHandler)
		}
		if w.slow.Load() && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
			<-time.After(700 * time.Millisecond)
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		w.srv.Close()
	})
	w.bot.started(t)
	return w
}

// everybody lets people act as any of the people of the demo.
func everybody() web.Personas {
	return web.NewPersonas(
		func(context.Context) ([]bot.Person, error) { return bottest.People(web.Platform), nil }, "",
	)
}

// room is the conversation of a channel that exists.
func (w *world) room(name string) bot.Conversation {
	w.t.Helper()
	c, err := w.chat.FindChannel(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) post(to bot.Conversation, m bot.Message, key string) bot.MessageRef {
	w.t.Helper()
	ref, err := w.chat.Post(context.Background(), to, m, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

func complete(_ context.Context, text string) []ask.Suggestion {
	all := []ask.Suggestion{
		{Text: "/incident ", Help: "declare and run incidents"},
		{Text: "/incident declare ", Help: "declare an incident; the title is enough"},
		{Text: "/incident update ", Help: "tell everybody what is known"},
		{Text: "/incident resolve ", Help: "end the incident"},
		{Text: "/incident list ", Help: "list incidents: open, mine, stale or all"},
		{Text: "/incident sev ", Help: "change the severity; lowering needs a reason"},
		{Text: "/incident timeline ", Help: "show what happened when"},
	}
	var found []ask.Suggestion
	for _, s := range all {
		deeper := strings.Count(s.Text, " ") > strings.Count(text, " ")+1
		if strings.HasPrefix(s.Text, text) && !deeper && s.Text != text {
			found = append(found, s)
		}
	}
	return found
}

// say is what a person writes in a channel or thread, through the front door.
func (w *world) say(who string, to bot.Conversation, thread, text string, n int) {
	w.t.Helper()
	r := w.as(who).send("/say", map[string]any{
		"id": fmt.Sprintf("00000000-%04d", n), "channel": number(to.Channel), "thread": number(thread), "text": text,
	})
	if r.status != 200 {
		w.t.Fatalf("say: %d %s", r.status, r.body)
	}
}

// render is a page without a server in between.
func (w *world) render(path string) string {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	got := httptest.NewRecorder()
	w.chat.Handler().ServeHTTP(got, r)
	if got.Code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", path, got.Code, got.Body)
	}
	return got.Body.String()
}
