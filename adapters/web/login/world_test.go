package login_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const home = "https://ops.example"

// world is the pages of a server behind a sign-in, on a real database, with a clock that tests move.
type world struct {
	t       *testing.T
	url     string // of the database
	store   *storage.Store
	clock   *bottest.Clock
	login   *login.Service
	o       login.Options // of the sign-in
	handler http.Handler
	site    string
	told    []string         // people who were written to
	asked   chan bot.Request // what came to the bot
}

func newWorld(t *testing.T, change ...func(*login.Options)) *world {
	t.Helper()
	return newWorldOn(t, storagetest.SQLite(t), change...)
}

func newWorldOn(t *testing.T, url string, change ...func(*login.Options)) *world {
	t.Helper()
	w := &world{t: t, url: url, store: storagetest.WithPeople(t, url, web.Platform), clock: bottest.NewClock()}
	w.asked = make(chan bot.Request, 100)
	o := login.Options{
		Name: "Northwind Ops", URL: home, On: []string{login.ChatLink}, Store: w.store.Login(), People: w.store.People,
		Clock: w.clock, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Direct: func(_ context.Context, _, _ string, who bot.PersonID, _ bot.Message) error {
			w.told = append(w.told, string(who))
			return nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	w.serve(o)
	return w
}

// serve makes the pages of a sign-in, with ways that need rooms of their own.
func (w *world) serve(o login.Options, ways ...login.Way) {
	t := w.t
	t.Helper()
	w.site, w.o = o.URL, o
	var err error
	if w.login, err = login.New(o, ways...); err != nil {
		t.Fatal(err)
	}
	chat := web.New(web.Options{
		Store: w.store.Chat(), People: w.store.People, URL: o.URL, Clock: w.clock, Visitors: w.login,
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- chat.Run(ctx, func(_ context.Context, r bot.Request) bot.Reply {
			w.asked <- r
			return bot.Answer(bot.Say("done"))
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	w.handler = chat.Handler()
	for deadline := time.Now().Add(time.Minute); chat.Health() != nil; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(chat.Health())
		}
	}
}

// browser is one that keeps cookies.
type browser struct {
	w       *world
	cookies map[string]string
	header  map[string]string
	from    string // its address
	host    string
}

func (w *world) browser() *browser {
	return &browser{
		w: w, cookies: map[string]string{}, header: map[string]string{}, from: "203.0.113.7:40000",
		host: strings.TrimPrefix(strings.TrimPrefix(w.site, "https://"), "http://"),
	}
}

// with is the same browser with another header; "" leaves it out.
func (b browser) with(name, value string) *browser {
	header := map[string]string{name: value}
	for k, v := range b.header {
		if k != name {
			header[k] = v
		}
	}
	b.header = header
	return &b
}

type answer struct {
	status   int
	body     string
	header   http.Header
	location string
	cookies  []*http.Cookie
}

func (b *browser) get(path string) answer { return b.send(http.MethodGet, path, "") }

func (b *browser) post(path, form string) answer { return b.send(http.MethodPost, path, form) }

func (b *browser) send(method, path, form string) answer {
	b.w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	r.Host, r.RemoteAddr = b.host, b.from
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.w.site)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range b.header {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	got := httptest.NewRecorder()
	b.w.handler.ServeHTTP(got, r)
	result := got.Result()
	body, _ := io.ReadAll(result.Body)
	for _, c := range result.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{result.StatusCode, string(body), result.Header, result.Header.Get("Location"), result.Cookies()}
}

// link makes a link that signs somebody in, and returns the path of its page.
func (w *world) link(purpose login.Purpose, who bot.PersonID, next string) string {
	w.t.Helper()
	l, secret := login.NewLink(purpose, who, "a test", next, w.clock.Now())
	err := w.store.Login().SaveLink(w.t.Context(), l, bot.Effects{Audit: bot.Audit{
		Action: "session.link", Object: "people", Result: bot.ResultDone, Source: "test", At: w.clock.Now(),
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	return login.Path(secret)
}

// in is a browser in which somebody is signed in.
func (w *world) in(who bot.PersonID) *browser {
	w.t.Helper()
	b := w.browser()
	if r := b.post(w.link(login.FromChat, who, ""), ""); r.status != http.StatusSeeOther || r.location != "/" {
		w.t.Fatalf("%s is not signed in: %d %s", who, r.status, r.body)
	}
	return b
}

// signedIn reports whether a browser gets pages.
func (b *browser) signedIn() bool {
	r := b.get("/c/incidents")
	return r.status == http.StatusOK && strings.Contains(r.body, `href="/me/security"`)
}

func (w *world) sessions(who bot.PersonID) []login.Session {
	w.t.Helper()
	list, err := w.store.Login().SessionsOf(w.t.Context(), who)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// log is the audit log as lines.
func (w *world) log() string {
	w.t.Helper()
	var b strings.Builder
	rows, err := w.store.SQL().Query("SELECT actor, action, object, result, detail FROM audit ORDER BY seq")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fields [5]string
		if err := rows.Scan(&fields[0], &fields[1], &fields[2], &fields[3], &fields[4]); err != nil {
			w.t.Fatal(err)
		}
		b.WriteString(strings.Join(fields[:], " | ") + "\n")
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

var codeForm = regexp.MustCompile(`<code>([2-9A-Z]{4}(?:-[2-9A-Z]{4}){3})</code>`)

// codes are the recovery codes that a page shows.
func (a answer) codes() []string {
	var list []string
	for _, m := range codeForm.FindAllStringSubmatch(a.body, -1) {
		list = append(list, m[1])
	}
	return list
}

const minute = time.Minute
