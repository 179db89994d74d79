package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/web"
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
	w.eventually("all platforms but the web, which is not served, are well", func() bool {
		for name, state := range w.app.bot.Health() {
			if state != "ok" && name != web.Platform {
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
