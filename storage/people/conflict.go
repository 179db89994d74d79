package people

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// The records name people by their ids, so an id stays with the person it was given to. Where the configuration gives
// the id of somebody whom a platform enrolled, it has to show that it means them: by one of their accounts, or by the
// e-mail address that the platform vouched for. The same holds for the first administrator, who gave an e-mail address
// on a page of ours.

// enrolledRow is somebody whom a platform enrolled, with one of their accounts there.
type enrolledRow struct {
	ID, Email, Platform, Workspace, UserID string
}

func (r enrolledRow) is(p bot.Person) bool {
	sameEmail := r.Email != "" && strings.EqualFold(r.Email, p.Email)
	if r.Platform == "web" { // everybody has that account, so it shows nothing
		return sameEmail
	}
	return sameEmail ||
		slices.Contains(p.Accounts, bot.Account{Platform: r.Platform, Workspace: r.Workspace, User: r.UserID})
}

// conflicts are the configured people whose ids belong to somebody else, whom a platform enrolled.
func conflicts(db *gorm.DB, people []bot.Person) ([]bot.PersonID, error) {
	var rows []enrolledRow
	err := db.Raw(
		`SELECT p.id, p.email, a.platform, a.workspace, a.user_id FROM people p JOIN accounts a ON a.person = p.id
WHERE p.enrolled AND (p.made_here AND a.platform = 'web' OR a.platform NOT IN ('web', 'cli', 'api'))`,
	).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	taken := map[bot.PersonID][]enrolledRow{}
	for _, r := range rows {
		taken[bot.PersonID(r.ID)] = append(taken[bot.PersonID(r.ID)], r)
	}
	var list []bot.PersonID
	for _, p := range people {
		if have := taken[p.ID]; len(have) > 0 && !slices.ContainsFunc(have, func(r enrolledRow) bool { return r.is(p) }) {
			list = append(list, p.ID)
		}
	}
	return list, nil
}

// Conflicts lists the configured people whose ids belong to somebody else, whom a platform enrolled. SyncPeople leaves
// them out: they are not there until the configuration gives them another id, or shows by an account or an e-mail
// address that they are the same.
func (d *Directory) Conflicts(ctx context.Context, people []bot.Person) ([]bot.PersonID, error) {
	list, err := conflicts(d.db.Reader(ctx), people)
	return list, database.Error("look for conflicts", err)
}

// withoutConflicts are the people whose ids are their own.
func withoutConflicts(db *gorm.DB, people []bot.Person) ([]bot.Person, error) {
	list, err := conflicts(db, people)
	if err != nil || len(list) == 0 {
		return people, err
	}
	return slices.DeleteFunc(slices.Clone(people), func(p bot.Person) bool { return slices.Contains(list, p.ID) }), nil
}
