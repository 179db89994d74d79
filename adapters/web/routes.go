package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/front"
)

//go:embed assets
var assets embed.FS

// version names the state of all assets, so that browsers may keep them for ever.
var version = func() string {
	sum := sha256.New()
	for _, name := range []string{"app.css", "app.js", "bell.js", "bell.svg", "console.css", "console.js"} {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic(err) // not embedded: a fault of the build
		}
		_, _ = sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}()

// Handler serves the pages, for tests and for programs that have a server of their own. Give Run the receiving function
// first.
func (c *Chat) Handler() http.Handler {
	c.served.Store(true)
	mux := http.NewServeMux()
	for pattern, h := range c.routes() {
		mux.Handle(pattern, h)
	}
	guarded := c.guarded(mux)
	if c.o.Bell != nil { // links in notifications prove who follows them, so they need no page of ours before them
		guarded = c.o.Bell.Before(guarded)
	}
	return front.Front{Log: c.log, Stopping: c.stop}.Guard(guarded)
}

// routes are all addresses and what answers there. Those of the console stand in place of the chat's where both have one.
func (c *Chat) routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"GET /{$}":                        c.page(c.home),
		"GET /c/{name}":                   c.page(c.show),
		"GET /c/{name}/thread/{post}":     c.page(c.show),
		"GET /c/{name}/earlier":           c.part(c.earlier),
		"GET /to/{channel}":               c.page(c.goTo),
		"GET /to/{channel}/{post}":        c.page(c.goTo),
		"GET /to/{channel}/{post}/thread": c.page(c.goTo),
		"GET /card/{id}":                  c.page(c.toCard),
		"GET /calendar":                   c.page(c.calendar),
		"GET /file/{post}":                c.page(c.file),
		"GET /file/{post}/{variant}":      c.page(c.file),
		"GET /report/{id}":                c.page(c.report),
		"GET /report/{id}/{file}":         c.page(c.reportFile),
		"GET /channels":                   c.part(c.channels),
		"GET /form/{post}":                c.part(c.lateForm),
		"GET /events":                     c.watched(c.events),
		"GET /unread":                     c.polled(c.unread),
		"GET /complete":                   c.call(c.complete),
		"GET /people":                     c.call(c.findPeople),
		"GET /options":                    c.call(c.findOptions),
		"GET /me/bells":                   c.page(c.bells),
		"POST /me/bells":                  c.call(c.ringBell),
		"POST /say":                       c.call(c.say),
		"POST /act":                       c.call(c.act),
		"POST /submit":                    c.call(c.submit),
		"POST /shortcut":                  c.call(c.shortcut),
		"POST /read":                      c.call(c.read),
		"POST /dismiss":                   c.call(c.dismiss),
		"POST /member":                    c.call(c.member),
		"GET /assets/{file}":              keep(http.FileServerFS(mustSub(assets))),
	}
	if c.chooses() {
		routes["POST /persona"] = c.page(c.persona)
	}
	maps.Copy(routes, c.o.Visitors.Routes())
	c.addConsole(routes)
	return routes
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
		return []ask.Suggestion{}, nil
	}
	found := c.o.Complete(r.Context(), text)
	return append([]ask.Suggestion{}, found[:min(len(found), maxSuggested)]...), nil
}

const maxFound = 20

// findPeople lists people for a menu, by name or id.
func (c *Chat) findPeople(_ http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	want := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(r.FormValue("q")), "@"))
	list := []bot.Option{}
	for _, p := range v.dir.active {
		if len(list) < maxFound &&
			(strings.Contains(strings.ToLower(p.Name), want) || strings.HasPrefix(string(p.ID), want)) {
			list = append(list, markup.PersonOption(p))
		}
	}
	return list, nil
}

// findOptions lists choices for an input of the viewer's open form that fit what is typed into it.
func (c *Chat) findOptions(_ http.ResponseWriter, r *http.Request, v viewer) (any, error) {
	from, known := account(v.Person)
	words := r.FormValue("q")
	if c.o.Options == nil || !known || len(words) > 1000 {
		return []bot.Option{}, nil
	}
	found, err := c.o.Options(r.Context(), from, r.FormValue("token"), r.FormValue("input"), words)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, bot.Errorf(bot.NotFound, "There is no such form. Please open it again.")
	}
	return append([]bot.Option{}, found...), err
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
