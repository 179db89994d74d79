package change

import (
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
)

// freezeGuard is the name of the guard of the freezes that were added by command.
const freezeGuard = "freezes"

func environmentGuard(env string) string { return "env:" + env }

func templateGuard(template string) string { return "template:" + template }

// guardsOf are the names of what a decision about a change depends on.
func guardsOf(c *change.Change, near []string) []string {
	names := []string{database.PeopleGuard, freezeGuard, environmentGuard(c.Env)}
	for _, service := range near {
		names = append(names, database.ServiceGuard(service))
	}
	if name := templateName(c.Template); name != "" {
		names = append(names, templateGuard(name))
	}
	return names
}
