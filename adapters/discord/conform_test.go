package discord_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const guild = "100000000000000001"

// users are the ids of the usual people in the fake guild.
func users() map[string]string {
	ids := map[string]string{}
	for n, p := range bottest.People(discord.Platform) {
		ids[string(p.ID)] = fmt.Sprintf("2000000000000000%02d", n+10)
	}
	return ids
}

// discordPeople are the usual people with accounts in the fake guild.
func discordPeople() []bot.Person {
	people := bottest.People(discord.Platform)
	ids := users()
	for i := range people {
		people[i].Accounts = []bot.Account{
			{Platform: discord.Platform, Workspace: guild, User: ids[string(people[i].ID)]},
		}
	}
	return people
}

func TestConformGateway(t *testing.T) { conform(t, false) }

func TestConformHTTP(t *testing.T) { conform(t, true) }

func conform(t *testing.T, http bool) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	people := discordPeople()
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

// harness is the Discord adapter in front of a fake Discord.
type harness struct {
	store   *storage.Store
	fake    *discordfake.Server
	http    bool
	core    *engine.Bot
	tree    *ask.Tree // whose commands are registered
	receive func(context.Context, bot.Request) bot.Reply
	adapter *discord.Adapter
	stop    func()
	channel string
	users   map[string]string
	log     *testLog
	set     func(*discord.Options)
	gate    chan struct{} // a slow command waits for it

	conflicts atomic.Int64 // how often somebody else was faster

	mu    sync.Mutex
	fixed map[string]bool              // the messages about forms whose button was pressed
	wrong map[string]map[string]string // what these said, by user and label
}

func newHarness(t *testing.T, store *storage.Store, http bool, with ...func(*discordfake.Options)) *harness {
	fake := discordfake.Options{Guild: guild, Patience: 5 * time.Second}
	for _, set := range with {
		set(&fake)
	}
	h := &harness{
		store: store, fake: discordfake.Start(t, fake), http: http,
		users: users(), fixed: map[string]bool{}, wrong: map[string]map[string]string{}, tree: probes(),
	}
	for _, p := range discordPeople() {
		h.fake.AddUser(discordfake.User{ID: h.users[string(p.ID)], Name: string(p.ID), GlobalName: p.Name})
	}
	h.channel = h.fake.AddChannel(guild, "general")
	h.core = engine.New(engine.Options{Store: store, Patience: 600 * time.Millisecond})
	return h
}

// probes are the names of the suite's commands.
func probes() *ask.Tree {
	tree := &ask.Tree{}
	var list []bot.Command
	for _, verb := range []string{"echo", "civil", "slow", "count"} {
		list = append(list, bot.Command{
			Name: "probe." + verb, Permission: "probe." + verb, Summary: "probe " + verb, Example: "/probe " + verb,
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("not this one")), nil },
		})
	}
	tree.Add(bot.Noun{Name: "probe", Summary: "for tests"}, list)
	return tree
}

func (h *harness) start(t *testing.T, receive func(context.Context, bot.Request) bot.Reply) {
	t.Helper()
	h.receive = receive
	layout, err := command.New(t.Context(), h.tree.Nouns(), h.tree.Commands())
	if err != nil {
		t.Fatal(err)
	}
	o := discord.Options{
		Token: h.fake.Token(), APIURL: h.fake.URL(), Core: h.core, Layout: layout, Retry: 50 * time.Millisecond,
	}
	if h.log != nil {
		o.Log = h.log.logger()
	}
	if h.http {
		o.PublicKey = h.fake.PublicKey()
	}
	if h.set != nil {
		h.set(&o)
	}
	if h.adapter, err = discord.New(o); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h.adapter.Handler())
	if h.http {
		h.fake.SetAppURL(server.URL + "/discord/interactions")
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.adapter.Run(ctx, receive) }()
	h.stop = sync.OnceFunc(func() {
		defer server.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the adapter is ready", func() bool { return h.adapter.Health() == nil })
	if !h.http {
		eventually(t, "the gateway is open", func() bool { return h.fake.Connected() == 1 })
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
	h.start(t, h.receive)
}

func (h *harness) Platform() bot.Platform { return current{h} }

// current is the adapter that runs now: the suite attaches it once and restarts it in between.
type current struct{ h *harness }

func (c current) Name() string { return discord.Platform }

func (c current) Run(context.Context, func(context.Context, bot.Request) bot.Reply) error { return nil }

func (c current) Post(ctx context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	return c.h.adapter.Post(ctx, to, m, key)
}

func (c current) Edit(ctx context.Context, ref bot.MessageRef, m bot.Message) error {
	return c.h.adapter.Edit(ctx, ref, m)
}

func (c current) TokenSize() int { return c.h.adapter.TokenSize() }

func (h *harness) Place() bot.Conversation {
	return bot.Conversation{Platform: discord.Platform, Workspace: guild, Channel: h.channel}
}

func (h *harness) Type(t *testing.T, user, key, text string) {
	t.Helper()
	noun, rest, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	do, words, _ := strings.Cut(rest, " ")
	options := []discordfake.Option{discordfake.Opt("do", do)}
	if words != "" {
		options = append(options, discordfake.Opt("text", words))
	}
	if _, err := h.fake.Command(
		h.users[user], h.channel, key, noun, discordfake.Sub("more", options...),
	); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) Click(t *testing.T, user, key string, on bottest.Seen, label, choice string) {
	t.Helper()
	m, ok := h.fake.Message(h.channel, on.Ref.ID)
	if !ok {
		t.Fatalf("no message %s", on.Ref.ID)
	}
	id, entry := idOf(componentsOf(m), label)
	if id == "" {
		t.Fatalf("no button %q on %s", label, on.Ref.ID)
	}
	var values []string
	if entry != "" {
		choice = entry
	}
	if choice != "" {
		values = []string{choice}
	}
	if _, err := h.fake.Click(h.users[user], h.channel, m.ID, key, id, values...); err != nil {
		t.Fatal(err)
	}
}

func componentsOf(m discordfake.Message) []look.Component {
	raw, err := json.Marshal(m.Components)
	if err != nil {
		panic(err)
	}
	var list []look.Component
	if err := json.Unmarshal(raw, &list); err != nil {
		panic(err)
	}
	return list
}

// idOf finds a button or a menu by its label, or an entry of More with what picking it sends.
func idOf(list []look.Component, label string) (id, entry string) {
	for _, c := range list {
		if c.Label == label || c.Placeholder == label {
			return c.CustomID, ""
		}
		if look.ReadID(c.CustomID).Kind == look.MoreID {
			for _, o := range c.Options {
				if o.Label == label {
					return c.CustomID, o.Value
				}
			}
		}
		if id, entry = idOf(c.Components, label); id != "" {
			return id, entry
		}
	}
	return "", ""
}

func (h *harness) Submit(t *testing.T, user, key string, values map[string]string) {
	t.Helper()
	asked := map[string]string{}
	for _, in := range inputs(h.fake.Modal(h.users[user])) {
		if v, ok := values[in.CustomID]; ok {
			asked[in.CustomID] = v
		}
	}
	if _, err := h.fake.Submit(h.users[user], key, asked); err != nil {
		t.Fatal(err)
	}
}

// inputs are those of a modal, each with the label around it.
func inputs(modal map[string]any) []look.Component {
	raw, err := json.Marshal(modal["components"])
	if err != nil {
		panic(err)
	}
	var top, list []look.Component
	if err := json.Unmarshal(raw, &top); err != nil {
		panic(err)
	}
	for _, c := range top {
		if c.Component != nil {
			in := *c.Component
			in.Label = c.Label
			list = append(list, in)
		}
	}
	return list
}

// Form is the modal before a user. Discord shows no errors in it: these come as a message, whose button opens it again.
func (h *harness) Form(t *testing.T, user string) *bot.Form {
	t.Helper()
	who := h.users[user]
	if h.fake.Modal(who) == nil {
		h.fix(t, user)
	}
	modal := h.fake.Modal(who)
	if modal == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := &bot.Form{}
	for _, c := range inputs(modal) {
		f.Inputs = append(f.Inputs, bot.Input{
			Name: c.CustomID, Value: c.Value, Label: c.Label, Error: h.wrong[user][c.Label],
		})
	}
	return f
}

// fix presses the button of the newest message that says what is wrong with a form.
func (h *harness) fix(t *testing.T, user string) {
	t.Helper()
	for _, m := range slices.Backward(h.fake.Shown(h.users[user], h.channel)) {
		id, _ := idOf(componentsOf(m), "Fix")
		if id == "" || m.Only == "" || m.Deleted {
			continue
		}
		h.mu.Lock()
		before := h.fixed[m.ID]
		h.fixed[m.ID] = true
		wrong := map[string]string{}
		for line := range strings.Lines(looktest.Plain(componentsOf(m))) {
			label, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
			wrong[label] = text
		}
		h.wrong[user] = wrong
		h.mu.Unlock()
		if before {
			return
		}
		if _, err := h.fake.Click(h.users[user], h.channel, m.ID, "fix-"+m.ID, id); err != nil {
			t.Fatal(err)
		}
		return
	}
}

func (h *harness) Sees(_ *testing.T, user string) []bottest.Seen {
	var seen []bottest.Seen
	for _, m := range h.fake.Shown(h.users[user], h.channel) {
		seen = append(seen, bottest.Seen{
			Ref:  bot.MessageRef{Conversation: h.Place(), ID: m.ID},
			Text: looktest.Plain(componentsOf(m)), Private: m.Only != "",
		})
	}
	return seen
}
