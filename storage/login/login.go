// Package login keeps who is signed in on the web, and the links and recovery codes that sign people in.
package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository keeps sessions, links and recovery codes. It is safe for concurrent use.
type Repository struct{ db *database.DB }

var _ login.Store = Repository{}

// New returns the repository of an open database.
func New(db *database.DB) Repository { return Repository{db} }

// SessionOf implements login.Sessions. It is the one read of each request of a page, so it is one statement.
func (r Repository) SessionOf(ctx context.Context, id string) (login.Session, bot.Person, error) {
	var found struct {
		Session sessionRow `gorm:"embedded"`
		Name    string
		Zone    string
		Roles   string
		Active  bool
	}
	err := r.db.Reader(ctx).Raw(
		"SELECT s.*, p.name, p.zone, p.roles || ' ' || p.granted AS roles, p.active FROM sessions s JOIN people p ON p.id = s.person WHERE s.id = ?", id,
	).Scan(&found).Error
	if err != nil {
		return login.Session{}, bot.Person{}, database.Error("read session", err)
	}
	if found.Session.ID == "" {
		return login.Session{}, bot.Person{}, bot.ErrNoSuch
	}
	p := bot.Person{
		ID: bot.PersonID(found.Session.Person), Name: found.Name, Active: found.Active,
		Roles: slices.Compact(slices.Sorted(slices.Values(strings.Fields(found.Roles)))),
	}
	if zone, err := value.Zone(found.Zone); err == nil && found.Zone != "" {
		p.Zone = zone
	}
	return found.Session.session(), p, nil
}

// SessionsOf implements login.Sessions.
func (r Repository) SessionsOf(ctx context.Context, who bot.PersonID) ([]login.Session, error) {
	rows, err := gorm.G[sessionRow](r.db.Reader(ctx)).Where("person = ?", string(who)).Order("seen_at DESC, id").Find(ctx)
	list := make([]login.Session, len(rows))
	for i, row := range rows {
		list[i] = row.session()
	}
	return list, database.Error("list sessions", err)
}

// SessionSeen implements login.Sessions.
func (r Repository) SessionSeen(ctx context.Context, id string, at time.Time) error {
	_, err := gorm.G[sessionRow](r.db.Writer(ctx)).Where("id = ? AND seen_at < ?", id, at).Update(ctx, "seen_at", at)
	return database.Error("note the use of a session", err)
}

// EndSessions implements login.Sessions.
func (r Repository) EndSessions(ctx context.Context, who bot.PersonID, ids []string, e bot.Effects) error {
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		for _, id := range ids {
			c.Delete(&sessionRow{ID: id, Person: string(who)}, "id", "person")
		}
	})
}

// Record implements login.Sessions.
func (r Repository) Record(ctx context.Context, e bot.Effects) error {
	return r.db.Save(ctx, e, func(*commit.Changes) {})
}

// ForgetSessions implements login.Sessions.
func (r Repository) ForgetSessions(ctx context.Context, before time.Time) error {
	return errors.Join(
		r.db.Forget(
			ctx, "sessions", "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE seen_at < ? LIMIT ?)", before,
		),
		r.db.Forget(
			ctx, "links",
			"DELETE FROM login_links WHERE hash IN (SELECT hash FROM login_links WHERE expires_at < ? LIMIT ?)", before,
		),
		r.db.Forget(
			ctx, "attempts",
			"DELETE FROM login_spent WHERE id IN (SELECT id FROM login_spent WHERE until_at < ? LIMIT ?)", before,
		),
	)
}

// SaveLink implements login.Secrets.
func (r Repository) SaveLink(ctx context.Context, l login.Link, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		// Of instances that start together each prints a link for the first administrator, and any of them may be used.
		if l.Person != "" {
			older := gorm.G[linkRow](tx).Where("person = ? AND purpose = ? AND used_at IS NULL", string(l.Person), string(l.For))
			if _, err := older.Delete(ctx); err != nil {
				return nil, database.Error("forget older links", err)
			}
		}
		c := &commit.Changes{Effects: e}
		c.Insert("", newLinkRow(l))
		return c, nil
	})
}

// LinkOf implements login.Secrets.
func (r Repository) LinkOf(ctx context.Context, hash string) (login.Link, error) {
	row, err := gorm.G[linkRow](r.db.Reader(ctx)).Where("hash = ?", hash).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return login.Link{}, bot.ErrNoSuch
	}
	return row.link(), database.Error("read link", err)
}

// SaveRecovery implements login.Secrets.
func (r Repository) SaveRecovery(ctx context.Context, who bot.PersonID, hashes []string, e bot.Effects) error {
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		c.Delete(&recoveryRow{Person: string(who)}, "person")
		for _, hash := range hashes {
			c.Insert("", &recoveryRow{Hash: hash, Person: string(who), MadeAt: e.Audit.At})
		}
	})
}

// RecoveryOf implements login.Secrets.
func (r Repository) RecoveryOf(ctx context.Context, hash string) (bot.PersonID, error) {
	row, err := gorm.G[recoveryRow](r.db.Reader(ctx)).Where("hash = ? AND used_at IS NULL", hash).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", bot.ErrNoSuch
	}
	return bot.PersonID(row.Person), database.Error("read recovery code", err)
}

// RecoveryLeft implements login.Secrets.
func (r Repository) RecoveryLeft(ctx context.Context, who bot.PersonID) (int, error) {
	n, err := gorm.G[recoveryRow](r.db.Reader(ctx)).Where("person = ? AND used_at IS NULL", string(who)).Count(ctx, "*")
	return int(n), database.Error("count recovery codes", err)
}

// Enter implements login.Secrets. Everybody else who commits waits, so of two who use one link the second finds it
// used.
func (r Repository) Enter(ctx context.Context, e login.Entry) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		at, session := e.Session.Made, e.Session
		c := &commit.Changes{Effects: e.Effects}
		if err := spend(tx, e, at); err != nil {
			return nil, err
		}
		if e.First != nil {
			id, err := found(tx, c, *e.First)
			if err != nil {
				return nil, err
			}
			session.Person = id
			c.Effects.Audit.Actor, c.Effects.Audit.Object = id, "people/"+string(id)
			c.Effects.Audit.Detail = "is the first administrator; " + c.Effects.Audit.Detail
		} else if err := active(ctx, tx, session.Person); err != nil {
			return nil, err
		}
		if err := showed(ctx, tx, c, e, at); err != nil {
			return nil, err
		}
		if e.Replaces != "" {
			c.Delete(&sessionRow{ID: e.Replaces}, "id")
		}
		c.Insert("", newSessionRow(session))
		return c, nil
	})
}

// spend uses up what a sign-in uses up. bot.ErrNoSuch: somebody else did, or its time is over.
func spend(tx *gorm.DB, e login.Entry, at time.Time) error {
	use := func(hash, sql string, args ...any) error {
		if hash == "" {
			return nil
		}
		done := tx.Exec(sql, args...)
		if done.Error == nil && done.RowsAffected != 1 {
			return bot.ErrNoSuch
		}
		return database.Error("use up what signs in", done.Error)
	}
	return errors.Join(
		use(
			e.Link, "UPDATE login_links SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?", at, e.Link, at,
		),
		use(
			e.Recovery, "UPDATE recovery_codes SET used_at = ? WHERE hash = ? AND person = ? AND used_at IS NULL", at,
			e.Recovery, string(e.Session.Person),
		),
	)
}

// active refuses to sign somebody in who is not active.
func active(ctx context.Context, tx *gorm.DB, who bot.PersonID) error {
	n, err := gorm.G[founderRow](tx).Where("id = ? AND active", string(who)).Count(ctx, "*")
	if err == nil && n == 0 {
		return bot.ErrNoSuch
	}
	return database.Error("read person", err)
}

// administrators finds people who are active and have the role admin.
const administrators = "active AND ' ' || roles || ' ' || granted || ' ' LIKE '% admin %'"

// HasAdministrator reports whether there is anybody who may do everything.
func (r Repository) HasAdministrator(ctx context.Context) (bool, error) {
	n, err := gorm.G[founderRow](r.db.Reader(ctx)).Where(administrators).Count(ctx, "*")
	return n > 0, database.Error("look for an administrator", err)
}

// found makes the first administrator, with the accounts that everybody has, and returns their id. bot.ErrStale: there
// is an administrator by now.
func found(tx *gorm.DB, c *commit.Changes, p bot.Person) (bot.PersonID, error) {
	ctx := tx.Statement.Context
	n, err := gorm.G[founderRow](tx).Where(administrators).Count(ctx, "*")
	if err != nil {
		return "", database.Error("look for an administrator", err)
	}
	if n > 0 {
		return "", bot.ErrStale
	}
	base := string(p.ID)
	for n := 2; ; n++ {
		taken, err := gorm.G[founderRow](tx).Where("id = ?", string(p.ID)).Count(ctx, "*")
		if err != nil {
			return "", database.Error("look for an id", err)
		}
		if taken == 0 {
			break
		}
		p.ID = bot.PersonID(fmt.Sprintf("%s-%d", base, n))
	}
	c.Insert("", newFounderRow(p))
	for _, platform := range []string{"web", "cli", "api"} {
		c.Insert("ON CONFLICT DO NOTHING", &accountRow{platform, "", string(p.ID), string(p.ID), true})
	}
	c.Bump(database.PeopleGuard)
	return p.ID, nil
}
