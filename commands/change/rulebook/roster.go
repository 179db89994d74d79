package rulebook

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Roster reads who is in groups. A source that cannot be read fails its group, and the group then asks nobody.
func (b *Book) Roster(
	ctx context.Context, p Place, groups map[string]policy.Group, services []string, live bool,
) (change.Roster, error) {
	r := change.Roster{
		At:       b.o.Clock.Now(),
		Groups:   map[string][]change.Member{},
		Failed:   map[string]string{},
		People:   map[bot.PersonID]bool{},
		Accounts: map[string]bot.PersonID{},
	}
	for _, person := range p.People {
		r.People[person.ID] = person.Active
		for _, a := range person.Accounts {
			r.Accounts[AccountName(a)] = person.ID
		}
	}
	for name, g := range groups {
		members, failed, err := b.members(ctx, p, g, services, live)
		if err != nil {
			return r, err
		}
		r.Groups[name] = members
		if failed != "" {
			r.Failed[name] = failed
		}
	}
	return r, nil
}

// AccountName names an account as rosters and ballots do.
func AccountName(a bot.Account) string { return a.Platform + "/" + a.Workspace + "/" + a.User }

// members lists who is in a group and by what, and says which of its sources could not be read.
func (b *Book) members(
	ctx context.Context, p Place, g policy.Group, services []string, live bool,
) (members []change.Member, failed string, err error) {
	add := func(who bot.PersonID, source string) {
		if !slices.ContainsFunc(members, func(m change.Member) bool { return m.Person == who }) {
			members = append(members, change.Member{Person: who, Source: source})
		}
	}
	chat := map[string]string{}
	for _, name := range g.Chat {
		chat[name] = name
	}
	for _, person := range p.People {
		if source, ok := g.Holds(person); ok {
			add(person.ID, source)
		}
	}
	if g.Owners {
		for _, id := range services {
			svc, _ := p.Catalog.Service(id)
			for _, who := range svc.Owners {
				add(who, "owner of "+id)
			}
			for _, name := range svc.ChatGroups {
				chat[name] = "owner of " + id + " by " + name
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(chat)) {
		people, why, err := b.chatGroup(ctx, name, live)
		if err != nil {
			return nil, "", err
		}
		failed = cmp.Or(failed, why)
		for _, who := range people {
			add(who, chat[name])
		}
	}
	return members, failed, nil
}

// rewrite is how often the members of a chat platform's group are written down although nobody asked.
const rewrite = time.Minute

// chatGroup reads who is in a user group of a platform: now, or as it was last known.
func (b *Book) chatGroup(
	ctx context.Context, name string, live bool,
) (people []bot.PersonID, failed string, err error) {
	if !live {
		people, _, err = b.o.Memory.Members(ctx, name)
		if errors.Is(err, bot.ErrNoSuch) {
			return nil, name + " was never read", nil
		}
		return people, "", err
	}
	people, err = b.o.Chat.MembersOf(ctx, name)
	if err != nil {
		b.o.Log.Warn("user group not read", "group", name, "error", err)
		return nil, name + " does not answer", nil
	}
	now := b.o.Clock.Now()
	if last, ok := b.groups.Load(name); ok && now.Sub(last.(time.Time)) < rewrite {
		return people, "", nil
	}
	if err := b.o.Memory.SaveMembers(ctx, name, people, now); err != nil {
		return nil, "", err
	}
	b.groups.Store(name, now)
	return people, "", nil
}
