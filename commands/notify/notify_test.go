package notify_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sender "github.com/watchbell/watchbell/adapters/notify"
	"github.com/watchbell/watchbell/adapters/notify/notifytest"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is an installation that calls people, with the services outside as real servers.
type world struct {
	*storagetest.Installation
	outside *notifytest.Outside
	mail    *notifytest.MailServer
	told    *notify.Service
	keys    sender.Keys
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		w := &world{Installation: storagetest.Install(t, url, engine.Options{}), outside: notifytest.New(t)}
		w.Place = bot.Conversation{Platform: "test", Channel: "ops"}
		w.mail = w.outside.MailServer()
		secret, err := w.Store.Secret(t.Context())
		if err == nil {
			w.keys, err = sender.KeysOf(secret)
		}
		if err != nil {
			t.Fatal(err)
		}
		o := w.outside.Options()
		o.Hosts = append(sender.DefaultHosts(), "gotify.example.com")
		o.Mail = sender.Mail{Server: w.mail.Address, From: "bell@example.com"}
		o.Keys = func(context.Context) (sender.Keys, error) { return w.keys, nil }
		n := sender.New(o)
		w.told = notify.New(w.Store.Notify(), w.Bot, notify.Options{
			Secret: w.Store.Secret, Notifier: n, Services: n.Services(), Links: "https://bell.example.com/", Clock: w.Clock,
		})
		w.Bot.Use(account.New(w.Store.Accounts(), w.Bot, account.Options{Secret: w.Store.Secret}).Capability())
		w.Bot.Use(w.told.Capability())
		w.Bot.Use(oncall.New(w.Store.OnCall(), w.Bot, oncall.Options{
			People: w.Store.People, Handover: func(id string) bot.Job { return bot.Job{Kind: "none", Object: id} }, Clock: w.Clock,
		}).Capability())
		w.Do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00" escalate=10m`)
		f(w)
	})
}

const (
	topic  = "ntfy://ntfy.sh/verysecrettopic"
	gotify = "gotify://gotify.example.com/AVerySecretToke"
)

// card is the card of the page as it is by now.
func (w *world) card() string {
	w.T.Helper()
	all := w.Chat.In("ops")
	if len(all) == 0 {
		w.T.Fatal("no card")
	}
	return bottest.Render(all[len(all)-1].Message)
}

// link is the link of the newest note.
func (w *world) link() string {
	w.T.Helper()
	link := ""
	for _, r := range w.outside.Received() {
		link = cmp.Or(r.Header.Get("Click"), link)
	}
	token, ok := strings.CutPrefix(link, "https://bell.example.com/bell/")
	if !ok {
		w.T.Fatalf("link %q", link)
	}
	return token
}

// A page tells the person in every place they have, the card says what came of it, and the first answer counts.
func TestAPageReachesEveryPlaceOfThePerson(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.Do("ana", "/ops notify add "+topic)
		w.Do("ana", "/ops notify add ana@example.com")
		w.Do("ana", "/ops notify add rota=primary "+gotify)
		browser := w.outside.Browser(w.keys.Public, "Firefox on Linux")
		w.Done(w.Send("ana", bot.Request{Shortcut: "ops.notify-add", Args: map[string]string{"address": browser.Subscription}}))
		w.Do("dan", "/oncall page primary Checkout is down")
		hosts := map[string]notifytest.Received{}
		for _, r := range w.outside.Received() {
			hosts[r.Host] = r
		}
		if len(hosts) != 3 || len(w.mail.Letters()) != 1 {
			t.Fatalf("%v %v", hosts, w.mail.Letters())
		}
		w.Contains(hosts["ntfy.sh"].Body, "Checkout is down")
		w.Contains(hosts["ntfy.sh"].Header.Get("Actions"), "method=POST")
		w.Contains(hosts["push.example.net"].Push["title"], "PAGE-1")
		w.Contains(hosts["push.example.net"].Push["link"], "https://bell.example.com/bell/PAGE-1.0.")
		w.Contains(w.mail.Letters()[0].Data, "Checkout is down", "/bell/PAGE-1.0.")
		if body := hosts["gotify.example.com"].Body; strings.Contains(body, "/bell/") || !strings.Contains(body, "in chat") {
			t.Errorf("a shared place can answer as somebody: %s", body)
		}
		w.Contains(w.card(), "Told beside chat", "ntfy ntfy.sh/ve…", "Firefox on Linux", "mail …@example.com", "took it")
		w.Do("ben", "/oncall ack PAGE-1")
		before := len(w.outside.Received())
		w.Wait(time.Hour)
		if n := len(w.outside.Received()); n != before {
			t.Errorf("%d more notes after it was answered", n-before)
		}
		w.Verify()
	})
}

// A link opens a page and changes nothing; its button answers as the person it was sent to, once, until it is over.
func TestALinkAnswers(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.Do("ana", "/ops notify add "+topic)
		w.Do("dan", "/oncall page primary Checkout is down")
		token := w.link()
		for range 3 { // scanners open links
			says, who, err := w.told.Open(t.Context(), token)
			if err != nil || who != "ana" || says.Over != "" || !strings.Contains(says.Text, "Checkout is down") {
				t.Fatalf("%+v %s %v", says, who, err)
			}
		}
		w.Wait(10 * time.Minute) // nobody answered, so the next one is called
		w.Contains(strings.Join(w.Told("ben"), "\n"), "Checkout is down")
		for n := range 2 {
			reply, err := w.told.Answer(t.Context(), token)
			if err != nil || reply.Status != bot.Done || !strings.Contains(bottest.Text(reply), "You have PAGE-1") {
				t.Errorf("answer %d: %+v %v", n, reply, err)
			}
			w.RunDue()
		}
		w.Contains(w.card(), "Answered by @Ana")
		says, _, err := w.told.Open(t.Context(), token)
		if err != nil || says.Over != "Ana Ruiz has answered PAGE-1." {
			t.Errorf("%+v %v", says, err)
		}
		w.Verify()
	})
}

// Nobody gets anywhere with a link that we did not make for them.
func TestLinksThatAreWrong(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.Do("ana", "/ops notify add "+topic)
		w.Do("ana", "/ops notify add rota=primary "+gotify)
		w.Do("dan", "/oncall page primary Checkout is down")
		w.Do("dan", "/oncall page primary Something else")
		good := w.link()
		name, sum := good[:strings.LastIndexByte(good, '.')], good[strings.LastIndexByte(good, '.')+1:]
		for _, token := range []string{
			"", ".", "x", name, name + ".", name + "." + sum[1:], name + "." + sum + "A", name + "." + strings.ToLower(sum),
			strings.Replace(good, "PAGE-2", "PAGE-1", 1), strings.Replace(good, ".0.", ".1.", 1), "PAGE-2.0.2." + sum,
			good + "=", " " + good, good + "\n", strings.Repeat("a", 10_000), "PAGE-2.0.1." + strings.Repeat("A", 22), "INC-1.0.1." + sum,
		} {
			if token == good {
				continue
			}
			_, _, err := w.told.Open(t.Context(), token)
			_, answerErr := w.told.Answer(t.Context(), token)
			for _, err := range []error{err, answerErr} {
				var e *bot.Error
				if !errors.As(err, &e) || e.Kind != bot.NotFound {
					t.Errorf("%q: %v", token, err)
				}
			}
		}
		w.Contains(w.card(), "I take it")
	})
}

// A service that does not answer is tried again, the card says so, and it is given up after a while.
func TestAPlaceThatFails(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.Do("ana", "/ops notify add "+topic)
		w.outside.Answer("ntfy.sh", 500)
		w.Do("dan", "/oncall page primary Checkout is down")
		w.Contains(w.card(), "is tried again: ntfy.sh answered 500")
		w.outside.Answer("ntfy.sh", 0)
		w.Wait(time.Minute)
		w.Contains(w.card(), "took it")
		w.outside.Answer("ntfy.sh", 403)
		w.Do("dan", "/oncall page primary Again")
		w.Contains(w.card(), "⚠ failed", "ntfy.sh answered 403")
		w.Contains(bottest.Text(w.Do("ana", "/ops notify list")), "BELL-1", "ntfy ntfy.sh/ve…", "failed", "403")
		w.outside.Answer("ntfy.sh", 502)
		w.Do("dan", "/oncall page primary Once more")
		for range 30 {
			w.Wait(30 * time.Second)
		}
		if n := strings.Count(w.card(), "⚠ failed"); n == 0 {
			t.Errorf("it is tried for ever:\n%s", w.card())
		}
		w.Verify()
	})
}

// A browser that was unsubscribed is forgotten.
func TestABrowserThatIsGone(t *testing.T) {
	each(t, func(w *world) {
		browser := w.outside.Browser(w.keys.Public, "Firefox on Linux")
		w.Done(w.Send("ana", bot.Request{Shortcut: "ops.notify-add", Args: map[string]string{"address": browser.Subscription}}))
		w.outside.Answer("push.example.net", 410)
		w.Do("dan", "/oncall page primary Checkout is down")
		w.Contains(w.card(), "⚠ failed", "it was unsubscribed there")
		w.Contains(bottest.Text(w.Do("ana", "/ops notify list")), "Nowhere yet")
		w.Verify()
	})
}

func TestATestSaysWhatCameOfIt(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/ops notify add "+topic)
		w.Do("ana", "/ops notify test BELL-1")
		w.Contains(strings.Join(w.Told("ana"), "\n"), "handed to ntfy ntfy.sh/ve…")
		w.outside.Answer("ntfy.sh", 404)
		w.Do("ana", "/ops notify test 1")
		w.Contains(strings.Join(w.Told("ana"), "\n"), "failed: ntfy.sh answered 404")
		w.Do("ana", "/ops notify remove BELL-1")
		w.Refused("ana", "/ops notify test BELL-1", "no BELL-1 of yours")
		w.Verify()
	})
}

// Whose places somebody may change, and what is refused.
func TestWhoMayChangeWhat(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/ops notify add "+topic)
		w.Do("ana", "/ops notify add rota=primary "+gotify)
		for _, line := range []string{"/ops notify test BELL-1", "/ops notify remove BELL-1", "/ops notify remove BELL-2", "/ops notify remove BELL-9"} {
			w.Refused("dan", line, "there is no BELL-")
		}
		w.Refused("dan", "/ops notify list rota=primary", "not on the rota primary")
		w.Refused("dan", "/ops notify add rota=primary "+topic, "not on the rota primary")
		w.Refused("dan", "/ops notify add rota=other "+topic, `no rota "other"`)
		w.Refused("ana", "/ops notify add "+topic, "on the list already")
		w.Refused("ana", "/ops notify add generic://10.0.0.1/", "none of the services")
		w.Contains(bottest.Text(w.Do("ben", "/ops notify list rota=primary")), "BELL-2")
		w.Do("ben", "/ops notify remove BELL-2")
		for n := range 9 {
			w.Do("ana", fmt.Sprintf("/ops notify add ntfy://ntfy.sh/secret-%d", n))
		}
		w.Refused("ana", "/ops notify add ntfy://ntfy.sh/one-more", "10, which is the most")
		w.Verify()
	})
}

// Nothing secret is in any table, whatever was typed and however it went.
func TestNoSecretIsKeptInClear(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.Do("ana", "/ops notify add "+topic)
		r := w.Type("ana", "/ops notify add ntfy://elsewhere.example.net/verysecrettopic")
		w.Contains(bottest.Text(r), "elsewhere.example.net is not one that people may name")
		if strings.Contains(bottest.Rendered(r), "verysecret") || r.Asked != "/ops notify add" {
			t.Errorf("%s", bottest.Rendered(r))
		}
		form := w.Type("ana", "/ops notify add").Form
		again := w.Submit("ana", form, map[string]string{"address": "ntfy://elsewhere.example.net/verysecrettopic"})
		if again.Form == nil || bottest.InputOf(again.Form, "address").Error == "" ||
			bottest.InputOf(again.Form, "address").Value != "" {
			t.Errorf("%+v", again)
		}
		w.outside.Answer("ntfy.sh", 500)
		w.Do("dan", "/oncall page primary Checkout is down")
		w.Wait(time.Minute)
		for _, table := range []string{
			"refs", "actions", "audit", "jobs", "notify_places", "notify_deliveries", "posted", "inbox",
		} {
			rows, err := w.Store.SQL().Query("SELECT * FROM " + table)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				cells := make([]any, len(columns))
				for k := range cells {
					cells[k] = new(any)
				}
				if err := rows.Scan(cells...); err != nil {
					t.Fatal(err)
				}
				for k, c := range cells {
					text := fmt.Sprintf("%s", *c.(*any))
					if strings.Contains(strings.ToLower(text), "verysecret") {
						t.Errorf("%s.%s holds %s", table, columns[k], text)
					}
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
