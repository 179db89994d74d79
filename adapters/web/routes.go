package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

//go:embed assets
var assets embed.FS

// version names the state of all assets, so that browsers may keep them for ever.
var version = func() string {
	sum := sha256.New()
	for _, name := range []string{"app.css", "app.js", "bell.svg"} {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic(err) // not embedded: a fault of the build
		}
		_, _ = sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}()

// Handler serves the pages, for tests and for programs that have a server of their own. Give Run the receiving function first.
func (c *Chat) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.page(c.home))
	mux.HandleFunc("GET /c/{name}", c.page(c.show))
	mux.HandleFunc("GET /c/{name}/thread/{post}", c.page(c.show))
	mux.HandleFunc("GET /c/{name}/earlier", c.part(c.earlier))
	mux.HandleFunc("GET /to/{channel}", c.page(c.goTo))
	mux.HandleFunc("GET /to/{channel}/{post}", c.page(c.goTo))
	mux.HandleFunc("GET /to/{channel}/{post}/thread", c.page(c.goTo))
	mux.HandleFunc("GET /calendar", c.page(c.calendar))
	mux.HandleFunc("GET /file/{post}", c.page(c.file))
	mux.HandleFunc("GET /file/{post}/{variant}", c.page(c.file))
	mux.HandleFunc("GET /report/{id}", c.page(c.report))
	mux.HandleFunc("GET /report/{id}/{file}", c.page(c.reportFile))
	mux.HandleFunc("GET /channels", c.part(c.channels))
	mux.HandleFunc("GET /form/{post}", c.part(c.lateForm))
	mux.HandleFunc("GET /events", c.part(c.events))
	mux.HandleFunc("GET /unread", c.call(c.unread))
	mux.HandleFunc("GET /complete", c.call(c.complete))
	mux.HandleFunc("GET /people", c.call(c.findPeople))
	mux.HandleFunc("POST /say", c.call(c.say))
	mux.HandleFunc("POST /act", c.call(c.act))
	mux.HandleFunc("POST /submit", c.call(c.submit))
	mux.HandleFunc("POST /shortcut", c.call(c.shortcut))
	mux.HandleFunc("POST /read", c.call(c.read))
	mux.HandleFunc("POST /dismiss", c.call(c.dismiss))
	mux.HandleFunc("POST /member", c.call(c.member))
	mux.HandleFunc("POST /persona", c.page(c.persona))
	mux.Handle("GET /assets/", keep(http.FileServerFS(mustSub(assets))))
	return c.guarded(mux)
}

func mustSub(f embed.FS) fs.FS {
	sub, err := fs.Sub(f, ".")
	if err != nil {
		panic(err)
	}
	return sub
}

// keep lets browsers hold on to an asset: its address changes with its content.
func keep(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		next.ServeHTTP(w, r)
	})
}

const maxSuggested = 50

// complete suggests how typed text could go on.
func (c *Chat) complete(_ http.ResponseWriter, r *http.Request, _ viewer) (any, error) {
	text := strings.ToValidUTF8(r.FormValue("text"), "\uFFFD")
	if c.o.Complete == nil || len(text) > 1000 {
		return []bot.Suggestion{}, nil
	}
	found := c.o.Complete(r.Context(), text)
	return append([]bot.Suggestion{}, found[:min(len(found), maxSuggested)]...), nil
}

const maxFound = 20

// findPeople lists people for a menu, by name or id.
func (c *Chat) findPeople(_ http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	want := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(r.FormValue("q")), "@"))
	list := []bot.Option{}
	for _, p := range v.dir.active {
		if len(list) < maxFound && (strings.Contains(strings.ToLower(p.Name), want) || strings.HasPrefix(string(p.ID), want)) {
			list = append(list, personOption(p))
		}
	}
	return list, nil
}

func personOption(p bot.Person) bot.Option {
	return bot.Option{Value: "@" + string(p.ID), Label: p.Name}
}

// unread is how much waits in all of somebody's channels.
func (c *Chat) unread(_ http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	list, err := c.o.Store.ChannelsOf(r.Context(), v.ID)
	if err != nil {
		return nil, err
	}
	var n int64
	for _, ch := range list {
		n += ch.Unread()
	}
	return map[string]int64{"unread": n}, nil
}
