package slack

import (
	"net/http"
	"net/http/httptest"
	"testing"

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

func TestWithoutASigningSecretNothingIsServed(t *testing.T) {
	if err := New(Options{BotToken: "xoxb-test", Core: nobody{}}).Run(t.Context(), nil); err == nil {
		t.Error("served")
	}
}
