package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Permissions are all that there are in an installation: those that a token can be for, and the commands that take a
// person.
type Permissions struct {
	All, Personal []string
}

// PermissionsOf are the permissions of commands, and the rights that only their exact name gives.
func PermissionsOf(commands []*bot.Command, rights []string) Permissions {
	var p Permissions
	for _, c := range commands {
		if c.InPerson {
			p.Personal = append(p.Personal, c.Name)
		} else {
			p.All = append(p.All, c.Permission)
		}
	}
	p.All = append(p.All, rights...)
	slices.Sort(p.All)
	p.All = slices.Compact(p.All)
	return p
}

// Check refuses a scope that gives nothing: a slip must not make a token that can do less than is thought.
func (p Permissions) Check(scope string) error {
	gives := func(permission string) bool {
		noun, verb, _ := strings.Cut(permission, ".")
		return scope == permission || scope == noun+".*" || scope == "*."+verb
	}
	switch {
	case scope == "" || strings.ContainsAny(scope, " ,\t\r\n"):
		return bot.Errorf(
			bot.Invalid, "Scope: %q is not a scope. Give each by itself, like change.gate and change.start.", bot.Shown(scope),
		).About("scope")
	case slices.Contains(p.Personal, scope):
		return bot.Errorf(bot.Invalid, "Scope: no token may do %s, for it takes a person.", scope).About("scope")
	case scope == "*" || slices.ContainsFunc(p.All, gives):
		return nil
	}
	hint := ""
	if near := value.Nearest(scope, p.All); near != "" {
		hint = fmt.Sprintf(" Did you mean %s?", near)
	}
	return bot.Errorf(
		bot.Invalid,
		"Scope: %q is not a scope.%s Write the name of a command, like change.gate, or all of a noun, like "+
			"change.*\nThe scopes are:\n%s",
		bot.Shown(scope), hint, strings.Join(byNoun(p.All), "\n"),
	).About("scope")
}

// byNoun lists permissions with one line for each noun.
func byNoun(all []string) []string {
	var lines []string
	for _, p := range all {
		noun, _, _ := strings.Cut(p, ".")
		if n := len(lines); n > 0 && strings.HasPrefix(lines[n-1], "  "+noun+".") {
			lines[n-1] += ", " + p
			continue
		}
		lines = append(lines, "  "+p)
	}
	return lines
}
