package discordfake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bucket counts the calls of one limit in its present window.
type bucket struct {
	until time.Time
	used  int
}

// rule is a limit: so many calls in so long.
type rule struct {
	calls int
	per   time.Duration
}

// limitOf is the limit of a route. Discord publishes none but the global one and asks to read the headers instead;
// these are of the size that others observe.
func limitOf(c *Call) rule {
	switch {
	case c.Method == "POST" && strings.HasSuffix(c.Route, "/messages"):
		return rule{5, 5 * time.Second}
	case c.Method == "PATCH" && strings.HasSuffix(c.Route, "/messages/{message}"):
		return rule{5, 5 * time.Second}
	case c.Method == "PUT" && strings.Contains(c.Route, "/reactions/"):
		return rule{1, 250 * time.Millisecond}
	case c.Method == "POST" && c.Route == "/users/@me/channels":
		return rule{5, 10 * time.Second}
	case strings.HasPrefix(c.Route, "/webhooks/"):
		return rule{5, 2 * time.Second}
	}
	return rule{50, time.Second}
}

const (
	globalCalls = 50
	// renames are how often the name or topic of a channel may change; observed, in no document
	renames   = 2
	renameFor = 10 * time.Minute
)

// limited counts a call and returns the headers that tell of its limit, or the refusal.
func (s *Server) limited(c *Call, do *route) (map[string]string, error) {
	if do == nil {
		return nil, nil
	}
	headers := map[string]string{}
	r := limitOf(c)
	if !s.o.Limits {
		free := rule{50, time.Second} // nobody has to wait
		bucketHeaders(headers, c, free.calls, free.calls-1, s.now().Add(free.per), free.per)
		return headers, nil
	}
	if !do.open {
		if wait := s.take("global", rule{globalCalls, time.Second}); wait > 0 {
			return nil, s.tooFast(&Fault{RetryAfter: wait, Scope: "global"}, c)
		}
	}
	if c.Method == "PATCH" && c.Route == "/channels/{channel}" && (c.JSON["name"] != nil || c.JSON["topic"] != nil) {
		if wait := s.take("rename "+c.path["channel"], rule{renames, renameFor}); wait > 0 {
			return nil, s.tooFast(&Fault{RetryAfter: wait, Scope: "shared"}, c)
		}
	}
	name := bucketName(c) + " " + major(c)
	if wait := s.take(name, r); wait > 0 {
		return nil, s.tooFast(&Fault{RetryAfter: wait}, c)
	}
	b := s.buckets[name]
	bucketHeaders(headers, c, r.calls, r.calls-b.used, b.until, b.until.Sub(s.now()))
	return headers, nil
}

// take takes one call from a bucket, or says how long to wait.
func (s *Server) take(name string, r rule) time.Duration {
	b := s.buckets[name]
	if b == nil || !s.now().Before(b.until) {
		b = &bucket{until: s.now().Add(r.per)}
		s.buckets[name] = b
	}
	if b.used >= r.calls {
		return b.until.Sub(s.now())
	}
	b.used++
	return 0
}

// major is the part of the address whose limits are counted apart. Source: Discord's topic "Rate Limits".
func major(c *Call) string {
	switch {
	case c.path["channel"] != "":
		return c.path["channel"]
	case c.path["guild"] != "":
		return c.path["guild"]
	}
	return c.path["app"] + c.path["token"]
}

func bucketName(c *Call) string {
	sum := sha256.Sum256([]byte(c.Method + " " + c.Route))
	return hex.EncodeToString(sum[:8])
}

func bucketHeaders(h map[string]string, c *Call, limit, remaining int, reset time.Time, after time.Duration) {
	h["X-RateLimit-Limit"], h["X-RateLimit-Remaining"] = strconv.Itoa(limit), strconv.Itoa(max(0, remaining))
	h["X-RateLimit-Reset"] = fmt.Sprintf("%.3f", float64(reset.UnixMilli())/1000)
	h["X-RateLimit-Reset-After"] = fmt.Sprintf("%.3f", after.Seconds())
	h["X-RateLimit-Bucket"] = bucketName(c)
}

// Throttled counts the calls that came too fast.
func (s *Server) Throttled() int {
	n := 0
	for _, c := range s.Calls("", "") {
		if c.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}
