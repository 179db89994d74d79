package login

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// The cookie has the prefix by which browsers let nobody but this host set it. That takes https, so on http, which is
// for one's own machine, it goes without.
const (
	cookieName      = "watchbell"
	secureCookie    = "__Host-" + cookieName
	longestAgent    = 200
	longestAddress  = 60
	longestNextPath = 500
)

// errSignedOut is what a request gets that nobody is behind.
var errSignedOut = &bot.Error{
	Kind: bot.Forbidden, Text: "You are signed out, so nothing was done. Reload this page to sign in again.",
}

func (s *Service) cookie() string {
	if s.encrypted() {
		return secureCookie
	}
	return cookieName
}

// Current is the session that a request came with, and its person. The error is for people; nobody is signed in then.
func (s *Service) Current(r *http.Request) (Session, bot.Person, error) {
	c, err := r.Cookie(s.cookie())
	if err != nil || !secretLike(c.Value) {
		return Session{}, bot.Person{}, errSignedOut
	}
	return s.live(r.Context(), hashed(c.Value))
}

// live finds a session that is not over, of somebody who is active.
func (s *Service) live(ctx context.Context, id string) (Session, bot.Person, error) {
	session, person, err := s.o.Store.SessionOf(ctx, id)
	switch {
	case errors.Is(err, bot.ErrNoSuch):
		return Session{}, bot.Person{}, errSignedOut
	case err != nil:
		return Session{}, bot.Person{}, err
	case session.Over(s.o.Clock.Now()) || !person.Active:
		return Session{}, bot.Person{}, errSignedOut
	}
	return session, person, nil
}

// Who is the person behind a request. Asking keeps their session alive.
func (s *Service) Who(r *http.Request) (bot.PersonID, error) {
	session, person, err := s.Current(r)
	if err != nil {
		return "", err
	}
	if now := s.o.Clock.Now(); session.stale(now) {
		if err := s.o.Store.SessionSeen(r.Context(), session.ID, now); err != nil {
			s.log.Warn("the use of a session is not noted", "session", session.Name(), "error", err)
		}
	}
	return person.ID, nil
}

// How long ago a sign-in still counts for what needs to be sure.
const (
	sureFor  = 12 * time.Hour
	freshFor = 5 * time.Minute
)

// Assurance is how surely a request comes from whoever is signed in. A link from chat shows no more than chat does.
func (s *Service) Assurance(r *http.Request) bot.Assurance {
	session, _, err := s.Current(r)
	if err != nil {
		return bot.Stale
	}
	return session.assurance(s.o.Clock.Now())
}

// Still is Who for what a page asks by itself. It keeps no session alive: a page that is left open is not used.
func (s *Service) Still(r *http.Request) (bot.PersonID, error) {
	_, person, err := s.Current(r)
	return person.ID, err
}

// Nobody leads whoever opens a page without being signed in to the sign-in page, and back from there.
func (s *Service) Nobody(w http.ResponseWriter, r *http.Request, err error) (bot.PersonID, error) {
	if !errors.Is(err, errSignedOut) {
		return "", err
	}
	to := "/login"
	if next := safeNext(r.URL.RequestURI()); next != "/" {
		to += "?next=" + queryEscape(next)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return "", nil
}

// setCookie gives the browser the secret of a session. The cookie ends with the browser or with the session's longest
// life; whether the session still holds is for us to say at each request.
func (s *Service) setCookie(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie(), Value: secret, Path: "/", HttpOnly: true, Secure: s.encrypted(), SameSite: http.SameSiteLaxMode,
		MaxAge: int(Life.Seconds()),
	})
}

func (s *Service) dropCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie(), Path: "/", HttpOnly: true, Secure: s.encrypted(), SameSite: http.SameSiteLaxMode, MaxAge: -1,
	})
}

// Guard lets requests in that were sent to the address of the pages. A page elsewhere whose name was made to lead to us
// (DNS rebinding) would otherwise be taken for ours by the browser.
func (s *Service) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.encrypted() {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch {
		case sameHost(r.Host, s.site):
			next.ServeHTTP(w, r)
		case s.local() && isLoopback(hostname(r.Host)) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			// Passkeys work with names only, and a cookie of one name is not sent to another.
			http.Redirect(w, r, s.Address(r.URL.RequestURI()), http.StatusTemporaryRedirect)
		default:
			http.Error(
				w, "This address is not the one that Watchbell serves its pages on. Open "+s.Address("/")+
					" or set web.url in the configuration.", http.StatusMisdirectedRequest,
			)
		}
	})
}

// local reports whether the pages are for this machine only.
func (s *Service) local() bool { return isLoopback(s.site.Hostname()) }

func isLoopback(name string) bool {
	if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

func hostname(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return name
}

// address is where a request came from. What a proxy says of that counts if it is one of ours; then it is the last
// address in its list that is not a proxy's, because what stands before it anybody may have written.
func (s *Service) address(r *http.Request) string {
	from := hostname(r.RemoteAddr)
	if !s.proxy(from) {
		return value.Cut(from, longestAddress)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if from = hop.String(); !s.proxy(from) {
			break
		}
	}
	return value.Cut(from, longestAddress)
}

func (s *Service) proxy(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, p := range s.o.Proxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
