package login_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web/login"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// posts are all addresses of the sign-in that change something.
func (w *world) posts() []string {
	var list []string
	for pattern := range w.login.Routes() {
		if path, is := strings.CutPrefix(pattern, "POST "); is {
			list = append(list, strings.ReplaceAll(path, "{secret}", strings.Repeat("A", 43)))
		}
	}
	return list
}

func TestRequestsOfOtherSitesChangeNothing(t *testing.T) {
	w := newWorld(t)
	b := w.in("ana")
	path := w.link(login.FromChat, "ben", "")
	for name, forged := range map[string]*browser{
		"another site":           b.with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site"),
		"another site, old":      b.with("Origin", "https://evil.example").with("Sec-Fetch-Site", ""),
		"a site beside ours":     b.with("Origin", "https://evil.ops.example").with("Sec-Fetch-Site", "same-site"),
		"the origin null":        b.with("Origin", "null").with("Sec-Fetch-Site", ""),
		"no origin at all":       b.with("Origin", "").with("Sec-Fetch-Site", ""),
		"a site that looks like": b.with("Origin", "https://ops.example.evil.example").with("Sec-Fetch-Site", ""),
	} {
		t.Run(name, func(t *testing.T) {
			for _, to := range append(w.posts(), path) {
				if r := forged.post(to, "name=Eve&email=eve@evil.example"); r.status != http.StatusForbidden ||
					len(r.cookies) > 0 {
					t.Errorf("%s: %d %s", to, r.status, r.body)
				}
			}
		})
	}
	if !b.signedIn() || len(w.sessions("ana")) != 1 || len(w.sessions("ben")) != 0 {
		t.Error("something changed")
	}
}

// What looks at links for people opens them, so opening one must use nothing up.
func TestNothingIsChangedByLooking(t *testing.T) {
	w := newWorld(t)
	b := w.in("ana")
	path := w.link(login.FromChat, "ana", "")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, to := range append(w.posts(), path) {
			b.send(method, to, "")
			w.browser().send(method, to, "")
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "TRACE"} {
		if r := b.send(method, path, ""); r.status < 400 {
			t.Errorf("%s: %d", method, r.status)
		}
	}
	if !b.signedIn() || len(w.sessions("ana")) != 1 {
		t.Error("something changed")
	}
	if r := w.browser().post(path, ""); r.status != http.StatusSeeOther {
		t.Errorf("the link does not work any more: %d %s", r.status, r.body)
	}
}

func TestOtherHostsGetNothing(t *testing.T) {
	for site, hosts := range map[string][]string{
		home: {
			"evil.example", "ops.example.evil.example", "localhost", "127.0.0.1:8080", "ops.example:8080", "", "ops.example.",
			"[::1]", "ops.example@evil.example",
		},
		"http://localhost:8080": {
			"evil.example:8080", "localhost.evil.example:8080", "10.0.0.5:8080", "0.0.0.0:8080", "localhost@evil.example",
		},
	} {
		t.Run(site, func(t *testing.T) {
			w := newWorld(t, func(o *login.Options) { o.URL = site })
			b := w.in("ana")
			for _, host := range hosts {
				for _, path := range []string{"/", "/c/incidents", "/login", "/me/security", "/assets/app.js"} {
					there := *b
					there.host = host
					if r := there.get(path); r.status != http.StatusMisdirectedRequest && r.status != http.StatusBadRequest {
						t.Errorf("%q%s: %d", host, path, r.status)
					}
				}
			}
		})
	}
	w := newWorld(t, func(o *login.Options) { o.URL = "http://localhost:8080" })
	for _, host := range []string{"127.0.0.1:8080", "[::1]:8080", "127.0.0.1", "LOCALHOST:9999"} {
		b := w.browser()
		b.host = host
		if r := b.get("/c/incidents?at=3"); r.status != http.StatusTemporaryRedirect ||
			r.location != "http://localhost:8080/c/incidents?at=3" {
			t.Errorf("%s: %d %s", host, r.status, r.location)
		}
		if r := b.with("Origin", "http://"+host).post("/logout", ""); r.status != http.StatusMisdirectedRequest {
			t.Errorf("POST to %s: %d", host, r.status)
		}
	}
}

func TestTheSignInLeadsToNoOtherSite(t *testing.T) {
	w := newWorld(t)
	for next, want := range map[string]string{
		"/c/general?at=3#p-3":          "/c/general?at=3",
		"/me/security":                 "/me/security",
		"https://evil.example/":        "/",
		"//evil.example/":              "/",
		"/\\evil.example":              "/",
		"\\\\evil.example":             "/",
		"/%5cevil.example":             "/%5cevil.example", // a path of ours, which no browser takes for a host
		"javascript:alert(1)":          "/",
		"/\tevil":                      "/",
		"/\n/evil.example":             "/",
		"///evil.example":              "/",
		"http:evil.example":            "/",
		"evil.example":                 "/",
		"/login/link/abc":              "/",
		"/login?next=/login":           "/",
		"/" + strings.Repeat("a", 600): "/",
		"":                             "/",
	} {
		t.Run(next, func(t *testing.T) {
			b := w.in("ana")
			if r := b.get("/login?next=" + url.QueryEscape(next)); r.status != http.StatusSeeOther || r.location != want {
				t.Errorf("leads to %q, want %q (%d)", r.location, want, r.status)
			}
			if r := w.browser().post(w.link(login.FromChat, "ben", next), ""); r.location != want {
				t.Errorf("a link leads to %q, want %q", r.location, want)
			}
		})
	}
}

func TestEveryPageIsKeptFromOthers(t *testing.T) {
	w := newWorld(t)
	b := w.in("ana")
	for _, path := range []string{
		"/login", "/login/recovery", "/me/security", "/login/link/x", "/login/nowhere", "/me/nowhere",
		w.link(login.FromChat, "ben", ""),
	} {
		for name, who := range map[string]*browser{"signed in": b, "signed out": w.browser()} {
			t.Run(name+" "+path, func(t *testing.T) {
				r := who.get(path)
				for header, want := range map[string]string{
					"Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
					"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
					"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
				} {
					if got := r.header.Get(header); got != want {
						t.Errorf("%s is %q, want %q", header, got, want)
					}
				}
				policy := r.header.Get("Content-Security-Policy")
				if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") ||
					strings.Contains(r.body, "style=") || strings.Contains(r.body, "<script>") {
					t.Errorf("policy %q", policy)
				}
			})
		}
	}
}

func TestWaysThatAreOffAreNotThere(t *testing.T) {
	w := newWorld(t, func(o *login.Options) { o.On = []string{"oidc"} })
	for _, path := range []string{"/login/recovery", "/login/passkey/begin", "/login/oidc/begin"} {
		if r := w.browser().get(path); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
		if r := w.browser().post(path, "code=7KQ2-M9XD-4TRW-8HBN"); r.status != http.StatusNotFound &&
			r.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, r.status)
		}
	}
	if page := w.browser().get("/login").body; strings.Contains(page, "/ops signin") ||
		strings.Contains(page, "/login/recovery") || !strings.Contains(page, "watchbell login link") {
		t.Error(page)
	}
}

func TestWhatAProxySaysCountsFromOursOnly(t *testing.T) {
	for name, c := range map[string]struct{ from, forwarded, want string }{
		"no proxy":                      {"203.0.113.7:1", "", "203.0.113.7"},
		"a stranger says so":            {"203.0.113.7:1", "198.51.100.1", "203.0.113.7"},
		"our proxy":                     {"10.0.0.7:1", "198.51.100.1", "198.51.100.1"},
		"two of ours":                   {"10.0.0.7:1", "198.51.100.1, 10.0.0.8", "198.51.100.1"},
		"a stranger wrote before ours":  {"10.0.0.7:1", "1.2.3.4, 198.51.100.1, 10.0.0.8", "198.51.100.1"},
		"our proxy, and nothing useful": {"10.0.0.7:1", "evil<script>", "10.0.0.7"},
		"IPv6":                          {"[2001:db8::1]:1", "198.51.100.1", "2001:db8::1"},
		"our proxy, mapped":             {"[::ffff:10.0.0.7]:1", "198.51.100.1", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.from = c.from
			b.with("X-Forwarded-For", c.forwarded).post(w.link(login.FromChat, "ana", ""), "")
			if got := w.sessions("ana"); len(got) != 1 || got[0].Address != c.want {
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}
