package web

import (
	"net/http"

	"github.com/watchbell/watchbell/bot"
)

// Visitors says who is behind the requests of browsers. There are two: *login.Service, by sessions, and Personas, for
// the demo.
type Visitors interface {
	// Guard refuses a request for the way it came, before anything else looks at it: by a name that is not ours, say.
	Guard(next http.Handler) http.Handler
	// Who is behind a request. The error is for people when nobody is.
	Who(r *http.Request) (bot.PersonID, error)
	// Nobody decides what comes of opening a page when Who knows nobody: it returns for whom to make the page all the
	// same, or "" when it has answered the request.
	Nobody(w http.ResponseWriter, r *http.Request, err error) (bot.PersonID, error)
	// Still is Who for what a page asks by itself, over and over, which is no sign that anybody uses it.
	Still(r *http.Request) (bot.PersonID, error)
	// Routes are addresses of its own, as patterns of http.ServeMux.
	Routes() map[string]http.Handler
}

// assurer is Visitors who know how surely a request comes from its person. Others know what a platform vouches for.
type assurer interface {
	Assurance(r *http.Request) bot.Assurance
}

// chooser is Visitors who let people act as somebody else. The page then offers everybody.
type chooser interface{ Chooses() }

func (c *Chat) chooses() bool {
	_, can := c.o.Visitors.(chooser)
	return can
}

// closed lets nobody in: the chat is kept, and its pages are not served.
type closed struct{}

func (closed) Guard(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The pages are not served here.", http.StatusForbidden)
	})
}

func (closed) Who(*http.Request) (bot.PersonID, error) { return "", errNobody }

func (closed) Nobody(_ http.ResponseWriter, _ *http.Request, err error) (bot.PersonID, error) {
	return "", err
}

func (closed) Still(*http.Request) (bot.PersonID, error) { return "", errNobody }

func (closed) Routes() map[string]http.Handler { return nil }
