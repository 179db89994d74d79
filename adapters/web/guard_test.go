package web_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web"
)

func TestRequestsOfOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	room := number(w.room("incidents").Channel)
	say := map[string]any{"id": "00000000-0000", "channel": room, "thread": 0, "text": "hello"}
	ana := w.as("ana")
	for name, c := range map[string]*client{
		"a foreign origin":                   ana.with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site"),
		"a foreign origin, an old browser":   ana.with("Origin", "https://evil.example").with("Sec-Fetch-Site", ""),
		"the origin null":                    ana.with("Origin", "null").with("Sec-Fetch-Site", ""),
		"the origin null, said to be ours":   ana.with("Origin", "null"),
		"another port of this machine":       ana.with("Origin", "http://127.0.0.1:1").with("Sec-Fetch-Site", "same-site"),
		"no origin at all":                   ana.with("Origin", "").with("Sec-Fetch-Site", ""),
		"a foreign host, as after rebinding": ana.with("Host", "evil.example").with("Origin", "http://evil.example"),
		"a host that looks like ours": ana.with("Host", "127.0.0.1.evil.example").with(
			"Origin", "http://127.0.0.1.evil.example",
		),
		"a host that begins like ours": ana.with("Host", "localhost.evil.example").with(
			"Origin", "http://localhost.evil.example",
		),
	} {
		t.Run(name, func(t *testing.T) {
			if r := c.send("/say", say); r.status != http.StatusForbidden {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			if r := c.with("Content-Type", "application/x-www-form-urlencoded").
				raw("/persona", "person=ben"); r.status != http.StatusForbidden || r.header.Get("Set-Cookie") != "" {
				t.Errorf("%s: the persona was switched: %d %v", name, r.status, r.header)
			}
		})
	}
	if got := w.store.all(room); len(got) != 0 {
		t.Errorf("something was said: %q", got)
	}
	for name, c := range map[string]*client{
		"a foreign origin": ana.with("Origin", "https://evil.example").with("Sec-Fetch-Site", ""),
		"another site":     ana.with("Origin", "").with("Sec-Fetch-Site", "cross-site"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/events?channel=1&after=0", "/people?q=", "/channels", "/unread", "/c/incidents"} {
				if r := c.get(path); r.status != http.StatusForbidden {
					t.Errorf("%s read %s: %d", name, path, r.status)
				}
			}
		})
	}
	link := ana.with("Origin", "").with("Sec-Fetch-Site", "cross-site").with("Sec-Fetch-Mode", "navigate")
	if r := link.get("/c/incidents"); r.status != http.StatusOK {
		t.Errorf("following a link from another site: %d %s", r.status, r.body)
	}
}

func TestHostsOfThisMachineAreServed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	w := newWorld(t, func(o *web.Options) { o.Listener = nil })
	for _, host := range []string{
		"localhost", "localhost:8080", "LOCALHOST:8080", "localhost.:80", "127.0.0.1:9", "127.3.2.1", "[::1]:8080", "[::1]",
	} {
		t.Run(host, func(t *testing.T) {
			if r := w.as("ana").with("Host", host).with("Origin", "").get("/c/incidents"); r.status != http.StatusOK {
				t.Errorf("%s: %d %s", host, r.status, r.body)
			}
		})
	}
	for _, host := range []string{
		"example.org", "10.0.0.5:8080", "[::2]:80", "0.0.0.0:80", "localhost@evil.example", "localhost:80:80",
	} {
		t.Run(host, func(t *testing.T) {
			if r := w.as("ana").with("Host", host).with("Origin", "").get("/c/incidents"); r.status != http.StatusForbidden &&
				r.status != http.StatusBadRequest {
				t.Errorf("%s: %d", host, r.status)
			}
		})
	}
}

// Whoever opens the page is whom they choose, so it is for this machine. A proxy in front would make it everybody's.
func TestWhatAProxyPassedOnIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, value := range map[string]string{
		"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.7", "Via": "1.1 proxy", "X-Real-Ip": "203.0.113.7",
		"X-Forwarded-Host": "ops.example",
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/c/incidents", "/events?channel=1&after=0", "/assets/app.js"} {
				if r := w.as("ana").with(name, value).get(path); r.status != http.StatusForbidden ||
					!strings.Contains(r.body, "came through a proxy (it has the header "+name+")") {
					t.Errorf("%s: %s: %d %s", name, path, r.status, r.body)
				}
			}
			if r := w.as("ana").with(name, value).send("/say", map[string]any{
				"id": "00000000-0000", "channel": 1, "text": "hello",
			}); r.status != http.StatusForbidden {
				t.Errorf("%s: something was said: %d", name, r.status)
			}
		})
	}
}

func TestWithoutVisitorsNothingIsServed(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Visitors = nil })
	for _, path := range []string{"/", "/c/incidents", "/events?channel=1&after=0", "/assets/app.css", "/nowhere"} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ana").get(path); r.status != http.StatusForbidden || strings.Count(r.body, "\n") != 1 ||
				!strings.Contains(r.body, "The pages are not served here.") {
				t.Errorf("%s: %d %q", path, r.status, r.body)
			}
		})
	}
	if r := w.as("ana").send("/say", map[string]any{}); r.status != http.StatusForbidden {
		t.Errorf("say: %d", r.status)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/c/incidents", "/c/nowhere", "/assets/app.js", "/people?q=", "/nowhere"} {
		t.Run(path, func(t *testing.T) {
			r := w.as("ana").get(path)
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
					"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := r.header.Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", path, name, got, want)
				}
			}
		})
	}
	if got := w.as("ana").get("/c/incidents").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page may be kept: %q", got)
	}
	if got := w.as("ana").get("/assets/app.css").header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("an asset may not be kept: %q", got)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/say", "/act", "/submit", "/shortcut", "/read", "/dismiss", "/member", "/persona"} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ana").get(path); r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != "POST" {
				t.Errorf("GET %s: %d, Allow %q", path, r.status, r.header.Get("Allow"))
			}
		})
	}
	for _, path := range []string{
		"/c/%2e%2e", "/c/", "/c/nowhere", "/c/incidents/thread/1e3", "/c/incidents/thread/-1", "/to/0", "/to/1/99999",
		"/to/x", "/assets/", "/assets/nothing", "/assets/..%2fweb.go", "/form/1",
	} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ana").get(path); r.status != http.StatusNotFound {
				t.Errorf("GET %s: %d %s", path, r.status, r.body)
			}
		})
	}
}
