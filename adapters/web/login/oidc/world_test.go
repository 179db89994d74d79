package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/adapters/web/login/oidc/oidctest"
)

// spent is an attempt.Store in memory.
type spent struct{ used sync.Map }

func (s *spent) Spend(_ context.Context, id string, _ time.Time) (bool, error) {
	_, before := s.used.LoadOrStore(id, true)
	return !before, nil
}

// world is a server at which people sign in, and the provider where they do.
type world struct {
	t        *testing.T
	url      string // of the server
	provider *oidctest.Provider
	oidc     *oidc.Provider

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newWorld makes a server whose configuration a test may change.
func newWorld(t *testing.T, change ...func(*oidc.Config, *oidc.Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	w.provider = oidctest.Start(t, func() string { return w.oidc.Redirect() }, w.clock)
	box, err := attempt.New(attempt.Options{Secret: []byte("secret"), Store: &spent{}, Now: w.clock, Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/oidc/company", func(rw http.ResponseWriter, r *http.Request) {
		a, to, err := w.oidc.Start(r.Context())
		if err == nil {
			err = box.Put(rw, "oidc", oidc.Lasts, a)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(rw, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /login/oidc/company/callback", func(rw http.ResponseWriter, r *http.Request) {
		var a oidc.Attempt
		var c oidc.Claims
		err := box.Take(rw, r, "oidc", &a)
		if err == nil {
			c, err = w.oidc.Finish(r.Context(), a, r.URL.Query())
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusForbidden)
			return
		}
		if err := json.NewEncoder(rw).Encode(c); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	config := oidc.Config{
		Name: "company", Issuer: w.provider.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Roles: map[string][]string{"operations": {"responder"}},
	}
	options := oidc.Options{Base: server.URL, Now: w.clock, Patience: 5 * time.Second}
	for _, c := range change {
		c(&config, &options)
	}
	if w.oidc, err = oidc.New(config, options); err != nil {
		t.Fatal(err)
	}
	return w
}

// browser is a client with cookies. It follows redirects unless a test stops it on the way.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: time.Minute}
}

// outcome is what somebody's browser ends with.
type outcome struct {
	claims  oidc.Claims
	refusal string
}

func (w *world) get(browser *http.Client, address string) outcome {
	w.t.Helper()
	answer, err := browser.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		return outcome{refusal: strings.TrimSpace(string(data))}
	}
	var o outcome
	if err := json.Unmarshal(data, &o.claims); err != nil {
		w.t.Fatalf("%v: %s", err, data)
	}
	return o
}

func (w *world) signIn(browser *http.Client) outcome {
	w.t.Helper()
	return w.get(browser, w.url+"/login/oidc/company")
}

// errHeld ends a browser's way before it comes back to the server.
var errHeld = errors.New("held")

// hold goes to the provider and returns the address that the browser would come back to.
func (w *world) hold(browser *http.Client) *url.URL {
	w.t.Helper()
	held := *browser
	held.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			return errHeld
		}
		return nil
	}
	answer, err := held.Get(w.url + "/login/oidc/company")
	if !errors.Is(err, errHeld) {
		w.t.Fatalf("the way was not held: %v", err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		w.t.Fatal(err)
	}
	return back
}

func decode(page []byte, c *oidc.Claims) error { return json.Unmarshal(page, c) }
