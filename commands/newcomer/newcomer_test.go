// Package newcomer_test adds a capability that nothing else knows, by its own file and one Use, and looks for it
// wherever people and programs expect it.
package newcomer_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// lamps are a capability: they hang somewhere, and are looked at on a date.
type lamps struct{ store *storage.Store }

func (l lamps) capability() bot.Capability {
	room := bot.Param{Name: "room", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Help: "Like hall."}
	return bot.Capability{
		Noun:   bot.Noun{Name: "lamp", Summary: "hang lamps and look after them"},
		Grants: bot.Grants{"member": {"lamp.*"}},
		Commands: []bot.Command{
			{
				Name: "lamp.hang", Permission: "lamp.hang", Title: "Hang a lamp", Summary: "hang a lamp",
				Example: "/lamp hang hall",
				Params:  []bot.Param{room}, Handle: l.hang,
			},
			{
				Name: "lamp.list", Permission: "lamp.list", Reads: true, Summary: "list the lamps", Example: "/lamp list",
				Handle: l.list,
			},
		},
		Dues:     l.dues,
		Happened: l.happened,
		Pages:    []bot.View{{Name: "lamps", Title: "Lamps", Command: "lamp.list", Home: true}},
	}
}

// hang saves that a lamp hangs and when somebody has to look at it, in one commit.
func (l lamps) hang(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	e := c.Effects("LMP-"+c.Text("room"), 1, "")
	e.Dues = []bot.Due{{
		Object: e.Audit.Object, What: "look", On: value.DayOf(c.Now).Add(3), Text: "look at the lamp", Owner: c.Person.ID,
		Done: &bot.Action{Label: "Done", Command: "lamp.hang"},
	}}
	e.Answer = bot.Answer(bot.Say("A lamp hangs in the " + c.Text("room") + "."))
	return e.Answer, l.store.Record(ctx, e)
}

func (l lamps) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	dues, err := l.dues(ctx)
	if !c.Paged {
		return bot.Answer(bot.Say("There are lamps.")), err
	}
	t := &bot.Table{Columns: []string{"Lamp", "Next look"}}
	for _, d := range dues {
		t.Rows = append(t.Rows, bot.Row{Object: d.Object, Cells: []bot.Text{bot.T(d.Object), bot.T(d.On.String())}})
	}
	hang := bot.Action{Label: "Hang a lamp", Command: "lamp.hang"}
	return bot.Look(bot.Page{Title: "Lamps", Table: t, Actions: []bot.Action{hang}}), err
}

func (l lamps) dues(ctx context.Context) ([]bot.Due, error) {
	return l.store.DuesUntil(ctx, value.Day{Year: 9999, Month: 1, Day: 1}, 100)
}

func (l lamps) happened(ctx context.Context, p value.Span) ([]bot.Happening, error) {
	entries, err := l.store.AuditOf(ctx, "LMP-hall")
	var list []bot.Happening
	for _, e := range entries {
		if p.Holds(e.At) {
			list = append(list, bot.Happening{
				Object: e.Object, One: "lamp hung", Many: "lamps hung", Text: "in the hall", At: e.At,
			})
		}
	}
	return list, err
}

// house is an installation with lamps.
type house struct {
	t     *testing.T
	bot   *engine.Bot
	store *storage.Store
	clock *bottest.Clock
	keys  int
}

func newHouse(t *testing.T, url string) *house {
	t.Helper()
	h := &house{t: t, store: storagetest.WithPeople(t, url, "test"), clock: bottest.NewClock()}
	h.bot = engine.New(engine.Options{Store: h.store, Clock: h.clock})
	h.bot.Use(lamps{h.store}.capability())
	h.bot.Use(report.New(h.store.Reports(), h.bot, report.Options{Clock: h.clock}).Capability())
	h.bot.Attach(bottest.NewRecorder())
	return h
}

// says types a command and returns what is answered.
func (h *house) says(who, text string) string {
	h.t.Helper()
	h.keys++
	r := h.bot.Receive(context.Background(), bot.Request{
		Key: "k" + string(rune('a'+h.keys)), From: bot.Account{Platform: "test", User: who},
		Place: bot.Conversation{Platform: "test", Channel: "ops"}, Text: text,
	})
	if r.Message == nil {
		return string(r.Status)
	}
	return string(r.Status) + " " + bottest.Render(*r.Message)
}

// want fails the test unless a text has all of the parts.
func want(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

func TestANewCapabilityIsNewFilesAndOneLine(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		t.Run("a member may use it", func(t *testing.T) {
			want(t, "answer", h.says("dan", "/lamp hang hall"), "done", "A lamp hangs in the hall.")
		})
		t.Run("a guest may not", func(t *testing.T) {
			want(t, "answer", h.says("gus", "/lamp hang cellar"), "refused", "You may not do this")
		})
		t.Run("help", func(t *testing.T) {
			want(t, "help", h.says("dan", "/help"), "/lamp", "hang lamps and look after them")
			want(t, "its own help", h.says("dan", "/lamp help"), "hang a lamp", "list the lamps")
		})
		t.Run("the digest tells its due and what happened", func(t *testing.T) {
			h.clock.Move(time.Hour)
			want(
				t, "digest", h.says("mia", "/report preview daily"), "LMP-hall", "look at the lamp", "due on Sat 28 Nov 2026",
				"1 lamp hung", "in the hall",
			)
		})
		t.Run("what is overdue", func(t *testing.T) {
			h.clock.Move(4 * 24 * time.Hour)
			want(t, "digest", h.says("mia", "/report preview daily"), "was due on Sat 28 Nov 2026", "overdue (1)")
		})
		t.Run("the API", func(t *testing.T) { inTheAPI(t, h) })
	})
}

// inTheAPI looks for the commands and the page as a program does.
func inTheAPI(t *testing.T, h *house) {
	token, secret, err := access.New(access.Token{
		Name: "script", Person: "dan", Scopes: []string{"lamp.*"}, Created: h.clock.Now(), Expires: h.clock.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.AddToken(t.Context(), token, bot.Effects{
		Audit: bot.Audit{Action: "token.add", Object: token.ID, Result: bot.ResultDone, At: h.clock.Now()},
	}); err != nil {
		t.Fatal(err)
	}
	o := api.Options{
		Store: h.store, Receive: h.bot.Receive, Tree: h.bot.Tree(), Views: h.bot.Views(), ViewsOf: h.bot.ViewsOf,
		Clock: h.clock,
	}
	server := httptest.NewServer(api.New(o).Handler())
	t.Cleanup(server.Close)
	call := func(method, path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Idempotency-Key", "once")
		req.Header.Set("Content-Type", "application/json")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s %s: %s %v\n%s", method, path, resp.Status, err, data)
		}
		return string(data)
	}
	want(t, "answer", call("POST", "/api/v1/commands/lamp.hang", `{"room":"attic"}`), "A lamp hangs in the attic.")
	want(t, "page", call("GET", "/api/v1/pages/lamps", ""), "LMP-hall", "LMP-attic", "2026-11-28")
	want(t, "description", call("GET", "/api/v1/openapi.json", ""), "/commands/lamp.hang", "/pages/lamps")
}

// The page stands on somebody's own page in Slack, with a button that works.
func TestANewCapabilityIsOnTheHomeOfSlack(t *testing.T) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	people := bottest.People(slack.Platform)
	fake := slackfake.Start(t, slackfake.Options{Team: "T0FAKE"})
	for k, p := range people {
		if p.ID == "dan" {
			people[k].Accounts = []bot.Account{{Platform: slack.Platform, Workspace: "T0FAKE", User: "U0DAN"}}
			fake.AddUser(slackfake.User{ID: "U0DAN", Name: "dan", RealName: p.Name, TZ: "Europe/Berlin"})
		}
	}
	if err := store.SyncPeople(t.Context(), people, bottest.Start); err != nil {
		t.Fatal(err)
	}
	b := engine.New(engine.Options{Store: store, Clock: bottest.NewClock()})
	b.Use(lamps{store}.capability())
	a := slack.New(slack.Options{
		BotToken: "xoxb-fake", SigningSecret: "fake-secret", APIURL: fake.API(), Core: b,
		Commands: []string{"lamp"},
	})
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	fake.SetAppURL(server.URL)
	b.Attach(a)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, b.Receive) }()
	t.Cleanup(func() { cancel(); <-ended })
	until(t, "Slack is reached", func() bool { return a.Health() == nil })
	if _, err := fake.Command("U0DAN", fake.AddChannel("general", "U0DAN"), "k1", "/lamp", "hang hall"); err != nil {
		t.Fatal(err)
	}
	if err := fake.OpenHome("U0DAN", "k2"); err != nil {
		t.Fatal(err)
	}
	until(t, "the home shows the lamp", func() bool {
		home, err := json.Marshal(fake.Home("U0DAN"))
		return err == nil && strings.Contains(string(home), "LMP-hall") && strings.Contains(string(home), "Hang a lamp")
	})
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatal(what + ": it did not come to that")
		case <-tick.C:
		}
	}
}
