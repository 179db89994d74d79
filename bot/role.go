package bot

import (
	"maps"
	"slices"
	"strings"
)

// Grants maps a role to the permissions it gives: a permission by name, or a pattern like "incident.*".
type Grants map[string][]string

// builtin are the roles that exist without being configured, each with the earlier one whose permissions it has too.
// Which permissions a role gives is for the capabilities to say (Capability.Grants).
var builtin = []struct{ name, includes string }{
	{"guest", ""},
	{"member", "guest"},
	{"responder", "member"},
	{"incident-lead", "member"},
	{"approver", "member"},
	{"manager", "member"},
	{"auditor", ""},
	{"viewer", ""},
	{"admin", "member"},
}

// Roles lists the roles that exist without being configured.
func Roles() []string {
	var names []string
	for _, r := range builtin {
		names = append(names, r.name)
	}
	return names
}

// chain is a built-in role with those that it includes, the role itself first.
func chain(role string) []string {
	var names []string
	for i := len(builtin) - 1; i >= 0; i-- {
		if r := builtin[i]; r.name == role {
			names, role = append(names, r.name), r.includes
		}
	}
	return names
}

// NewGrants are what the built-in roles give before any capability is used: help, and everything to administrators.
// A configured role is added to them, or replaces the one of its name.
func NewGrants(configured Grants) Grants {
	g := Grants{}
	for _, role := range Roles() {
		g[role] = []string{"*.help"}
	}
	g["admin"] = []string{"*"}
	maps.Copy(g, configured)
	return g
}

// Add gives the permissions of a capability to the built-in roles, and to those that build on them. What the
// configuration replaced stays as it is.
func (g Grants) Add(c, configured Grants) {
	for _, role := range Roles() {
		if _, replaced := configured[role]; replaced {
			continue
		}
		for _, from := range chain(role) {
			g[role] = append(g[role], c[from]...)
		}
	}
}

// Allow reports whether one of the person's roles gives the permission. Nothing is given to the inactive, to people
// without roles, or by an empty pattern. A permission with a colon is only given by its exact name.
func (g Grants) Allow(p Person, permission string) bool {
	if !p.Active || permission == "" {
		return false
	}
	for _, role := range p.Roles {
		for _, pattern := range g[role] {
			if matches(pattern, permission) {
				return true
			}
		}
	}
	return false
}

// Who lists the roles that give the permission, for the sentence that refuses somebody.
func (g Grants) Who(permission string) []string {
	var roles []string
	for role, patterns := range g {
		if slices.ContainsFunc(patterns, func(p string) bool { return matches(p, permission) }) {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return roles
}

// Covers reports whether one of the patterns gives a permission.
func Covers(patterns []string, permission string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, permission) })
}

func matches(pattern, permission string) bool {
	switch {
	case pattern == permission:
		return pattern != ""
	case strings.Contains(permission, ":"):
		return false
	case pattern == "*":
		return true
	case strings.HasSuffix(pattern, ".*"):
		return strings.HasPrefix(permission, strings.TrimSuffix(pattern, "*"))
	case strings.HasPrefix(pattern, "*."):
		return strings.HasSuffix(permission, strings.TrimPrefix(pattern, "*"))
	}
	return false
}
