package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Personas lets whoever opens a page act as any person: for the demo on one's own machine only, so it is served to
// loopback addresses and the listener's own.
type Personas struct {
	people func(context.Context) ([]bot.Person, error)
	listen string
}

var (
	_ Visitors = Personas{}
	_ chooser  = Personas{}
)

// NewPersonas lets people act as any of those. listen is the address of the listener, "" when there is none.
func NewPersonas(people func(context.Context) ([]bot.Person, error), listen string) Personas {
	return Personas{people, listen}
}

// Chooses says that people may act as somebody else.
func (Personas) Chooses() {}

// Guard implements Visitors.
func (p Personas) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case forwardedBy(r) != "":
			http.Error(
				w,
				"This request came through a proxy (it has the header "+forwardedBy(r)+
					"). Here everybody acts as whoever they choose, so behind a proxy anybody could act as anybody. Open the page "+
					"on the machine itself, for example through an SSH tunnel.",
				http.StatusForbidden,
			)
		case !p.ourHost(r.Host):
			http.Error(
				w, "This address is not one that Watchbell serves its demo on. Open it as localhost.", http.StatusForbidden,
			)
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
func (p Personas) ourHost(host string) bool {
	return p.listen != "" && host == p.listen || ThisMachine(host)
}

// ThisMachine reports whether a host, with or without a port, is a name or address that no other machine has.
func ThisMachine(host string) bool {
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

const personaCookie = "watchbell_persona"

// Who implements Visitors: whom somebody chose to act as, or ana or else the first active person before they chose
// anybody.
func (p Personas) Who(r *http.Request) (bot.PersonID, error) {
	cookie, err := r.Cookie(personaCookie)
	if err != nil {
		return p.first(r.Context())
	}
	all, err := p.people(r.Context())
	if err != nil {
		return "", err
	}
	for _, person := range all {
		switch {
		case string(person.ID) != cookie.Value:
		case !person.Active:
			return "", bot.Errorf(
				bot.Forbidden, "The account of %s is deactivated. Reload the page to act as somebody else.", person.Name,
			)
		default:
			return person.ID, nil
		}
	}
	return "", bot.Errorf(
		bot.Forbidden, "The person you acted as is not known here any more. Reload the page to act as somebody else.",
	)
}

// Nobody implements Visitors: a page begins anew with the first person when the chosen one is gone. An action never
// does, since it would be somebody else's.
func (p Personas) Nobody(_ http.ResponseWriter, r *http.Request, err error) (bot.PersonID, error) {
	var e *bot.Error
	if !errors.As(err, &e) || e.Kind != bot.Forbidden {
		return "", err
	}
	return p.first(r.Context())
}

// Still implements Visitors.
func (p Personas) Still(r *http.Request) (bot.PersonID, error) { return p.Who(r) }

func (p Personas) first(ctx context.Context) (bot.PersonID, error) {
	all, err := p.people(ctx)
	if err != nil {
		return "", err
	}
	d := newDirectory(all, nil)
	if p, ok := d.byID["ana"]; ok && p.Active {
		return p.ID, nil
	}
	if len(d.active) == 0 {
		return "", errNobody
	}
	return d.active[0].ID, nil
}

var errNobody = bot.Errorf(bot.Unavailable, "Nobody is configured yet. Add people to the configuration.")

// Routes implements Visitors. The chat itself switches, since it leads back to the channel that the person may see.
func (Personas) Routes() map[string]http.Handler { return nil }
