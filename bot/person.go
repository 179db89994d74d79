package bot

import (
	"slices"
	"strings"
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

// Grants maps a role to the permissions it gives: a permission by name, or a pattern like "incident.*".
type Grants map[string][]string

// DefaultGrants are the built-in roles. The configuration may add roles or replace what one gives.
func DefaultGrants() Grants {
	read := []string{"*.help", "incident.show", "incident.list", "incident.timeline", "incident.tasks", "incident.export", "change.show", "change.list", "change.calendar", "oncall.who", "oncall.list"}
	audit := append(slices.Clone(read), "change.explain", "change.policy", "change.evidence", "change.metrics", "change.feed", "change.verify-card", "report.list", "report.preview", "report.export", "report.ack")
	guest := append(slices.Clone(read), "incident.note")
	// Who decides about which change is the policy's affair, so all members may use these commands.
	member := append(slices.Clone(guest), "incident.declare", "incident.join", "change.*", "report.*", "oncall.*")
	return Grants{
		"guest":         guest,
		"member":        member,
		"manager":       member,
		"approver":      member,
		"auditor":       audit,
		"responder":     append(slices.Clone(member), "incident.*"),
		"incident-lead": append(slices.Clone(member), "incident.*", "incident:override"),
		"admin":         {"*", "incident:override", "report:override", "oncall:override"},
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
