// Package people is the directory: people with their accounts and groups, what their platforms say of them, the tokens
// of programs, and what was answered to their actions. People come from the configuration (SyncPeople) or are enrolled
// by a platform (Enroll).
package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Directory is the repository of people. It is safe for concurrent use.
type Directory struct {
	db    *database.DB
	known known
}

var (
	_ bot.Directory = (*Directory)(nil)
	_ bot.Profiles  = (*Directory)(nil)
)

// New returns the directory of a database that was just opened.
func New(db *database.DB) *Directory {
	d := &Directory{db: db}
	db.OnNews(d.known.forget)
	return d
}

type personRow struct {
	ID     string `gorm:"primaryKey"`
	Name   string
	Email  string
	Zone   string
	Roles  string // separated by spaces
	Active bool

	Enrolled bool // not by the configuration: by a platform, or on a page of ours
	MadeHere bool // on a page of ours, as the first administrator

	Granted string // roles by groups of their company's account, separated by spaces
}

func (personRow) TableName() string { return "people" }

type accountRow struct {
	Platform  string `gorm:"primaryKey"`
	Workspace string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Person    string
	Enrolled  bool
}

func (accountRow) TableName() string { return "accounts" }

type groupRow struct {
	Name   string `gorm:"primaryKey"`
	Person string `gorm:"primaryKey"`
}

func (groupRow) TableName() string { return "person_groups" }

func newPersonRow(p bot.Person) *personRow {
	zone := ""
	if p.Zone != nil {
		zone = p.Zone.String()
	}
	return &personRow{string(p.ID), p.Name, p.Email, zone, strings.Join(p.Roles, " "), p.Active, false, false, ""}
}

func (r personRow) person() bot.Person {
	p := bot.Person{ID: bot.PersonID(r.ID), Name: r.Name, Email: r.Email, Roles: strings.Fields(r.Roles), Active: r.Active}
	for _, role := range strings.Fields(r.Granted) {
		if !p.Has(role) {
			p.Roles = append(p.Roles, role)
		}
	}
	if r.Zone != "" {
		if loc, err := value.Zone(r.Zone); err == nil {
			p.Zone = loc
		}
	}
	return p
}

// Identify implements bot.Directory.
func (d *Directory) Identify(ctx context.Context, from bot.Account) (bot.Person, error) {
	if p, ok := d.known.person(from); ok {
		return p, nil
	}
	turn := d.known.begin()
	var r struct {
		Person  personRow `gorm:"embedded"`
		Version int64
	}
	err := d.db.Reader(ctx).Raw(`SELECT p.*, coalesce((SELECT version FROM guards WHERE name = 'people'), 0) AS version
FROM accounts a JOIN people p ON p.id = a.person WHERE a.platform = ? AND a.workspace = ? AND a.user_id = ?`,
		from.Platform, from.Workspace, from.User).Scan(&r).Error
	if err != nil {
		return bot.Person{}, database.Error("identify", err)
	}
	if r.Person.ID == "" {
		return bot.Person{}, bot.ErrNoSuch
	}
	p := r.Person.person()
	p.AsOf = bot.Guard{Name: database.PeopleGuard, Version: r.Version}
	d.known.keepPerson(turn, from, p)
	return p, nil
}

// PeopleNamed implements bot.Directory.
func (d *Directory) PeopleNamed(ctx context.Context, name string) ([]bot.Person, error) {
	return d.people(ctx, "", "WHERE id = lower(?) OR lower(name) = lower(?) ORDER BY id LIMIT 20", name, name)
}

// People implements bot.Directory.
func (d *Directory) People(ctx context.Context) ([]bot.Person, error) {
	if all, ok := d.known.everybody(); ok {
		return all, nil
	}
	turn := d.known.begin()
	asOf, err := d.peopleAsOf(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.people(ctx, "", "ORDER BY id")
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].AsOf = asOf
	}
	d.known.keepEverybody(turn, asOf.Version, all)
	return all, nil
}

// people reads people with their groups and those of their accounts that also meet a condition.
func (d *Directory) people(ctx context.Context, accountsToo, where string, args ...any) ([]bot.Person, error) {
	var rows []personRow
	if err := d.db.Reader(ctx).Raw("SELECT * FROM people "+where, args...).Scan(&rows).Error; err != nil ||
		len(rows) == 0 {
		return nil, database.Error("read people", err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var accounts []accountRow
	if err := d.db.Reader(ctx).Raw(
		"SELECT * FROM accounts WHERE person IN ? "+accountsToo+" ORDER BY platform, workspace, user_id", ids,
	).Scan(&accounts).Error; err != nil {
		return nil, database.Error("read accounts", err)
	}
	var groups []groupRow
	if err := d.db.Reader(ctx).Raw("SELECT * FROM person_groups WHERE person IN ? ORDER BY name", ids).
		Scan(&groups).Error; err != nil {
		return nil, database.Error("read groups", err)
	}
	people := make([]bot.Person, len(rows))
	for i, r := range rows {
		p := r.person()
		for _, a := range accounts {
			if a.Person == r.ID {
				p.Accounts = append(p.Accounts, bot.Account{Platform: a.Platform, Workspace: a.Workspace, User: a.UserID})
			}
		}
		for _, g := range groups {
			if g.Person == r.ID {
				p.Groups = append(p.Groups, g.Name)
			}
		}
		people[i] = p
	}
	return people, nil
}

// SyncPeople makes the directory what the configuration says. People no longer in it are deactivated, never deleted,
// for the records name them; those whom a platform enrolled stay as they are, unless the configuration gives their
// account to somebody else. Nobody takes over the id of an enrolled person who is not the same, see Conflicts. It
// writes one audit entry when anything changed.
func (d *Directory) SyncPeople(ctx context.Context, people []bot.Person, at time.Time) error {
	people, err := withoutConflicts(d.db.Reader(ctx), people)
	if err != nil {
		return database.Error("look for conflicts", err)
	}
	have, err := d.people(ctx, "AND NOT enrolled", "WHERE NOT enrolled ORDER BY id")
	if err == nil {
		err = d.withoutGranted(ctx, have)
	}
	if err != nil {
		return err
	}
	changes := peopleChanges(have, people)
	if len(changes) == 0 {
		return nil
	}
	return d.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		people, err := withoutConflicts(tx, people) // somebody may have been enrolled just now
		if err == nil {
			err = replacePeople(tx, people)
		}
		if err != nil {
			return nil, database.Error("save people", err)
		}
		detail := strings.Join(changes, "; ")
		c := &commit.Changes{Effects: bot.Effects{Audit: bot.Audit{
			Action: "people.sync", Object: "people", Result: bot.ResultDone, Detail: database.Cut(detail),
			Source: "configuration", At: at,
		}}}
		c.Bump(database.PeopleGuard)
		return c, nil
	})
}

// withoutGranted leaves the roles of the configuration, for comparing with it.
func (d *Directory) withoutGranted(ctx context.Context, people []bot.Person) error {
	rows, err := gorm.G[personRow](d.db.Reader(ctx)).Where("granted <> ''").Find(ctx)
	if err != nil {
		return database.Error("read roles", err)
	}
	for _, row := range rows {
		for i := range people {
			if people[i].ID == bot.PersonID(row.ID) {
				people[i].Roles = strings.Fields(row.Roles)
			}
		}
	}
	return nil
}

func replacePeople(tx *gorm.DB, people []bot.Person) error {
	for _, sql := range []string{
		"UPDATE people SET active = false WHERE NOT enrolled", "DELETE FROM accounts WHERE NOT enrolled",
		"DELETE FROM person_groups",
	} {
		if err := tx.Exec(sql).Error; err != nil {
			return err
		}
	}
	var rows, accounts, groups []any
	for _, p := range people {
		rows = append(rows, newPersonRow(p))
		for _, a := range p.Accounts {
			accounts = append(accounts, &accountRow{a.Platform, a.Workspace, a.User, string(p.ID), false})
		}
		for _, g := range p.Groups {
			groups = append(groups, &groupRow{g, string(p.ID)})
		}
	}
	for _, list := range [][]any{rows, accounts, groups} {
		for chunk := range slices.Chunk(list, 500) {
			conflict := ""
			if _, ok := chunk[0].(*personRow); ok {
				conflict = "ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, zone = excluded.zone, " +
					"roles = excluded.roles, active = excluded.active, enrolled = excluded.enrolled, made_here = excluded.made_here"
			}
			if _, ok := chunk[0].(*accountRow); ok {
				conflict = "ON CONFLICT (platform, workspace, user_id) DO UPDATE SET person = excluded.person, enrolled = " +
					"excluded.enrolled"
			}
			if err := database.Insert(tx, conflict, chunk...); err != nil {
				return err
			}
		}
	}
	return tx.Exec(
		"UPDATE people SET active = false WHERE enrolled AND NOT made_here AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.person = " +
			"people.id AND a.platform NOT IN ('web', 'cli', 'api'))",
	).Error
}

func peopleChanges(have, want []bot.Person) []string {
	describe := func(p bot.Person) string {
		return fmt.Sprintf("%s %q %q %s %v %v %v %v", p.ID, p.Name, p.Email, p.Location(), p.Roles, p.Groups, p.Accounts, p.Active)
	}
	old := map[bot.PersonID]bot.Person{}
	for _, p := range have {
		old[p.ID] = p
	}
	var changes []string
	for _, p := range want {
		slices.Sort(p.Groups)
		slices.SortFunc(p.Accounts, func(a, b bot.Account) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		was, known := old[p.ID]
		delete(old, p.ID)
		switch {
		case !known:
			changes = append(changes, fmt.Sprintf("%s added with roles %s", p.ID, strings.Join(p.Roles, ", ")))
		case describe(was) != describe(p):
			changes = append(changes, fmt.Sprintf("%s changed, roles %s", p.ID, strings.Join(p.Roles, ", ")))
		}
	}
	for id, p := range old {
		if p.Active {
			changes = append(changes, string(id)+" deactivated")
		}
	}
	slices.Sort(changes)
	return changes
}
