package discordfake_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

var installing sync.Mutex

// clients installs discord.js and oceanic.js once, in a cache folder, and returns where the programs are.
func clients(t *testing.T) string {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("WATCHBELL_REQUIRE_NODE") == "1" {
			t.Fatalf("WATCHBELL_REQUIRE_NODE is set, but "+format, args...)
		}
		t.Skipf("SKIPPED: "+format+". So the fake Discord was not checked with other clients. Set "+
			"WATCHBELL_REQUIRE_NODE=1 to fail instead.", args...)
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing("there is no %s", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "watchbell-discord-check")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	changed := false
	for _, name := range []string{"package.json", "package-lock.json"} {
		wanted := readFile(t, filepath.Join("testdata/clients", name))
		have, _ := os.ReadFile(filepath.Join(dir, name))
		changed = changed || !bytes.Equal(have, wanted)
		writeFile(t, filepath.Join(dir, name), wanted)
	}
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err != nil || changed {
		_ = os.Remove(done)
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			missing("npm cannot install discord.js and oceanic.js: %v\n%s", err, out)
		}
		writeFile(t, done, nil)
	}
	for _, name := range []string{"discordjs.js", "oceanic.js"} {
		writeFile(t, filepath.Join(dir, name), readFile(t, filepath.Join("testdata/clients", name)))
	}
	return dir
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// logs is what a client prints, which it does while the test reads it.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// client is a program that is connected to the fake.
type client struct {
	t       *testing.T
	s       *discordfake.Server
	channel string
	log     logs
	ended   chan struct{} // closed when the program ended
}

func launch(t *testing.T, program string, env ...string) *client {
	t.Helper()
	dir := clients(t)
	s := discordfake.Start(t, discordfake.Options{Patience: 20 * time.Second})
	s.AddUser(discordfake.User{ID: ana, Name: "ana", GlobalName: "Ana Silva"})
	s.AddUser(discordfake.User{ID: ben, Name: "ben", Nick: "Ben W."})
	c := &client{t: t, s: s, channel: s.AddChannel(s.Guild(), "operations"), ended: make(chan struct{})}
	app := exec.Command("node", program)
	app.Dir, app.Stdout, app.Stderr = dir, &c.log, &c.log
	app.Env = append(os.Environ(), "DISCORD_TOKEN="+s.Token(), "DISCORD_API="+s.URL()+"/api")
	app.Env = append(app.Env, env...)
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		_ = app.Wait()
	}()
	t.Cleanup(func() {
		_ = app.Process.Kill()
		<-c.ended
	})
	c.until("the application is ready", func() bool {
		return strings.Contains(c.log.String(), "\nready\n") ||
			strings.HasPrefix(c.log.String(), "ready\n")
	})
	return c
}

func (c *client) until(what string, ok func() bool) {
	c.t.Helper()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-time.After(10 * time.Millisecond):
			continue
		case <-deadline:
		case <-c.ended:
		}
		c.t.Fatalf("never happened: %s\n%s", what, c.log.String())
	}
}

// acked fails the test unless the application answered with this text.
func (c *client) acked(text string) func(discordfake.Ack, error) discordfake.Ack {
	return func(ack discordfake.Ack, err error) discordfake.Ack {
		c.t.Helper()
		if err != nil || ack.Message.Text() != text {
			c.t.Fatalf("answered %q, %v, not %q\n%s", ack.Message.Text(), err, text, c.log.String())
		}
		return ack
	}
}

func (c *client) said(channel, text string) func() bool {
	return func() bool {
		return slices.ContainsFunc(c.s.Messages(channel), func(m discordfake.Message) bool { return m.Text() == text })
	}
}

// card has the client post a card, pin it, open a thread on it and change it when its button is pressed.
func (c *client) card(displayed string) {
	c.t.Helper()
	s := c.s
	ack, err := s.Command(ana, c.channel, "", "card")
	if err != nil {
		c.t.Fatalf("%v\n%s", err, c.log.String())
	}
	id := ack.Message.ID
	c.until("a pinned message", func() bool { return slices.Equal(s.Pins(c.channel), []string{id}) })
	c.until("a thread", func() bool { return len(s.Threads(c.channel)) == 1 })
	c.until("a message in the thread", c.said(s.Threads(c.channel)[0].ID, "in the thread"))
	c.acked("pressed by " + displayed)(s.Click(ana, c.channel, id, "", "press"))
	if m, _ := s.Message(c.channel, id); m.Text() != "pressed by "+displayed || !m.V2() || !m.Pinned() {
		c.t.Errorf("the card is now %+v", m)
	}
}

// events has the client answer a mention and a reaction.
func (c *client) events() {
	c.t.Helper()
	id, err := c.s.Say(ana, c.channel, "", "hello <@"+c.s.BotUser()+">")
	if err != nil {
		c.t.Fatal(err)
	}
	c.until("an answer to a mention", c.said(c.channel, "mentioned by ana"))
	if err := c.s.React(ana, c.channel, id, "", "🔥"); err != nil {
		c.t.Fatal(err)
	}
	c.until("a reaction", func() bool {
		m, _ := c.s.Message(c.channel, id)
		return slices.ContainsFunc(m.Reactions, func(r discordfake.Reaction) bool { return r.Emoji == "👀" })
	})
	if _, err := c.s.Say(ana, c.channel, "", "nobody is meant"); err != nil {
		c.t.Fatal(err)
	}
}

// discord.js, with which most bots are written, runs against the fake.
func TestDiscordJS(t *testing.T) {
	t.Parallel()
	c := launch(t, "discordjs.js")
	s := c.s
	c.acked("you said hello to Ben W.")(s.Command(ana, c.channel, "", "echo", discordfake.Opt("text", "hello"),
		discordfake.Opt("to", ben)))
	if m := s.Messages(c.channel)[0]; m.Only != ana {
		t.Errorf("everybody sees %+v", m)
	}
	choices, err := s.Autocomplete(ana, c.channel, "echo", []discordfake.Option{discordfake.Opt("text", "hel")}, "text")
	if err != nil || len(choices) != 1 || choices[0].Name != "hel and more" {
		t.Errorf("suggested %v, %v\n%s", choices, err, c.log.String())
	}
	c.card("Ana Silva")
	card := s.Pins(c.channel)[0]
	c.acked("picked 2")(s.Click(ana, c.channel, card, "", "pick", "2"))

	if ack, err := s.Command(ana, c.channel, "", "form"); err != nil || ack.Modal["title"] != "A form" {
		t.Fatalf("opened %+v, %v\n%s", ack.Modal, err, c.log.String())
	}
	c.acked("sent text, ben, slow")(s.Submit(ana, "", map[string]string{"text": "text", "who": ben, "how": "slow"}))

	if ack, err := s.Command(ana, c.channel, "", "slow"); err != nil || ack.Type != discordfake.Deferred {
		t.Fatalf("deferred %+v, %v\n%s", ack, err, c.log.String())
	}
	c.until("a deferred answer", c.said(c.channel, "here it is"))
	c.until("a follow-up", c.said(c.channel, "and more"))

	c.acked("opened war-room")(s.Command(ana, c.channel, "", "room", discordfake.Sub("open",
		discordfake.Opt("name", "War Room"))))
	room, _ := s.ChannelNamed(s.Guild(), "war-room")
	if room.Topic != "changed by a client" || len(room.Overwrites) != 2 {
		t.Errorf("the channel is %+v", room)
	}
	if m := s.Messages(room.ID); len(m) != 1 || !slices.Equal(m[0].Pings, []string{ana}) {
		t.Errorf("the channel has %+v", m)
	}
	said, err := s.Say(ben, c.channel, "", "remember this")
	if err != nil {
		t.Fatal(err)
	}
	c.acked("noted remember this")(s.MessageCommand(ana, c.channel, said, "", "Note"))
	c.events()

	for name, broken := range map[string]func(){
		"opcode 7": s.Reconnect, "close code 4000": func() { s.CloseGateway(4000) }, "cut": s.DropSockets,
	} {
		before := s.Gateway().Resumed
		broken()
		c.until("a resumed session after "+name, func() bool { return s.Gateway().Resumed > before && s.Connected() == 1 })
	}
	c.acked("you said again")(s.Command(ana, c.channel, "", "echo", discordfake.Opt("text", "again")))
	if g := s.Gateway(); g.Identifies != 1 {
		t.Errorf("identified %d times", g.Identifies)
	}
	if strings.Contains(c.log.String(), "Error") {
		t.Errorf("the client complains:\n%s", c.log.String())
	}
}

// oceanic.js shares no code with discord.js, and runs too, plain and with compressed transport.
func TestOceanic(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]string{"plain": "DISCORD_COMPRESS=0", "compressed": "DISCORD_COMPRESS=1"} {
		t.Run(name, func(t *testing.T) {
			c := launch(t, "oceanic.js", env)
			s := c.s
			c.acked("you said hello")(s.Command(ana, c.channel, "", "echo", discordfake.Opt("text", "hello")))
			c.card("ana")
			if ack, err := s.Command(ana, c.channel, "", "form"); err != nil || ack.Modal["title"] != "A form" {
				t.Fatalf("opened %+v, %v\n%s", ack.Modal, err, c.log.String())
			}
			c.acked("sent text")(s.Submit(ana, "", map[string]string{"text": "text"}))
			c.events()
			if strings.Contains(c.log.String(), "Error") {
				t.Errorf("the client complains:\n%s", c.log.String())
			}
		})
	}
}
