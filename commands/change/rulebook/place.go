package rulebook

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Place is what one request knows of the installation beside the change: read before the transaction, because it may
// ask chat platforms.
type Place struct {
	Policy  *policy.Policy
	People  []bot.Person
	Catalog policy.Catalog
	Roster  change.Roster // of the groups as the change's requirement defines them
	Today   change.Roster // of the policy's groups
}

// Prepare reads policy, people and groups for a change. live asks chat platforms who is in their groups, which is what
// votes need; otherwise what was last known counts.
func (b *Book) Prepare(ctx context.Context, c *change.Change, live bool) (Place, error) {
	var p Place
	var err error
	if p.People, err = b.o.People(ctx); err != nil {
		return p, err
	}
	if p.Catalog, err = b.CatalogOf(ctx, p.People); err != nil {
		return p, err
	}
	p.Policy = b.current(ctx, p.Catalog)
	groups := map[string]policy.Group{}
	if p.Policy != nil {
		groups = p.Policy.Groups
	}
	if p.Today, err = b.Roster(ctx, p, groups, c.Services, live); err != nil {
		return p, err
	}
	p.Roster = p.Today
	if p.Policy != nil && p.Policy.SHA != c.Needs.SHA { // where a group may have been another
		p.Roster, err = b.Roster(ctx, p, c.Needs.Groups, c.Services, live)
	}
	return p, err
}

// Near lists the services on which an open incident matters to a change.
func (p Place) Near(c *change.Change) []string {
	if near := p.Catalog.Hop(c.Services); near != nil {
		return near
	}
	return []string{}
}

// World puts together what the database knows with what was prepared.
func (p Place) World(c *change.Change, a change.Around, at time.Time) change.World {
	w := change.World{
		At:          at,
		Policy:      p.Policy,
		Catalog:     p.Catalog,
		Others:      a.Others,
		Open:        a.Open,
		Delegations: a.Delegations,
		Roster:      p.Roster,
		Today:       p.Today,
		Failures:    a.Failures,
		SameDay:     a.SameDay,
	}
	if p.Policy != nil {
		w.Freezes = slices.Concat(p.Policy.Freezes, a.Freezes)
		if name, _, _ := strings.Cut(c.Template, "@"); name != "" {
			named := func(t policy.Template) bool { return t.Name == name }
			if i := slices.IndexFunc(p.Policy.Templates, named); i >= 0 {
				w.Template = &p.Policy.Templates[i]
				w.Record = policy.TemplateRecord{Approvals: a.Approvals[w.Template.Digest], Runs: a.Runs}
			}
		}
	} else {
		w.Freezes = a.Freezes
	}
	return w
}

// Actor is who acts, with what the policy lets them do.
func Actor(who bot.Person, w change.World) change.Actor {
	a := change.Actor{Person: who.ID}
	if w.Policy != nil {
		in := func(group string) bool {
			if group == "" {
				return false
			}
			active := func(m change.Member) bool { return m.Person == a.Person && w.Today.People[m.Person] }
			if slices.ContainsFunc(w.Today.Groups[group], active) {
				return true
			}
			_, ok := w.Policy.Groups[group].Holds(who)
			return ok
		}
		a.Manager = in(w.Policy.Managers)
		a.Emergency = in(w.Policy.Submitter)
		a.Glass = in(w.Policy.Breakers)
	}
	return a
}
