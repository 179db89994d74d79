package web

import (
	"cmp"
	"context"
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
	p.list, p.read = newDirectory(everybody, p.zone), time.Now()
	return p.list, nil
}

func newDirectory(everybody []bot.Person, zone *time.Location) directory {
	d := directory{byID: make(map[bot.PersonID]bot.Person, len(everybody))}
	for _, person := range everybody {
		if person.Zone == nil {
			person.Zone = zone
		}
		d.byID[person.ID] = person
		if person.Active {
			d.active = append(d.active, person)
		}
	}
	slices.SortFunc(d.active, func(a, b bot.Person) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return d
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
	dir     directory
	assured func() bot.Assurance // how surely it is them
}

// viewer says who sends a request. A page names the person it was made for; when another tab acts as somebody else
// meanwhile, nothing is done.
func (c *Chat) viewer(r *http.Request) (viewer, error) { return c.viewerBy(r, c.o.Visitors.Who) }

func (c *Chat) viewerBy(r *http.Request, who func(*http.Request) (bot.PersonID, error)) (viewer, error) {
	id, err := who(r)
	if err != nil {
		return viewer{}, err
	}
	v, err := c.viewerOf(r.Context(), id)
	v.assured = c.assuredBy(r)
	if as := r.URL.Query().Get("as"); err == nil && as != "" && as != string(v.ID) {
		return viewer{}, bot.Errorf(
			bot.Conflict, "Another tab now acts as %s, so nothing was done. Reload this page to act as %s too.", v.Name, v.Name,
		)
	}
	return v, err
}

// viewerOf is somebody who is there. Whoever is not known may have come a moment ago.
func (c *Chat) viewerOf(ctx context.Context, id bot.PersonID) (viewer, error) {
	for _, age := range []time.Duration{directoryAge, 0} {
		d, err := c.people.notOlder(ctx, age)
		if err != nil {
			return viewer{}, err
		}
		if p, ok := d.byID[id]; ok && p.Active {
			return viewer{Person: p, dir: d}, nil
		}
	}
	return viewer{}, bot.Errorf(
		bot.Forbidden, "You are not known here any more, or your account is deactivated. Ask an administrator to let you in.",
	)
}

// opener is the viewer of a page that somebody opens. It reports false when the request is answered.
func (c *Chat) opener(w http.ResponseWriter, r *http.Request) (v viewer, ok bool, err error) {
	who := c.o.Visitors.Who
	if byScript(r) {
		who = c.o.Visitors.Still
	}
	id, err := who(r)
	if err != nil {
		if id, err = c.o.Visitors.Nobody(w, r, err); err != nil || id == "" {
			return viewer{}, false, err
		}
	}
	v, err = c.viewerOf(r.Context(), id)
	v.assured = c.assuredBy(r)
	return v, err == nil, err
}

// byScript reports whether a page was asked for by the script of one, which does so whenever something happened, and
// not by somebody who went there.
func byScript(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "empty"
}

// assuredBy says how surely a request comes from its person. Few ask, so it is looked at when they do.
func (c *Chat) assuredBy(r *http.Request) func() bot.Assurance {
	sure, can := c.o.Visitors.(assurer)
	if !can {
		return func() bot.Assurance { return bot.Chat }
	}
	return sync.OnceValue(func() bot.Assurance { return sure.Assurance(r) })
}
