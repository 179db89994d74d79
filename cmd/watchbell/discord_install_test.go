package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/bits"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

const (
	discordApplication = "1166401852345036800" // as in docs/discord.md
	discordGuild       = "613425648685547541"
)

// discordToken looks like a bot's token: its first part is the application's id.
func discordToken() string {
	return base64.RawStdEncoding.EncodeToString([]byte(discordApplication)) + ".GxYzAb.c2VjcmV0LXBhcnQ"
}

func TestDiscordSettingsAreRefused(t *testing.T) {
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	key := strings.Repeat("0123456789abcdef", 4)
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte(discordToken()), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a key without a token":   {map[string]string{"DISCORD_PUBLIC_KEY": key}, "DISCORD_BOT_TOKEN is not set."},
		"guilds without a token":  {map[string]string{"DISCORD_GUILDS": discordGuild}, "DISCORD_BOT_TOKEN is not set."},
		"a client secret":         {map[string]string{"DISCORD_BOT_TOKEN": "hush-hush-hush"}, "these have three parts"},
		"a token with its prefix": {map[string]string{"DISCORD_BOT_TOKEN": "Bot " + discordToken()}, "and no spaces"},
		"an empty token":          {map[string]string{"DISCORD_BOT_TOKEN": ""}, "DISCORD_BOT_TOKEN is set but empty."},
		"a file anybody may read": {map[string]string{"DISCORD_BOT_TOKEN_FILE": open}, "chmod 600"},
		"a token and a file of it": {
			map[string]string{"DISCORD_BOT_TOKEN": discordToken(), "DISCORD_BOT_TOKEN_FILE": open}, "are both set",
		},
		"half a key": {
			map[string]string{"DISCORD_BOT_TOKEN": discordToken(), "DISCORD_PUBLIC_KEY": key[:63]},
			"DISCORD_PUBLIC_KEY is not a public key: it has to be 64 hexadecimal digits.",
		},
		"a server's name": {
			map[string]string{"DISCORD_BOT_TOKEN": discordToken(), "DISCORD_GUILDS": discordGuild + ",Northwind"},
			`DISCORD_GUILDS holds "Northwind", which is no server's id`,
		},
		"a short id": {
			map[string]string{"DISCORD_BOT_TOKEN": discordToken(), "DISCORD_GUILDS": "12345"},
			"it has 17 to 20 digits, like 1166401852345036800. Switch on Developer Mode",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			r := runCLI(t, "serve")
			if r.code != exitUsage || !strings.Contains(r.err, c.want) {
				t.Errorf("%d %s, want %q", r.code, r.err, c.want)
			}
			for _, secret := range []string{"hush-hush-hush", "c2VjcmV0LXBhcnQ"} {
				if strings.Contains(r.err+r.out, secret) {
					t.Errorf("it shows the secret: %s", r.err)
				}
			}
		})
	}
}

// Both secrets may come from files, and a key may have been copied in capitals.
func TestDiscordSecretsFromFiles(t *testing.T) {
	key := strings.Repeat("0123456789abcdef", 4)
	for name, text := range map[string]string{
		"DISCORD_BOT_TOKEN": discordToken() + "\n", "DISCORD_PUBLIC_KEY": strings.ToUpper(key) + "\n",
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name+"_FILE", path)
	}
	t.Setenv("DISCORD_GUILDS", discordGuild+", 197038439483310086")
	s, ok, err := discordFromEnv()
	if err != nil || !ok || s.token != discordToken() || s.publicKey != key ||
		!slices.Equal(s.guilds, []string{discordGuild, "197038439483310086"}) {
		t.Errorf("%+v %v %v", s, ok, err)
	}
}

func TestDiscordInvite(t *testing.T) {
	want := fmt.Sprintf(
		"https://discord.com/oauth2/authorize?client_id=%s&permissions=%d&scope=bot+applications.commands\n",
		discordApplication, directory.Least(),
	)
	if r := runCLI(t, "discord", "invite"); r.code != exitUsage || !strings.Contains(r.err, "Set DISCORD_BOT_TOKEN") {
		t.Errorf("without anything: %d %s", r.code, r.err)
	}
	if r := runCLI(t, "discord", "invite", "--application", discordApplication); r.code != exitDone || r.out != want {
		t.Errorf("by its id: %d %s%s, want %s", r.code, r.out, r.err, want)
	}
	if r := runCLI(t, "discord", "invite", "--application", "Watchbell"); r.code != exitUsage ||
		!strings.Contains(r.err, "it has 17 to 20 digits") {
		t.Errorf("by its name: %d %s", r.code, r.err)
	}
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(discordToken()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DISCORD_BOT_TOKEN_FILE", path)
	if said := block(t, "$ export DISCORD_BOT_TOKEN="); !strings.HasSuffix(said, "\n"+want) {
		t.Errorf("docs/discord.md shows something else:\n%s", said)
	}
	if r := runCLI(t, "discord", "invite"); r.code != exitDone || r.out != want {
		t.Errorf("by a token in a file: %d %s%s, want %s", r.code, r.out, r.err, want)
	}
}

// block is the block of docs/discord.md that begins with some words.
func block(t *testing.T, start string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/discord.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```\n"+start)
	text, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("docs/discord.md has no block that begins with %q", start)
	}
	return start + text
}

// The page lists the permissions that the invitation asks for, and no others.
func TestThePageListsTheLeastPermissions(t *testing.T) {
	page, err := os.ReadFile("../../docs/discord.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Permissions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows, want []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	want = append(want, "| permission | bit | what needs it |")
	for _, n := range directory.Needs {
		want = append(want, fmt.Sprintf("| %s | %d | %s |", n.Name, bits.TrailingZeros64(n.Bit), n.Feature))
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/discord.md lists\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// discordServer is the whole program, wired in this process, in front of a fake Discord that its variables point at.
type discordServer struct {
	t       *testing.T
	fake    *discordfake.Server
	general string
	dir     string
	app     *app
	stop    func()
}

func newDiscordServer(t *testing.T, o discordfake.Options) *discordServer {
	t.Helper()
	o.Application, o.Guild, o.Token = discordApplication, discordGuild, discordToken()
	w := &discordServer{t: t, fake: discordfake.Start(t, o), dir: t.TempDir(), stop: func() {}}
	w.general = w.fake.AddChannel(discordGuild, "general")
	w.fake.AddChannel(discordGuild, "incidents")
	w.fake.AddUser(discordfake.User{ID: "200000000000000001", Name: "ana", GlobalName: "Ana Ruiz"})
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(w.dir, "watchbell.db"))
	t.Setenv("DISCORD_BOT_TOKEN", discordToken())
	t.Setenv("DISCORD_API_URL", w.fake.URL())
	return w
}

// start starts the program and waits until its platforms are well.
func (w *discordServer) start() {
	w.t.Helper()
	var err error
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	if w.app, err = (place{Config: configFile}).wire(ctx, appOptions{server: true, log: log}); err != nil {
		cancel()
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.app.run(ctx, nil, nil, log) }()
	w.stop = func() {
		w.stop = func() {}
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the program ended with %v", err)
		}
		w.app.close()
	}
	w.t.Cleanup(func() { w.stop() })
	w.eventually("all platforms are well", func() bool {
		for _, state := range w.app.bot.Health() {
			if state != "ok" {
				return false
			}
		}
		return true
	})
}

func (w *discordServer) eventually(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("never happened: %s", what)
		}
	}
}

// doctor returns what the subcommand says, and its exit code.
func (w *discordServer) doctor() (string, int) {
	w.t.Helper()
	r := runCLI(w.t, "doctor")
	return r.out + r.err, r.code
}

func TestDoctorFindsNothingWrongInDiscord(t *testing.T) {
	w := newDiscordServer(t, discordfake.Options{Privileged: discordfake.MessageContent | discordfake.GuildMembers})
	w.start()
	w.stop()
	said, code := w.doctor()
	if want := block(t, "ok  DISCORD_BOT_TOKEN is that of"); !strings.HasSuffix(said, want) {
		t.Errorf("docs/discord.md shows something else:\n%s", want)
	}
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// Each thing that is missing is named, with what does not work because of it and what to do.
func TestDoctorSaysWhatIsMissingInDiscord(t *testing.T) {
	all := discordfake.Permission(directory.Least())
	for name, c := range map[string]struct {
		spoil func(w *discordServer)
		want  []string
	}{
		"the token was reset": {
			func(w *discordServer) { w.fake.ResetToken() }, []string{"FIX DISCORD_BOT_TOKEN: ", "reset the token on"},
		},
		"the bot is nowhere": {
			func(w *discordServer) { w.fake.RemoveBot(discordGuild) },
			[]string{"FIX Discord", "the bot is in no guild; invite it with the address that watchbell discord invite prints"},
		},
		"two servers, and nobody said which": {
			func(w *discordServer) { w.fake.AddGuild("100000000000000002", "Southwind", all) },
			[]string{"FIX Discord", "set DISCORD_GUILDS to the ids", discordGuild + " (Northwind)", "(Southwind)"},
		},
		"a server that the bot is not in": {
			func(w *discordServer) { w.t.Setenv("DISCORD_GUILDS", "100000000000000009") },
			[]string{"FIX the permissions in the server 100000000000000009", "Invite the bot with the address"},
		},
		"an endpoint for HTTP, and no key": {
			func(w *discordServer) { w.fake.SetAppURL("https://watchbell.example.com/discord/interactions") },
			[]string{"FIX Discord sends everything to https://watchbell.example.com", "Empty “Interactions Endpoint URL”"},
		},
		"the key of another application": {
			func(w *discordServer) { w.t.Setenv("DISCORD_PUBLIC_KEY", strings.Repeat("ab", 32)) },
			[]string{"FIX DISCORD_PUBLIC_KEY is not that of this application", "Set it to the Public Key"},
		},
		"a key, and no endpoint for HTTP": {
			func(w *discordServer) { w.t.Setenv("DISCORD_PUBLIC_KEY", w.fake.PublicKey()) },
			[]string{"FIX Discord does not know where to send interactions by HTTP", "followed by /discord/interactions"},
		},
		"no commands are registered": {
			func(*discordServer) {},
			[]string{"are not current: ", "/incident is missing", "/report is missing", "Start the server once"},
		},
		"no channel for incidents": {
			func(w *discordServer) {
				c, _ := w.fake.ChannelNamed(discordGuild, "incidents")
				w.fake.DeleteChannel(c.ID)
			},
			[]string{"FIX there is no channel #incidents that the bot can see", "Make it"},
		},
		"no intents": { // these are choices, and nothing to fix
			func(*discordServer) {},
			[]string{"ok  reactions that record a message", "; roles of the server", "page “Bot”"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDiscordServer(t, discordfake.Options{})
			c.spoil(w)
			said, code := w.doctor()
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if code != exitRefused {
				t.Errorf("exit code %d", code)
			}
			if t.Failed() {
				t.Log(said)
			}
		})
	}
	for _, n := range directory.Needs {
		t.Run("without "+n.Name, func(t *testing.T) {
			w := newDiscordServer(t, discordfake.Options{})
			w.fake.SetPermissions(discordGuild, all&^discordfake.Permission(n.Bit))
			said, code := w.doctor()
			want := fmt.Sprintf(
				"FIX the permission “%s” is missing in the server %s, so this is off: %s\n", n.Name, discordGuild, n.Feature,
			)
			if code != exitRefused || !strings.Contains(said, want) || strings.Count(said, "FIX the permission ") != 1 {
				t.Errorf("%d %q is missing in\n%s", code, want, said)
			}
		})
	}
}

// An administrator who hides commands from people is told of, because nothing else shows it.
func TestDoctorSeesHiddenCommands(t *testing.T) {
	w := newDiscordServer(t, discordfake.Options{})
	w.start()
	w.stop()
	i := slices.IndexFunc(w.fake.Commands(discordGuild), func(c map[string]any) bool { return c["name"] == "change" })
	if i < 0 {
		t.Fatal("there is no /change")
	}
	w.fake.HideCommand(
		discordGuild, fmt.Sprint(w.fake.Commands(discordGuild)[i]["id"]),
		discordfake.CommandPermission{Target: discordGuild, Type: 1},
	)
	said, code := w.doctor()
	if want := "hides commands from some people: /change\n"; code != exitRefused || !strings.Contains(said, want) {
		t.Errorf("%d %q is missing in\n%s", code, want, said)
	}
}

func TestATakenAddressForRequestsIsRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	w := newDiscordServer(t, discordfake.Options{})
	t.Setenv("DISCORD_PUBLIC_KEY", w.fake.PublicKey())
	t.Setenv("WATCHBELL_LISTEN", taken.Addr().String())
	want := fmt.Sprintf(
		"WATCHBELL_LISTEN, for requests of Discord: The address %s is taken by another program.", taken.Addr(),
	)
	if r := runCLI(t, "serve"); r.code != exitUsage || !strings.Contains(r.err, want) {
		t.Errorf("%d %s", r.code, r.err)
	}
}

// Slack and Discord reach one listener by HTTP, each below its own path, and stopping leaves nothing behind.
func TestSlackAndDiscordShareAListener(t *testing.T) {
	w := newDiscordServer(t, discordfake.Options{})
	port := freePort(t)
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	w.fake.SetAppURL(base + "/discord/interactions")
	slack := slackfake.Start(t, slackfake.Options{Team: "T0FAKE", AppURL: base})
	slack.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Okafor"})
	channel := slack.AddChannel("general", "U0BEN")
	slack.AddChannel("incidents", "U0BEN")
	for name, value := range map[string]string{
		"WATCHBELL_LISTEN": fmt.Sprintf("127.0.0.1:%d", port), "DISCORD_PUBLIC_KEY": w.fake.PublicKey(),
		"SLACK_BOT_TOKEN": "xoxb-fake", "SLACK_SIGNING_SECRET": "fake-secret", "SLACK_API_URL": slack.API(),
	} {
		t.Setenv(name, value)
	}
	w.start()
	ack, err := w.fake.Command(
		"200000000000000001", w.general, "one", "incident", discordfake.Sub("more",
			discordfake.Opt("do", "declare"), discordfake.Opt("text", "Checkout returns 502 sev2 anyway=yes")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprint(ack.Message.Components); !strings.Contains(said, "INC-1") {
		t.Errorf("Discord shows %s", said)
	}
	got, err := slack.Command("U0BEN", channel, "two", "/incident", "show INC-1")
	if err != nil || !strings.Contains(got.Body, "Checkout returns 502") {
		t.Errorf("Slack shows %v %s", err, got.Body)
	}
	for _, forged := range []discordfake.Forgery{discordfake.WrongSignature, discordfake.NoSignature} {
		if status, _, err := w.fake.Ping(forged); err != nil || status != 401 {
			t.Errorf("a forged ping: %d %v", status, err)
		}
	}
	status, body, err := w.fake.Ping(discordfake.Genuine)
	if err != nil || status != 200 || !strings.Contains(body, `"type":1`) {
		t.Errorf("a ping: %d %s %v", status, body, err)
	}
	w.stop()
	if _, _, err := w.fake.Ping(discordfake.Genuine); err == nil {
		t.Error("somebody still listens after the stop")
	}
}
