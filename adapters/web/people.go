package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// people knows everybody. Who may do what is the core's affair, so a list that is a few seconds old does no harm.
type people struct {
	all  func(context.Context) ([]bot.Person, error)
	zone *time.Location // of those who have none
	mu   sync.Mutex
	list directory
	read time.Time
}

const directoryAge = 3 * time.Second

// directory is everybody at one moment.
type directory struct {
	byID   map[bot.PersonID]bot.Person
	active []bot.Person // by name
}

func (p *people) now(ctx context.Context) (directory, error) { return p.notOlder(ctx, directoryAge) }

// with finds whose account it is. Somebody who is not known yet may have come a moment ago.
func (p *people) with(ctx context.Context, a bot.Account) (person bot.Person, known bool, err error) {
	for _, age := range []time.Duration{directoryAge, 0} {
		d, err := p.notOlder(ctx, age)
		if err != nil {
			return bot.Person{}, false, err
		}
		if person, known = d.with(a); known {
			break
		}
	}
	return person, known, nil
}

func (p *people) notOlder(ctx context.Context, age time.Duration) (directory, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.read) < age {
		return p.list, nil
	}
	everybody, err := p.all(ctx)
	if err != nil {
		return directory{}, err
	}
	d := directory{byID: make(map[bot.PersonID]bot.Person, len(everybody))}
	for _, person := range everybody {
		if person.Zone == nil {
			person.Zone = p.zone
		}
		d.byID[person.ID] = person
		if person.Active {
			d.active = append(d.active, person)
		}
	}
	slices.SortFunc(d.active, func(a, b bot.Person) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	p.list, p.read = d, time.Now()
	return d, nil
}

// name is what to call somebody, also one who is no longer known.
func (d directory) name(id bot.PersonID) string {
	if id == "" {
		return botName
	}
	if p, ok := d.byID[id]; ok {
		return p.Name
	}
	return string(id)
}

const botName = "Watchbell"

// with finds whose account it is.
func (d directory) with(a bot.Account) (bot.Person, bool) {
	for _, p := range d.byID {
		if mine, ok := account(p); ok && mine.User == a.User {
			return p, true
		}
	}
	return bot.Person{}, false
}

// account is how the core knows a person here, if at all.
func account(p bot.Person) (bot.Account, bool) {
	i := slices.IndexFunc(p.Accounts, func(a bot.Account) bool { return a.Platform == Platform })
	if i < 0 {
		return bot.Account{}, false
	}
	return p.Accounts[i], true
}

// viewer is the person a page is made for.
type viewer struct {
	bot.Person
	dir directory
}

const personaCookie = "watchbell_persona"

// viewer says who sends a request. A page names the person it was made for; when another tab chose somebody else
// meanwhile, nothing is done.
func (c *Chat) viewer(r *http.Request) (viewer, error) {
	v, err := c.chosen(r)
	if as := r.URL.Query().Get("as"); err == nil && as != "" && as != string(v.ID) {
		return viewer{}, bot.Errorf(
			bot.Conflict, "Another tab now acts as %s, so nothing was done. Reload this page to act as %s too.", v.Name, v.Name,
		)
	}
	return v, err
}

// chosen is whom somebody chose to act as, or ana or else the first active person before they chose anybody.
func (c *Chat) chosen(r *http.Request) (viewer, error) {
	d, err := c.people.now(r.Context())
	if err != nil {
		return viewer{}, err
	}
	cookie, err := r.Cookie(personaCookie)
	if err != nil {
		return d.firstViewer()
	}
	p, ok := d.byID[bot.PersonID(cookie.Value)]
	switch {
	case !ok:
		return viewer{}, bot.Errorf(
			bot.Forbidden, "The person you acted as is not known here any more. Reload the page to act as somebody else.",
		)
	case !p.Active:
		return viewer{}, bot.Errorf(
			bot.Forbidden, "The account of %s is deactivated. Reload the page to act as somebody else.", p.Name,
		)
	}
	return viewer{p, d}, nil
}

// pageViewer is viewer, but a page begins anew with the first person when the chosen one is gone. An action never does:
// it would be somebody else's.
func (c *Chat) pageViewer(r *http.Request) (viewer, error) {
	v, err := c.chosen(r)
	var e *bot.Error
	if !errors.As(err, &e) || e.Kind != bot.Forbidden {
		return v, err
	}
	d, err := c.people.now(r.Context())
	if err != nil {
		return viewer{}, err
	}
	return d.firstViewer()
}

func (d directory) firstViewer() (viewer, error) {
	if p, ok := d.byID["ana"]; ok && p.Active {
		return viewer{p, d}, nil
	}
	if len(d.active) == 0 {
		return viewer{}, errNobody
	}
	return viewer{d.active[0], d}, nil
}

var errNobody = bot.Errorf(bot.Unavailable, "Nobody is configured yet. Add people to the configuration.")
