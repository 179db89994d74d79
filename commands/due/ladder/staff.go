package ladder

import (
	"cmp"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Hearers are who is told of a step: whoever owns it. When nobody does, or nobody who is still here, that is the team,
// else the managers. The later it gets, the more of them hear of it beside the owner.
func Hearers(d bot.Due, step int, s Staff) []bot.PersonID {
	var list []bot.PersonID
	add := func(who ...bot.PersonID) {
		for _, p := range who {
			if s.Active[p].ID != "" && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	add(d.Owner)
	if len(list) == 0 {
		add(s.Teams[d.Team]...)
	}
	if len(list) == 0 {
		add(s.Managers...)
	}
	if step <= Again {
		add(d.Lead)
	}
	if step <= teamFrom {
		add(s.Teams[d.Team]...)
	}
	if step <= bossFrom {
		add(s.Managers...)
	}
	return list
}

// Staff is who is there to be told.
type Staff struct {
	Active   map[bot.PersonID]bot.Person
	Teams    map[string][]bot.PersonID
	Managers []bot.PersonID
	Zone     *time.Location // of whoever has none, and of what nobody owns
}

// manager is the role of those who hear of what nobody else does.
const manager = "manager"

// StaffOf makes a Staff of all people.
func StaffOf(people []bot.Person, zone *time.Location) Staff {
	s := Staff{Active: map[bot.PersonID]bot.Person{}, Teams: map[string][]bot.PersonID{}, Zone: cmp.Or(zone, time.UTC)}
	for _, p := range people {
		if !p.Active {
			continue
		}
		s.Active[p.ID] = p
		for _, g := range p.Groups {
			s.Teams[g] = append(s.Teams[g], p.ID)
		}
		if p.Has(manager) {
			s.Managers = append(s.Managers, p.ID)
		}
	}
	return s
}

// ZoneOf is the zone of an active person, and of everybody else the installation's.
func (s Staff) ZoneOf(who bot.PersonID) *time.Location {
	p := s.Active[who]
	return p.LocationOr(s.Zone)
}
