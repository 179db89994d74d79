package discordfake_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	again := func() answer { return call(t, s, "POST", path, object{"content": "a"}) }
	broken := func(f discordfake.Fault) answer {
		t.Helper()
		f.Method, f.Route, f.Times = "POST", "/channels/{channel}/messages", 1
		s.Break(f)
		a := again()
		must(t, again(), 200)
		return a
	}
	refusedWith(t, broken(discordfake.Fault{Code: 30046}), 30046)
	refusedWith(t, broken(discordfake.Fault{Code: 50001, Status: 403}), 50001)
	if a := broken(discordfake.Fault{Status: 503}); a.status != 503 || a.message != "503: Service Unavailable" {
		t.Errorf("answered %s", a.text)
	}
	proxy := broken(discordfake.Fault{Status: 502, Cloudflare: true})
	if a := proxy; a.status != 502 || !strings.Contains(a.text, "<html>") {
		t.Errorf("answered %s", a.text)
	}
	wait := 1500 * time.Millisecond
	user := broken(discordfake.Fault{Status: 429, RetryAfter: wait})
	if user.status != 429 || user.body["retry_after"] != 1.5 || user.header.Get("Retry-After") != "2" ||
		user.header.Get("X-RateLimit-Scope") != "user" || user.header.Get("X-RateLimit-Reset-After") != "1.500" {
		t.Errorf("answered %v %s", user.header, user.text)
	}
	shared := broken(discordfake.Fault{Status: 429, RetryAfter: wait, Scope: "shared"})
	if shared.header.Get("X-RateLimit-Scope") != "shared" || shared.body["global"] != false {
		t.Errorf("answered %v %s", shared.header, shared.text)
	}
	global := broken(discordfake.Fault{Status: 429, RetryAfter: wait, Scope: "global"})
	if global.header.Get("X-RateLimit-Global") != "true" || global.body["global"] != true ||
		global.header.Get("X-RateLimit-Reset-After") != "" {
		t.Errorf("answered %v %s", global.header, global.text)
	}
	bare := broken(discordfake.Fault{Status: 429, RetryAfter: wait, NoHeaders: true})
	if bare.header.Get("Retry-After") != "" || bare.body["retry_after"] != 1.5 {
		t.Errorf("answered %v %s", bare.header, bare.text)
	}
	if n := s.Invalid(); n != 4 { // 403, and 429 three times; a shared limit does not count
		t.Errorf("%d invalid requests", n)
	}
	before := len(s.Messages(channel))
	if a := broken(discordfake.Fault{Lost: true}); a.lost == nil || len(s.Messages(channel)) != before+2 {
		t.Errorf("answered %s, and there are %d messages", a.text, len(s.Messages(channel)))
	}
	s.Break(discordfake.Fault{Status: 500, If: func(c discordfake.Call) bool { return c.JSON["content"] == "a" }})
	must(t, call(t, s, "POST", path, object{"content": "b"}), 200)
	for range 3 {
		must(t, again(), 500)
	}
	s.Heal()
	s.Down(true)
	if a := again(); a.lost == nil {
		t.Errorf("answered %s", a.text)
	}
	s.Down(false)
	must(t, again(), 200)
	calls := s.Calls("POST", "/channels/{channel}/messages")
	if last := calls[len(calls)-1]; last.Status != 200 || last.JSON["content"] != "a" || !last.Authorization {
		t.Errorf("the last call is %+v", last)
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	s.Break(discordfake.Fault{Hang: time.Hour, Times: 1})
	r, _ := http.NewRequest("GET", s.URL()+"/api/v10/gateway", nil)
	client := &http.Client{Timeout: 50 * time.Millisecond}
	if response, err := client.Do(r); err == nil {
		_ = response.Body.Close()
		t.Error("answered at once")
	}
}

// Limits are told in headers, and held when they are asked for.
func TestLimits(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{Limits: true})
	other := s.AddChannel(s.Guild(), "other")
	post := func(channel string) answer {
		return call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "a"})
	}
	for i := range 5 {
		a := must(t, post(channel), 200)
		if left := a.header.Get("X-RateLimit-Remaining"); left != string(rune('4'-i)) {
			t.Errorf("remaining are %s", left)
		}
	}
	fast := must(t, post(channel), 429)
	if fast.header.Get("X-RateLimit-Scope") != "user" || fast.body["retry_after"] != 5.0 {
		t.Errorf("answered %v %s", fast.header, fast.text)
	}
	free := must(t, post(other), 200)
	if fast.header.Get("X-RateLimit-Bucket") != free.header.Get("X-RateLimit-Bucket") {
		t.Error("the same route has two buckets")
	}
	c.move(5 * time.Second)
	must(t, post(channel), 200)
	for _, name := range []string{"a", "b"} {
		must(t, call(t, s, "PATCH", "/channels/"+channel, object{"name": name}), 200)
	}
	shared := must(t, call(t, s, "PATCH", "/channels/"+channel, object{"name": "c"}), 429)
	if shared.header.Get("X-RateLimit-Scope") != "shared" || shared.header.Get("Retry-After") != "600" {
		t.Errorf("answered %v %s", shared.header, shared.text)
	}
	c.move(time.Second)
	for range 50 {
		must(t, call(t, s, "GET", "/users/@me", nil), 200)
	}
	global := must(t, call(t, s, "GET", "/channels/"+channel, nil), 429)
	if global.header.Get("X-RateLimit-Scope") != "global" {
		t.Errorf("answered %v %s", global.header, global.text)
	}
	must(t, call(t, s, "GET", "/gateway", nil), 200) // is open, and so not the bot's
	if n := s.Throttled(); n != 3 {
		t.Errorf("%d calls came too fast", n)
	}
	free = must(t, call(t, discordfake.Start(t, discordfake.Options{}), "GET", "/users/@me", nil), 200)
	if free.header.Get("X-RateLimit-Limit") == "" || free.header.Get("X-RateLimit-Bucket") == "" {
		t.Errorf("without limits there are no headers: %v", free.header)
	}
}
