package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
)

// Whatever ends a request, no address says that all is well when nothing is known.
func TestNoEndingOfARequestLooksLikeSuccess(t *testing.T) {
	// These ask nothing of the store.
	alone := map[string]bool{"GET /assets/{file}": true, "GET /complete": true, "GET /people": true, "GET /options": true,
		"GET /me/bells": true}
	for name, e := range map[string]struct {
		people error
		panics bool
		store  error
		gone   bool
		want   int // 0: any error
	}{
		"people cannot be read":   {people: errors.New("connection refused"), want: http.StatusServiceUnavailable},
		"a time-out":              {people: context.DeadlineExceeded, want: http.StatusServiceUnavailable},
		"a panic":                 {panics: true, want: http.StatusInternalServerError},
		"the client hung up":      {people: context.Canceled, gone: true, want: http.StatusServiceUnavailable},
		"the store cannot answer": {store: errors.New("connection refused")},
	} {
		var ends atomic.Bool
		w := newWorld(t, func(o *web.Options) {
			people := o.People
			o.People = func(ctx context.Context) ([]bot.Person, error) {
				switch {
				case !ends.Load():
				case e.panics:
					panic("broken")
				case e.people != nil:
					return nil, e.people
				}
				return people(ctx)
			}
		})
		ends.Store(true)
		w.store.mu.Lock()
		w.store.fail = e.store
		w.store.mu.Unlock()
		for _, pattern := range w.chat.Patterns() {
			t.Run(name+"/"+pattern, func(t *testing.T) {
				method, path, _ := strings.Cut(pattern, " ")
				path = strings.NewReplacer(
					"{$}", "", "{name}", "incidents", "{post}", "1", "{channel}", "1", "{id}", "R-1", "{file}", "csv", "{variant}",
					"dark",
				).Replace(path)
				if path == "/events" {
					path += "?channel=1&after=0"
				}
				if path == "/c/incidents/earlier" {
					path += "?before=5"
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if e.gone {
					cancel()
				}
				r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+path, strings.NewReader("{}"))
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				r.Header.Set("Content-Type", "application/json")
				got := httptest.NewRecorder()
				w.chat.Handler().ServeHTTP(got, r)
				switch {
				case pattern == "GET /assets/{file}" && got.Code == http.StatusNotFound, e.store != nil && alone[pattern]:
				case got.Code < 400 || e.want != 0 && got.Code != e.want:
					t.Errorf("%d, want %d: %s", got.Code, e.want, got.Body)
				}
			})
		}
	}
}

func TestTheChatRefusesAQueryThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{
		"/c/incidents?at=a;b", "/calendar?view=%25zz&at=%zz", "/people?q=%", "/complete?text=a;b", "/unread?as=ana;ben",
	} {
		t.Run(path, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
			got := httptest.NewRecorder()
			if w.chat.Handler().ServeHTTP(got, r); got.Code != http.StatusBadRequest {
				t.Errorf("%s: %d", path, got.Code)
			}
		})
	}
}
