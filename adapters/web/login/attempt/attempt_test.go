package attempt_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/attempt"
)

// spent is a Store in memory.
type spent struct {
	mu   sync.Mutex
	used map[string]time.Time
	err  error
}

func (s *spent) Spend(_ context.Context, id string, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, s.err
	}
	if _, ok := s.used[id]; ok {
		return false, nil
	}
	if s.used == nil {
		s.used = map[string]time.Time{}
	}
	s.used[id] = until
	return true, nil
}

type world struct {
	now   time.Time
	store *spent
}

func (w *world) box(t *testing.T, secret string, insecure bool) *attempt.Box {
	t.Helper()
	b, err := attempt.New(attempt.Options{
		Secret: []byte(secret), Store: w.store, Now: func() time.Time { return w.now }, Insecure: insecure,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type body struct{ State string }

// put begins an attempt and returns the browser's cookie of it.
func put(t *testing.T, b *attempt.Box, kind string) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := b.Put(w, kind, 10*time.Minute, body{"s3cret-state"}); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// take brings a cookie back.
func take(b *attempt.Box, kind string, cookie *http.Cookie) (body, *httptest.ResponseRecorder, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	var got body
	err := b.Take(w, r, kind, &got)
	return got, w, err
}

func TestAnAttemptComesBackOnce(t *testing.T) {
	w := &world{now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC), store: &spent{}}
	b := w.box(t, "one secret", false)
	cookie := put(t, b, "oidc")
	if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" ||
		cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", cookie)
	}
	if strings.Contains(cookie.Value, "s3cret") {
		t.Error("the cookie can be read")
	}
	other := w.box(t, "one secret", false) // another instance
	got, answer, err := take(other, "oidc", cookie)
	if err != nil || got.State != "s3cret-state" {
		t.Fatalf("got %v, %v", got, err)
	}
	if c := answer.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("the cookie stays: %v", c)
	}
	if _, _, err := take(b, "oidc", cookie); !errors.Is(err, attempt.ErrNone) {
		t.Errorf("the second time: %v", err)
	}
}

func TestAttemptsThatDoNotCount(t *testing.T) {
	w := &world{now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC), store: &spent{}}
	b := w.box(t, "one secret", true)
	good := put(t, b, "oidc")
	changed := func(change func(*http.Cookie)) *http.Cookie {
		c := *good
		change(&c)
		return &c
	}
	foreign := put(t, w.box(t, "another secret", true), "oidc")
	for _, c := range []struct {
		name, kind string
		after      time.Duration
		cookie     *http.Cookie
	}{
		{"no cookie, so another browser", "oidc", 0, nil},
		{"of another installation", "oidc", 0, foreign},
		{"of another kind", "passkey", 0, changed(func(c *http.Cookie) { c.Name = "watchbell-passkey" })},
		{"too late", "oidc", 10 * time.Minute, good},
		{"one character changed", "oidc", 0, changed(func(c *http.Cookie) {
			c.Value = c.Value[:30] + string(rune('A'+(c.Value[30]+1)%26)) + c.Value[31:]
		})},
		{"cut off", "oidc", 0, changed(func(c *http.Cookie) { c.Value = c.Value[:20] })},
		{"empty", "oidc", 0, changed(func(c *http.Cookie) { c.Value = "" })},
		{"no base64", "oidc", 0, changed(func(c *http.Cookie) { c.Value = "!!!" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := w.now
			defer func() { w.now = start }()
			w.now = w.now.Add(c.after)
			if got, _, err := take(b, c.kind, c.cookie); !errors.Is(err, attempt.ErrNone) || got.State != "" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if _, _, err := take(b, "oidc", good); err != nil {
		t.Errorf("the good one afterwards: %v", err)
	}
}

func TestAnAttemptIsNotUsedWithoutADatabase(t *testing.T) {
	w := &world{now: time.Now(), store: &spent{err: errors.New("database lost")}}
	b := w.box(t, "one secret", true)
	cookie := put(t, b, "oidc")
	if got, _, err := take(b, "oidc", cookie); err == nil || errors.Is(err, attempt.ErrNone) || got.State != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOfManyOneComesBack(t *testing.T) {
	w := &world{now: time.Now(), store: &spent{}}
	b := w.box(t, "one secret", true)
	cookie := put(t, b, "oidc")
	var wait sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 20 {
		wait.Go(func() {
			if _, _, err := take(b, "oidc", cookie); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if won != 1 {
		t.Errorf("%d of 20 came back", won)
	}
}
