// Package slackfake is a Slack for tests: a real server with the Web API, Socket Mode, signed requests by HTTP, rate
// limits and everything that can go wrong. It keeps a workspace in memory, lets people act in it, and shows what they
// would see.
//
// server.go holds the server and its options, workspace.go what it keeps, api.go and its neighbours the Web API,
// people.go what people do, deliver.go how the app learns of it, faults.go what goes wrong.
package slackfake

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options of a fake workspace; zero values get defaults.
type Options struct {
	BotToken, AppToken, SigningSecret string // default xoxb-fake, xapp-fake, fake-secret
	Team                              string // default T0FAKE
	Enterprise                        string // the organisation that the workspace is part of; default none
	OrgWide                           bool   // the app is installed for the whole organisation
	// messages in shared channels say of which team the author is, which documents show and do not promise
	NamesTeams bool
	AppURL     string        // where the app takes requests by HTTP; "": Socket Mode
	Limits     bool          // hold the app to the limits of Slack's tiers
	Scopes     []string      // of the bot token; default all that there are
	Patience   time.Duration // how long an acknowledgement is waited for; default Slack's three seconds
}

const (
	botUser = "U0BOT"
	botID   = "B0BOT"
	appID   = "A0FAKE"
)

// Server is a fake Slack.
type Server struct {
	o        Options
	patience time.Duration // guarded by mu
	http     *httptest.Server
	work     sync.WaitGroup

	mu       sync.Mutex
	now      func() time.Time
	users    map[string]User
	groups   map[string]group
	channels map[string]*Channel
	order    []string // of channels, as they were made
	messages map[string][]*Message
	views    map[string][]*view // by user, the topmost last
	homes    map[string]map[string]any
	triggers map[string]trigger
	urls     map[string]*responseURL
	files    map[string]*File
	sockets  []*socket
	waiting  map[string]chan Ack
	givenUp  chan struct{}
	acks     []Ack                     // of events
	sent     map[string]map[string]any // payloads by key, for second deliveries
	faults   []*Fault
	limits   map[string]*bucket
	calls    []Call
	down     bool
	revoked  bool
	count    int
	last     int64 // of the last timestamp, in microseconds
}

type group struct {
	handle string
	users  []string
}

// Start starts a fake Slack that stops with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&o.BotToken, "xoxb-fake")
	set(&o.AppToken, "xapp-fake")
	set(&o.SigningSecret, "fake-secret")
	set(&o.Team, "T0FAKE")
	s := &Server{
		o: o, patience: cmp.Or(o.Patience, ackWithin), givenUp: make(chan struct{}), now: time.Now, users: map[string]User{},
		groups: map[string]group{}, channels: map[string]*Channel{}, messages: map[string][]*Message{},
		views: map[string][]*view{}, homes: map[string]map[string]any{}, triggers: map[string]trigger{},
		urls:    map[string]*responseURL{},
		waiting: map[string]chan Ack{}, sent: map[string]map[string]any{}, limits: map[string]*bucket{},
		files: map[string]*File{},
	}
	s.users[botUser] = User{ID: botUser, Name: "watchbell", RealName: "Watchbell", Bot: true}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", s.api)
	mux.HandleFunc("GET /api/{method}", s.api)
	mux.HandleFunc("POST /response/{id}", s.response)
	mux.HandleFunc("POST /upload/{id}", s.upload)
	mux.HandleFunc("GET /download/{id}", s.download)
	mux.HandleFunc("GET /socket", s.socket)
	s.http = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Down(true)
		s.http.CloseClientConnections()
		s.http.Close()
		s.work.Wait()
	})
	return s
}

// API is the base address of the Web API, with a slash at its end.
func (s *Server) API() string { return s.http.URL + "/api/" }

// BotUser is the id of the bot's user.
func (s *Server) BotUser() string { return botUser }

// SetAppURL says where the app takes requests by HTTP.
func (s *Server) SetAppURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.AppURL = url
}

// Call is one call of the Web API.
type Call struct {
	Method string
	Args   map[string]string
	JSON   map[string]any // of a call that was sent as JSON
	At     time.Time
	Answer string
}

// Calls are the recorded calls of a method, "" for all.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Call
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			list = append(list, c)
		}
	}
	return list
}

// api answers one call.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	call, token, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call.Method, call.At = r.PathValue("method"), s.now()
	answer, status, lost, hang := s.carryOut(call, token)
	if hang > 0 {
		select {
		case <-time.After(hang):
		case <-r.Context().Done():
			return
		}
	}
	if lost {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	if after, ok := answer["retry_after"]; ok {
		w.Header().Set("Retry-After", fmt.Sprint(after))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.scopes(), ","))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// read takes the arguments from a form, from JSON or from the query.
func read(r *http.Request) (c Call, token string, err error) {
	c.Args = map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		data, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
		if err == nil && len(data) > 0 {
			err = json.Unmarshal(data, &c.JSON)
		}
		if err != nil {
			return c, "", err
		}
		for name, v := range c.JSON {
			if text, ok := v.(string); ok {
				c.Args[name] = text
			} else {
				data, _ := json.Marshal(v)
				c.Args[name] = string(data)
			}
		}
	} else {
		if err := r.ParseMultipartForm(4 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) && r.ContentLength != 0 {
			return c, "", err
		}
		for name := range r.Form {
			c.Args[name] = r.Form.Get(name)
		}
	}
	token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = c.Args["token"]
	}
	delete(c.Args, "token")
	return c, token, nil
}

// problem is an error code of Slack.
type problem string

func (p problem) Error() string { return string(p) }

// carryOut does what a call asks, unless a fault is in the way.
func (s *Server) carryOut(c Call, token string) (answer map[string]any, status int, lost bool, hang time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		data, _ := json.Marshal(answer)
		c.Answer = string(data)
		s.calls = append(s.calls, c)
	}()
	if s.down {
		return nil, http.StatusServiceUnavailable, true, 0
	}
	if wait := s.limited(c); wait > 0 {
		return map[string]any{"ok": false, "error": "ratelimited", "retry_after": wait}, http.StatusTooManyRequests, false, 0
	}
	fault := s.fault(c)
	switch {
	case fault == nil:
	case fault.Error != "":
		return map[string]any{"ok": false, "error": fault.Error}, http.StatusOK, false, 0
	case fault.Status != 0:
		answer = map[string]any{"ok": false, "error": "fault"}
		if fault.RetryAfter > 0 {
			answer["retry_after"] = fault.RetryAfter
		}
		return answer, fault.Status, false, 0
	}
	answer, err := s.method(c, token)
	if err != nil {
		failed := map[string]any{"ok": false, "error": err.Error()}
		maps.Copy(failed, answer)
		answer = failed
	} else {
		if answer == nil {
			answer = map[string]any{}
		}
		answer["ok"] = true
	}
	if fault != nil {
		return answer, http.StatusOK, fault.Lost, fault.Hang
	}
	return answer, http.StatusOK, false, 0
}

func (s *Server) method(c Call, token string) (map[string]any, error) {
	if c.Method == "apps.connections.open" {
		if token != s.o.AppToken {
			return nil, problem("invalid_auth")
		}
		return map[string]any{"url": "ws" + strings.TrimPrefix(s.http.URL, "http") + "/socket"}, nil
	}
	switch {
	case token == "":
		return nil, problem("not_authed")
	case token != s.o.BotToken:
		return nil, problem("invalid_auth")
	case s.revoked:
		return nil, problem("token_revoked")
	}
	m, ok := methods[c.Method]
	if !ok {
		return nil, problem("unknown_method")
	}
	if s.o.OrgWide && slices.Contains(needTeam, c.Method) && !strings.HasPrefix(c.Args["team_id"], "T") {
		return nil, problem("missing_argument")
	}
	if scope := s.scopeFor(m.scope, c.Args["channel"]); scope != "" && !slices.Contains(s.scopes(), scope) {
		return map[string]any{"needed": scope, "provided": strings.Join(s.scopes(), ",")}, problem("missing_scope")
	}
	return m.do(s, c)
}

// needTeam are those of our methods that have to name a workspace when the app is installed for a whole organisation.
// Source: https://docs.slack.dev/enterprise/developing-for-enterprise-orgs, "Methods that require team_id".
var needTeam = []string{
	"conversations.create", "conversations.list", "users.list", "usergroups.list", "usergroups.users.list",
}

// scopeFor is the scope that a method needs for a channel: for private ones the methods conversations.* list groups:*
// beside channels:*. Source: https://docs.slack.dev/reference/methods/conversations.setTopic, "Required scopes".
func (s *Server) scopeFor(scope, channel string) string {
	if c := s.channels[channel]; c == nil || !c.Private {
		return scope
	}
	switch scope {
	case "channels:manage":
		return "groups:write"
	case "channels:read":
		return "groups:read"
	case "channels:history":
		return "groups:history"
	}
	return scope
}

func (s *Server) scopes() []string {
	if s.o.Scopes != nil {
		return s.o.Scopes
	}
	return []string{
		"commands", "chat:write", "chat:write.public", "channels:manage", "channels:read", "channels:join",
		"channels:history", "groups:write", "groups:read", "groups:history", "im:write",
		"im:history", "users:read", "users:read.email", "usergroups:read", "usergroups:write", "app_mentions:read", "reactions:read",
		"pins:write", "bookmarks:read", "bookmarks:write",
		"files:write", "files:read", "pins:read", "links:read", "links:write",
	}
}

// ts makes the next timestamp. They are unique and grow.
func (s *Server) ts() string {
	s.last = max(s.last+1, s.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.last/1e6, s.last%1e6)
}

func (s *Server) id(prefix string) string {
	s.count++
	return fmt.Sprintf("%s%07d", prefix, s.count)
}
