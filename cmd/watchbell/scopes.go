package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
)

// permissions are those of all commands that a token may be for, and the rights that only their exact name gives.
// personal are the commands that take a person.
func permissions() (list, personal []string) {
	b := engine.New(engine.Options{Store: noStore{}})
	for _, c := range []bot.Capability{
		response.New(nil, b, response.Options{}).Capability(), control.New(nil, b, control.Options{}).Capability(),
		oncall.New(nil, b, oncall.Options{}).Capability(), report.New(nil, b, report.Options{}).Capability(),
	} {
		list = append(list, c.Noun.Name+".help")
		for _, x := range c.Commands {
			if x.InPerson {
				personal = append(personal, x.Name)
			} else {
				list = append(list, x.Permission)
			}
		}
		for _, granted := range c.Grants {
			for _, p := range granted {
				if strings.Contains(p, ":") {
					list = append(list, p)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), personal
}

// checkScope refuses a scope that gives nothing: a slip must not make a token that can do less than is thought.
func checkScope(scope string) error {
	all, personal := permissions()
	if slices.Contains(personal, scope) {
		return bot.Errorf(bot.Invalid, "--scope: no token may do %s, for it takes a person.", scope)
	}
	gives := func(p string) bool {
		noun, verb, _ := strings.Cut(p, ".")
		return scope == p || scope == noun+".*" || scope == "*."+verb
	}
	if scope == "*" || slices.ContainsFunc(all, gives) {
		return nil
	}
	hint := ""
	if near := value.Nearest(scope, all); near != "" {
		hint = fmt.Sprintf(" Did you mean %s?", near)
	}
	return bot.Errorf(
		bot.Invalid,
		"--scope: %q is not a scope.%s Write the name of a command, like change.gate, or all of a noun, like "+
			"change.*\nThe scopes are:\n%s",
		value.Cut(value.Line(scope), 80), hint, strings.Join(byNoun(all), "\n"),
	)
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
