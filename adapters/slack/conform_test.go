package slack_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const workspace = "T0FAKE"

// slackPeople are the usual people with accounts in the fake workspace.
func slackPeople() []bot.Person {
	people := bottest.People(slack.Platform)
	for i := range people {
		people[i].Accounts[0].Workspace = workspace
	}
	return people
}

func TestConformSocket(t *testing.T) { conform(t, false) }

func TestConformHTTP(t *testing.T) { conform(t, true) }

func conform(t *testing.T, http bool) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	people := slackPeople()
	for i := range people {
		people[i].Roles = []string{"admin"} // the suite is about the adapter, not about rights
	}
	if err := store.SyncPeople(context.Background(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	bottest.Conform(t, store, func(t *testing.T, receive func(context.Context, bot.Request) bot.Reply) bottest.Harness {
		h := newHarness(t, store, http)
		h.start(t, receive)
		t.Cleanup(func() { h.stop() })
		return h
	})
}

// harness is the Slack adapter in front of a fake Slack.
type harness struct {
	store   *storage.Store
	fake    *slackfake.Server
	http    bool
	core    *engine.Bot
	receive func(context.Context, bot.Request) bot.Reply
	adapter *slack.Adapter
	stop    func()
	channel string
	addr    string        // where the adapter takes requests by HTTP
	gate    chan struct{} // a slow command waits for it
	started chan struct{} // it began
	others  int           // sockets of another adapter

	mu    sync.Mutex
	typed map[string]map[string]string // what somebody last sent in a form
}

func newHarness(t *testing.T, store *storage.Store, http bool) *harness {
	h := &harness{
		store: store, fake: slackfake.Start(t, slackfake.Options{Team: workspace, Patience: time.Minute}), http: http,
		typed: map[string]map[string]string{},
	}
	var everybody []string
	for _, p := range slackPeople() {
		h.fake.AddUser(slackfake.User{
			ID: string(p.ID), Name: string(p.ID), RealName: p.Name, TZ: "Europe/Berlin",
			Email: string(p.ID) + "@northwind.example",
		})
		everybody = append(everybody, string(p.ID))
	}
	h.channel = h.fake.AddChannel("general", everybody...)
	h.core = engine.New(engine.Options{Store: store, Patience: 600 * time.Millisecond})
	return h
}

func (h *harness) start(t *testing.T, receive func(context.Context, bot.Request) bot.Reply) {
	t.Helper()
	h.receive = receive
	o := slack.Options{
		BotToken: "xoxb-fake", APIURL: h.fake.API(), Core: h.core, Commands: []string{"probe", "thing"},
		Patience: 300 * time.Millisecond, Retry: 50 * time.Millisecond, Settle: time.Second,
	}
	if h.http {
		o.SigningSecret = "fake-secret"
	} else {
		o.AppToken = "xapp-fake"
	}
	h.adapter = slack.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.adapter.Run(ctx, receive) }()
	server := httptest.NewServer(h.adapter.Handler())
	h.stop = sync.OnceFunc(func() {
		defer server.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the adapter is ready", func() bool { return h.adapter.Health() == nil })
	if h.http {
		h.addr = server.Listener.Addr().String()
		h.fake.SetAppURL(server.URL)
	} else {
		eventually(t, "both sockets are open", func() bool { return h.fake.Sockets() == 2+h.others })
	}
}

// eventually waits for what happens on its own, at most half a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func (h *harness) Restart(t *testing.T) {
	h.stop()
	if !h.http {
		eventually(t, "the sockets are closed", func() bool { return h.fake.Sockets() == 0 })
	}
	h.start(t, h.receive)
}

func (h *harness) Platform() bot.Platform { return current{h} }

// current is the adapter that runs now: the suite attaches it once and restarts it in between.
type current struct{ h *harness }

func (c current) Name() string { return slack.Platform }

func (c current) Run(context.Context, func(context.Context, bot.Request) bot.Reply) error { return nil }

func (c current) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	return c.h.adapter.Post(ctx, to, m, key)
}

func (c current) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	return c.h.adapter.Edit(ctx, ref, m)
}

func (h *harness) Place() bot.Conversation {
	return bot.Conversation{Platform: slack.Platform, Workspace: workspace, Channel: h.channel}
}

func (h *harness) Type(t *testing.T, user, key, text string) {
	command, rest, _ := strings.Cut(text, " ")
	if _, err := h.fake.Command(user, h.channel, key, command, rest); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) Click(t *testing.T, user, key string, on bottest.Seen, label, choice string) {
	for _, m := range h.fake.Messages(h.channel) {
		if m.TS == on.Ref.ID {
			id, entry := actionID(m.Blocks, label)
			choice = cmp.Or(entry, choice)
			if id == "" {
				t.Fatalf("no button %q on %s", label, on.Ref.ID)
			}
			if _, err := h.fake.Click(user, h.channel, m.TS, key, id, choice); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no message %s", on.Ref.ID)
}

func (h *harness) Submit(t *testing.T, user, key string, values map[string]string) {
	h.mu.Lock()
	h.typed[user] = values
	h.mu.Unlock()
	if _, err := h.fake.Submit(user, key, values); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) Form(_ *testing.T, user string) *bot.Form {
	view := h.fake.View(user)
	if view == nil || view["callback_id"] != "watchbell_form" {
		return nil
	}
	f := &bot.Form{}
	wrong, _ := view["errors"].(map[string]any)
	for _, b := range list(view["blocks"]) {
		if b["type"] != "input" {
			continue
		}
		in := bot.Input{Name: fmt.Sprint(b["block_id"])}
		element, _ := b["element"].(map[string]any)
		in.Value, _ = element["initial_value"].(string)
		if day, ok := element["initial_date"].(string); ok {
			in.Value = day
		}
		if e, ok := wrong[in.Name]; ok {
			in.Error = fmt.Sprint(e)
			h.mu.Lock()
			in.Value = h.typed[user][in.Name] // Slack keeps what was typed
			h.mu.Unlock()
		}
		f.Inputs = append(f.Inputs, in)
	}
	return f
}

func (h *harness) Sees(_ *testing.T, user string) []bottest.Seen {
	var seen []bottest.Seen
	for _, m := range h.fake.Messages(h.channel) {
		if m.Deleted || m.Only != "" && m.Only != user {
			continue
		}
		ref := h.Place()
		seen = append(seen, bottest.Seen{
			Ref: bot.MessageRef{Conversation: ref, ID: m.TS}, Text: text(m.Blocks), Private: m.Only != "",
		})
	}
	if view := h.fake.View(user); view != nil && view["callback_id"] == "watchbell_info" {
		seen = append(seen, bottest.Seen{Text: text(list(view["blocks"])), Private: true})
	}
	return seen
}

func list(v any) []map[string]any {
	switch v := v.(type) {
	case []map[string]any:
		return v
	case []any:
		var l []map[string]any
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				l = append(l, m)
			}
		}
		return l
	}
	return nil
}

// text is what blocks say: plain text as it stands, rich text without its styles.
func text(blocks []map[string]any) string {
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			switch v["type"] {
			case "plain_text", "text", "mrkdwn", "link":
				s, _ := v["text"].(string)
				b.WriteString(s)
				return
			case "user":
				fmt.Fprintf(&b, "@%v", v["user_id"])
			case "date":
				fmt.Fprint(&b, v["fallback"])
			}
			for _, name := range []string{"text", "elements", "fields"} {
				walk(v[name])
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, block := range blocks {
		if block["type"] != "actions" {
			walk(block)
			b.WriteString("\n")
		}
	}
	return b.String()
}

// actionID finds a button or menu by its label.
// actionID finds a button or a menu by its label, or an entry of More with what picking it sends.
func actionID(blocks []map[string]any, label string) (id, entry string) {
	is := func(v any) bool { words, ok := v.(map[string]any); return ok && words["text"] == label }
	for _, block := range blocks {
		for _, e := range list(block["elements"]) {
			if is(e["text"]) || is(e["placeholder"]) {
				return fmt.Sprint(e["action_id"]), ""
			}
			for _, o := range list(e["options"]) {
				if is(o["text"]) && strings.HasSuffix(fmt.Sprint(e["action_id"]), "more") {
					return fmt.Sprint(e["action_id"]), fmt.Sprint(o["value"])
				}
			}
		}
	}
	return "", ""
}
