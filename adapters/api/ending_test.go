package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/ask"
	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
)

// ending is a way in which a request can end without an answer by what it asked.
type ending struct {
	store  func(*fakeGate) Store // default: the gate
	answer func() bot.Reply      // of the command; it may panic
	gone   bool                  // the client hung up
	stop   bool                  // the server stops
	want   int                   // 0: any error
}

// lostStore is a store whose database is away.
type lostStore struct{ *fakeGate }

func (lostStore) TokenOf(context.Context, string) (access.Token, error) {
	return access.Token{}, errors.New("connection refused")
}

// brokenStore is a store with a fault of its own.
type brokenStore struct{ *fakeGate }

func (brokenStore) TokenOf(context.Context, string) (access.Token, error) { panic("broken") }

// endings are all that can end a request, beside its own answer.
var endings = map[string]ending{
	"the database is lost at the door": {
		store: func(g *fakeGate) Store { return lostStore{g} }, want: http.StatusServiceUnavailable,
	},
	"a panic at the door": {
		store: func(g *fakeGate) Store { return brokenStore{g} }, want: http.StatusInternalServerError,
	},
	"the database is lost in the command": {
		answer: func() bot.Reply { return bot.Reply{Status: bot.Unready} }, want: http.StatusServiceUnavailable,
	},
	"a time-out": {
		answer: func() bot.Reply { return bot.Reply{Status: bot.Unready, Kind: bot.Unavailable} },
		want:   http.StatusServiceUnavailable,
	},
	"a panic in the command": {
		answer: func() bot.Reply { panic("broken") }, want: http.StatusInternalServerError,
	},
	"the command says nothing": {
		answer: func() bot.Reply { return bot.Reply{} }, want: http.StatusInternalServerError,
	},
	"the client hung up, the command never knew": {
		gone: true, answer: func() bot.Reply { return bot.Reply{} }, want: http.StatusInternalServerError,
	},
	"the client hung up, the command gave up": {
		gone: true, answer: func() bot.Reply { return bot.Reply{Status: bot.Unready} }, want: http.StatusServiceUnavailable,
	},
	"the server stops, the command gave up": {
		stop: true, answer: func() bot.Reply { return bot.Reply{Status: bot.Unready} }, want: http.StatusServiceUnavailable,
	},
	"the server stops, the command says nothing": {stop: true, answer: func() bot.Reply { return bot.Reply{} }},
	"an unknown ending":                          {answer: func() bot.Reply { return bot.Reply{Status: "other"} }},
	"an unknown kind": {
		answer: func() bot.Reply { return bot.Reply{Status: bot.Refused, Kind: "other"} },
	},
}

// tree has one command.
func tree() *ask.Tree {
	b := engine.New(engine.Options{Store: struct{ bot.Store }{}})
	b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{{
		Name: "thing.do", Permission: "thing.do", Summary: "do it", Example: "/thing do",
		Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil },
	}}})
	return b.Tree()
}

// noViews fails, as it does without the database.
func noViews(context.Context, bot.Account, []string) ([]bot.View, error) {
	return nil, errors.New("connection refused")
}

// requestTo makes a request that a route takes.
func requestTo(pattern, secret string) *http.Request {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = http.MethodGet, pattern
	}
	path = strings.NewReplacer("{change}", "CHG-1", "{file}", secret+".ics", "{command}", "thing.do", "{page}", "things").
		Replace(path)
	body := "{}"
	switch path {
	case "/api/v1/changes":
		body = `{"title": "Resize"}`
	case "/api/v1/gates/CHG-1", "/api/v1/calendar/state":
		path += "?env=prod&service=web"
	}
	r := httptest.NewRequest(method, path, nil)
	if method == http.MethodPost {
		r = httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	return r
}

func TestNoEndingOfARequestIsAYes(t *testing.T) {
	patterns := []string{"/"}
	for _, r := range New(Options{}).routes() {
		patterns = append(patterns, r.method+" "+r.path)
	}
	for _, pattern := range patterns {
		// runs no command, so none can end it
		alone := map[string]int{
			"/": http.StatusNotFound, "GET /api/v1/keys": http.StatusOK, "GET /api/v1/openapi.json": http.StatusOK,
			"GET /api/v1/pages": http.StatusServiceUnavailable,
		}[pattern]
		for name, e := range endings {
			t.Run(pattern+"/"+name, func(t *testing.T) {
				g := &fakeGate{tokens: map[string]access.Token{}}
				token, secret := newToken(t, "ci", "change.feed")
				g.tokens[token.Hash] = token
				o := Options{
					Store: g, Tree: tree(), Views: []bot.View{{Name: "things", Title: "Things", Command: "thing.do"}},
					ViewsOf: noViews, Receive: func(context.Context, bot.Request) bot.Reply { return e.answer() },
				}
				if e.store != nil {
					o.Store = e.store(g)
				}
				s := New(o)
				if e.stop {
					close(s.stopping)
				}
				r := requestTo(pattern, secret)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if e.gone {
					cancel()
				}
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r.WithContext(ctx))
				if alone != 0 && w.Code == alone {
					return
				}
				if w.Code < 400 || e.want != 0 && w.Code != e.want ||
					w.Header().Get("Content-Type") != "application/problem+json" || !json.Valid(w.Body.Bytes()) {
					t.Errorf("%d, want %d: %v %s", w.Code, e.want, w.Header(), w.Body)
				}
			})
		}
	}
}

func TestTheGateNeedsAVerdict(t *testing.T) {
	for name, reply := range map[string]bot.Reply{
		"done without data":   {Status: bot.Done},
		"done with words":     bot.Answer(bot.Say("Allowed.")),
		"not JSON":            {Status: bot.Done, Data: json.RawMessage(`allowed`)},
		"another kind":        {Status: bot.Done, Data: json.RawMessage(`"allowed"`)},
		"no status":           {Status: bot.Done, Data: json.RawMessage(`{"decision": "allowed"}`)},
		"a status of words":   {Status: bot.Done, Data: json.RawMessage(`{"status": "200"}`)},
		"a status that is no": {Status: bot.Done, Data: json.RawMessage(`{"status": 20}`)},
	} {
		t.Run(name, func(t *testing.T) {
			g, _, secrets := newFakeGate(t, 1)
			s := New(Options{Store: g, Receive: func(context.Context, bot.Request) bot.Reply { return reply }})
			w, done := waitFor(s, secrets[0], "/api/v1/gates/CHG-1?env=prod&service=web")
			if <-done; w.Code != http.StatusInternalServerError {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}
