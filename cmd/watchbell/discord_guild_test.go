package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// guild is the program in front of a fake Discord.
type guild struct {
	*installation
	fake     *discordfake.Server
	server   *server
	general  string // channels
	all      string
	requests string // #changes
	n        int
	http     bool

	meanwhile func() // what goes on while the test waits, nil for nothing
}

const northwind = "100000000000000001" // the guild's id

// discordIDs are the accounts of people in the fake guild. Fay is in no configuration.
var discordIDs = map[bot.PersonID]string{
	"ana": "200000000000000001", "ben": "200000000000000002", "chloe": "200000000000000003", "dan": "200000000000000004",
	"mia": "200000000000000005", "gus": "200000000000000006", "fay": "200000000000000007",
}

// inDiscord runs a story by both ways in, and on both databases.
func inDiscord(t *testing.T, story func(t *testing.T, w *guild)) {
	t.Run("gateway", func(t *testing.T) {
		t.Parallel()
		story(t, newGuild(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")))
	})
	t.Run("http", func(t *testing.T) { t.Parallel(); story(t, newGuild(t, true, pgtest.URL(t))) })
}

// fakeGuild is a fake Discord with people and channels in it.
func fakeGuild(t *testing.T, in *installation, o discordfake.Options) *guild {
	t.Helper()
	application := "900000000000000001"
	o.Application, o.Guild = application, northwind
	o.Token = base64.RawURLEncoding.EncodeToString([]byte(application)) + ".fake.token"
	o.Patience = 20 * time.Second // the computer may be busy
	w := &guild{installation: in, fake: discordfake.Start(t, o), server: &server{log: &logBuffer{}}}
	t.Cleanup(w.nothingCut)
	names := map[bot.PersonID]string{"fay": "Fay Lin"}
	for _, p := range bottest.People("discord") {
		names[p.ID] = p.Name
	}
	for _, id := range slices.Sorted(maps.Keys(discordIDs)) {
		w.fake.AddUser(discordfake.User{
			ID: discordIDs[id], Name: string(id), GlobalName: names[id], Guest: id == "gus",
		})
	}
	w.general, w.all = w.fake.AddChannel(northwind, "general"), w.fake.AddChannel(northwind, "incidents")
	w.requests = w.fake.AddChannel(northwind, "changes")
	return w
}

// newGuild starts the real program in a guild.
func newGuild(t *testing.T, http bool, url string) *guild {
	t.Helper()
	return newGuildWith(t, http, url, discordfake.Options{})
}

func newGuildWith(t *testing.T, http bool, url string, o discordfake.Options) *guild {
	t.Helper()
	in := newInstallation(t, url)
	data, err := os.ReadFile(in.config)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, id := range []string{"ana", "ben", "dan"} {
		text = strings.Replace(text, "{id: "+id+",", fmt.Sprintf(
			`{id: %s, accounts: [{platform: discord, workspace: "%s", user: "%s"}],`, id, northwind,
			discordIDs[bot.PersonID(id)],
		), 1)
	}
	if err := os.WriteFile(in.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := fakeGuild(t, in, o)
	w.env = []string{"DISCORD_BOT_TOKEN=" + w.fake.Token(), "DISCORD_API_URL=" + w.fake.URL()}
	if w.http = http; http {
		port := freePort(t)
		w.fake.SetAppURL(fmt.Sprintf("http://127.0.0.1:%d/discord/interactions", port))
		w.env = append(
			w.env, "DISCORD_PUBLIC_KEY="+w.fake.PublicKey(), fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port),
		)
	}
	w.begin()
	return w
}

// begin starts the server and waits until Discord reaches it.
func (w *guild) begin() {
	w.t.Helper()
	w.server = w.start("")
	w.until("the program is reached", func() bool {
		return len(w.fake.Commands(northwind)) > 0 && (w.http || w.fake.Connected() == 1)
	})
}

// again stops the server and starts another one.
func (w *guild) again() {
	w.t.Helper()
	w.server.stop()
	w.until("the gateway is closed", func() bool { return w.fake.Connected() == 0 })
	w.begin()
}

func (w *guild) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); <-time.After(20 * time.Millisecond) {
		if w.meanwhile != nil {
			w.meanwhile()
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("never happened: %s\n%s\n%s", what, w.everything(), w.server.log)
		}
	}
}

func (w *guild) everything() string {
	var b strings.Builder
	for _, c := range w.fake.Channels(northwind) {
		fmt.Fprintf(&b, "#%s (%s):\n%s", c.Name, c.Topic, w.said(c.ID))
		for _, thread := range w.fake.Threads(c.ID) {
			fmt.Fprintf(&b, "#%s below %s:\n%s", thread.Name, thread.ID, w.said(thread.ID))
		}
	}
	for _, who := range slices.Sorted(maps.Keys(discordIDs)) {
		fmt.Fprintf(&b, "@%s:\n%s", who, w.said(w.direct(who)))
	}
	return b.String()
}

// said is everything in a channel, ephemeral messages marked with who sees them.
func (w *guild) said(channel string) string {
	var b strings.Builder
	for _, m := range w.fake.Messages(channel) {
		if !m.Deleted {
			fmt.Fprintf(&b, "%s [%s] %s\n", m.ID, m.Only, discordText(m))
		}
	}
	return b.String()
}

func (w *guild) key() string { w.n++; return fmt.Sprintf("story-%d", w.n) }

func (w *guild) room(prefix string) (discordfake.Channel, bool) {
	for _, c := range w.fake.Channels(northwind) {
		if strings.HasPrefix(c.Name, prefix) {
			return c, true
		}
	}
	return discordfake.Channel{}, false
}

// opens waits for an incident's channel.
func (w *guild) opens(prefix string) discordfake.Channel {
	w.t.Helper()
	w.until("#"+prefix+"… opens", func() bool {
		c, ok := w.room(prefix)
		return ok && len(w.fake.Pins(c.ID)) == 1
	})
	c, _ := w.room(prefix)
	return c
}

// direct is somebody's conversation with the bot.
func (w *guild) direct(who bot.PersonID) string { return w.fake.Direct(discordIDs[who]) }

// categoryOf is the name of the category that a channel stands in.
func (w *guild) categoryOf(channel string) string {
	c, _ := w.fake.Channel(channel)
	parent, _ := w.fake.Channel(c.Parent)
	return parent.Name
}

// invited reports whether somebody was given a channel of their own right.
func (w *guild) invited(channel string, who bot.PersonID) bool {
	c, _ := w.fake.Channel(channel)
	return slices.ContainsFunc(c.Overwrites, func(o discordfake.Overwrite) bool {
		return o.ID == discordIDs[who] && o.Type == 1 && o.Allow&discordfake.ViewChannel != 0
	})
}

// types uses a subcommand with its options.
func (w *guild) types(who bot.PersonID, channel, noun, verb string, options ...discordfake.Option) {
	w.t.Helper()
	if _, err := w.fake.Command(
		discordIDs[who], channel, w.key(), noun, discordfake.Sub(verb, options...),
	); err != nil {
		w.t.Fatal(err)
	}
}

// line types a whole line, as people do behind more. People in it are mentioned like @dan.
func (w *guild) line(who bot.PersonID, channel, noun, text string) {
	w.t.Helper()
	do, rest, _ := strings.Cut(text, " ")
	options := []discordfake.Option{discordfake.Opt("do", do)}
	if rest != "" {
		options = append(options, discordfake.Opt("text", mentioning(rest)))
	}
	w.types(who, channel, noun, "more", options...)
}

// mentioning is a text with Discord's mentions of people.
func mentioning(text string) string {
	return atPerson.ReplaceAllStringFunc(text, func(at string) string {
		if id, ok := discordIDs[bot.PersonID(at[1:])]; ok {
			return "<@" + id + ">"
		}
		return at
	})
}

// find is the newest message of a channel with a text, for everybody or only for somebody.
func (w *guild) find(channel string, only bot.PersonID, part string) (discordfake.Message, bool) {
	for _, m := range slices.Backward(w.fake.Messages(channel)) {
		if !m.Deleted && !m.Loading && m.Only == discordIDs[only] && strings.Contains(discordText(m), part) {
			return m, true
		}
	}
	return discordfake.Message{}, false
}

// sees waits until a channel shows a text, to everybody or only to somebody, and returns the message.
func (w *guild) sees(channel string, only bot.PersonID, part string) discordfake.Message {
	w.t.Helper()
	var found discordfake.Message
	w.until(fmt.Sprintf("%q in %s for %q", part, channel, only), func() bool {
		m, ok := w.find(channel, only, part)
		found = m
		return ok
	})
	return found
}

// now is a message as it is by now.
func (w *guild) now(m discordfake.Message) discordfake.Message {
	m, _ = w.fake.Message(m.Channel, m.ID)
	return m
}

// presses uses the button or the menu with a label, or picks the label from More, on a message as it is by now.
func (w *guild) presses(who bot.PersonID, m discordfake.Message, label string, choice ...string) discordfake.Ack {
	w.t.Helper()
	m = w.now(m)
	id, entry := discordButton(discordComponents(m), label)
	if id == "" {
		w.t.Fatalf("no %q on %s\n%s", label, discordText(m), inJSON(w.t, m.Components))
	}
	if entry != "" {
		choice = []string{entry}
	}
	ack, err := w.fake.Click(discordIDs[who], m.Channel, m.ID, w.key(), id, choice...)
	if err != nil {
		w.t.Fatal(err)
	}
	return ack
}

// fills fills in the form with a title, step by step, and returns the answer. Steps whose inputs are all left as they
// are, at the end, are not opened where that is allowed.
func (w *guild) fills(who bot.PersonID, channel, title string, values map[string]string) discordfake.Message {
	w.t.Helper()
	rest := maps.Clone(values)
	for {
		w.formOpens(who, channel, title)
		asked := map[string]string{}
		for _, in := range discordInputs(w.fake.Modal(discordIDs[who])) {
			if v, ok := rest[in.CustomID]; ok {
				asked[in.CustomID] = v
				delete(rest, in.CustomID)
			}
		}
		ack, err := w.fake.Submit(discordIDs[who], w.key(), asked)
		if err != nil {
			w.t.Fatalf("%s: %v", title, err)
		}
		if ack.Message.ID == "" {
			return ack.Message
		}
		var m discordfake.Message
		w.until("an answer to "+title, func() bool { m = w.now(ack.Message); return !m.Loading })
		next, off := formButtons(m)
		switch {
		case len(rest) > 0 && next != "":
			w.presses(who, m, next)
		case len(rest) > 0:
			w.t.Fatalf("%s does not ask for %v", title, rest)
		case off != "":
			return w.presses(who, m, off).Message
		default:
			return m
		}
	}
}

// formButtons are the labels of the buttons that lead to the next step of a form, and that send it off as it is.
func formButtons(m discordfake.Message) (next, send string) {
	for c := range look.All(discordComponents(m)) {
		switch look.ReadID(c.CustomID).Kind {
		case look.StepID:
			next = c.Label
		case look.SendID:
			send = c.Label
		}
	}
	return next, send
}

// formOpens waits for a form. One that came too late for Discord is opened by its button.
func (w *guild) formOpens(who bot.PersonID, channel, title string) {
	w.t.Helper()
	pressed := map[string]bool{}
	w.until("the form "+title, func() bool {
		if m := w.fake.Modal(discordIDs[who]); m != nil {
			return strings.HasPrefix(fmt.Sprint(m["title"]), title)
		}
		m, ok := w.find(channel, who, "is ready. Everything you typed is kept")
		if ok && !pressed[m.ID] {
			pressed[m.ID] = true
			w.presses(who, m, "Open the form")
		}
		return false
	})
}

func (w *guild) card(c discordfake.Channel) discordfake.Message {
	w.t.Helper()
	for _, id := range w.fake.Pins(c.ID) {
		if m, ok := w.fake.Message(c.ID, id); ok {
			return m
		}
	}
	w.t.Fatalf("no card in %s", c.Name)
	return discordfake.Message{}
}

// discordText is what people read of a message.
func discordText(m discordfake.Message) string {
	return strings.TrimSpace(m.Content + "\n" + looktest.Plain(discordComponents(m)))
}

func discordComponents(m discordfake.Message) []look.Component { return asComponents(m.Components) }

func asComponents(v any) (list []look.Component) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		panic(err)
	}
	return list
}

// discordButton finds a button or a menu by its label, or an entry of More and what picking it sends.
func discordButton(list []look.Component, label string) (id, entry string) {
	for c := range look.All(list) {
		if c.Label == label && c.CustomID != "" || c.Placeholder == label {
			return c.CustomID, ""
		}
		if look.ReadID(c.CustomID).Kind != look.MoreID {
			continue
		}
		for _, o := range c.Options {
			if o.Label == label {
				return c.CustomID, o.Value
			}
		}
	}
	return "", ""
}

// discordInputs are those of a modal.
func discordInputs(modal map[string]any) (list []look.Component) {
	for _, c := range asComponents(modal["components"]) {
		if c.Component != nil {
			list = append(list, *c.Component)
		}
	}
	return list
}

// keepDiscordPayloads writes what was really sent to the folder that WATCHBELL_PAYLOADS names, for a check against
// Discord's own definitions.
func keepDiscordPayloads(t *testing.T, fake *discordfake.Server) {
	t.Helper()
	sent := map[string]int{}
	for n, call := range fake.Calls("", "") {
		ending, body := discordEnding(call)
		if ending == "" {
			continue
		}
		sent[ending]++
		if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" {
			name := fmt.Sprintf("%s-%d.%s.json", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), n, ending)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(inJSON(t, body)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, ending := range []string{"discord-message", "discord-edit", "discord-modal"} {
		if sent[ending] == 0 {
			t.Errorf("the story sent no %s", ending)
		}
	}
}

// discordEnding says which kind of payload a call sent, as the checker of payloads knows them, "" for none.
func discordEnding(c discordfake.Call) (string, map[string]any) {
	data, _ := c.JSON["data"].(map[string]any)
	switch {
	case c.Status >= 400 || c.JSON == nil:
		return "", nil
	case c.Method == "POST" && strings.HasSuffix(c.Route, "/messages"):
		return "discord-message", c.JSON
	case c.Method == "PATCH" && strings.Contains(c.Route, "/messages/"):
		return "discord-edit", c.JSON
	case fmt.Sprint(c.JSON["type"]) == fmt.Sprint(discordfake.Opened) && data["custom_id"] != nil:
		return "discord-modal", c.JSON
	}
	return "", nil
}

// ownID is what differs from one installation to another: tokens are made of its secret, marks of its name. What stands
// before a token says what it does.
var (
	ownID = regexp.MustCompile(`"(custom_id|value|nonce)": "((?:\?\d*|[a-z]+ [\d.-]+|more|\d+) )?[~\w-]{22,}"`)
	mark  = regexp.MustCompile(`"id": \d+`)
)

// discordGolden compares what was sent to Discord with what was looked at, and keeps it for a check against Discord's
// own definitions.
func discordGolden(t *testing.T, name string, payload any) {
	t.Helper()
	text := inJSON(t, payload)
	keepPayload(t, name, []byte(text))
	text = mark.ReplaceAllString(withoutOwn(text), `"id": 1`)
	bottest.Golden(t, name, text)
}

// nothingCut fails the test if a message did not fit into Discord's limits.
func (w *guild) nothingCut() {
	w.t.Helper()
	for line := range strings.Lines(w.server.log.String()) {
		if strings.Contains(line, "was cut") {
			w.t.Errorf("Discord does not show all of a message: %s", line)
		}
	}
}

// withoutOwn replaces what differs from one installation to another by numbers, in the order in which it first comes:
// ids that differ still do.
func withoutOwn(text string) string {
	numbers := map[string]int{}
	return ownID.ReplaceAllStringFunc(text, func(found string) string {
		parts := ownID.FindStringSubmatch(found)
		token := strings.TrimPrefix(found, fmt.Sprintf(`"%s": "%s`, parts[1], parts[2]))
		if numbers[token] == 0 {
			numbers[token] = len(numbers) + 1
		}
		return fmt.Sprintf(`"%s": "%s…%d"`, parts[1], parts[2], numbers[token])
	})
}
