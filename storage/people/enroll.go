package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Enroll implements bot.Directory.
func (d *Directory) Enroll(ctx context.Context, p bot.Profile, roles []string, at time.Time) (bot.Person, error) {
	// Alone, for names are chosen here.
	err := d.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		a := p.Account
		var known []string
		if err := tx.Raw(
			"SELECT person FROM accounts WHERE platform = ? AND workspace = ? AND user_id = ?", a.Platform, a.Workspace, a.User,
		).Scan(&known).Error; err != nil {
			return nil, err
		}
		if len(known) > 0 {
			return nil, database.ErrNothing
		}
		id, fresh, err := whose(tx, p)
		if err != nil {
			return nil, err
		}
		c := &commit.Changes{}
		if fresh {
			row := newPersonRow(bot.Person{
				ID: bot.PersonID(id), Name: p.Name, Email: p.Email, Zone: p.Zone, Roles: roles, Active: true,
			})
			row.Enrolled = true
			c.Insert("", row)
			// as everybody has
			c.Insert(
				"ON CONFLICT DO NOTHING", &accountRow{"web", "", id, id, true}, &accountRow{"cli", "", id, id, true},
				&accountRow{"api", "", id, id, true},
			)
		}
		c.Insert("", &accountRow{a.Platform, a.Workspace, a.User, id, true})
		detail := fmt.Sprintf("%s is %s (%s), roles %s", a.User, id, p.Standing, strings.Join(roles, ", "))
		if !fresh {
			detail = fmt.Sprintf("%s is %s, by e-mail address", a.User, id)
		}
		c.Effects.Audit = bot.Audit{
			Action: "people.enroll", Object: "people/" + id, Result: bot.ResultDone, Detail: database.Cut(detail),
			Source: a.Platform, At: at,
		}
		return c, nil
	})
	if errors.Is(err, database.ErrNothing) {
		err = nil
	}
	if err != nil {
		return bot.Person{}, database.Error("enroll", err)
	}
	d.db.Changed(database.NewsPeople) // nobody has lost a right, so no guard moves; but lists lack somebody now
	return d.Identify(ctx, p.Account)
}

// whose finds the configured person with a member's e-mail address, or else a free id for a new one. Ids of new ones
// end in their platform, like dan-fox.slack, which the configuration may not use: so nobody whom it names later finds
// their id taken.
func whose(tx *gorm.DB, p bot.Profile) (id string, fresh bool, err error) {
	if p.Email != "" && p.Standing == bot.Member {
		var ids []string
		if err := tx.Raw("SELECT id FROM people WHERE active AND NOT enrolled AND lower(email) = lower(?)", p.Email).
			Scan(&ids).Error; err != nil {
			return "", false, err
		}
		if len(ids) == 1 { // two with one address are nobody in particular
			return ids[0], false, nil
		}
	}
	id, err = freeID(tx, p.Name, p.Account)
	return id, true, err
}

// freeID is an id for a new person with this name and account.
func freeID(tx *gorm.DB, name string, a bot.Account) (string, error) {
	base := value.Slug(name, 30)
	if base == "" {
		base = strings.ToLower(a.User)
	}
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		id += "." + a.Platform
		var taken int64
		if err := tx.Raw("SELECT count(*) FROM people WHERE id = ?", id).Scan(&taken).Error; err != nil || taken == 0 {
			return id, err
		}
	}
}
