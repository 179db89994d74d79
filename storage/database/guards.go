package database

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// PeopleGuard is the name of the guard of accounts, roles, groups, delegations and tokens.
const PeopleGuard = "people"

// ServiceGuard names the guard of the open incidents on a service.
func ServiceGuard(service string) string { return "service:" + service }

// ReadGuards reads the versions of guards. Read them before what they stand for.
func ReadGuards(tx *gorm.DB, names ...string) ([]bot.Guard, error) {
	var t Together
	guards := t.Guards(names)
	if err := t.All(tx); err != nil {
		return nil, err
	}
	return guards(), nil
}

// Guards adds a read of the versions of guards, which the function it returns then knows. Add it before what they stand
// for.
func (t *Together) Guards(names []string) func() []bot.Guard {
	rows := new([]commit.GuardRow)
	t.Add("read guards", rows, "SELECT * FROM guards WHERE name IN ?", names)
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
