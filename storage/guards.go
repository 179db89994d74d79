package storage

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// peopleGuard is the name of the guard of accounts, roles, groups, delegations and tokens.
const peopleGuard = "people"

// serviceGuard names the guard of the open incidents on a service.
func serviceGuard(service string) string { return "service:" + service }

// readGuards reads the versions of guards. Read them before what they stand for.
func readGuards(tx *gorm.DB, names ...string) ([]bot.Guard, error) {
	var t together
	guards := t.guards(names)
	if err := t.all(tx); err != nil {
		return nil, err
	}
	return guards(), nil
}

// guards reads the versions of guards.
func (t *together) guards(names []string) func() []bot.Guard {
	rows := new([]commit.GuardRow)
	t.add("read guards", rows, "SELECT * FROM guards WHERE name IN ?", names)
	return func() []bot.Guard { return versionsOf(names, *rows) }
}

func versionsOf(names []string, rows []commit.GuardRow) []bot.Guard {
	guards := make([]bot.Guard, len(names))
	for i, name := range names {
		guards[i].Name = name
		for _, row := range rows {
			if row.Name == name {
				guards[i].Version = row.Version
			}
		}
	}
	return guards
}
