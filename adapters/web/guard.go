package web

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// policy allows a page nothing but what this server sends it, and no inline code or style at all.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"font-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded refuses requests that no page of ours would send, before anything else looks at them.
func (c *Chat) guarded(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !c.o.Personas:
			http.Error(
				w,
				"The web chat has no login yet, so it is only open in the demo: start Watchbell with the demo configuration on "+
					"your own machine.",
				http.StatusForbidden,
			)
		case forwardedBy(r) != "":
			http.Error(
				w,
				"This request came through a proxy (it has the header "+forwardedBy(r)+
					"). Here everybody acts as whoever they choose, so behind a proxy anybody could act as anybody. Open the page "+
					"on the machine itself, for example through an SSH tunnel.",
				http.StatusForbidden,
			)
		case !c.ourHost(r.Host):
			http.Error(
				w, "This address is not one that Watchbell serves its demo on. Open it as localhost.", http.StatusForbidden,
			)
		case foreign(r) || cross.Check(r) != nil:
			http.Error(w, "This request does not come from a page of Watchbell, so it was refused.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// forwardedBy names the header by which a proxy tells that it passed a request on, "" when there is none.
func forwardedBy(r *http.Request) string {
	for _, name := range []string{
		"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto",
	} {
		if len(r.Header.Values(name)) > 0 {
			return name
		}
	}
	return ""
}

// ourHost reports whether a Host header names this machine. A page elsewhere whose name was made to resolve to us (DNS
// rebinding) would otherwise be taken for ours by the browser, and act as any person.
func (c *Chat) ourHost(host string) bool {
	if c.o.Listener != nil && host == c.o.Listener.Addr().String() {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
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

func (c *Chat) page(h page) http.HandlerFunc { return c.looked(c.pageViewer, h) }

// part is a handler of what a page of one person loads later: it must be the same person.
func (c *Chat) part(h page) http.HandlerFunc { return c.looked(c.viewer, h) }

func (c *Chat) looked(who func(*http.Request) (viewer, error), h page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := who(r)
		if err == nil {
			err = h(w, r, v)
		}
		if err != nil {
			status, text := c.explain(r, err)
			c.showProblem(w, status, text)
		}
	}
}

func (c *Chat) call(h call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := c.viewer(r)
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
