package login

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

type spentRow struct {
	ID      string `gorm:"primaryKey"`
	UntilAt time.Time
}

func (spentRow) TableName() string { return "login_spent" }

// Spend implements attempt.Store.
func (r Repository) Spend(ctx context.Context, id string, until time.Time) (bool, error) {
	done := r.db.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&spentRow{id, until.UTC()})
	return done.RowsAffected == 1, database.Error("use up an attempt to sign in", done.Error)
}

type passkeyRow struct {
	ID         string `gorm:"primaryKey"` // as all bytes, base64url
	Person     string
	Handle     string
	Name       string
	PublicKey  string
	Counter    int64
	Synced     bool
	Transports string // separated by spaces
	MadeAt     time.Time
	UsedAt     *time.Time
}

func (passkeyRow) TableName() string { return "passkeys" }

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newPasskeyRow(p passkey.Passkey) *passkeyRow {
	return &passkeyRow{
		text(p.ID), string(p.Person), text(p.Handle), p.Name, text(p.Key), int64(p.Counter), p.Synced,
		strings.Join(p.Transports, " "), p.Made.UTC(), database.OrNull(p.Used),
	}
}

func (r passkeyRow) passkey() (passkey.Passkey, error) {
	p := passkey.Passkey{
		Person: bot.PersonID(r.Person), Name: r.Name, Counter: uint32(r.Counter), Synced: r.Synced,
		Transports: strings.Fields(r.Transports), Made: r.MadeAt.UTC(), Used: database.OrZero(r.UsedAt),
	}
	var errs [3]error
	p.ID, errs[0] = base64.RawURLEncoding.DecodeString(r.ID)
	p.Handle, errs[1] = base64.RawURLEncoding.DecodeString(r.Handle)
	p.Key, errs[2] = base64.RawURLEncoding.DecodeString(r.PublicKey)
	return p, errors.Join(errs[:]...)
}

// PasskeyOf implements login.Passkeys.
func (r Repository) PasskeyOf(ctx context.Context, id []byte) (passkey.Passkey, error) {
	row, err := gorm.G[passkeyRow](r.db.Reader(ctx)).Where("id = ?", text(id)).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return passkey.Passkey{}, passkey.ErrUnknown
	}
	if err != nil {
		return passkey.Passkey{}, database.Error("read passkey", err)
	}
	return row.passkey()
}

// PasskeysOf implements login.Passkeys.
func (r Repository) PasskeysOf(ctx context.Context, who bot.PersonID) ([]passkey.Passkey, error) {
	rows, err := gorm.G[passkeyRow](r.db.Reader(ctx)).Where("person = ?", string(who)).Order("made_at, id").Find(ctx)
	if err != nil {
		return nil, database.Error("list passkeys", err)
	}
	list := make([]passkey.Passkey, len(rows))
	for i, row := range rows {
		if list[i], err = row.passkey(); err != nil {
			return nil, database.Error("decode passkey", err)
		}
	}
	return list, nil
}

// AddPasskey implements login.Passkeys.
func (r Repository) AddPasskey(ctx context.Context, p passkey.Passkey, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		if err := active(ctx, tx, p.Person); err != nil {
			return nil, err
		}
		same, err := gorm.G[passkeyRow](tx).Where("id = ?", text(p.ID)).Count(ctx, "*")
		if err != nil {
			return nil, database.Error("look for passkey", err)
		}
		have, err := gorm.G[passkeyRow](tx).Where("person = ?", string(p.Person)).Count(ctx, "*")
		if err != nil {
			return nil, database.Error("count passkeys", err)
		}
		if same > 0 || have >= passkey.Most {
			return nil, bot.ErrStale
		}
		c := &commit.Changes{Effects: e}
		c.Insert("", newPasskeyRow(p))
		return c, nil
	})
}

// RemovePasskeys implements login.Passkeys.
func (r Repository) RemovePasskeys(ctx context.Context, who bot.PersonID, ids [][]byte, e bot.Effects) error {
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		for _, id := range ids {
			c.Delete(&passkeyRow{ID: text(id), Person: string(who)}, "id", "person")
		}
	})
}

type subjectRow struct {
	ID       string `gorm:"primaryKey"`
	Person   string
	Issuer   string
	Subject  string
	Email    string
	MemberOf string // groups, one a line
	Roles    string // separated by spaces
	MadeAt   time.Time
	UsedAt   time.Time
}

func (subjectRow) TableName() string { return "login_subjects" }

func newSubjectRow(s login.Subject) *subjectRow {
	return &subjectRow{
		s.ID(), string(s.Person), s.Issuer, s.Subject, s.Email, strings.Join(s.Groups, "\n"), strings.Join(s.Roles, " "),
		s.Made.UTC(), s.Used.UTC(),
	}
}

func (r subjectRow) groups() []string {
	return slices.DeleteFunc(strings.Split(r.MemberOf, "\n"), func(g string) bool { return g == "" })
}

func (r subjectRow) subject() login.Subject {
	return login.Subject{
		Issuer: r.Issuer, Subject: r.Subject, Person: bot.PersonID(r.Person), Email: r.Email, Groups: r.groups(),
		Roles: strings.Fields(r.Roles), Made: r.MadeAt.UTC(), Used: r.UsedAt.UTC(),
	}
}

// SubjectOf implements login.Subjects.
func (r Repository) SubjectOf(ctx context.Context, issuer, subject string) (login.Subject, error) {
	id := login.Subject{Issuer: issuer, Subject: subject}.ID()
	row, err := gorm.G[subjectRow](r.db.Reader(ctx)).Where("id = ?", id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return login.Subject{}, bot.ErrNoSuch
	}
	return row.subject(), database.Error("read account", err)
}

// SubjectsOf implements login.Subjects.
func (r Repository) SubjectsOf(ctx context.Context, who bot.PersonID) ([]login.Subject, error) {
	rows, err := gorm.G[subjectRow](r.db.Reader(ctx)).Where("person = ?", string(who)).Order("made_at, id").Find(ctx)
	list := make([]login.Subject, len(rows))
	for i, row := range rows {
		list[i] = row.subject()
	}
	return list, database.Error("list accounts", err)
}

// configuredRow is a person as an address finds them.
type configuredRow struct {
	ID     string
	Name   string
	Email  string
	Active bool
}

func (configuredRow) TableName() string { return "people" }

// Configured implements login.Subjects.
func (r Repository) Configured(ctx context.Context, email string) ([]bot.Person, error) {
	if email == "" {
		return nil, nil
	}
	rows, err := gorm.G[configuredRow](r.db.Reader(ctx)).Where("NOT enrolled AND lower(email) = lower(?)", email).Find(ctx)
	list := make([]bot.Person, len(rows))
	for i, row := range rows {
		list[i] = bot.Person{ID: bot.PersonID(row.ID), Name: row.Name, Email: row.Email, Active: row.Active}
	}
	return list, database.Error("look for an address", err)
}

// AddSubject implements login.Subjects.
func (r Repository) AddSubject(ctx context.Context, s login.Subject, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		if err := active(ctx, tx, s.Person); err != nil {
			return nil, err
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(newSubjectRow(s))
		if done.Error != nil {
			return nil, database.Error("keep account", done.Error)
		}
		if done.RowsAffected == 0 {
			return nil, bot.ErrStale
		}
		c := &commit.Changes{Effects: e}
		return c, grant(ctx, tx, c, s.Person)
	})
}

// RemoveSubjects implements login.Subjects.
func (r Repository) RemoveSubjects(ctx context.Context, who bot.PersonID, ids []string, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		if _, err := gorm.G[subjectRow](tx).Where("person = ? AND id IN ?", string(who), ids).Delete(ctx); err != nil {
			return nil, database.Error("take account away", err)
		}
		c := &commit.Changes{Effects: e}
		return c, grant(ctx, tx, c, who)
	})
}

// RegrantRoles implements login.Subjects.
func (r Repository) RegrantRoles(
	ctx context.Context, roles func(issuer string, groups []string) []string, at time.Time,
) error {
	err := r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		rows, err := gorm.G[subjectRow](tx).Where("member_of <> '' OR roles <> ''").Order("person, id").Find(ctx)
		if err != nil {
			return nil, database.Error("read accounts", err)
		}
		c := &commit.Changes{}
		var changed []string
		for _, row := range rows {
			now := strings.Join(roles(row.Issuer, row.groups()), " ")
			if now == row.Roles {
				continue
			}
			if _, err := gorm.G[subjectRow](tx).Where("id = ?", row.ID).Update(ctx, "roles", now); err != nil {
				return nil, database.Error("change roles", err)
			}
			if err := grant(ctx, tx, c, bot.PersonID(row.Person)); err != nil {
				return nil, err
			}
			changed = append(changed, fmt.Sprintf("%s has %q by groups, not %q", row.Person, now, row.Roles))
		}
		if len(changed) == 0 {
			return nil, database.ErrNothing
		}
		c.Effects.Audit = bot.Audit{
			Action: "people.grant", Object: "people", Result: bot.ResultDone, Detail: database.Cut(strings.Join(changed, "; ")),
			Source: "configuration", At: at,
		}
		return c, nil
	})
	if errors.Is(err, database.ErrNothing) {
		return nil
	}
	return err
}

// grant makes somebody's roles by groups those of all of their accounts.
func grant(ctx context.Context, tx *gorm.DB, c *commit.Changes, who bot.PersonID) error {
	rows, err := gorm.G[subjectRow](tx).Where("person = ?", string(who)).Find(ctx)
	if err != nil {
		return database.Error("read accounts", err)
	}
	var roles []string
	for _, row := range rows {
		roles = append(roles, strings.Fields(row.Roles)...)
	}
	slices.Sort(roles)
	granted := strings.Join(slices.Compact(roles), " ")
	done := tx.Exec("UPDATE people SET granted = ? WHERE id = ? AND granted <> ?", granted, string(who), granted)
	if done.Error != nil {
		return database.Error("grant roles", done.Error)
	}
	if done.RowsAffected > 0 {
		c.Bump(database.PeopleGuard)
	}
	return nil
}

// showed saves what somebody showed to sign in. bot.ErrNoSuch: it is no longer theirs.
func showed(ctx context.Context, tx *gorm.DB, c *commit.Changes, e login.Entry, at time.Time) error {
	if p := e.Passkey; p != nil {
		// Of two who use copies at once, the second finds that the other counted on.
		done := tx.Exec(
			"UPDATE passkeys SET counter = ?, used_at = ? WHERE id = ? AND person = ? AND (counter < ? OR counter = 0 AND ? = 0)",
			int64(p.Counter), at, text(p.ID), string(e.Session.Person), int64(p.Counter), int64(p.Counter),
		)
		if done.Error != nil {
			return database.Error("use passkey", done.Error)
		}
		if done.RowsAffected != 1 {
			return bot.ErrNoSuch
		}
	}
	if s := e.Subject; s != nil {
		done := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(
				[]string{"email", "member_of", "roles", "used_at"},
			), Where: clause.Where{Exprs: []clause.Expression{
				clause.Expr{SQL: "login_subjects.person = ?", Vars: []any{string(e.Session.Person)}},
			}},
		}).Create(newSubjectRow(*s))
		if done.Error != nil {
			return database.Error("use account", done.Error)
		}
		if done.RowsAffected != 1 {
			return bot.ErrNoSuch
		}
		return grant(ctx, tx, c, e.Session.Person)
	}
	return nil
}
