package login

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

//go:embed templates/*.html assets
var files embed.FS

var pages = template.Must(template.New("").ParseFS(files, "templates/*.html"))

// Routes are the addresses of the sign-in. Those of ways that are off are not among them.
func (s *Service) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"GET /login":                s.answers(s.showSignIn),
		"GET /login/link/{secret}":  s.answers(s.showLink),
		"POST /login/link/{secret}": s.answers(s.useLink),
		"POST /logout":              s.answers(s.signOut),
		"GET /login/assets/{file}":  http.HandlerFunc(asset),
		"GET /me/security":          s.answers(s.showSecurity),
		"POST /me/security/end":     s.answers(s.endOne),
		"POST /me/security/others":  s.answers(s.endOthers),
	}
	if s.recovers() {
		routes["GET /login/recovery"] = s.answers(s.showRecovery)
		routes["POST /login/recovery"] = s.answers(s.useRecovery)
		routes["POST /me/security/codes"] = s.answers(s.makeCodes)
	}
	for _, way := range s.ways {
		if !s.On(way.Name()) {
			continue
		}
		for pattern, h := range way.Routes(s) {
			routes[pattern] = h
		}
	}
	return routes
}

// page is what all pages show.
type page struct {
	Title string
	Name  string // of the installation
	Wide  bool
	Next  string
	Error string            // about the whole page
	Bad   map[string]string // about fields
	Given map[string]string // what was typed
	Data  any
}

// answers makes a handler of one that returns its error.
func (s *Service) answers(h func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := h(w, r); err != nil {
			s.showProblem(w, r, err)
		}
	})
}

const maxForm = 64 << 10

// Show sends a page that one of the templates makes, which get the data as .Data.
func (s *Service) show(w http.ResponseWriter, status int, name string, p page) error {
	p.Name = s.o.Name
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // a reader who went away
	return nil
}

// showProblem is a page that says why something was not done.
func (s *Service) showProblem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := s.explain(r, err)
	if errors.Is(err, errSignedOut) && r.Method == http.MethodGet {
		_, _ = s.Nobody(w, r, err)
		return
	}
	if err := s.show(w, status, "problem", page{Title: "That did not work", Error: text}); err != nil {
		s.log.Error("render problem", "error", err)
		http.Error(w, text, status)
	}
}

// explain is where errors become a status and a sentence. Ours are logged, never shown.
func (s *Service) explain(r *http.Request, err error) (int, string) {
	var e *bot.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "That is too large for this page. Nothing was done."
	case errors.As(err, &e):
		status := map[bot.ErrorKind]int{
			bot.Invalid: http.StatusBadRequest, bot.Forbidden: http.StatusForbidden, bot.Conflict: http.StatusConflict,
			bot.NotFound: http.StatusNotFound, bot.Unavailable: http.StatusServiceUnavailable,
		}[e.Kind]
		if e.After > 0 {
			status = http.StatusTooManyRequests
		}
		return status, e.Text
	}
	if r.Context().Err() == nil {
		s.log.Error("sign-in request failed", "method", r.Method, "path", safePath(r.URL.Path), "error", err)
	}
	return http.StatusServiceUnavailable, "Watchbell cannot reach its database or had an internal error. Please try again " +
		"in a moment; the log has the details."
}

// safePath is a path as the log may hold it: without the secret of a link.
func safePath(path string) string {
	if strings.HasPrefix(path, linkPath) {
		return linkPath + "…"
	}
	return path
}

// asset serves the style sheet of these pages and the scripts of ways.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, files, "assets/"+r.PathValue("file"))
}

// signIn is what the sign-in page offers.
type signIn struct {
	Starts   []Start
	Chat     bool
	Recovery bool
	Again    bool // whoever looks is signed in, and not surely enough
}

func (s *Service) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := safeNext(r.FormValue("next"))
	session, _, err := s.Current(r)
	sure := bot.Assurance(r.FormValue("sure"))
	if err == nil && (sure == "" || session.assurance(s.o.Clock.Now()).Reaches(sure)) {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	offer := signIn{Chat: s.On(ChatLink) && sure == "", Recovery: s.recovers(), Again: err == nil}
	for _, way := range s.ways {
		if starter, can := way.(Starter); can && s.On(way.Name()) {
			offer.Starts = append(offer.Starts, starter.Starts(next)...)
		}
	}
	return s.show(w, http.StatusOK, "signin", page{Title: "Sign in", Next: next, Data: offer})
}

// linkView is what the page of a link shows.
type linkView struct {
	Purpose Purpose
	Person  string
	By      string
	Minutes int
	Passkey bool // the first administrator goes on to make one
	Doors   []Door
}

// link finds the link whose page a request is for, while it can be used.
func (s *Service) link(r *http.Request) (Link, error) {
	secret := r.PathValue("secret")
	if !secretLike(secret) {
		return Link{}, errLink
	}
	l, err := s.o.Store.LinkOf(r.Context(), hashed(secret))
	if errors.Is(err, bot.ErrNoSuch) {
		return Link{}, errLink
	}
	if err == nil {
		err = l.usable(s.o.Clock.Now())
	}
	return l, err
}

func (s *Service) showLink(w http.ResponseWriter, r *http.Request) error {
	l, err := s.link(r) // one that does not work counts as no attempt: programs open links that people got
	if err != nil {
		return err
	}
	return s.showLinkPage(w, r, l, http.StatusOK, page{})
}

func (s *Service) showLinkPage(w http.ResponseWriter, r *http.Request, l Link, status int, p page) error {
	left := l.Expires.Sub(s.o.Clock.Now())
	view := linkView{
		Purpose: l.For, By: l.By, Minutes: int((left + time.Minute - 1) / time.Minute), Passkey: s.offers("passkey"),
	}
	if l.For == FirstAdmin {
		if s.o.Doors != nil {
			view.Doors = s.o.Doors()
		}
		p.Title, p.Wide, p.Data = "First administrator", true, view
		return s.show(w, status, "first", p)
	}
	person, err := s.person(r, l.Person)
	if err != nil {
		return err
	}
	view.Person = person.Name
	p.Title, p.Data = "Sign in", view
	return s.show(w, status, "link", p)
}

// person finds somebody who is active.
func (s *Service) person(r *http.Request, id bot.PersonID) (bot.Person, error) {
	all, err := s.o.People(r.Context())
	if err != nil {
		return bot.Person{}, err
	}
	for _, p := range all {
		if p.ID == id && p.Active {
			return p, nil
		}
	}
	return bot.Person{}, errLink
}

func (s *Service) useLink(w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	l, err := s.link(r)
	if err != nil {
		s.noteFailure(r.Context(), s.address(r), "link", "", err)
		return err
	}
	proof := Proof{Person: l.Person, Way: string(l.For), Factor: "link", Detail: "made by " + l.By, Next: l.Next, link: l.Hash}
	if l.For == FirstAdmin {
		p, err := first(r.PostFormValue("name"), r.PostFormValue("email"))
		var bad bot.Problems
		if errors.As(err, &bad) {
			given := map[string]string{"name": r.PostFormValue("name"), "email": r.PostFormValue("email")}
			return s.showLinkPage(w, r, l, http.StatusBadRequest, page{Bad: bot.ByField(bad...), Given: given})
		}
		proof.first, proof.Next = &p, "/me/security?new"
	}
	switch err := s.Enter(w, r, proof); {
	case errors.Is(err, bot.ErrNoSuch):
		s.noteFailure(r.Context(), s.address(r), "link", "", errLink)
		return errLink
	case errors.Is(err, bot.ErrStale):
		return bot.Errorf(
			bot.Conflict, "There is an administrator by now, so this link makes none any more. Ask them to let you in.",
		)
	default:
		return err
	}
}

func (s *Service) showRecovery(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, http.StatusOK, "recovery", page{Title: "Recovery code", Next: safeNext(r.FormValue("next"))})
}

func (s *Service) useRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	again := page{
		Title: "Recovery code", Next: safeNext(r.PostFormValue("next")), Given: map[string]string{
			"code": r.PostFormValue("code"),
		},
	}
	code, err := parseRecovery(r.PostFormValue("code"))
	var who bot.PersonID
	if err == nil {
		who, err = s.o.Store.RecoveryOf(r.Context(), hashed(code))
		if errors.Is(err, bot.ErrNoSuch) {
			err = errRecovery
		}
	}
	if err == nil {
		err = s.Enter(w, r, Proof{
			Person: who, Way: "recovery-code", Factor: "recovery code", Next: again.Next, recovery: hashed(code),
		})
		if errors.Is(err, bot.ErrNoSuch) {
			err = errRecovery
		}
	}
	var e *bot.Error
	if errors.As(err, &e) && e.Field == "code" {
		s.noteFailure(r.Context(), s.address(r), "recovery-code", "", err)
		again.Bad = bot.ByField(e)
		return s.show(w, http.StatusBadRequest, "recovery", again)
	}
	return err
}

func (s *Service) signOut(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.Current(r)
	if err != nil && !errors.Is(err, errSignedOut) {
		return err
	}
	if err == nil {
		if err := s.end(r, person.ID, person.ID, []Session{session}); err != nil {
			return err
		}
	}
	s.dropCookie(w)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
