package notify_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/notify"
	"github.com/watchbell/watchbell/adapters/notify/notifytest"
	"github.com/watchbell/watchbell/bot"
)

// addresses are one of each service, as people write them.
var addresses = map[string]string{
	"ntfy":       "ntfy://ntfy.sh/secrettopic",
	"pushover":   "pushover://shoutrrr:secrettokensecrettoken@secretuserkeyuser/",
	"gotify":     "gotify://gotify.example.com/AsecretABCDEFGH",
	"telegram":   "telegram://123456789:AAsecretDDEEFFGGHHIIJJKKLLMMNNOOPPQ@telegram?chats=987654321",
	"teams":      "https://prod-12.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?api-version=1&sig=secret",
	"mattermost": "mattermost://chat.example.com/secretsecretsecret",
	"rocketchat": "rocketchat://rocket.example.com/secretA/secretB",
}

var note = bot.Note{
	Title: "PAGE-1 · primary", Text: "Checkout is down – für alle\n@here", Link: "https://bell.example.com/bell/tok",
	Answer: "https://bell.example.com/bell/tok", Label: "Acknowledge", Tag: "PAGE-1",
}

func hosts() []string {
	return append(notify.DefaultHosts(), "gotify.example.com", "chat.example.com", "rocket.example.com")
}

func newNotifier(o *notifytest.Outside, listed []string) *notify.Notifier {
	opts := o.Options()
	opts.Hosts = listed
	opts.Keys = func(context.Context) (notify.Keys, error) { return notify.KeysOf([]byte("an installation")) }
	return notify.New(opts)
}

// Every service that is offered takes a note, says nothing secret in its label, and is listed here.
func TestEveryServiceIsTold(t *testing.T) {
	o := notifytest.New(t)
	n := newNotifier(o, hosts())
	for _, name := range n.Services() {
		t.Run(name, func(t *testing.T) {
			a, err := n.Read(addresses[name])
			if err != nil {
				t.Fatal(err)
			}
			if a.Service != name || strings.Contains(a.Label, "secret") {
				t.Errorf("%+v", a)
			}
			before := len(o.Received())
			if err := n.Notify(t.Context(), a, note); err != nil {
				t.Fatal(err)
			}
			all := o.Received()
			if len(all) != before+1 {
				t.Fatalf("%d requests", len(all)-before)
			}
			last := all[len(all)-1]
			if !strings.Contains(last.Body, "Checkout") {
				t.Errorf("%s", last.Body)
			}
		})
	}
	if len(n.Services()) != len(addresses) {
		t.Errorf("offered are %v", n.Services())
	}
}

// The phone itself posts what answers a page: opening a link must not.
func TestNtfyAnswersByAPost(t *testing.T) {
	o := notifytest.New(t)
	n := newNotifier(o, nil)
	a, err := n.Read(addresses["ntfy"])
	if err == nil {
		err = n.Notify(t.Context(), a, note)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := o.Received()[0].Header
	if want := "http, Acknowledge, " + note.Answer + ", method=POST, clear=true"; h.Get("Actions") != want ||
		h.Get("Click") != note.Link || h.Get("Title") != note.Title {
		t.Errorf("%v", h)
	}
}

// Nothing is sent to a host that is not listed, whatever an address says and wherever a name or an answer leads.
func TestNothingGoesToAHostThatIsNotListed(t *testing.T) {
	o := notifytest.New(t)
	n := newNotifier(o, hosts())
	for _, raw := range []string{
		"ntfy://elsewhere.example.net/topic", "ntfy://127.0.0.1/topic", "ntfy://2130706433/topic", "ntfy://0x7f.1/topic",
		"ntfy://0177.0.0.1/topic", "ntfy://[::1]/topic", "ntfy://[::ffff:127.0.0.1]/topic", "ntfy://localhost/topic",
		"ntfy://ntfy.sh:8443/topic", "ntfy://ntfy.sh@elsewhere.example.net/topic", "ntfy://ntfy.sh%2eevil.net/topic",
		"ntfy://ntfy.sh.elsewhere.example.net/topic", "ntfy://ntfy。sh/topic", "ntfy://ntfy.sh\\@127.0.0.1/topic",
		"ntfy://ntfy.sh/topic?scheme=http", "ntfy://ntfy.sh/topic?disabletls=yes", "ntfy://ntfy.sh/a/../../b",
		"ntfy://ntfy.sh./topic", "ntfy://169.254.169.254/latest", "ntfy:///topic", "ntfy://ntfy.sh/", "ntfy://ntfy.sh/a b",
		"gotify://elsewhere.example.net/AbCdEfGhIjKlMnO", "gotify://gotify.example.com/a?insecureskipverify=yes",
		"mattermost://ntfy.sh@elsewhere.example.net/abcdefghijklmnop", "rocketchat://elsewhere.example.net/a/b",
		"telegram://123456789:AAsecretDDEEFFGGHHIIJJKKLLMMNNOOPPQ@elsewhere.example.net?chats=1",
		"telegram://1:A@telegram?chats=1", "telegram://123456789:AAsecretDDEEFFGGHHIIJJKKLLMMNNOOPPQ@telegram?chats=../x",
		"https://elsewhere.example.net/workflows/x?sig=1", "https://logic.azure.com/workflows/x?sig=1",
		"https://a.logic.azure.com.elsewhere.example.net/workflows/x?sig=1", "http://a.logic.azure.com/workflows/x?sig=1",
		"generic://ntfy.sh/x", "generic+https://ntfy.sh/x", "logger://", "smtp://mail.example.com/?to=a@b.c",
		"discord://token@id", "slack://a/b/c", "file:///etc/passwd", "", "ntfy", strings.Repeat("a", 3000),
		"ana@example.com", `{"endpoint":"https://127.0.0.1/x"}`, `{"endpoint":"http://push.example.net/x"}`, "{",
	} {
		t.Run(raw[:min(len(raw), 60)], func(t *testing.T) {
			a, err := n.Read(raw)
			var e *bot.Error
			if !errors.As(err, &e) || e.Field != "address" {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	// Allowed when they were given, and then the world changes.
	for name, raw := range addresses {
		a, err := n.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		narrow := newNotifier(o, []string{})
		if err := narrow.Notify(t.Context(), a, note); !isPermanent(err) {
			t.Errorf("%s was sent although its host is not listed any more: %v", name, err)
		}
	}
	if all := o.Dialled(); len(all) != 0 {
		t.Errorf("connected to %v", all)
	}
	for name, raw := range addresses {
		a, err := n.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		o.Redirect("https://elsewhere.example.net/")
		if err := n.Notify(t.Context(), a, note); !isPermanent(err) {
			t.Errorf("%s followed a redirect: %v", name, err)
		}
		o.Redirect("")
	}
	if len(o.Received()) != 0 {
		t.Errorf("%+v", o.Received())
	}
}

// A name that leads inside is refused when we connect: always where it is a public service, and for this machine and its
// cloud also where the administrator lists the host.
func TestNamesThatLeadInside(t *testing.T) {
	for _, c := range []struct {
		ip          string
		public, own bool
	}{
		{"93.184.215.14", true, true}, {"2606:4700::1111", true, true},
		{"10.0.0.5", false, true}, {"172.16.3.4", false, true}, {"192.168.1.1", false, true}, {"100.64.0.1", false, true},
		{"fd12::1", false, true},
		{"127.0.0.1", false, false}, {"::1", false, false}, {"::ffff:127.0.0.1", false, false}, {"0.0.0.0", false, false},
		{"169.254.169.254", false, false}, {"fe80::1", false, false}, {"fd00:ec2::254", false, false},
		{"224.0.0.1", false, false}, {"ff02::1", false, false}, {"64:ff9b::7f00:1", false, false},
		{"2002:7f00:1::", false, false}, {"255.255.255.255", false, false}, {"192.0.2.1", false, false}, {"::", false, false},
		{"::7f00:1", false, false},
	} {
		t.Run(c.ip, func(t *testing.T) {
			o := notifytest.New(t)
			n := newNotifier(o, hosts())
			o.Resolve("ntfy.sh", c.ip)
			o.Resolve("gotify.example.com", c.ip)
			for name, want := range map[string]bool{"ntfy": c.public, "gotify": c.own} {
				a, err := n.Read(addresses[name])
				if err != nil {
					t.Fatal(err)
				}
				before := len(o.Dialled())
				err = n.Notify(t.Context(), a, note)
				if sent := len(o.Dialled()) > before; sent != want || (err == nil) != want {
					t.Errorf("%s: connected: %v, %v", name, sent, err)
				}
			}
		})
	}
}

// What a service says tells whether it is worth trying again, and no error repeats a secret.
func TestWhatAServiceAnswers(t *testing.T) {
	o := notifytest.New(t)
	n := newNotifier(o, hosts())
	for name, raw := range addresses {
		a, err := n.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		host := map[string]string{
			"ntfy": "ntfy.sh", "pushover": "api.pushover.net", "gotify": "gotify.example.com", "telegram": "api.telegram.org",
			"teams": "prod-12.westeurope.logic.azure.com", "mattermost": "chat.example.com", "rocketchat": "rocket.example.com",
		}[name]
		for status, permanent := range map[int]bool{400: true, 401: true, 404: true, 413: true, 429: false, 500: false, 503: false} {
			o.Answer(host, status)
			err := n.Notify(t.Context(), a, note)
			var wait *bot.RetryAfterError
			if err == nil || isPermanent(err) != permanent || strings.Contains(err.Error(), "secret") ||
				errors.As(err, &wait) != (status == 429) || wait != nil && wait.After > time.Minute {
				t.Errorf("%s %d: %v", name, status, err)
			}
		}
		o.Answer(host, 0)
		if err := n.Notify(t.Context(), a, note); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Notify(ended, a, note); err == nil || strings.Contains(err.Error(), "secret") || isPermanent(err) {
			t.Errorf("%s while it cannot be reached: %v", name, err)
		}
	}
}

func isPermanent(err error) bool {
	var p *bot.PermanentError
	return errors.As(err, &p)
}

func TestABrowserIsPushedTo(t *testing.T) {
	o := notifytest.New(t)
	n := newNotifier(o, nil)
	keys, err := notify.KeysOf([]byte("an installation"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := n.Read(o.Browser(keys.Public, "Firefox on Linux").Subscription)
	if err != nil || a.Label != "Firefox on Linux" || a.Service != notify.Push {
		t.Fatalf("%+v %v", a, err)
	}
	if err := n.Notify(t.Context(), a, note); err != nil {
		t.Fatal(err)
	}
	got := o.Received()[0].Push
	if got["title"] != note.Title || got["text"] != note.Text || got["link"] != note.Link || got["tag"] != note.Tag {
		t.Errorf("%v", got)
	}
	long := note
	long.Text = strings.Repeat("ü", 5000)
	if err := n.Notify(t.Context(), a, long); err != nil {
		t.Error(err)
	}
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		o.Answer("push.example.net", status)
		if err := n.Notify(t.Context(), a, note); !errors.Is(err, bot.ErrGone) {
			t.Errorf("%d: %v", status, err)
		}
	}
	o.Answer("push.example.net", 0)
	o.Resolve("push.example.net", "10.0.0.1")
	fresh := newNotifier(o, nil)
	if err := fresh.Notify(t.Context(), a, note); !isPermanent(err) {
		t.Errorf("a push service inside: %v", err)
	}
}

// Two instances have the same keys, two installations never.
func TestKeysBelongToTheInstallation(t *testing.T) {
	one, err := notify.KeysOf([]byte("one"))
	again, _ := notify.KeysOf([]byte("one"))
	other, _ := notify.KeysOf([]byte("other"))
	if err != nil || one != again || one == other || len(one.Private) != 43 || len(one.Public) != 87 {
		t.Errorf("%+v %+v %v", one, other, err)
	}
	if _, err := notify.KeysOf(nil); err == nil {
		t.Error("no secret at all")
	}
}

func TestMailGoesByTheConfiguredServer(t *testing.T) {
	o := notifytest.New(t)
	m := o.MailServer()
	opts := o.Options()
	opts.Mail = notify.Mail{Server: m.Address, From: "bell@example.com", User: "bell", Password: "hunter2"}
	n := notify.New(opts)
	a, err := n.Read("mailto:ana@example.com")
	if err != nil || a.Label != "…@example.com" || !slices.Contains(n.Services(), "mail") {
		t.Fatalf("%+v %v", a, err)
	}
	evil := note
	evil.Title = "PAGE-1\r\nBcc: eve@example.com"
	if err := n.Notify(t.Context(), a, evil); err != nil {
		t.Fatal(err)
	}
	l := m.Letters()[0]
	if !l.TLS || l.User != "bell" || l.From != "FROM:<bell@example.com>" || l.To != "TO:<ana@example.com>" ||
		strings.Contains(l.Data, "\nBcc:") || !strings.Contains(l.Data, "Acknowledge: "+note.Link) {
		t.Errorf("%+v", l)
	}
	for code, permanent := range map[int]bool{450: false, 550: true} {
		m.Refuse = code
		err := n.Notify(t.Context(), a, note)
		if err == nil || isPermanent(err) != permanent || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%d: %v", code, err)
		}
	}
	for _, raw := range []string{
		"mailto:Ana <ana@example.com>", "ana@example.com\r\nRCPT TO:<eve@x.y>", "mailto:", "@", "a@b@c", "mailto:ana@exämple.com",
	} {
		if a, err := n.Read(raw); err == nil {
			t.Errorf("%q is %+v", raw, a)
		}
	}
}
