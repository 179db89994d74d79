package payload_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
)

func TestSignatures(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	body := []byte("command=/incident&text=list")
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name, secret, at, signature string
		want                        bool
	}{
		{"signed now", "secret", at(0), slackfake.Sign("secret", at(0), body), true},
		{"five minutes ago", "secret", at(-5 * time.Minute), slackfake.Sign("secret", at(-5*time.Minute), body), true},
		{"longer ago", "secret", at(-301 * time.Second), slackfake.Sign("secret", at(-301*time.Second), body), false},
		{"in the future", "secret", at(301 * time.Second), slackfake.Sign("secret", at(301*time.Second), body), false},
		{
			"at the beginning of time", "secret", "-9223372036854775808",
			slackfake.Sign("secret", "-9223372036854775808", body), false,
		},
		{"another secret", "secret", at(0), slackfake.Sign("other", at(0), body), false},
		{"another time", "secret", at(time.Second), slackfake.Sign("secret", at(0), body), false},
		{"no time", "secret", "", slackfake.Sign("secret", "", body), false},
		{"no secret", "", at(0), slackfake.Sign("", at(0), body), false},
		{"another version", "secret", at(0), "v1=" + slackfake.Sign("secret", at(0), body)[3:], false},
		{"cut off", "secret", at(0), slackfake.Sign("secret", at(0), body)[:66], false},
		{"no hexadecimals", "secret", at(0), "v0=" + string(make([]byte, 64)), false},
		{"nothing", "secret", at(0), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := payload.NewVerifier(c.secret)
			h := http.Header{}
			h.Set("X-Slack-Request-Timestamp", c.at)
			h.Set("X-Slack-Signature", c.signature)
			for range 2 { // with a fresh hash and with a used one
				if got := v.Signed(h, body, now); got != c.want {
					t.Errorf("signed: %v", got)
				}
			}
		})
	}
}
