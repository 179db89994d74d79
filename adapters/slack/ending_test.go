package slack_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
)

// endingCore is a core whose Take ends in some way.
type endingCore struct {
	slack.Core
	take func(bot.Incoming)
}

func (c endingCore) Take(_ context.Context, _ string, in bot.Incoming) { c.take(in) }

// Slack takes a 200 for an acknowledgement and never delivers again, so none is given that nobody chose.
func TestNoEndingOfARequestAcknowledgesIt(t *testing.T) {
	bodies := map[string]string{
		"/slack/commands": "team_id=T0FAKE&user_id=U1&channel_id=C1&command=%2Fincident&text=list&trigger_id=1.2",
		"/slack/interactions": "payload=" + url.QueryEscape(
			`{"type": "block_actions", "trigger_id": "1.2", "user": {"id": "U1"}, "team": {"id": "T0FAKE"}, "actions": [{"action_id": "a", "value": "b"}]}`,
		),
		"/slack/events": `{"type": "event_callback", "team_id": "T0FAKE", "event_id": "Ev1", "event": {"type": "app_mention", "user": "U1", "text": "<@UBOT> list", "channel": "C1", "ts": "1.2"}}`,
	}
	endings := map[string]struct {
		take func(bot.Incoming)
		gone bool
		want int
	}{
		"nothing is said":                    {take: func(bot.Incoming) {}, want: 500},
		"a panic":                            {take: func(bot.Incoming) { panic("broken") }, want: 500},
		"Slack hung up, and nothing is said": {take: func(bot.Incoming) {}, gone: true, want: 503},
	}
	for path, body := range bodies {
		for name, e := range endings {
			t.Run(path+"/"+name, func(t *testing.T) {
				a := slack.New(slack.Options{
					BotToken: "xoxb-fake", SigningSecret: "secret", Core: endingCore{take: e.take}, Commands: []string{"incident"},
				})
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				at := strconv.FormatInt(time.Now().Unix(), 10)
				r.Header.Set("X-Slack-Request-Timestamp", at)
				r.Header.Set("X-Slack-Signature", slackfake.Sign("secret", at, []byte(body)))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if e.gone {
					cancel()
				}
				w := httptest.NewRecorder()
				a.Handler().ServeHTTP(w, r.WithContext(ctx))
				if w.Code != e.want {
					t.Errorf("%d %s, want %d", w.Code, w.Body, e.want)
				}
			})
		}
	}
}
