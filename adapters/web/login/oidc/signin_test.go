package oidc_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/bot"
)

func TestAnAnswerCountsOnceInItsBrowser(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(*world) outcome
		want string // of the refusal
	}{
		{"the same answer again", func(w *world) outcome {
			b := w.browser()
			back := w.hold(b).String()
			if first := w.get(b, back); first.refusal != "" {
				w.t.Fatal(first.refusal)
			}
			return w.get(b, back)
		}, "no attempt"},
		{"in another browser", func(w *world) outcome {
			return w.get(w.browser(), w.hold(w.browser()).String())
		}, "no attempt"},
		{"in another browser that is on its own way", func(w *world) outcome {
			victim := w.browser()
			w.hold(victim)
			return w.get(victim, w.hold(w.browser()).String())
		}, "state"},
		{"a stolen code put into an attempt of one's own", func(w *world) outcome {
			stolen := w.hold(w.browser()).Query().Get("code")
			thief := w.browser()
			own := w.hold(thief)
			q := own.Query()
			q.Set("code", stolen)
			own.RawQuery = q.Encode()
			return w.get(thief, own.String())
		}, "invalid_grant"},
		{"too late", func(w *world) outcome {
			b := w.browser()
			back := w.hold(b)
			w.pass(oidc.Lasts)
			return w.get(b, back.String())
		}, "no attempt"},
		{"an attempt that was overtaken by another in the same browser", func(w *world) outcome {
			b := w.browser()
			first := w.hold(b)
			w.hold(b)
			return w.get(b, first.String())
		}, "state"},
		{"nothing began", func(w *world) outcome {
			return w.get(w.browser(), w.url+"/login/oidc/company/callback?code=x&state=y")
		}, "no attempt"},
		{"refused once, it does not come back", func(w *world) outcome {
			b := w.browser()
			back := w.hold(b)
			w.get(b, w.url+"/login/oidc/company/callback?code=x&state=y")
			return w.get(b, back.String())
		}, "no attempt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.try(newWorld(t))
			if !strings.Contains(got.refusal, c.want) || got.refusal == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// An answer of one provider may not finish an attempt at another.
func TestAnAttemptBelongsToOneProvider(t *testing.T) {
	w := newWorld(t)
	other, err := oidc.New(
		oidc.Config{Name: "other", Issuer: w.provider.URL, ClientID: "watchbell"}, oidc.Options{Base: w.url, Now: w.clock},
	)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := w.oidc.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Finish(t.Context(), a, url.Values{"state": {a.State}, "code": {"x"}, "iss": {w.provider.URL}})
	var refusal *oidc.Error
	if !errors.As(err, &refusal) || refusal.Kind != oidc.Stale {
		t.Errorf("got %v", err)
	}
	if w.oidc.Redirect() == other.Redirect() {
		t.Error("both providers send browsers back to the same address")
	}
}

func TestKeysChange(t *testing.T) {
	w := newWorld(t)
	if got := w.signIn(w.browser()); got.refusal != "" {
		t.Fatal(got.refusal)
	}
	old := w.provider.JWK()
	signedBy(w, 2048)
	key := w.provider.JWK()
	w.provider.Lies.Header = func(h map[string]any) { h["kid"] = "key-2" }
	w.provider.Lies.Sign = nil
	key["kid"] = "key-2"
	w.provider.Lies.Keys = func(set map[string]any) { set["keys"] = []any{key, old} }
	if got := w.signIn(w.browser()); !strings.Contains(got.refusal, "no key") {
		t.Errorf("the keys were read again at once: %+v", got)
	}
	w.pass(11 * time.Second)
	if got := w.signIn(w.browser()); got.refusal != "" {
		t.Errorf("with the new key: %s", got.refusal)
	}
	// A key that was withdrawn stops to count.
	w.provider.Lies.Keys = func(set map[string]any) { set["keys"] = []any{} }
	w.pass(61 * time.Minute)
	if got := w.signIn(w.browser()); !strings.Contains(got.refusal, "no key") {
		t.Errorf("with a key that was withdrawn: %+v", got)
	}
}

func TestManySignInAtOnce(t *testing.T) {
	w := newWorld(t)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got := w.signIn(w.browser()); got.refusal != "" || got.claims.Email != "ana@example.com" {
				t.Errorf("got %+v", got)
			}
		})
	}
	wait.Wait()
	if n := w.provider.CodesUsed(); n != 20 {
		t.Errorf("%d codes were used", n)
	}
}

func TestAProviderThatIsDownComesBack(t *testing.T) {
	w := newWorld(t)
	w.provider.Lies.Serve = func(rw http.ResponseWriter, _ *http.Request) bool {
		http.Error(rw, "down", http.StatusServiceUnavailable)
		return true
	}
	if got := w.signIn(w.browser()); !strings.HasPrefix(got.refusal, string(oidc.Unreachable)) {
		t.Errorf("got %+v", got)
	}
	w.provider.Lies.Serve = nil
	if got := w.signIn(w.browser()); got.refusal != "" {
		t.Errorf("got %+v", got)
	}
}

func TestWhomTheClaimsAreAbout(t *testing.T) {
	people := []bot.Person{
		{ID: "ana", Email: "Ana@Example.com", Active: true},
		{ID: "kim", Email: "kim@example.com", Active: true},
		{ID: "gone", Email: "gone@example.com"},
		{ID: "one", Email: "shared@example.com", Active: true},
		{ID: "two", Email: "SHARED@example.com"},
		{ID: "none", Active: true},
		{ID: "look", Email: "\u0430na@example.org", Active: true}, // its first letter is Cyrillic
	}
	for _, c := range []struct {
		name     string
		email    any
		verified any
		want     bot.PersonID
	}{
		{"verified", "ana@example.com", true, "ana"},
		{"in other letters of the same alphabet", "ANA@EXAMPLE.COM", true, "ana"},
		{"not verified", "ana@example.com", false, ""},
		{"nothing said about it", "ana@example.com", nil, ""},
		{"verified as a word", "ana@example.com", "true", ""},
		{"not verified as a word", "ana@example.com", "false", ""},
		{"verified as a number", "ana@example.com", 1, ""},
		{"verified as a list", "ana@example.com", []bool{true}, ""},
		{"nobody's", "eve@example.com", true, ""},
		{"of somebody deactivated", "gone@example.com", true, ""},
		{"of two people", "shared@example.com", true, ""},
		{"empty, as theirs who have none", "", true, ""},
		{"none", nil, true, ""},
		{"with a Cyrillic letter", "\u0430na@example.com", true, ""},
		{"with a Kelvin sign, whose small letter is k", "\u212aim@example.com", true, ""},
		{"with a Cyrillic letter that is configured so", "\u0430na@example.org", true, ""},
		{"full width", "\uff41na@example.com", true, ""},
		{"with a space in front", " ana@example.com", true, ""},
		{"with a line break", "ana@example.com\n", true, ""},
		{"with a zero byte", "ana@example.com\x00", true, ""},
		{"with a name around", "Ana <ana@example.com>", true, ""},
		{"two addresses", "ana@example.com,eve@example.com", true, ""},
		{"two signs", "ana@example.com@evil.example.com", true, ""},
		{"a dot more", "ana@example.com.", true, ""},
		{"a tag more", "ana+x@example.com", true, ""},
		{"very long", strings.Repeat("a", 300) + "@example.com", true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.provider.UserInfo = map[string]any{"email": "kim@example.com", "email_verified": true} // never mixed in
			w.claims(func(said map[string]any) {
				said["email"], said["email_verified"] = c.email, c.verified
				if c.email == nil {
					w.provider.UserInfo = nil
					delete(said, "email")
				}
				if c.verified == nil {
					delete(said, "email_verified")
				}
			})
			got := w.signIn(w.browser())
			if got.refusal != "" {
				t.Fatal(got.refusal)
			}
			who, ok := got.claims.Match(people)
			if who != c.want || ok != (c.want != "") {
				t.Errorf("%+v is %q", got.claims, who)
			}
		})
	}
}

// Some providers say the address by userinfo only. Whether it is verified is said there too then.
func TestAddressAndVerificationComeFromOnePlace(t *testing.T) {
	w := newWorld(t)
	delete(w.provider.Person, "email") // email_verified stays, and is about no address
	w.provider.UserInfo = map[string]any{"email": "ana@example.com", "email_verified": false}
	got := w.signIn(w.browser())
	if got.refusal != "" || got.claims.Email != "ana@example.com" || got.claims.EmailVerified {
		t.Errorf("got %+v", got)
	}
}

func TestRolesOfGroups(t *testing.T) {
	c := oidc.Config{Roles: map[string][]string{"ops": {"responder", "approver"}, "managers": {"approver"}}}
	for groups, want := range map[string]string{
		"": "", "ops": "approver responder", "ops managers": "approver responder", "OPS": "", "others managers": "approver",
	} {
		if got := strings.Join(c.RolesOf(strings.Fields(groups)), " "); got != want {
			t.Errorf("%q gives %q, not %q", groups, got, want)
		}
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	good := oidc.Config{Name: "company", Issuer: "https://login.example.com/realms/company", ClientID: "watchbell"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, field string
		change      func(*oidc.Config)
	}{
		{"no name", "name", func(c *oidc.Config) { c.Name = "" }},
		{"a name that is a path", "name", func(c *oidc.Config) { c.Name = "a/../b" }},
		{"no issuer", "issuer", func(c *oidc.Config) { c.Issuer = "" }},
		{"http", "issuer", func(c *oidc.Config) { c.Issuer = "http://login.example.com" }},
		{"http to an address that begins like this machine's", "issuer",
			func(c *oidc.Config) { c.Issuer = "http://localhost.example.com" }},
		{"a file", "issuer", func(c *oidc.Config) { c.Issuer = "file:///etc/passwd" }},
		{"a query", "issuer", func(c *oidc.Config) { c.Issuer = "https://login.example.com?tenant=x" }},
		{"a user", "issuer", func(c *oidc.Config) { c.Issuer = "https://a:b@login.example.com" }},
		{"no client", "client-id", func(c *oidc.Config) { c.ClientID = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := good
			c.change(&bad)
			var refusal *bot.Error
			if err := bad.Check(); !errors.As(err, &refusal) || refusal.Field != c.field {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWhereWatchbellConnectsTo(t *testing.T) {
	for _, c := range []struct {
		address      string
		local, there bool
	}{
		{"93.184.215.14:443", false, true}, {"10.1.2.3:443", false, true}, {"[2001:db8::1]:443", false, true},
		{"127.0.0.1:443", false, false}, {"[::1]:443", false, false}, {"[::ffff:127.0.0.1]:443", false, false},
		{"127.0.0.1:443", true, true},
		{"169.254.169.254:80", true, false}, {"[fe80::1%eth0]:443", false, false}, {"[::ffff:169.254.169.254]:80", true, false},
		{"0.0.0.0:443", true, false}, {"224.0.0.1:443", false, false}, {"nonsense", true, false},
	} {
		if err := oidc.Allowed(c.address, c.local); (err == nil) != c.there {
			t.Errorf("%s (local: %v): %v", c.address, c.local, err)
		}
	}
	for address, there := range map[string]bool{
		"https://login.example.com/token": true, "http://login.example.com/token": false, "http://localhost:8080/token": false,
		"https://a@login.example.com/": false, "https:///x": false, "https://x/#y": false, "//x/y": false, "": false,
	} {
		if err := oidc.Endpoint(address, false); (err == nil) != there {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// The address is checked when it is connected to, whatever name led to it.
func TestReach(t *testing.T) {
	p, err := oidc.New(
		oidc.Config{Name: "company", Issuer: "https://169.254.169.254", ClientID: "watchbell"},
		oidc.Options{Base: "https://ops.example.com"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "not an address of a provider") {
		t.Errorf("got %v", err)
	}
	w := newWorld(t)
	if err := w.oidc.Reach(t.Context()); err != nil {
		t.Errorf("an honest one: %v", err)
	}
	w = newWorld(t)
	w.provider.Lies.Keys = func(set map[string]any) { set["keys"] = []any{} }
	if err := w.oidc.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("without keys: %v", err)
	}
}
