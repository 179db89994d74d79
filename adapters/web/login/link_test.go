package login_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

func TestALinkSignsInByItsButton(t *testing.T) {
	w := newWorld(t)
	path := w.link(login.FromChat, "ana", "/c/general")
	b := w.browser()
	page := b.get(path)
	if page.status != http.StatusOK || !strings.Contains(page.body, "Sign in as Ana Ruiz") ||
		!strings.Contains(page.body, "5 more minutes") || b.signedIn() {
		t.Errorf("%d %s", page.status, page.body)
	}
	if r := b.post(path, ""); r.status != http.StatusSeeOther || r.location != "/c/general" || !b.signedIn() {
		t.Errorf("%d %s", r.status, r.location)
	}
	if log := w.log(); !strings.Contains(log, "ana | session.start | people/ana | done | signed in by chat-link, made by a "+
		"test, session ") {
		t.Error(log)
	}
}

// Nobody learns from an answer which links were made.
func TestAllLinksThatDoNotWorkGetOneAnswer(t *testing.T) {
	w := newWorld(t)
	used := w.link(login.FromHost, "ana", "")
	w.browser().post(used, "")
	older := w.link(login.FromChat, "dan", "")
	w.link(login.FromChat, "dan", "")
	left := w.link(login.FromChat, "eve", "")
	over := w.link(login.FromChat, "ben", "")
	w.clock.Move(5 * minute)
	want := w.browser().get("/login/link/" + strings.Repeat("A", 43))
	if want.status != http.StatusNotFound || !strings.Contains(want.body, "This link does not work") {
		t.Errorf("%d %s", want.status, want.body)
	}
	for name, path := range map[string]string{
		"used": used, "over": over, "replaced by a newer one": older, "not a link": "/login/link/x", "of whom is not active": left,
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			for method, r := range map[string]answer{"GET": b.get(path), "POST": b.post(path, "")} {
				if r.status != want.status || r.body != want.body || len(r.cookies) > 0 {
					t.Errorf("%s: %d %s", method, r.status, r.body)
				}
			}
		})
	}
	if log := w.log(); strings.Count(log, "session.refuse") != 5 {
		t.Error(log)
	}
}

func TestALinkOfWhoLeftDoesNotSignIn(t *testing.T) {
	w := newWorld(t)
	path := w.link(login.FromChat, "ana", "")
	if err := w.store.SyncPeople(t.Context(), bottest.People("web")[1:], bottest.Start); err != nil {
		t.Fatal(err)
	}
	if r := w.browser().post(path, ""); r.status != http.StatusNotFound || len(r.cookies) > 0 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestTheFirstAdministrator(t *testing.T) {
	w := newWorld(t)
	address, _, err := w.login.ForFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(address, home)
	b := w.browser()
	if r := b.get(path); r.status != http.StatusOK || !strings.Contains(r.body, "You are the first administrator") ||
		!strings.Contains(r.body, "30 more minutes") {
		t.Errorf("%d %s", r.status, r.body)
	}
	for form, want := range map[string]string{
		"name=&email=lee@example.com":                                 "Write your name, like Ana Ruiz.",
		"name=" + strings.Repeat("a", 81) + "&email=lee@example.com":  "A name has at most 80 characters",
		"name=Lee+Park&email=lee":                                     "Write an e-mail address, like ana@example.com.",
		"name=Lee+Park&email=lee@example.com%0aevil":                  "Write an e-mail address",
		"name=%3Cscript%3Ealert(1)%3C/script%3E&email=":               "&lt;script&gt;alert(1)",
		"name=%E2%80%8B&email=lee@example.com":                        "Write your name",
		"name=Lee+Park&email=" + strings.Repeat("a", 300) + "@ex.com": "Write an e-mail address",
	} {
		r := b.post(path, form)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, want) || len(r.cookies) > 0 {
			t.Errorf("%s: %d %s", form, r.status, r.body)
		}
	}
	if r := b.post(path, "name=Lee+Park&email=lee"); !strings.Contains(r.body, `value="Lee Park"`) ||
		!strings.Contains(r.body, `value="lee"`) {
		t.Error("what was typed is lost")
	}
	if r := b.post(path, "name=Lee+Park&email=lee@example.com"); r.status != http.StatusSeeOther ||
		r.location != "/me/security?new=" && r.location != "/me/security?new" || !b.signedIn() {
		t.Errorf("%d %s %s", r.status, r.location, r.body)
	}
	if r := w.browser().post(path, "name=Eve&email=eve@example.com"); r.status != http.StatusNotFound {
		t.Errorf("a second time: %d", r.status)
	}
	lee, err := w.store.Identify(t.Context(), bot.Account{Platform: "web", User: "lee"})
	if err != nil || !lee.Has("admin") || lee.Name != "Lee Park" {
		t.Errorf("%+v %v", lee, err)
	}
	if log := w.log(); !strings.Contains(log, "lee | session.start | people/lee | done | is the first administrator") {
		t.Error(log)
	}
	address, _, err = w.login.ForFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := w.browser().post(strings.TrimPrefix(address, home), "name=Eve&email=eve@example.com")
	if r.status != http.StatusConflict || !strings.Contains(r.body, "There is an administrator by now") || len(r.cookies) > 0 {
		t.Errorf("once there is one: %d %s", r.status, r.body)
	}
}

func TestRecoveryCodes(t *testing.T) {
	w := newWorld(t)
	b := w.in("ana")
	codes := b.post("/me/security/codes", "").codes()
	if len(codes) != 10 {
		t.Fatalf("codes %q", codes)
	}
	if again := b.get("/me/security"); len(again.codes()) != 0 || !strings.Contains(again.body, "You have 10 of ten") {
		t.Error("they are shown once")
	}
	typed := strings.ToLower(strings.ReplaceAll(codes[0], "-", "+"))
	lost := w.browser()
	if r := lost.post("/login/recovery", "next=/c/general&code="+typed); r.status != http.StatusSeeOther ||
		r.location != "/c/general" || !lost.signedIn() {
		t.Errorf("%d %s", r.status, r.body)
	}
	if page := lost.get("/me/security").body; !strings.Contains(page, "You have 9 of ten") ||
		!strings.Contains(page, "by recovery code") {
		t.Error(page)
	}
	newer := b.post("/me/security/codes", "").codes()
	other := w.browser()
	const nobodys = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
	unknown := other.post("/login/recovery", "code="+nobodys)
	for name, code := range map[string]string{"used": codes[0], "replaced": codes[1]} {
		r := other.post("/login/recovery", "code="+code)
		if r.status != unknown.status || strings.ReplaceAll(r.body, code, "") !=
			strings.ReplaceAll(unknown.body, nobodys, "") || len(r.cookies) > 0 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if unknown.status != http.StatusBadRequest || !strings.Contains(unknown.body, "Recovery code: this one does not work.") {
		t.Errorf("%d %s", unknown.status, unknown.body)
	}
	if r := other.post("/login/recovery", "code="+newer[0][:10]); !strings.Contains(r.body, "16 letters and digits") {
		t.Error(r.body)
	}
	if log := w.log(); strings.Contains(log, codes[0]) || strings.Contains(log, strings.ReplaceAll(codes[0], "-", "")) {
		t.Error("the log has a code")
	}
}

func TestTooManyTriesFromOneAddress(t *testing.T) {
	w := newWorld(t)
	good := w.in("ana").post("/me/security/codes", "").codes()
	b := w.browser()
	for range 10 {
		if r := b.post("/login/recovery", "code=7KQ2-M9XD-4TRW-8HBN"); r.status != http.StatusBadRequest {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	path := w.link(login.FromChat, "ana", "")
	for name, r := range map[string]answer{
		"a good code": b.post("/login/recovery", "code="+good[0]), "a good link": b.post(path, ""),
	} {
		if r.status != http.StatusTooManyRequests || !strings.Contains(r.body, "tried too often") || len(r.cookies) > 0 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	other := w.browser()
	other.from = "198.51.100.9:1"
	if other.post("/login/recovery", "code="+good[0]); !other.signedIn() {
		t.Error("another address is held back")
	}
	w.clock.Move(15 * minute)
	if b.post("/login/recovery", "code="+good[1]); !b.signedIn() {
		t.Error("a quarter of an hour later")
	}
}
