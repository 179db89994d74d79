package slackfake_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

// bolt installs Slack's framework once, in a cache folder, and returns where the app is.
func bolt(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("WATCHBELL_REQUIRE_NODE") == "1" {
				t.Fatalf("WATCHBELL_REQUIRE_NODE is set, but there is no %s", program)
			}
			t.Skip(
				"SKIPPED: there is no node with npm, so the fake Slack was not checked with Slack's own client. Set " +
					"WATCHBELL_REQUIRE_NODE=1 to fail instead.",
			)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "watchbell-bolt-check")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	wanted := read(t, "testdata/bolt/package.json")
	have, _ := os.ReadFile(filepath.Join(dir, "package.json"))
	_, err = os.Stat(filepath.Join(dir, "node_modules", "@slack", "bolt"))
	if err != nil || !bytes.Equal(have, wanted) {
		write(t, filepath.Join(dir, "package.json"), wanted)
		install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			if os.Getenv("WATCHBELL_REQUIRE_NODE") == "1" {
				t.Fatalf("npm install: %v\n%s", err, out)
			}
			t.Skipf(
				"SKIPPED: npm cannot install @slack/bolt, so the fake Slack was not checked with Slack's own client: %v\n%s", err,
				out,
			)
		}
	}
	write(t, filepath.Join(dir, "app.js"), read(t, "testdata/bolt/app.js"))
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Slack's own framework runs a command, a button, a modal and an event against the fake.
func TestSlacksOwnClient(t *testing.T) {
	dir := bolt(t)
	s := slackfake.Start(t, slackfake.Options{})
	s.AddUser(slackfake.User{ID: "U0DAN", Name: "dan", RealName: "Dan Weber"})
	channel := s.AddChannel("general", "U0DAN")
	var log bytes.Buffer
	app := exec.Command("node", "app.js")
	app.Dir, app.Stdout, app.Stderr = dir, &log, &log
	app.Env = append(os.Environ(), "SLACK_BOT_TOKEN=xoxb-fake", "SLACK_APP_TOKEN=xapp-fake", "SLACK_API_URL="+s.API())
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			_ = app.Process.Kill()
			_ = app.Wait()
		}
	}
	defer stop()
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				stop()
				t.Fatalf("never happened: %s\n%+v\n%s", what, s.Messages(channel), log.String())
			}
		}
	}
	said := func(part string) func() bool {
		return func() bool {
			for _, m := range s.Messages(channel) {
				if strings.Contains(m.Text, part) {
					return true
				}
			}
			return false
		}
	}
	must := func(ack slackfake.Ack, err error) {
		t.Helper()
		if err != nil {
			stop()
			t.Fatalf("%v\n%s", err, log.String())
		}
	}
	until("the app connects", func() bool { return s.Sockets() > 0 })
	must(s.Command("U0DAN", channel, "", "/echo", "hello"))
	until("an ephemeral answer", func() bool { return said("you said hello")() && s.Messages(channel)[0].Only == "U0DAN" })

	must(s.Command("U0DAN", channel, "", "/say", "hello"))
	if last := s.Messages(channel); last[len(last)-1].Text != "said hello" || last[len(last)-1].Only != "" {
		t.Errorf("an answer in the acknowledgement: %+v", last)
	}

	must(s.Command("U0DAN", channel, "", "/button", ""))
	until("a pinned message", func() bool { c, _ := s.Channel(channel); return len(c.Pins) == 1 })
	c, _ := s.Channel(channel)
	must(s.Click("U0DAN", channel, c.Pins[0], "", "press", ""))
	until("the button works", said("pressed by U0DAN"))

	must(s.Command("U0DAN", channel, "", "/form", ""))
	until("a modal", func() bool { return s.View("U0DAN") != nil })
	must(s.Submit("U0DAN", "", map[string]string{"text": "x"}))
	if wrong, _ := s.View("U0DAN")["errors"].(map[string]any); wrong["text"] != "too short" {
		t.Errorf("errors of the modal: %v", s.View("U0DAN")["errors"])
	}
	must(s.Submit("U0DAN", "", map[string]string{"text": "long enough"}))
	until("the modal is sent", said("sent long enough"))
	if s.View("U0DAN") != nil {
		t.Error("the modal is still open")
	}

	if _, err := s.Say("U0DAN", channel, "", "", "hello <@"+s.BotUser()+">"); err != nil {
		t.Fatal(err)
	}
	until("an event", said("mentioned by U0DAN"))
}
