// Package bell serves what belongs to being told beyond chat: the page that a link in a notification leads to, and the
// page on which somebody lets their browser be told.
//
// The first works without signing in: its link was sent to one person about one thing, and is signed. Opening it changes
// nothing, as mail scanners and chats open links; its one button is a POST, and a phone may send that by itself.
package bell

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Answers knows what links lead to. *notify.Service is one.
type Answers interface {
	// Open says what a link leads to and who would answer by it, and changes nothing.
	Open(ctx context.Context, token string) (bot.Ringing, bot.PersonID, error)
	// Answer answers. Called again it has the same answer and no second effect.
	Answer(ctx context.Context, token string) (bot.Reply, error)
}

// Options are what the pages are made of.
type Options struct {
	Name    string // of the installation
	Answers Answers
	Names   func(ctx context.Context) (map[bot.PersonID]string, error)
	// Key is the public key by which push services know us.
	Key func(ctx context.Context) (string, error)
	Log *slog.Logger // default: discard
}

// Pages serves them. It is safe for concurrent use.
type Pages struct{ o Options }

// New makes the pages.
func New(o Options) *Pages {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Pages{o}
}

//go:embed assets templates
var files embed.FS

var templates = template.Must(template.ParseFS(files, "templates/*.html"))

// path is below what links lead to; assets are behind a name that no token has.
const (
	path   = "/bell/"
	assets = path + "-/"
)

// policy allows these pages a style sheet and a form, and no script at all.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// Before takes what is behind a link and leaves everything else to next.
func (p *Pages) Before(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path+"{token}", p.open)
	mux.HandleFunc("POST "+path+"{token}", p.answer)
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // not embedded: a fault of the build
	}
	mux.Handle("GET "+assets, http.StripPrefix(assets, http.FileServerFS(sub)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, path) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer") // the address of the page is the secret
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// maxBody is more than the empty form of the page sends.
const maxBody = 4 << 10

// view is the page of a link.
type view struct {
	Name, Title, Text, Who, Over, Said, Label string
	Good                                      bool
}

func (p *Pages) open(w http.ResponseWriter, r *http.Request) {
	says, who, err := p.o.Answers.Open(r.Context(), r.PathValue("token"))
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	v := view{Title: says.Title, Text: says.Text, Over: says.Over, Label: "Acknowledge", Who: p.nameOf(r.Context(), who)}
	p.send(w, http.StatusOK, "answer", v)
}

func (p *Pages) answer(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	// The browser may lose its connection: the answer counts all the same.
	reply, err := p.o.Answers.Answer(context.WithoutCancel(r.Context()), token)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	v := view{Good: reply.Status == bot.Done}
	if reply.Message != nil {
		v.Said = reply.Message.Line()
	}
	status := http.StatusOK
	switch {
	case reply.Status == bot.Unready:
		status = http.StatusServiceUnavailable
	case !v.Good:
		status = http.StatusConflict
	}
	if says, who, err := p.o.Answers.Open(r.Context(), token); err == nil {
		v.Title, v.Text, v.Who = says.Title, says.Text, p.nameOf(r.Context(), who)
	}
	p.send(w, status, "answered", v)
}

func (p *Pages) nameOf(ctx context.Context, who bot.PersonID) string {
	names, err := p.o.Names(ctx)
	if err != nil || names[who] == "" {
		return string(who)
	}
	return names[who]
}

// refuse shows why there is nothing to answer. Ours is logged, without the link.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *bot.Error
	status, text := http.StatusServiceUnavailable, "Watchbell cannot reach its database. Please try again in a moment."
	if errors.As(err, &e) {
		text = e.Text
		if status = http.StatusConflict; e.Kind == bot.NotFound {
			status = http.StatusNotFound
		}
	} else if r.Context().Err() == nil {
		p.o.Log.Error("a link of a notification was not followed", "error", err)
	}
	p.send(w, status, "answered", view{Said: text})
}

func (p *Pages) send(w http.ResponseWriter, status int, name string, v view) {
	v.Name = p.o.Name
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		p.o.Log.Error("render", "page", name, "error", err)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader who went away
}

// Browser is the page on which somebody lets their browser be told.
type Browser struct {
	Name, Version string
	Person        bot.Person
	Key           string
}

// Browser shows that page.
func (p *Pages) Browser(ctx context.Context, w http.ResponseWriter, who bot.Person, version string) error {
	key, err := p.o.Key(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "browser", Browser{p.o.Name, version, who, key}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // a reader who went away
	return nil
}
