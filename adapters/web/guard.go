package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/watchbell/watchbell/bot"
)

// policy allows a page nothing but what this server sends it, and no inline code or style at all.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"font-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded refuses requests that no page of ours would send, before anything else looks at them.
func (c *Chat) guarded(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return headed(c.o.Visitors.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case foreign(r) || cross.Check(r) != nil:
			http.Error(w, "This request does not come from a page of Watchbell, so it was refused.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})))
}

// headed gives every answer the headers by which browsers keep a page from others, also those that refuse.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// foreign reports whether a request was sent by another site's page. Reading counts too, for a stream tells what
// happens. A POST must say where it comes from; every browser of the last years does.
func foreign(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if r.Method == http.MethodPost && site == "" && origin == "" {
		return true
	}
	if origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != r.Host {
			return true
		}
	}
	navigates := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Method == http.MethodGet
	return (site == "cross-site" || site == "same-site") && !navigates
}

// page is a handler of something people look at, call one that our script calls. Both return errors for people or our
// own.
type page func(w http.ResponseWriter, r *http.Request, v viewer) error

type call func(w http.ResponseWriter, r *http.Request, v viewer) (any, error)

func (c *Chat) page(h page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok, err := c.opener(w, r)
		if ok {
			err = h(w, r, v)
		}
		c.problem(w, r, err)
	}
}

// part is a handler of what a page of one person loads later: it must be the same person.
func (c *Chat) part(h page) http.HandlerFunc { return c.partBy(h, c.o.Visitors.Who) }

// watched is part for what a page loads by itself, whether or not anybody looks at it.
func (c *Chat) watched(h page) http.HandlerFunc { return c.partBy(h, c.o.Visitors.Still) }

func (c *Chat) partBy(h page, who func(*http.Request) (bot.PersonID, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := c.viewerBy(r, who)
		if err == nil {
			err = h(w, r, v)
		}
		c.problem(w, r, err)
	}
}

// problem shows an error, if there is one.
func (c *Chat) problem(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		status, text := c.explain(r, err)
		c.showProblem(w, status, text)
	}
}

func (c *Chat) call(h call) http.HandlerFunc { return c.callBy(h, c.o.Visitors.Who) }

// polled is call for what our script asks by itself, whether or not anybody looks at its page.
func (c *Chat) polled(h call) http.HandlerFunc { return c.callBy(h, c.o.Visitors.Still) }

func (c *Chat) callBy(h call, who func(*http.Request) (bot.PersonID, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := c.viewerBy(r, who)
		var body any
		if err == nil {
			body, err = h(w, r, v)
		}
		status := http.StatusOK
		if err != nil {
			var text string
			status, text = c.explain(r, err)
			body = answer{Error: text}
		} else if a, ok := body.(answer); ok && a.Status == statusWorking {
			status = http.StatusAccepted
		}
		data, err := json.Marshal(body)
		if err != nil {
			c.log.Error("answer not encoded", "path", r.URL.Path, "error", err)
			status, data = http.StatusInternalServerError, []byte(
				`{"error":"Watchbell had an internal error. The log has the details."}`,
			)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(data, '\n')) // a reader who went away
	}
}

// explain is where errors become a status and a sentence. Ours are logged, never shown.
func (c *Chat) explain(r *http.Request, err error) (int, string) {
	var e *bot.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "That is too large: at most 256 KiB can be sent at once. Nothing was sent."
	case errors.As(err, &e):
		status := map[bot.ErrorKind]int{
			bot.Invalid: http.StatusBadRequest, bot.Forbidden: http.StatusForbidden, bot.Conflict: http.StatusConflict,
			bot.NotFound: http.StatusNotFound, bot.Unavailable: http.StatusServiceUnavailable,
		}[e.Kind]
		return status, e.Text
	case errors.Is(err, bot.ErrGone):
		return http.StatusNotFound, "That does not exist any more. Please reload the page."
	}
	if r.Context().Err() == nil {
		c.log.Error("web request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	return http.StatusServiceUnavailable,
		"Watchbell cannot reach its database or had an internal error. Please try again in a moment; the log has the details."
}
