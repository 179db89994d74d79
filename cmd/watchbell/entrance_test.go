package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

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
		"WATCHBELL_LISTEN, for pages and requests of chat platforms: The address %s is taken by another program.",
		taken.Addr(),
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
