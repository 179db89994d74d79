package console

import (
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 12, 1, 9, 24, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return now }

// core is a bot with one capability.
type core struct {
	tree  ask.Tree
	board []bot.Panel
	page  bot.Page
	asked bot.Request
}

func newCore() *core {
	c := &core{}
	reads := func(name string) bot.Command {
		return bot.Command{
			Name: name, Permission: name, Reads: true, Summary: "look", Example: "/lamp list",
			Params: []bot.Param{{Name: "lamp", Kind: bot.TextParam}, {Name: "sort", Kind: bot.TextParam}},
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil },
		}
	}
	c.tree.Add(bot.Noun{Name: "lamp", Summary: "lamps"}, []bot.Command{reads("lamp.list"), reads("lamp.show")})
	return c
}

func (c *core) Tree() *ask.Tree { return &c.tree }

func (c *core) Views() []bot.View {
	return []bot.View{{
		Name: "lamps", Title: "Lamps", Icon: "list", Command: "lamp.list",
		One: &bot.One{Prefix: "LMP", Command: "lamp.show", Arg: "lamp"},
	}}
}

func (c *core) ViewsOf(context.Context, bot.Account, []string) ([]bot.View, error) {
	return c.Views(), nil
}

func (c *core) Board(context.Context, bot.Account) ([]bot.Panel, error) { return c.board, nil }

func (c *core) Watched(context.Context, bot.Account) ([]bot.Panel, error) { return nil, nil }

func (c *core) Answered(_ context.Context, key string) (*bot.Reply, error) { return nil, nil }

func (c *core) receive(_ context.Context, r bot.Request) bot.Reply {
	c.asked = r
	return bot.Look(c.page)
}

var ana = Viewer{
	Person:  bot.Person{ID: "ana", Name: "Ana Ruiz", Zone: time.UTC, Active: true},
	Account: bot.Account{Platform: "web", User: "ana"},
}

func (c *core) get(t *testing.T, path string) string {
	t.Helper()
	pages := New(Options{Name: "Lamps and more", Version: "v", Core: c, Receive: c.receive, Clock: clock{}})
	mux := http.NewServeMux()
	for pattern, h := range pages.Routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r, ana); err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
			}
		})
	}
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func hostile(s string) string { return s + ` <i>"&'` }

func sample() []bot.Panel {
	soon := now.Add(2 * time.Hour)
	tick := &bot.Action{Label: "Mark as done", Command: "lamp.done", Token: "token-tick"}
	return []bot.Panel{
		{Title: "Facts", Facts: []bot.Field{{Label: "Room", Value: bot.T("Hall, ", bot.Bold("two"), " since ", soon)}}},
		{Title: "Lines", Place: bot.Mine, Lines: []bot.Line{
			{
				Mark: bot.Mark{Text: "SEV2", Level: 2}, Object: "LMP-1", Title: hostile("It flickers"),
				State: bot.Mark{Text: "Broken", Tone: bot.Critical}, Note: bot.T("Ben asks you"),
				End: bot.T(bot.Bold("today"), " ", soon), Tone: bot.Warning,
				Actions: []bot.Action{{Label: "Mend", Command: "lamp.mend", Token: "token-mend"}},
			},
			{Title: "Change the bulb", Tick: tick}, {Title: "Dusted", Done: true, End: bot.T("done")},
		}},
		{Title: "Timeline", Entries: []bot.Entry{
			{At: bot.T(now), Icon: "flag", Tone: bot.Critical, Text: bot.T(bot.Bold("Reported"), " by Ben"),
				Said: bot.T(hostile("dark in here"))},
		}},
		{Title: "Message", Message: &bot.Message{Sections: []bot.Section{{Quote: true, Text: bot.T("One\nTwo")}}}},
		{Title: "Nothing", Empty: "No lamps yet.", Place: bot.Aside},
		{Title: "Week", Week: &bot.Week{
			From: now.Truncate(24 * time.Hour), To: now.Truncate(24*time.Hour).AddDate(0, 0, 2), Lanes: []bot.Lane{{
				Title: "night", Parts: []bot.Stretch{
					{From: now, To: now.Add(20 * time.Hour), Text: bot.T("Ana"), Yours: true},
					{From: now.Add(20 * time.Hour), To: now.Add(26 * time.Hour), Text: bot.T("nobody"), Gap: true},
				},
			}},
		}},
		{Title: "Choices", Actions: []bot.Action{
			{Label: "Colour", Choose: "colour", Token: "token-colour", Options: []bot.Option{{Value: "red", Label: "Red"}}},
			{Label: "Remove", Confirm: "Remove it?", Token: "token-remove", Style: bot.Danger},
			{Label: "Show", Command: "lamp.show", Args: map[string]string{"lamp": "LMP-2"}},
		}, Empty: "Nothing."},
	}
}

// Each component is HTML as it should be, and what people wrote is never markup.
func TestComponents(t *testing.T) {
	for _, p := range sample() {
		t.Run(p.Title, func(t *testing.T) {
			c := newCore()
			l := New(Options{Core: c, Clock: clock{}}).looker(ana, "/lamps/LMP-1")
			view := l.panel(p)
			for i := range view.Actions {
				view.Actions[i].ID = "id"
			}
			for i := range view.Lines {
				if view.Lines[i].Tick != nil {
					view.Lines[i].Tick.ID = "id"
				}
				for k := range view.Lines[i].Actions {
					view.Lines[i].Actions[k].ID = "id"
				}
			}
			html, err := render("panel", view)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.ToLower(p.Title), html)
			if strings.Contains(html, "<i>") {
				t.Error("what somebody wrote became markup")
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// What cuts a list down and sorts it is in its address, and only what the command knows reaches it.
func TestAListIsItsAddress(t *testing.T) {
	c := newCore()
	c.page = bot.Page{Title: "Lamps", Table: &bot.Table{
		Columns: []string{"Id", "Name"}, Main: 1, Sorts: []string{"", "name"},
		Rows: []bot.Row{{Object: "LMP-1", Cells: []bot.Text{bot.T("LMP-1"), bot.T("=1+1")}}},
		Next: map[string]string{"sort": "name", "lamp": "x"},
	}, Filters: []bot.Filter{{Arg: "lamp", Label: "Lamp"}}}
	html := c.get(t, "/lamps?sort=name&lamp=hall&other=1")
	if c.asked.Args["sort"] != "name" || c.asked.Args["lamp"] != "hall" || len(c.asked.Args) != 2 || !c.asked.Paged {
		t.Errorf("asked for %v", c.asked.Args)
	}
	for _, want := range []string{
		`aria-sort="ascending"`, `href="/lamps?lamp=hall&amp;sort=-name"`, `href="/lamps/LMP-1"`,
		`href="/lamps?lamp=x&amp;sort=name"`, `value="hall"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	if csv := c.get(t, "/lamps?format=csv"); csv != "Id,Name\nLMP-1,'=1+1\n" {
		t.Errorf("CSV %q", csv)
	}
}

// A page has one filled button at most, and three beside its menu.
func TestOneFilledButton(t *testing.T) {
	c := newCore()
	for range 5 {
		c.page.Actions = append(c.page.Actions, bot.Action{Label: "Go", Command: "lamp.go", Style: bot.Primary, Token: "t"})
	}
	c.page.Panels = []bot.Panel{{Title: "More", Empty: "No.", Actions: c.page.Actions}}
	html := c.get(t, "/lamps/LMP-1")
	if n := strings.Count(html, "btn primary"); n != 1 {
		t.Errorf("%d filled buttons", n)
	}
}

// Home puts what waits first, whichever capability it comes from, and panels of one title are one.
func TestHome(t *testing.T) {
	c := newCore()
	line := func(title string) []bot.Line { return []bot.Line{{Title: title}} }
	c.board = bot.Merge([]bot.Panel{
		{Title: "Lamps", Rank: 9, Lines: line("Hall")}, {Actions: []bot.Action{{Label: "Buy a lamp", Token: "t"}}, Rank: -1},
		{Title: bot.WaitsForMe, Place: bot.Mine, Empty: "Nothing waits."},
		{Title: bot.WaitsForMe, Place: bot.Mine, Lines: line("Decide")}, {Actions: []bot.Action{{Label: "Sell", Token: "t"}}},
	})
	html := c.get(t, "/")
	at := -1
	for _, want := range []string{"Good morning, Ana", "Buy a lamp", "Waits for me", "Decide", "Hall"} {
		i := strings.Index(html, want)
		if i <= at {
			t.Errorf("%q is at %d, after %d", want, i, at)
		}
		at = i
	}
	if strings.Contains(html, "Nothing waits.") || strings.Count(html, "Waits for me") != 1 || !strings.Contains(html, "Sell") {
		t.Errorf("panels are not merged:\n%s", html)
	}
}

func TestBackIsLocal(t *testing.T) {
	for path, want := range map[string]string{
		"/incidents?which=all&done=abcdefgh": "/incidents?which=all", "": "/", "//example.com": "/", "https://example.com": "/",
		`/\example.com`: "/", "javascript:x": "/", "/a\nb": "/", "/lamps/LMP-1": "/lamps/LMP-1",
	} {
		t.Run(path, func(t *testing.T) {
			if got := Local(path); got != want {
				t.Errorf("%q leads to %q, want %q", path, got, want)
			}
		})
	}
}
