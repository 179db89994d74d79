package bell_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web/bell"
	"github.com/watchbell/watchbell/bot"
)

// page is one thing that can be answered by one link.
type page struct {
	answered int
	over     string
	failing  error
}

const good = "PAGE-1.0.3.AAAA"

func (p *page) Open(_ context.Context, token string) (bot.Ringing, bot.PersonID, error) {
	if p.failing != nil {
		return bot.Ringing{}, "", p.failing
	}
	if token != good {
		return bot.Ringing{}, "", bot.Errorf(bot.NotFound, "This link leads to nothing.")
	}
	return bot.Ringing{Title: "PAGE-1 · primary", Text: "<b>Checkout</b> is down", Over: p.over}, "ana", nil
}

func (p *page) Answer(ctx context.Context, token string) (bot.Reply, error) {
	if _, _, err := p.Open(ctx, token); err != nil {
		return bot.Reply{}, err
	}
	p.answered++
	if p.over != "" {
		m := bot.Say(p.over)
		return bot.Reply{Status: bot.Refused, Message: &m}, nil
	}
	return bot.Answer(bot.Say("You have PAGE-1.")), nil
}

func serve(t *testing.T, p *page) *httptest.Server {
	t.Helper()
	pages := bell.New(bell.Options{
		Name: "Watchbell", Answers: p,
		Names: func(context.Context) (map[bot.PersonID]string, error) {
			return map[bot.PersonID]string{"ana": "Ana Ruiz"}, nil
		},
		Key: func(context.Context) (string, error) { return "key", nil },
	})
	rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	s := httptest.NewServer(pages.Before(rest))
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, s *httptest.Server, method, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestOpeningALinkChangesNothing(t *testing.T) {
	p := &page{}
	s := serve(t, p)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"} {
		answer, body := ask(t, s, method, "/bell/"+good)
		if want := map[string]int{"GET": 200, "HEAD": 200}[method]; want == 200 && answer.StatusCode != 200 ||
			want == 0 && answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, answer.StatusCode)
		}
		if method == "GET" && (!strings.Contains(body, "Acknowledge</button>") || !strings.Contains(body, "Ana Ruiz") ||
			!strings.Contains(body, "&lt;b&gt;Checkout") || strings.Contains(body, "<script")) {
			t.Error(body)
		}
		h := answer.Header
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("Set-Cookie") != "" {
			t.Errorf("%v", h)
		}
	}
	if p.answered != 0 {
		t.Errorf("answered %d times by opening", p.answered)
	}
}

// The button is a POST that needs nothing but the link: a phone sends it without any cookie or origin.
func TestTheButtonAnswers(t *testing.T) {
	p := &page{}
	s := serve(t, p)
	answer, body := ask(t, s, "POST", "/bell/"+good)
	if answer.StatusCode != 200 || p.answered != 1 || !strings.Contains(body, "You have PAGE-1.") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	p.over = "Ben Okafor has answered PAGE-1."
	if answer, body = ask(t, s, "GET", "/bell/"+good); strings.Contains(body, "<button") || !strings.Contains(body, p.over) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, body = ask(t, s, "POST", "/bell/"+good); answer.StatusCode != 409 || !strings.Contains(body, p.over) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestLinksThatLeadNowhere(t *testing.T) {
	p := &page{}
	s := serve(t, p)
	for _, path := range []string{
		"/bell/", "/bell/x", "/bell/" + good + "x", "/bell/" + good + "/x", "/bell/-/", "/bell/-/../pages.html", "/bell/%2e%2e",
		"/bell/" + strings.Repeat("a", 5000),
	} {
		for _, method := range []string{"GET", "POST"} {
			answer, body := ask(t, s, method, path)
			if answer.StatusCode < 300 && !strings.HasPrefix(path, "/bell/-/") || strings.Contains(body, "<button") {
				t.Errorf("%s %s: %d %s", method, path, answer.StatusCode, body)
			}
		}
	}
	if answer, _ := ask(t, s, "GET", "/elsewhere"); answer.StatusCode != http.StatusTeapot {
		t.Error("what is not a link is not left to the others")
	}
	p.failing = errors.New("secret words of the database")
	if answer, body := ask(t, s, "POST", "/bell/"+good); answer.StatusCode != 503 || strings.Contains(body, "secret") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if p.answered != 0 {
		t.Errorf("answered %d times", p.answered)
	}
}
