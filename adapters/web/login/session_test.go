package login_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestTheCookieIsForThisHostOnly(t *testing.T) {
	for site, want := range map[string]string{
		home: "__Host-watchbell=; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax",
		// browsers keep no __Host- cookie from http
		"http://localhost:8080": "watchbell=; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
	} {
		t.Run(site, func(t *testing.T) {
			w := newWorld(t, func(o *login.Options) { o.URL = site })
			r := w.browser().post(w.link(login.FromChat, "ana", ""), "")
			got := r.header.Get("Set-Cookie")
			name, rest, _ := strings.Cut(got, "=")
			secret, attributes, _ := strings.Cut(rest, "; ")
			if len(r.cookies) != 1 || name+"=; "+attributes != want || len(secret) != 43 {
				t.Errorf("%q, want %q", got, want)
			}
			if strings.Contains(w.sessions("ana")[0].ID, secret) {
				t.Error("the secret is kept in clear")
			}
			hsts := r.header.Get("Strict-Transport-Security")
			if secure := strings.HasPrefix(site, "https"); secure != (hsts == "max-age=31536000") {
				t.Errorf("HSTS %q", hsts)
			}
		})
	}
}

func TestEachSignInHasASessionOfItsOwn(t *testing.T) {
	w := newWorld(t)
	planted := strings.Repeat("A", 43)
	b := w.browser()
	b.cookies["__Host-watchbell"] = planted
	b.post(w.link(login.FromChat, "ana", ""), "")
	first := b.cookies["__Host-watchbell"]
	if first == planted || !b.signedIn() {
		t.Fatal("the planted secret was taken over")
	}
	b.post(w.link(login.FromChat, "ana", ""), "")
	if b.cookies["__Host-watchbell"] == first {
		t.Error("the second sign-in has the same secret")
	}
	for name, secret := range map[string]string{
		"planted": planted, "of before": first, "empty": "", "of another form": "x' OR '1'='1", "hash": w.sessions("ana")[0].ID,
	} {
		t.Run(name, func(t *testing.T) {
			other := w.browser()
			other.cookies["__Host-watchbell"] = secret
			if other.signedIn() {
				t.Error("it signs in")
			}
		})
	}
	if n := len(w.sessions("ana")); n != 1 {
		t.Errorf("there are %d sessions, want the newest only", n)
	}
}

func TestASessionEndsByItself(t *testing.T) {
	for name, c := range map[string]struct {
		pause time.Duration
		times int
		want  bool
	}{
		"just used":                {login.Idle - minute, 1, true},
		"idle":                     {login.Idle, 1, false},
		"used again and again":     {login.Idle - minute, 13, true},
		"a week, however much use": {login.Idle - minute, 15, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.in("ana")
			in := true
			for range c.times {
				w.clock.Move(c.pause)
				in = b.signedIn()
			}
			if in != c.want {
				t.Errorf("signed in: %v, want %v", in, c.want)
			}
		})
	}
}

// A request that writes to the database would make each look at a page a commit.
func TestUseIsNotedOnceAMinute(t *testing.T) {
	w := newWorld(t)
	b := w.in("ana")
	seen := func() time.Duration { return w.sessions("ana")[0].Seen.Sub(bottest.Start) }
	w.clock.Move(59 * time.Second)
	b.get("/c/incidents")
	if got := seen(); got != 0 {
		t.Errorf("noted after %s", got)
	}
	w.clock.Move(time.Second)
	for _, path := range []string{"/unread", "/events?channel=1&after=x"} { // that pages ask by themselves
		b.get(path)
	}
	if got := seen(); got != 0 {
		t.Errorf("a page that is left open uses the session: %s", got)
	}
	b.get("/c/incidents")
	if got := seen(); got != minute {
		t.Errorf("noted at %s, want a minute", got)
	}
}

func TestWhoeverIsSignedOutIsLedToTheSignInAndBack(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if r := b.get("/c/incidents?at=3"); r.status != http.StatusSeeOther ||
		r.location != "/login?next=%2Fc%2Fincidents%3Fat%3D3" {
		t.Errorf("%d %s", r.status, r.location)
	}
	for _, path := range []string{"/people?q=", "/unread", "/channels", "/events?channel=1&after=0"} {
		if r := b.get(path); r.status != http.StatusForbidden || !strings.Contains(r.body, "signed out") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	r := b.with("Content-Type", "application/json").post("/say", `{"id":"00000000-0000","channel":1,"text":"hello"}`)
	if r.status != http.StatusForbidden || !strings.Contains(r.body, "signed out") {
		t.Errorf("say: %d %s", r.status, r.body)
	}
}

func TestSigningOut(t *testing.T) {
	w := newWorld(t)
	b, other := w.in("ana"), w.in("ana")
	copied := *b
	copied.cookies = map[string]string{"__Host-watchbell": b.cookies["__Host-watchbell"]}
	if r := b.post("/logout", ""); r.status != http.StatusSeeOther || r.location != "/login" {
		t.Errorf("%d %s", r.status, r.location)
	}
	if len(b.cookies) != 0 || copied.signedIn() || !other.signedIn() {
		t.Error("only this session is over, also for whoever copied its cookie")
	}
	if !strings.Contains(w.log(), "ana | session.end | people/ana | done | ended 1 session") {
		t.Error(w.log())
	}
}

func TestSomebodyWhoIsDeactivatedIsOutAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		one := newWorldOn(t, url)
		two := *one // another instance: a store and a sign-in of its own
		two.store = storagetest.Open(t, url)
		service, err := login.New(login.Options{
			URL: home, Store: two.store.Login(), People: two.store.People, Clock: one.clock,
		})
		if err != nil {
			t.Fatal(err)
		}
		two.handler = web.New(web.Options{
			Store: two.store.Chat(), People: two.store.People, URL: home, Clock: one.clock, Visitors: service,
		}).Handler()
		b := one.in("ana")
		there := two.browser()
		there.cookies = b.cookies
		if !there.signedIn() {
			t.Fatal("a session works on every instance")
		}
		stream, closed := one.stream(t, b)
		defer stream()
		rest := bottest.People(web.Platform)[1:]
		if err := one.store.SyncPeople(t.Context(), rest, bottest.Start); err != nil {
			t.Fatal(err)
		}
		if there.signedIn() || b.signedIn() {
			t.Error("still in")
		}
		select {
		case <-closed:
		case <-time.After(5 * time.Second): // it looks each half a second, of a busy machine
			t.Error("the stream goes on")
		}
	})
}

// room is the id of a channel.
func (w *world) room(name string) int64 {
	w.t.Helper()
	ch, err := w.store.Chat().ChannelNamed(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return ch.ID
}

// stream opens the stream of a page as a browser does, over the network. closed is when it has ended.
func (w *world) stream(t *testing.T, b *browser) (stop func(), closed chan struct{}) {
	t.Helper()
	srv := httptest.NewServer(w.handler)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/events?after=0&channel=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.store.Chat().ChannelsOf(t.Context(), "ana")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("there is no channel")
	}
	query := r.URL.Query()
	revision, err := w.store.Chat().Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	query.Set("channel", decimal(list[0].ID))
	query.Set("after", decimal(revision))
	r.URL.RawQuery, r.Host = query.Encode(), b.host
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := srv.Client().Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	closed = make(chan struct{})
	go func() {
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		}
		close(closed)
	}()
	return func() { _ = resp.Body.Close(); srv.Close() }, closed
}

func TestEndingSessionsFromTheirPage(t *testing.T) {
	w := newWorld(t)
	b, second, third, ben := w.in("ana"), w.in("ana"), w.in("ana"), w.in("ben")
	page := b.get("/me/security").body
	if strings.Count(page, "Chrome on Linux") < 3 || !strings.Contains(page, "(this one)") ||
		!strings.Contains(page, "203.0.113.7") {
		t.Errorf("the page does not list them: %s", page)
	}
	names := map[*browser]string{}
	for _, x := range []*browser{second, ben} {
		own := x.get("/me/security").body
		_, own, _ = strings.Cut(own, `action="/logout"><input type="hidden" name="session" value="`)
		names[x], _, _ = strings.Cut(own, `"`)
	}
	if r := b.post("/me/security/end", "session="+names[ben]); r.status != http.StatusSeeOther || !ben.signedIn() {
		t.Errorf("somebody else's session: %d", r.status)
	}
	if r := b.post("/me/security/end", "session="+names[second]); r.status != http.StatusSeeOther || second.signedIn() ||
		!third.signedIn() {
		t.Errorf("the second: %d", r.status)
	}
	if b.post("/me/security/others", ""); third.signedIn() || !b.signedIn() || !ben.signedIn() {
		t.Error("all others of ana, and only these, are out")
	}
}

// What a session says of its person is for votes: a link from chat shows no more than chat, and everything grows old.
func TestHowSureASessionIs(t *testing.T) {
	for _, c := range []struct {
		way  login.Purpose
		age  time.Duration
		want bot.Assurance
	}{
		{login.FromHost, 0, bot.Fresh}, {login.FromHost, 5*minute - 1, bot.Fresh}, {login.FromHost, 5 * minute, bot.SignedIn},
		{login.FromHost, 12*time.Hour - 1, bot.SignedIn}, {login.FromHost, 12 * time.Hour, bot.Stale},
		{login.FromChat, 0, bot.Chat}, {login.FromChat, 12*time.Hour - 1, bot.Chat}, {login.FromChat, 12 * time.Hour, bot.Stale},
	} {
		t.Run(string(c.way)+" "+c.age.String(), func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.post(w.link(c.way, "ana", ""), "")
			for left := c.age; left > 0; left -= time.Hour { // it is in use, or it would end
				w.clock.Move(min(left, time.Hour))
				b.get("/c/incidents")
			}
			r := httptest.NewRequest(http.MethodPost, "/act", nil)
			for name, value := range b.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			if got := w.login.Assurance(r); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			b.get("/c/incidents") // whoever looks at a channel is in it
			said := b.with("Content-Type", "application/json").post(
				"/say", fmt.Sprintf(`{"id":"00000000-0000","channel":%d,"text":"/incident list"}`, w.room("incidents")),
			)
			if said.status != http.StatusOK {
				t.Fatalf("%d %s", said.status, said.body)
			}
			if got := <-w.asked; got.Assurance != c.want || got.From.User != "ana" {
				t.Errorf("the bot is told %+v", got)
			}
			again := b.get("/login?sure=signed-in&next=/changes/CHG-1")
			if enough := c.want.Reaches(bot.SignedIn); enough != (again.location == "/changes/CHG-1") ||
				!enough && !strings.Contains(again.body, "Sign in to Northwind Ops again") {
				t.Errorf("%d %s %s", again.status, again.location, again.body)
			}
		})
	}
}

func TestSessionsOfNobodyElseAreSeen(t *testing.T) {
	w := newWorld(t)
	w.in("ben")
	if page := w.in("ana").get("/me/security").body; strings.Count(page, `name="session"`) != 1 {
		t.Error(page)
	}
	if r := w.browser().get("/me/security"); r.status != http.StatusSeeOther || !strings.HasPrefix(r.location, "/login?") {
		t.Errorf("signed out: %d %s", r.status, r.location)
	}
}
