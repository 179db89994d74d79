package slackfake

import (
	"time"

	"golang.org/x/time/rate"
)

// Fault is something that goes wrong with a call.
type Fault struct {
	Method     string        // "": any
	Error      string        // the answer's error code
	Status     int           // or this HTTP status
	RetryAfter int           // seconds, with it
	Lost       bool          // or: it is carried out, but the connection breaks before the answer
	Hang       time.Duration // or: it is carried out, and answered only after this long
	Times      int           // 0: until Heal
	If         func(Call) bool

	used int
}

// Break makes calls go wrong.
func (s *Server) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) fault(c Call) *Fault {
	for _, f := range s.faults {
		if f.Method != "" && f.Method != c.Method || f.Times > 0 && f.used >= f.Times || f.If != nil && !f.If(c) {
			continue
		}
		f.used++
		return f
	}
	return nil
}

// Down makes Slack unreachable, or reachable again.
func (s *Server) Down(down bool) {
	s.mu.Lock()
	s.down = down
	sockets := s.sockets
	if down {
		s.sockets = nil
	}
	s.mu.Unlock()
	if down {
		for _, c := range sockets {
			c.close("")
		}
	}
}

// DropSockets closes all sockets as Slack does from time to time.
func (s *Server) DropSockets() {
	s.mu.Lock()
	sockets := s.sockets
	s.sockets = nil
	s.mu.Unlock()
	for _, c := range sockets {
		c.close("refresh_requested")
	}
}

// RevokeTokens takes the app's tokens away.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	s.revoked = true
	s.mu.Unlock()
	_ = s.Event("", map[string]any{"type": "tokens_revoked", "tokens": map[string]any{"bot": []string{botUser}}})
}

// tier is how many calls a minute Slack allows.
func tier(method string) int {
	switch method {
	case "apps.connections.open":
		return 10 // one in the books; a test reconnects more often
	case "conversations.create", "conversations.archive", "conversations.rename", "conversations.setTopic",
		"conversations.setPurpose", "conversations.list", "bookmarks.add",
		"pins.add", "users.list", "usergroups.list", "usergroups.users.list",
		"usergroups.users.update":
		return 20
	case "chat.update", "conversations.info", "conversations.invite", "conversations.join", "conversations.open",
		"conversations.history", "conversations.replies", "bookmarks.list":
		return 50
	}
	return 100
}

type bucket struct{ *rate.Limiter }

// limited is how many seconds the app has to wait, 0 if it need not.
func (s *Server) limited(c Call) int {
	if !s.o.Limits {
		return 0
	}
	name, limit := c.Method, rate.NewLimiter(rate.Limit(float64(tier(c.Method))/60), tier(c.Method))
	if c.Method == "chat.postMessage" {
		name, limit = "in "+c.Args["channel"], rate.NewLimiter(1, 4)
	}
	if s.limits[name] == nil {
		s.limits[name] = &bucket{limit}
	}
	if s.limits[name].AllowN(s.now(), 1) {
		return 0
	}
	return 2
}

// Throttled counts the calls that came too fast.
func (s *Server) Throttled() int {
	n := 0
	for _, c := range s.Calls("") {
		if c.Answer != "" && c.Answer == `{"error":"ratelimited","ok":false,"retry_after":2}` {
			n++
		}
	}
	return n
}
