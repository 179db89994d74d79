package web_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/webtest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// doors is a server whose people sign in.
type doors struct {
	t     *testing.T
	store *storage.Store
	login *login.Service
	base  string
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &doors{t: t, store: storagetest.Open(t, storagetest.SQLite(t))}
	d.base = strings.Replace("http://"+l.Addr().String(), "127.0.0.1", "localhost", 1)
	d.login, err = login.New(login.Options{
		Name: "Northwind Ops", URL: d.base, On: []string{login.ChatLink}, Store: d.store.Login(), People: d.store.People,
		Doors: func() []login.Door {
			return []login.Door{{Name: "Web", Note: d.base, Open: true}, {Name: "Slack", Note: "set SLACK_BOT_TOKEN"}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	chat := web.New(web.Options{
		Name: "Northwind Ops", URL: d.base, Store: d.store.Chat(), People: d.store.People, Visitors: d.login,
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- chat.Run(ctx, func(context.Context, bot.Request) bot.Reply { return bot.Answer(bot.Say("done")) })
	}()
	srv := httptest.NewUnstartedServer(chat.Handler())
	_ = srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	t.Cleanup(func() { stop(); <-done; srv.Close() })
	return d
}

func (d *doors) first() string {
	d.t.Helper()
	address, _, err := d.login.ForFirst(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimPrefix(address, d.base)
}

// Every page around the sign-in, in both schemes, on a screen and a phone, by keyboard alone.
func TestTheSignInIsAccessible(t *testing.T) {
	source := webtest.Axe(t)
	for name, c := range map[string]struct {
		scheme string
		phone  bool
	}{
		"light on a screen": {"light", false}, "dark on a screen": {"dark", false}, "light on a phone": {"light", true},
		"dark on a phone": {"dark", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t)
			b := newBrowser(t, d.base)
			b.expect = "the server responded with a status of 4" // for what is refused
			b.scheme(c.scheme)
			b.keepAxe(source)
			b.do(chromedp.EmulateViewport(1280, 900))
			if c.phone {
				b.phone()
			}
			for _, path := range []string{"/login?next=/c/general", "/login/recovery", "/login/link/nowhere"} {
				b.open(path)
				b.axe(path)
			}
			b.open("/login/recovery")
			b.do(chromedp.SendKeys(chromedp.CSS("#code"), "7KQ2-M9XD-4TRW-8HBN\r"))
			b.sees("#code-bad", "does not work")
			b.axe("a recovery code that is refused")
			b.open(d.first())
			b.axe("the first administrator")
			// The browser itself lets no form go without what is required; what it lets through is refused by the server.
			b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Ana Ruiz\tana@b,c\r"))
			b.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('form').noValidate = true"))
			b.keys("\r")
			b.sees("#email-bad", "Write an e-mail address")
			b.axe("the first administrator, refused")
			b.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('#email').value = ''"))
			b.do(chromedp.SendKeys(chromedp.CSS("#email"), "ana@example.com\r"))
			b.sees("h1", "Your security")
			b.axe("the security of whoever came first")
			b.press(".panel", "Make ten recovery codes")
			b.sees("#codes", "Keep these ten codes")
			b.axe("recovery codes")
			b.shoot("security-" + strings.ReplaceAll(name, " ", "-"))
			if _, err := d.store.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
