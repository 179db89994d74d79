package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

// fakeGate is a store with one change that is pending until decided, and counts how it is asked.
type fakeGate struct {
	mu      sync.Mutex
	tokens  map[string]access.Token
	version int
	status  int
	until   *time.Time
	asked   int
	looks   [][]int64
}

func (g *fakeGate) TokenOf(_ context.Context, hash string) (access.Token, error) {
	t, ok := g.tokens[hash]
	if !ok {
		return t, bot.ErrNoSuch
	}
	return t, nil
}
func (*fakeGate) Record(context.Context, bot.Effects) error          { return nil }
func (*fakeGate) TokenUsed(context.Context, string, time.Time) error { return nil }
func (g *fakeGate) receive(_ context.Context, _ bot.Request) (r bot.Reply) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	data, _ := json.Marshal(map[string]any{"status": g.status, "until": g.until})
	return bot.Reply{Status: bot.Refused, Data: data}
}

func (g *fakeGate) ChangeVersions(_ context.Context, numbers []int64) (map[int64]int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.Sort(numbers)
	g.looks = append(g.looks, numbers)
	versions := map[int64]int{}
	for _, n := range numbers {
		versions[n] = g.version
	}
	return versions, nil
}

func (g *fakeGate) decide(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
	g.version++
}

func (g *fakeGate) count() (asked, looks int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked, len(g.looks)
}

// newToken is a token of the pipeline's, for an hour.
func newToken(t *testing.T, name, scope string) (access.Token, string) {
	t.Helper()
	token, secret, err := access.New(access.Token{
		Name: name, Person: "deploy", Scopes: []string{scope}, Created: time.Now(), Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token, secret
}

// newFakeGate returns a server on it and a secret for each of some tokens.
func newFakeGate(t *testing.T, tokens int) (*fakeGate, *Server, []string) {
	g := &fakeGate{tokens: map[string]access.Token{}, version: 1, status: http.StatusAccepted}
	var secrets []string
	for n := range tokens {
		t, secret := newToken(t, fmt.Sprint("token", n), "change.gate")
		g.tokens[t.Hash] = t
		secrets = append(secrets, secret)
	}
	return g, New(Options{Store: g, Receive: g.receive}), secrets
}

// waitFor asks in the background; the answer is complete when done is closed.
func waitFor(s *Server, secret, path string) (w *httptest.ResponseRecorder, done chan struct{}) {
	w, done = httptest.NewRecorder(), make(chan struct{})
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	go func() {
		defer close(done)
		s.Handler().ServeHTTP(w, r)
	}()
	return w, done
}

const waitAt = "/api/v1/gates/CHG-1?env=prod&service=web&wait=1m"

func TestThoseWhoWaitShareOneReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, secrets := newFakeGate(t, 3)
		var answers []*httptest.ResponseRecorder
		var all []chan struct{}
		for _, secret := range secrets {
			for n := range maxWaiting {
				w, done := waitFor(s, secret, strings.Replace(waitAt, "CHG-1", fmt.Sprint("chg-", 1+n%2), 1))
				answers, all = append(answers, w), append(all, done)
			}
		}
		time.Sleep(30*time.Second + time.Millisecond)
		asked, looks := g.count()
		if looks != 30 {
			t.Errorf("%d looks in 30 s, want 30", looks)
		}
		for _, numbers := range g.looks {
			if !slices.Equal(numbers, []int64{1, 2}) {
				t.Fatalf("looked at %v, want each change once", numbers)
			}
		}
		if asked != 2*len(all) { // once when they came, once after the first look
			t.Errorf("asked %d times for %d that wait", asked, len(all))
		}
		g.decide(http.StatusConflict)
		start := time.Now()
		for n, done := range all {
			<-done
			if answers[n].Code != http.StatusConflict {
				t.Errorf("answer %d", answers[n].Code)
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("told after %s", took)
		}
		_, before := g.count()
		time.Sleep(time.Minute)
		if _, after := g.count(); after != before {
			t.Errorf("%d looks although nobody waits", after-before)
		}
	})
}

func TestATokenMayLetOnlySomeWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, secrets := newFakeGate(t, 2)
		var all []chan struct{}
		for range maxWaiting {
			_, done := waitFor(s, secrets[0], waitAt)
			all = append(all, done)
		}
		synctest.Wait()
		w, done := waitFor(s, secrets[0], waitAt)
		synctest.Wait()
		<-done
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" ||
			w.Header().Get("Content-Type") != "application/problem+json" ||
			!strings.Contains(w.Body.String(), `"reason_code":"too_many_waiting"`) {
			t.Errorf("one too many: %d %v %s", w.Code, w.Header(), w.Body)
		}
		w, done = waitFor(s, secrets[0], strings.Replace(waitAt, "1m", "0s", 1))
		if <-done; w.Code != http.StatusAccepted {
			t.Errorf("one that does not wait: %d", w.Code)
		}
		other, otherDone := waitFor(s, secrets[1], waitAt)
		synctest.Wait()
		g.decide(http.StatusConflict)
		for _, done := range append(all, otherDone) {
			<-done
		}
		if other.Code != http.StatusConflict {
			t.Errorf("another token: %d", other.Code)
		}
		g.decide(http.StatusAccepted)
		w, done = waitFor(s, secrets[0], waitAt)
		if <-done; w.Code != http.StatusAccepted {
			t.Errorf("after the others left: %d", w.Code)
		}
		time.Sleep(time.Second) // the reader finds nobody and ends
	})
}

func TestAWaitEndsWhenTheWindowOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s, secrets := newFakeGate(t, 1)
		opens := time.Now().Add(10 * time.Second)
		g.status, g.until = http.StatusTooEarly, &opens
		w, done := waitFor(s, secrets[0], waitAt+"&wait_window=yes")
		time.Sleep(9500 * time.Millisecond)
		g.mu.Lock()
		g.status = http.StatusLocked // by the clock alone, so the version stays
		g.mu.Unlock()
		<-done
		if took := time.Until(opens); w.Code != http.StatusLocked || took < -time.Second {
			t.Errorf("%d, %s before", w.Code, took)
		}
		time.Sleep(time.Second)
	})
}

// A server that stops must never answer 200 by saying nothing.
func TestWhoWaitsIsToldThatTheServerStops(t *testing.T) {
	g, _, secrets := newFakeGate(t, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 1)
	s := New(Options{Listener: l, Store: g, Receive: func(ctx context.Context, r bot.Request) bot.Reply {
		defer func() { asked <- struct{}{} }()
		return g.receive(ctx, r)
	}, Poll: time.Hour})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	go func() { <-asked; stop() }()
	r, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+waitAt, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secrets[0])
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "nothing was decided") ||
		resp.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s %v", resp.Status, body, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestParametersThatCannotBeReadAreRefused(t *testing.T) {
	_, s, secrets := newFakeGate(t, 1)
	for _, path := range []string{
		"/api/v1/gates/CHG-1?env=prod&service=web&artifact=a;b", "/api/v1/gates/CHG-1?env=prod&service=web&artifact=%zz",
		"/api/v1/gates/CHG-1?env=prod&service=web&artifact=%",
		"/api/v1/calendar/state?env=prod&service=web&at=x;y", "/api/v1/keys?a;b", "/api/v1/changes/CHG-1?%zz",
	} {
		t.Run(path, func(t *testing.T) {
			w, done := waitFor(s, secrets[0], path)
			if <-done; w.Code != http.StatusBadRequest || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		})
	}
	w, done := waitFor(s, secrets[0], "/api/v1/gates/CHG-1?env=prod&service=web&artifact=a%3Bb")
	if <-done; w.Code != http.StatusAccepted {
		t.Errorf("escaped: %d %s", w.Code, w.Body)
	}
}
