package web_test

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestConform(t *testing.T) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	people := bottest.People(web.Platform)
	for i := range people {
		people[i].Roles = []string{"admin"} // the suite is about the adapter, not about rights
	}
	if err := store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	bottest.Conform(t, store, func(t *testing.T, receive func(context.Context, bot.Request) bot.Reply) bottest.Harness {
		h := &harness{store: store, receive: receive, forms: map[string]*bot.Form{}, told: map[string][]bottest.Seen{}}
		h.start(t)
		t.Cleanup(func() { h.stop() })
		return h
	})
}

// harness is the web chat in front of the conformance suite, on the real database.
type harness struct {
	store   *storage.Store
	receive func(context.Context, bot.Request) bot.Reply
	chat    *web.Chat
	srv     *httptest.Server
	stop    func()
	place   bot.Conversation

	mu    sync.Mutex
	forms map[string]*bot.Form // open in somebody's browser
	told  map[string][]bottest.Seen
}

func (h *harness) start(t *testing.T) {
	t.Helper()
	h.chat = web.New(web.Options{
		Store: h.store.Chat(), People: h.store.People, Visitors: web.NewPersonas(h.store.People, ""),
		Patience: 5 * time.Second, // for a busy machine
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.chat.Run(ctx, h.receive) }()
	h.srv = httptest.NewServer(h.chat.Handler()) // a chat that nobody serves is not well
	(&scripted{chat: h.chat}).started(t)
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.srv.Close()
	})
	var err error
	if h.place, err = h.chat.FindChannel(ctx, "incidents"); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) Restart(t *testing.T) { h.stop(); h.start(t) }

func (h *harness) Platform() bot.Platform { return h.chat }

func (h *harness) Place() bot.Conversation { return h.place }

func (h *harness) as(t *testing.T, user string) *client {
	return &client{
		t: t, base: h.srv.URL, who: user,
		header: http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/json"}},
	}
}

// do sends an action and keeps what the page would show: a form, or why it was not taken.
func (h *harness) do(t *testing.T, user, path string, data map[string]any) {
	t.Helper()
	a := h.as(t, user).send(path, data).answer(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case a.Error != "":
		h.told[user] = append(h.told[user], bottest.Seen{Text: a.Error, Private: true})
	case a.Form != "":
		h.forms[user] = parseForm(a.Form)
	case path == "/submit":
		delete(h.forms, user)
	}
}

func (h *harness) Type(t *testing.T, user, key, text string) {
	h.do(t, user, "/say", map[string]any{
		"id": "conform-" + key, "channel": number(h.place.Channel), "thread": 0, "text": text,
	})
}

func (h *harness) Click(t *testing.T, user, key string, on bottest.Seen, label, choice string) {
	page := h.as(t, user).get("/c/incidents").body
	post := page[strings.Index(page, `id="p-`+on.Ref.ID+`"`):]
	button := regexp.MustCompile(
		`<button[^>]* data-token="([^"]*)"[^>]*>` + regexp.QuoteMeta(html.EscapeString(label)) + `<`,
	).FindStringSubmatch(post)
	if button == nil {
		t.Fatalf("no button %q on %s", label, on.Ref.ID)
	}
	h.do(t, user, "/act", map[string]any{
		"id": "conform-" + key, "post": number(on.Ref.ID), "token": button[1], "choice": choice,
	})
}

func (h *harness) Submit(t *testing.T, user, key string, values map[string]string) {
	f := h.Form(t, user)
	if f == nil {
		t.Fatalf("%s has no form", user)
	}
	h.do(t, user, "/submit", map[string]any{
		"id": "conform-" + key, "channel": number(h.place.Channel), "thread": 0, "token": f.Token, "title": f.Title,
		"values": values,
	})
}

func (h *harness) Form(_ *testing.T, user string) *bot.Form {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.forms[user]
}

var (
	anyTag    = regexp.MustCompile(`<[^>]*>`)
	labels    = regexp.MustCompile(`<button[^>]* data-token="[^"]*"[^>]*>([^<]*)<`)
	menuParts = regexp.MustCompile(`(?s)<div class="tools">.*`)
	formToken = regexp.MustCompile(`data-token="([^"]*)" data-title="([^"]*)"`)
	formInput = regexp.MustCompile(`(?s)<textarea id="f-([^"]*)"[^>]*>\n(.*?)</textarea>`)
	formDay   = regexp.MustCompile(`<input type="date" id="f-([^"]*)" name="[^"]*" value="([^"]*)"`)
	formError = regexp.MustCompile(`<p class="error"[^>]*>.*?<span>([^<]*)</span>`)
)

func parseForm(form string) *bot.Form {
	token := formToken.FindStringSubmatch(form)
	f := &bot.Form{Token: html.UnescapeString(token[1]), Title: html.UnescapeString(token[2])}
	for _, in := range append(formDay.FindAllStringSubmatch(form, -1), formInput.FindAllStringSubmatch(form, -1)...) {
		f.Inputs = append(f.Inputs, bot.Input{Name: in[1], Value: html.UnescapeString(in[2])})
	}
	if e := formError.FindStringSubmatch(form); e != nil {
		f.Inputs[0].Error = html.UnescapeString(e[1])
	}
	return f
}

func (h *harness) Sees(t *testing.T, user string) []bottest.Seen {
	page := h.as(t, user).get("/c/incidents").body
	var seen []bottest.Seen
	for _, part := range regexp.MustCompile(`<li class="post`).Split(page, -1)[1:] {
		id := regexp.MustCompile(`data-post="(\d+)"`).FindStringSubmatch(part)[1]
		s := bottest.Seen{
			Ref: bot.MessageRef{Conversation: h.place, ID: id}, Private: strings.Contains(part, "Only you can see this"),
		}
		for _, l := range labels.FindAllStringSubmatch(part, -1) {
			s.Labels = append(s.Labels, html.UnescapeString(l[1]))
		}
		body, _, _ := strings.Cut(part, "\n</li>")
		s.Text = html.UnescapeString(anyTag.ReplaceAllString("<"+menuParts.ReplaceAllString(body, ""), ""))
		seen = append(seen, s)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Concat(seen, h.told[user])
}
