package bot

import (
	"slices"
	"time"
)

// PersonID names a person of this installation, like "ana". It never changes.
type PersonID string

// Account is who a platform says is acting: the identity is the triple, never a display name or an e-mail address.
type Account struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace,omitempty"`
	User      string `json:"user"`
}

// Person is somebody known to this installation, with accounts on any number of platforms.
type Person struct {
	ID       PersonID
	Name     string
	Email    string
	Zone     *time.Location // nil: the installation's
	Roles    []string
	Groups   []string
	Active   bool
	Accounts []Account
	AsOf     Guard `json:"-"` // of the directory when it was read; no name: of no directory
}

// Location is the person's zone, UTC when unknown.
func (p Person) Location() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// Has reports whether the person has the role.
func (p Person) Has(role string) bool { return slices.Contains(p.Roles, role) }

// PreferActive returns those of people who are active, or all of them if nobody is. Among people of one name, the
// active one is meant: somebody inactive often has the name of the person whose former account they keep.
func PreferActive(people []Person) []Person {
	var active []Person
	for _, p := range people {
		if p.Active {
			active = append(active, p)
		}
	}
	if len(active) == 0 {
		return people
	}
	return active
}

// LocationOr is the person's zone, or the one that holds for everybody who has none.
func (p Person) LocationOr(zone *time.Location) *time.Location {
	if p.Zone != nil {
		return p.Zone
	}
	return zone
}
