package slack

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
)

// response is a ResponseWriter that keeps nothing.
type response struct {
	header http.Header
	status int
	bytes  int
}

func (w *response) Header() http.Header    { return w.header }
func (w *response) WriteHeader(status int) { w.status = status }
func (w *response) Write(p []byte) (int, error) {
	w.bytes += len(p)
	return len(p), nil
}

// rewound is a body that is read again and again.
type rewound struct{ *bytes.Reader }

func (rewound) Close() error { return nil }

// BenchmarkSlashCommand is a command by HTTP, from its signed request to its acknowledgement with the answer, without
// net/http and with a core that answers at once.
func BenchmarkSlashCommand(b *testing.B) {
	a := New(Options{BotToken: "xoxb-test", SigningSecret: "secret", Workspaces: []string{"T0FAKE"}, Core: nobody{}})
	id := bot.Span{Kind: bot.BoldSpan, Text: "INC-42"}
	receive := func(context.Context, bot.Request) bot.Reply {
		return bot.Answer(bot.Message{
			Tone:     bot.Good,
			Sections: []bot.Section{bot.Para("Declared ", id, ": Checkout returns 502. Its channel opens in a moment.")},
		})
	}
	a.receive.Store(&receive)
	form := []byte(url.Values{
		"token": {"old"}, "team_id": {"T0FAKE"}, "team_domain": {"northwind"}, "channel_id": {"C0GENERAL"},
		"channel_name": {"general"}, "user_id": {"U0DAN"}, "user_name": {"dan"},
		"command": {"/incident"}, "text": {"declare Checkout returns 502 sev2"}, "api_app_id": {"A0FAKE"},
		"is_enterprise_install": {"false"},
		"response_url":          {"https://hooks.slack.com/commands/T0FAKE/123/abc"}, "trigger_id": {"123.456.abcdef"},
	}.Encode())
	at := strconv.FormatInt(time.Now().Unix(), 10)
	body := rewound{bytes.NewReader(form)}
	r, err := http.NewRequest(http.MethodPost, "http://x/slack/commands", body)
	if err != nil {
		b.Fatal(err)
	}
	r.ContentLength = int64(len(form))
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", slackfake.Sign("secret", at, form))
	handler := a.Handler()
	w := &response{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = body.Seek(0, io.SeekStart)
		r.Body = body
		handler.ServeHTTP(w, r)
	}
	if w.status/100 > 2 || w.bytes == 0 && w.status == 0 {
		b.Fatalf("answered %d", w.status)
	}
}
