package slack

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
)

func TestWhichResponseURLsAreSlacks(t *testing.T) {
	a := New(Options{BotToken: "xoxb-test", APIURL: "http://127.0.0.1:8080/api/", Core: nobody{}})
	for address, want := range map[string]bool{
		"https://hooks.slack.com/actions/T0/1/x":    true,
		"https://hooks.slack-gov.com/commands/T0/1": true,
		"http://127.0.0.1:8080/response/1":          true, // where the operator says that Slack is
		"http://hooks.slack.com/actions/T0/1/x":     false,
		"https://hooks.slack.com.evil.example/x":    false,
		"https://evilslack.com/x":                   false,
		"https://slack.com@evil.example/x":          false,
		"https://user@hooks.slack.com/x":            false,
		"https://hooks.slack.com:8443/x":            false,
		"https://127.0.0.1:8080/response/1":         false,
		"http://127.0.0.1:8081/response/1":          false,
		"http://169.254.169.254/latest/meta-data":   false,
		"file:///etc/passwd":                        false,
		"://":                                       false,
		"":                                          false,
	} {
		if got := a.answers(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestRedirectsOfResponseURLsAreNotFollowed(t *testing.T) {
	followed := false
	mux := http.NewServeMux()
	mux.Handle("/redirect", http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { followed = true })
	server := httptest.NewServer(mux)
	defer server.Close()
	a := New(Options{BotToken: "xoxb-test", APIURL: server.URL + "/api/", Core: nobody{}})
	if err := a.respond(t.Context(), server.URL+"/redirect", bot.Say("secret")); err == nil || followed {
		t.Errorf("followed: %v, %v", followed, err)
	}
	if err := a.respond(t.Context(), server.URL+"/elsewhere", bot.Say("an answer")); err != nil || !followed {
		t.Errorf("an answer did not arrive: %v", err)
	}
}

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
		{"at the beginning of time", "secret", "-9223372036854775808", slackfake.Sign("secret", "-9223372036854775808", body), false},
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
			m := &macs{secret: []byte(c.secret)}
			h := http.Header{}
			h.Set(timestampHeader, c.at)
			h.Set(signatureHeader, c.signature)
			for range 2 { // with a fresh hash and with a used one
				if got := m.signed(h, body, now); got != c.want {
					t.Errorf("signed: %v", got)
				}
			}
		})
	}
}

func TestFields(t *testing.T) {
	for body, want := range map[string]command{
		"command=%2Fincident&text=a+b%26c&text=second": {Command: "/incident", Text: "a b&c"},
		"text&=x&command":      {},
		"unknown=1&user_id=U1": {User: "U1"},
		"":                     {},
	} {
		var got command
		if err := fields(body, func(name, value string) bool { got.set(name, value); return true }); err != nil || got != want {
			t.Errorf("%q: %+v %v", body, got, err)
		}
	}
	for _, body := range []string{"text=%zz", "text=%", "a=1;b=2"} {
		if err := fields(body, func(string, string) bool { return true }); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
}

func TestWithoutASigningSecretNothingIsServed(t *testing.T) {
	if err := New(Options{BotToken: "xoxb-test", Core: nobody{}}).Run(t.Context(), nil); err == nil {
		t.Error("served")
	}
}
