package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

// The made-up history is made by the commands that people use, so it holds what they would have left behind.
func TestHistoryIsMadeByCommands(t *testing.T) {
	ctx := context.Background()
	demo := &demoCmd{Data: t.TempDir()}
	if err := demo.prepare(); err != nil {
		t.Fatal(err)
	}
	p := place{Data: demo.Data, Config: configFile}
	a, err := p.wire(ctx, appOptions{server: true, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if err := a.history(ctx, p, 30, func(string) {}); err != nil {
		t.Fatal(err)
	}
	say := func(text string) string {
		r := a.bot.Receive(ctx, bot.Request{
			Key: text, From: bot.Account{Platform: "cli", User: "mia"}, Text: text, NoForms: true,
		})
		if r.Status != bot.Done {
			t.Fatalf("%s: %s", text, r.Status)
		}
		return r.Message.Plain(a.config.Zone)
	}
	if text := say("/incident list open"); strings.Count(text, "INC-") != 1 ||
		!strings.Contains(text, "Some product pages load slowly") {
		t.Errorf("left open:\n%s", text)
	}
	for state, title := range map[string]string{
		"pending": "Resize the search cluster", "approved": "Renew certificate of payments",
	} {
		t.Run(state, func(t *testing.T) {
			if text := say("/change list all state=" + state); !strings.Contains(text, title) {
				t.Errorf("no change is %s:\n%s", state, text)
			}
		})
	}
	day := say("/report preview daily")
	for _, section := range []string{"Needs you", "Incidents", "Changes", "Due in 7 days", "On call"} {
		if !strings.Contains(day, section) {
			t.Errorf("the digest has no section %q:\n%s", section, day)
		}
	}
	month := say("/report preview monthly this-month")
	month += say("/report preview monthly last-month")
	for _, part := range []string{"carried out", "opened", "of impact", "target 99.95"} {
		if !strings.Contains(month, part) {
			t.Errorf("%q is missing in:\n%s", part, month)
		}
	}
	if text := say("/change list all"); !strings.Contains(text, "Closed") {
		t.Errorf("no change was closed:\n%s", text)
	}
	if _, err := a.store.VerifyAudit(ctx, bot.Seal{}); err != nil {
		t.Error(err)
	}
	said := ""
	if err := a.history(ctx, p, 30, func(text string) { said += text }); err != nil ||
		!strings.Contains(said, "There are incidents already") {
		t.Errorf("a second time: %q %v", said, err)
	}
}
