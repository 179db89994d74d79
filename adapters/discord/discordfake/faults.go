package discordfake

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with a call of the REST API.
type Fault struct {
	Method, Route string // which calls, by method and pattern, see Call; "": any
	Code          int    // refuse with this error code of Discord
	Status        int    // and this HTTP status; without a code a plain failure of it
	Message       string // and this message
	// with status 429: how long to wait, and whose limit it is: "user" (the default), "shared" or "global"
	RetryAfter time.Duration
	Scope      string
	NoHeaders  bool          // with status 429: only the body says how long to wait
	Cloudflare bool          // answer with HTML, as the proxy in front of Discord does
	Lost       bool          // it is carried out, but the connection breaks before the answer
	Hang       time.Duration // or: it is carried out, and answered only after this long
	Times      int           // 0: until Heal
	If         func(Call) bool

	used int
}

func (f *Fault) afterwards() bool { return f.Status == 0 && f.Code == 0 && (f.Lost || f.Hang > 0) }

// Break makes calls go wrong.
func (s *Server) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal ends all faults of the REST API.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) fault(c *Call) *Fault {
	for _, f := range s.faults {
		if f.Method != "" && f.Method != c.Method || f.Route != "" && f.Route != c.Route ||
			f.Times > 0 && f.used >= f.Times || f.If != nil && !f.If(*c) {
			continue
		}
		f.used++
		return f
	}
	return nil
}

// documented are the status and message of error codes, for faults that name only the code.
var documented = map[int]*refused{
	10003: refuse(404, 10003, "Unknown Channel"), 10004: unknownGuild, 10007: unknownMember, 10008: unknownMessage,
	10013: unknownUser, 10015: unknownWebhook, 10062: unknownInteraction, 40060: acknowledged,
	20028: refuse(429, 20028, "The write action you are performing on the channel has hit the write rate limit."),
	30003: refuse(400, 30003, "Maximum number of pins reached (250)"),
	30013: refuse(400, 30013, "Maximum number of guild channels reached (500)"),
	30046: refuse(400, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
	40333: refuse(403, 40333, "internal network error"),
	50001: missingAccess, 50007: refuse(403, 50007, "Cannot send messages to this user"),
	50013: missingPermissions, 50083: archivedThread, 160005: lockedThread,
	130000: refuse(503, 130000, "API resource is currently overloaded. Try again a little later."),
	160004: refuse(400, 160004, "A thread has already been created for this message"),
	160006: refuse(400, 160006, "Maximum number of active threads reached"),
}

// broken is what a fault answers.
func (s *Server) broken(f *Fault, c *Call) outcome {
	if f.Cloudflare {
		status := f.Status
		if status == 0 {
			status = http.StatusBadGateway
		}
		out := outcome{
			status: status, headers: map[string]string{"Server": "cloudflare"},
			text: "<html><head><title>" + strconv.Itoa(status) + "</title></head><body>cloudflare</body></html>",
		}
		if f.RetryAfter > 0 {
			out.headers["Retry-After"] = seconds(f.RetryAfter)
		}
		return out
	}
	if f.Status == http.StatusTooManyRequests {
		return outcomeOf(nil, s.tooFast(f, c), nil)
	}
	r := refuse(f.Status, f.Code, f.Message)
	if known := documented[f.Code]; known != nil && f.Code != 0 {
		*r = *known
	}
	if f.Status != 0 {
		r.status = f.Status
	}
	if f.Message != "" {
		r.message = f.Message
	}
	if r.status == 0 {
		r.status = http.StatusBadRequest
	}
	if r.message == "" {
		r.message = fmt.Sprintf("%d: %s", r.status, http.StatusText(r.status))
	}
	return outcomeOf(nil, r, nil)
}

// seconds is a wait in whole seconds, rounded up, as the header Retry-After has it.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// tooFast is the answer 429. Source: Discord's topic "Rate Limits".
func (s *Server) tooFast(f *Fault, c *Call) *refused {
	scope := f.Scope
	if scope == "" {
		scope = "user"
	}
	r := refuse(http.StatusTooManyRequests, f.Code, "You are being rate limited.")
	if scope == "shared" {
		r.message = "The resource is being rate limited."
	}
	r.extra = map[string]any{"retry_after": f.RetryAfter.Seconds(), "global": scope == "global"}
	r.headers = map[string]string{
		"Retry-After": seconds(f.RetryAfter), "X-RateLimit-Scope": scope, "Via": "1.1 google",
	}
	switch {
	case f.NoHeaders:
		r.headers = map[string]string{}
	case scope == "global":
		r.headers["X-RateLimit-Global"] = "true"
	default:
		bucketHeaders(r.headers, c, 5, 0, s.now().Add(f.RetryAfter), f.RetryAfter)
	}
	return r
}

// Invalid counts the answers that Discord counts against an address: 401, 403 and 429, except those of shared limits.
// After 10,000 in ten minutes Discord bans the address.
func (s *Server) Invalid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invalid
}

// Down makes Discord unreachable, or reachable again. Sessions of the gateway can be resumed afterwards.
func (s *Server) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	if down {
		for k := range s.sockets {
			k.cut()
		}
	}
}

// ResetToken makes the bot's token worthless, as its owner does in the portal or Discord does after too many
// identifies.
func (s *Server) ResetToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetToken()
}

func (s *Server) resetToken() {
	s.o.Token = s.secret("reset-")
	for _, x := range s.sessions {
		x.over = true
	}
	for k := range s.sockets {
		k.close(authenticationFailed)
	}
}
