package login_test

import (
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/adapters/web/login/oidc/oidctest"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/adapters/web/login/passkey/passkeytest"
	"github.com/watchbell/watchbell/bot"
)

// waysWorld is a world in which people sign in by passkeys and by their company's accounts.
type waysWorld struct {
	*world
	company *oidctest.Provider
	key     *passkeytest.Authenticator
}

func newWaysWorld(t *testing.T, on ...string) *waysWorld {
	t.Helper()
	if on == nil {
		on = login.Names
	}
	w := &waysWorld{world: newWorld(t), key: passkeytest.New(t, home)}
	box, err := attempt.New(attempt.Options{Secret: []byte("secret"), Store: w.store.Login(), Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	site, err := passkey.New(home, "Northwind Ops", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	var provider *oidc.Provider
	w.company = oidctest.Start(t, func() string { return provider.Redirect() }, w.clock.Now)
	w.company.Person["email"] = emailOf(t, w.world, "ana")
	provider, err = oidc.New(oidc.Config{
		Name: "company", Label: "Northwind", Issuer: w.company.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Roles: map[string][]string{"operations": {"auditor"}},
	}, oidc.Options{Base: home, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	o := w.o
	o.On = on
	w.serve(o, login.NewCompanies([]*oidc.Provider{provider}, box), login.NewPasskeys(site, box))
	return w
}

// emailOf gives a configured person an address, which the people of tests lack.
func emailOf(t *testing.T, w *world, who bot.PersonID) string {
	t.Helper()
	people, err := w.store.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		if people[i].ID == who {
			people[i].Email = string(who) + "@northwind.example"
		}
	}
	if err := w.store.SyncPeople(t.Context(), people, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	return string(who) + "@northwind.example"
}

// asked is what the script asks for beside a form: the options for the authenticator.
func (w *waysWorld) asked(b *browser, path, what string) any {
	w.t.Helper()
	r := b.post(path, "")
	var said map[string]any
	if err := json.Unmarshal([]byte(r.body), &said); err != nil || r.status != http.StatusOK || said[what] == nil {
		w.t.Fatalf("%s: %d %s", path, r.status, r.body)
	}
	return said[what]
}

func form(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q.Encode()
}

// add makes a passkey on the page of somebody's security.
func (w *waysWorld) add(b *browser, name string) answer {
	w.t.Helper()
	made := w.key.Make(w.asked(b, "/me/security/passkey/options", "create"))
	return b.post("/me/security/passkey/add", form("credential", string(made), "name", name))
}

// use signs in by the authenticator's passkey number n.
func (w *waysWorld) use(b *browser, n int) answer {
	w.t.Helper()
	used := w.key.Use(w.asked(b, "/login/passkey/options", "get"), w.key.Keys[n])
	return b.post("/login/passkey/use", form("credential", string(used), "next", "/c/general"))
}

func TestSigningInByAPasskey(t *testing.T) {
	w := newWaysWorld(t)
	ana := w.in("ana")
	if r := w.add(ana, "Work laptop"); r.status != http.StatusSeeOther || r.location != "/me/security" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	page := ana.get("/me/security").body
	if !strings.Contains(page, "Work laptop") || !strings.Contains(page, "Make a passkey") {
		t.Errorf("the page of security shows %s", page)
	}
	w.clock.Move(time.Minute)
	b := w.browser()
	if page := b.get("/login").body; !strings.Contains(page, "Continue with a passkey") {
		t.Errorf("the sign-in page shows %s", page)
	}
	if r := w.use(b, 0); r.status != http.StatusSeeOther || r.location != "/c/general" || !b.signedIn() {
		t.Fatalf("%d %s", r.status, r.body)
	}
	session := w.sessions("ana")[0]
	if session.Way != "passkey" || session.Factor != "passkey with user verification" {
		t.Errorf("the session is %+v", session)
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"><button[^>]*aria-label="Remove Work laptop"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("there is no button to remove it: %s", page)
	}
	ben := w.in("ben")
	if ben.post("/me/security/passkey/remove", form("id", id[1])); len(w.passkeys("ana")) != 1 {
		t.Error("ben removed ana's passkey")
	}
	if ana.post("/me/security/passkey/remove", form("id", id[1])); len(w.passkeys("ana")) != 0 {
		t.Error("it is still there")
	}
	if r := w.use(w.browser(), 0); r.status != http.StatusForbidden || !strings.Contains(r.body, "does not sign you in") {
		t.Errorf("after it was removed: %d %s", r.status, r.body)
	}
	for _, want := range []string{
		"ana | session.passkey-add | people/ana | done | made a passkey, called Work laptop",
		"ana | session.start | people/ana | done | signed in by passkey, called Work laptop",
		"ana | session.passkey-remove | people/ana | done | removed the passkey called Work laptop",
		"session.refuse | people | denied | by passkey at 203.0.113.7",
	} {
		if !strings.Contains(w.log(), want) {
			t.Errorf("the audit log lacks %q:\n%s", want, w.log())
		}
	}
}

func (w *waysWorld) passkeys(who bot.PersonID) []passkey.Passkey {
	w.t.Helper()
	list, err := w.store.Login().PasskeysOf(w.t.Context(), who)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestPasskeysThatSignNobodyIn(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(*waysWorld, *browser) answer
		says string
	}{
		{"no answer of a browser", func(w *waysWorld, b *browser) answer {
			return b.post("/login/passkey/use", "")
		}, "needs JavaScript"},
		{"in another browser", func(w *waysWorld, b *browser) answer {
			used := w.key.Use(w.asked(w.browser(), "/login/passkey/options", "get"), w.key.Keys[0])
			return b.post("/login/passkey/use", form("credential", string(used)))
		}, "attempt is over"},
		{"too late", func(w *waysWorld, b *browser) answer {
			used := w.key.Use(w.asked(b, "/login/passkey/options", "get"), w.key.Keys[0])
			w.clock.Move(passkey.Lasts)
			return b.post("/login/passkey/use", form("credential", string(used)))
		}, "attempt is over"},
		{"the same again", func(w *waysWorld, b *browser) answer {
			used := w.key.Use(w.asked(b, "/login/passkey/options", "get"), w.key.Keys[0])
			cookies := maps.Clone(b.cookies)
			if r := b.post("/login/passkey/use", form("credential", string(used))); r.status != http.StatusSeeOther {
				w.t.Fatal(r.body)
			}
			b.cookies = cookies
			return b.post("/login/passkey/use", form("credential", string(used)))
		}, "attempt is over"},
		{"no verification of the user", func(w *waysWorld, b *browser) answer {
			w.key.Flags = passkeytest.Present
			return w.use(b, 0)
		}, "does not sign you in"},
		{"a copy that lags behind", func(w *waysWorld, b *browser) answer {
			w.key.Counter = 10
			if r := w.use(w.browser(), 0); r.status != http.StatusSeeOther {
				w.t.Fatal(r.body)
			}
			w.key.Counter = 5
			return w.use(b, 0)
		}, "there may be a copy"},
		{"of somebody who was deactivated", func(w *waysWorld, b *browser) answer {
			people, err := w.store.People(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			people = slices.DeleteFunc(people, func(p bot.Person) bool { return p.ID == "ana" })
			if err := w.store.SyncPeople(w.t.Context(), people, w.clock.Now()); err != nil {
				w.t.Fatal(err)
			}
			return w.use(b, 0)
		}, "does not sign you in"},
		{"from another site's page", func(w *waysWorld, b *browser) answer {
			used := w.key.Use(w.asked(b, "/login/passkey/options", "get"), w.key.Keys[0])
			return b.with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site").
				post("/login/passkey/use", form("credential", string(used)))
		}, "does not come from a page"},
		{"after a reset from the host", func(w *waysWorld, b *browser) answer {
			if _, err := w.login.Reset(w.t.Context(), "ana", "root"); err != nil {
				w.t.Fatal(err)
			}
			return w.use(b, 0)
		}, "does not sign you in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWaysWorld(t)
			if r := w.add(w.in("ana"), "x"); r.status != http.StatusSeeOther {
				t.Fatal(r.body)
			}
			b := w.browser()
			r := c.try(w, b)
			if r.status < 400 || !strings.Contains(r.body, c.says) {
				t.Errorf("%d %s", r.status, r.body)
			}
			if b.signedIn() && c.name != "the same again" {
				t.Error("somebody is signed in")
			}
		})
	}
}

func TestAddingAWayTakesANewSession(t *testing.T) {
	w := newWaysWorld(t)
	ana := w.in("ana")
	for range 3 { // it stays in use
		w.clock.Move(5 * time.Hour)
		ana.get("/c/general")
	}
	for _, path := range []string{
		"/me/security/passkey/options", "/me/security/passkey/add", "/me/security/oidc/company/connect",
	} {
		if r := ana.post(path, ""); r.status != http.StatusForbidden || !strings.Contains(r.body, "more than 12 hours ago") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
		if r := w.browser().post(path, ""); r.status != http.StatusForbidden {
			t.Errorf("%s without a session: %d", path, r.status)
		}
	}
}

func TestAPasskeyIsForWhoBeganToMakeIt(t *testing.T) {
	w := newWaysWorld(t)
	b := w.in("ana")
	made := w.key.Make(w.asked(b, "/me/security/passkey/options", "create"))
	if r := b.post(w.link(login.FromChat, "ben", ""), ""); r.status != http.StatusSeeOther {
		t.Fatal(r.body)
	}
	if r := b.post("/me/security/passkey/add", form("credential", string(made))); r.status != http.StatusConflict {
		t.Errorf("%d %s", r.status, r.body)
	}
	if len(w.passkeys("ana"))+len(w.passkeys("ben")) != 0 {
		t.Error("somebody has it")
	}
}

// goTo is a browser's way to the provider and back: the path of ours that it comes back to.
func (w *waysWorld) goTo(address string) string {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = r.Body.Close()
	back, err := r.Location()
	if err != nil || !strings.HasPrefix(back.String(), home) {
		w.t.Fatalf("%v sends browsers to %v, %v", address, back, err)
	}
	return back.RequestURI()
}

// company signs in at the company.
func (w *waysWorld) signIn(b *browser, next string) answer {
	w.t.Helper()
	r := b.get("/login/oidc/company?next=" + url.QueryEscape(next))
	if r.status != http.StatusSeeOther {
		w.t.Fatalf("%d %s", r.status, r.body)
	}
	return b.with("Sec-Fetch-Site", "cross-site").with("Sec-Fetch-Mode", "navigate").get(w.goTo(r.location))
}

func (w *waysWorld) roles(who bot.PersonID) []string {
	w.t.Helper()
	people, err := w.store.People(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(people, func(p bot.Person) bool { return p.ID == who })
	return people[i].Roles
}

func TestSigningInByACompanysAccount(t *testing.T) {
	w := newWaysWorld(t)
	b := w.browser()
	if page := b.get("/login?next=/c/general").body; !strings.Contains(page, "Continue with Northwind") ||
		!strings.Contains(page, `href="/login/oidc/company?next=%2Fc%2Fgeneral"`) {
		t.Errorf("the sign-in page shows %s", page)
	}
	if r := w.signIn(b, "/c/general"); r.status != http.StatusSeeOther || r.location != "/c/general" || !b.signedIn() {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if !slices.Contains(w.roles("ana"), "auditor") {
		t.Errorf("ana has the roles %v", w.roles("ana"))
	}
	// From now on the address finds nobody: the account does, and groups are those of today.
	w.company.Person["email"], w.company.Person["groups"] = "somebody@northwind.example", []string{}
	again := w.browser()
	if r := w.signIn(again, "//evil.example"); r.status != http.StatusSeeOther || r.location != "/" || !again.signedIn() {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if slices.Contains(w.roles("ana"), "auditor") {
		t.Errorf("ana left the group and has the roles %v", w.roles("ana"))
	}
	if !strings.Contains(w.log(), "ana | session.start | people/ana | done | signed in by oidc, company, its groups give auditor") {
		t.Errorf("the audit log lacks it:\n%s", w.log())
	}
}

func TestAccountsThatSignNobodyIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*waysWorld)
		says   string
	}{
		{"not verified", func(w *waysWorld) { w.company.Person["email_verified"] = false }, "does not say that it verified"},
		{"verified as a word", func(w *waysWorld) { w.company.Person["email_verified"] = "true" }, "does not say that it verified"},
		{"nobody's", func(w *waysWorld) { w.company.Person["email"] = "eve@northwind.example" }, "Nobody active here"},
		{"no address", func(w *waysWorld) { w.company.Person["email"] = "" }, "says no e-mail address"},
		{"a letter of another alphabet", func(w *waysWorld) {
			w.company.Person["email"] = "\u0430na@northwind.example"
		}, "says no e-mail address"},
		{"the account of another person", func(w *waysWorld) {
			if r := w.signIn(w.browser(), ""); r.status != http.StatusSeeOther {
				w.t.Fatal(r.body)
			}
			w.company.Person["sub"] = "another subject"
			w.company.Person["email"] = "mia@northwind.example"
		}, "Nobody active here"},
		{"a token for somebody else", func(w *waysWorld) {
			w.company.Lies.Claims = func(c map[string]any) { c["aud"] = "another" }
		}, "cannot be trusted"},
		{"turned back", func(w *waysWorld) {
			w.company.Lies.Callback = func(q url.Values) { q.Set("error", "access_denied"); q.Del("code") }
		}, "did not sign you in"},
		{"another state", func(w *waysWorld) {
			w.company.Lies.Callback = func(q url.Values) { q.Set("state", "x") }
		}, "attempt is over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWaysWorld(t)
			c.change(w)
			b := w.browser()
			r := w.signIn(b, "")
			if r.status < 400 || !strings.Contains(r.body, c.says) || b.signedIn() {
				t.Errorf("%d %s", r.status, r.body)
			}
			if !strings.Contains(w.log(), "session.refuse") {
				t.Errorf("the audit log lacks it:\n%s", w.log())
			}
			if strings.Contains(r.body, "audience") || strings.Contains(r.body, w.company.URL) {
				t.Errorf("the page tells how it was found out: %s", r.body)
			}
		})
	}
}

var continueTo = regexp.MustCompile(`href="(http[^"]+/authorize[^"]+)"`)

func TestConnectingACompanysAccount(t *testing.T) {
	w := newWaysWorld(t)
	w.company.Person["email_verified"] = false // so the address finds nobody
	connect := func(b *browser) string {
		t.Helper()
		r := b.post("/me/security/oidc/company/connect", "")
		to := continueTo.FindStringSubmatch(r.body)
		if r.status != http.StatusOK || to == nil {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return w.goTo(html.UnescapeString(to[1]))
	}
	ana := w.in("ana")
	if r := ana.get(connect(ana)); r.status != http.StatusSeeOther || r.location != "/me/security" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if page := ana.get("/me/security").body; !strings.Contains(page, "Northwind: ana@northwind.example") ||
		strings.Contains(page, "Connect Northwind") {
		t.Errorf("the page of security shows %s", page)
	}
	b := w.browser()
	if r := w.signIn(b, ""); r.status != http.StatusSeeOther || !b.signedIn() {
		t.Fatalf("%d %s", r.status, r.body)
	}
	ben := w.in("ben")
	if r := ben.get(connect(ben)); r.status != http.StatusConflict || !strings.Contains(r.body, "connected already") {
		t.Errorf("ben connects ana's account: %d %s", r.status, r.body)
	}
	// Who began has to be who comes back.
	w.company.Person["sub"] = "another"
	path := connect(ben)
	if r := ben.post(w.link(login.FromChat, "ana", ""), ""); r.status != http.StatusSeeOther {
		t.Fatal(r.body)
	}
	if r := ben.get(path); r.status != http.StatusConflict || !strings.Contains(r.body, "attempt is over") {
		t.Errorf("somebody else came back: %d %s", r.status, r.body)
	}
	id := regexp.MustCompile(`name="id" value="([0-9a-f]{64})"`).FindStringSubmatch(ana.get("/me/security").body)
	if id == nil {
		t.Fatal("there is no button to disconnect it")
	}
	ana.post("/me/security/oidc/remove", form("id", id[1]))
	w.company.Person["sub"] = "248289761001"
	if r := w.signIn(w.browser(), ""); r.status != http.StatusForbidden {
		t.Errorf("after it was disconnected: %d %s", r.status, r.body)
	}
}

func TestAProviderThatIsDown(t *testing.T) {
	w := newWaysWorld(t)
	w.company.Lies.Serve = func(rw http.ResponseWriter, _ *http.Request) bool {
		http.Error(rw, "down", http.StatusInternalServerError)
		return true
	}
	r := w.browser().get("/login/oidc/company")
	if r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "Northwind cannot be reached") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestAddressesOfWaysThatAreOff(t *testing.T) {
	addresses := []string{
		"POST /login/passkey/options", "POST /login/passkey/use", "POST /me/security/passkey/options",
		"POST /me/security/passkey/add", "POST /me/security/passkey/remove", "GET /login/oidc/company",
		"GET /login/oidc/company/callback", "POST /me/security/oidc/company/connect", "POST /me/security/oidc/remove",
	}
	w := newWaysWorld(t, login.ChatLink)
	b := w.in("ana")
	for _, a := range addresses {
		method, path, _ := strings.Cut(a, " ")
		if r := b.send(method, path, ""); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", a, r.status)
		}
	}
	for _, path := range []string{"/login", "/me/security"} {
		if page := w.browser().get(path).body + b.get(path).body; strings.Contains(page, "passkey\"") ||
			strings.Contains(page, "Northwind</a>") || strings.Contains(page, "passkey.js") {
			t.Errorf("%s offers what is off: %s", path, page)
		}
	}
}

func TestTooManyWrongPasskeys(t *testing.T) {
	w := newWaysWorld(t)
	w.add(w.in("ana"), "x")
	w.key.Flags = passkeytest.Present
	for range 10 {
		if r := w.use(w.browser(), 0); r.status != http.StatusForbidden {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	for _, a := range []answer{
		w.browser().post("/login/passkey/options", ""), w.browser().post("/login/passkey/use", "credential=x"),
		w.browser().get("/login/oidc/company"), w.browser().get("/login/oidc/company/callback"),
	} {
		if a.status != http.StatusTooManyRequests {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}
