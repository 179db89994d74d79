package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The monitoring never reads that all is well when nothing is known.
func TestNoEndingLooksHealthy(t *testing.T) {
	a, err := place{Data: demoFolder(t), Config: configFile}.wire(context.Background(), appOptions{server: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	h := a.observing(ctx)
	ask := func(path string, want int) {
		t.Helper()
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)); w.Code != want {
			t.Errorf("%s: %d, want %d: %.200s", path, w.Code, want, w.Body)
		}
	}
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/metrics": 200, "/readyz?a;b": 400, "/metrics?name[]=%zz": 400, "/": 404,
	} {
		ask(path, want)
	}
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	ask("/readyz", http.StatusServiceUnavailable)
	stop()
	ask("/readyz", http.StatusServiceUnavailable)
}
