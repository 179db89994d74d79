package front_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/watchbell/watchbell/bot/front"
)

// Whoever closes a door knows that nothing goes on behind it, and nobody who came too late is told that all is well.
func TestAClosedDoorHasNobodyInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := front.NewDoor()
		goOn := make(chan struct{})
		handler := door.Guard(front.Front{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-goOn
			}
			w.WriteHeader(http.StatusNoContent)
		}))
		ask := func(path string) int {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, nil))
			return w.Code
		}
		if got := ask("/"); got != http.StatusNoContent {
			t.Errorf("open: %d", got)
		}
		slow, closed := make(chan int, 1), make(chan struct{})
		go func() { slow <- ask("/slow") }()
		synctest.Wait()
		go func() { door.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("it is closed while a request is inside")
		default:
		}
		if got := ask("/"); got != http.StatusServiceUnavailable {
			t.Errorf("while it closes: %d", got)
		}
		close(goOn)
		<-closed
		if got := <-slow; got != http.StatusNoContent {
			t.Errorf("the request inside: %d", got)
		}
		door.Close()
		if got := ask("/"); got != http.StatusServiceUnavailable {
			t.Errorf("closed: %d", got)
		}
	})
}
