package slack_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// notes is a log that many write to.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) has(words string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(n.text.String(), words)
}

// Without a socket nothing arrives, however well the Web API answers. That is not healthy, and the log says why.
func TestWithoutASocketSlackIsNotHealthy(t *testing.T) {
	for name, c := range map[string]struct {
		fault slackfake.Fault
		want  string
	}{
		"switched off": {
			slackfake.Fault{Error: "link_disabled"}, "Socket Mode is switched off for the app (link_disabled)",
		},
		"a revoked token": {slackfake.Fault{Error: "invalid_auth"}, "Slack refuses SLACK_APP_TOKEN (invalid_auth)"},
		"too many calls":  {slackfake.Fault{Status: 429, RetryAfter: 1}, "Slack says to slow down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := slackfake.Start(t, slackfake.Options{Team: workspace})
			core := newOffice(t, false)
			log := &notes{}
			a := slack.New(slack.Options{
				BotToken: "xoxb-fake", AppToken: "xapp-fake", APIURL: fake.API(), Core: core.bot, Commands: []string{"thing"},
				Log: slog.New(slog.NewTextHandler(log, nil)), Now: bottest.NewClock().Now, Retry: 20 * time.Millisecond,
				Deaf: 50 * time.Millisecond,
			})
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- a.Run(ctx, func(context.Context, bot.Request) bot.Reply { return bot.Reply{} }) }()
			defer func() { stop(); <-done }()
			eventually(t, "a socket opens", func() bool { return fake.Sockets() == 2 && a.Health() == nil })
			c.fault.Method = "apps.connections.open"
			fake.Break(c.fault)
			fake.DropSockets()
			eventually(t, "it is told", func() bool {
				return a.Health() != nil && strings.Contains(a.Health().Error(), c.want) && log.has("no socket to Slack is open")
			})
			fake.Heal()
			eventually(t, "all is well again", func() bool { return a.Health() == nil && log.has("sockets are open again") })
		})
	}
}
