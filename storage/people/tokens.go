package people

import (
	"context"
	"strings"
	"time"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

type tokenRow struct {
	ID        string `gorm:"primaryKey"`
	Hash      string
	Name      string
	Person    string
	Scopes    string // separated by spaces
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
	UsedAt    *time.Time
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token() api.Token {
	return api.Token{
		ID: r.ID, Hash: r.Hash, Name: r.Name, Person: bot.PersonID(r.Person), Scopes: strings.Fields(r.Scopes),
		Created: r.CreatedAt.UTC(), Expires: r.ExpiresAt.UTC(), Revoked: database.OrZero(r.RevokedAt),
		Used: database.OrZero(r.UsedAt),
	}
}

// AddToken keeps a token, and gives its person an account on the API.
func (d *Directory) AddToken(ctx context.Context, t api.Token, e bot.Effects) error {
	row := &tokenRow{t.ID, t.Hash, t.Name, string(t.Person), strings.Join(t.Scopes, " "), t.Created, t.Expires, nil, nil}
	e.Audit.Digest = row.digest()
	return d.db.Save(ctx, e, func(c *commit.Changes) {
		c.Insert("", row)
		c.Insert("ON CONFLICT DO NOTHING", &accountRow{api.Platform, "", string(t.Person), string(t.Person), true})
		c.Bump(database.PeopleGuard)
	})
}

// digest leaves out when the token was last used, which is no decision of anybody.
func (r tokenRow) digest() string {
	r.UsedAt = nil
	return record.Digest(&r)
}

// TokenOf implements api.Store.
func (d *Directory) TokenOf(ctx context.Context, hash string) (api.Token, error) {
	var row tokenRow
	if err := d.db.Reader(ctx).Raw("SELECT * FROM tokens WHERE hash = ?", hash).Scan(&row).Error; err != nil {
		return api.Token{}, database.Error("read token", err)
	}
	if row.ID == "" {
		return api.Token{}, bot.ErrNoSuch
	}
	return row.token(), nil
}

// TokenUsed implements api.Store.
func (d *Directory) TokenUsed(ctx context.Context, id string, at time.Time) error {
	return database.Error(
		"note the use of a token", d.db.Writer(ctx).Exec("UPDATE tokens SET used_at = ? WHERE id = ?", at, id).Error,
	)
}

// Tokens lists all tokens, the newest first.
func (d *Directory) Tokens(ctx context.Context) ([]api.Token, error) {
	var rows []tokenRow
	err := d.db.Reader(ctx).Raw("SELECT * FROM tokens ORDER BY created_at DESC, id").Scan(&rows).Error
	list := make([]api.Token, len(rows))
	for i, r := range rows {
		list[i] = r.token()
	}
	return list, database.Error("list tokens", err)
}

// RevokeToken ends a token at once. Called twice it changes nothing. bot.ErrNoSuch: there is none.
func (d *Directory) RevokeToken(ctx context.Context, id string, at time.Time, e bot.Effects) error {
	return d.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		var row tokenRow
		if err := tx.Raw("SELECT * FROM tokens WHERE id = ?", id).Scan(&row).Error; err != nil {
			return nil, database.Error("revoke token", err)
		}
		if row.ID == "" {
			return nil, bot.ErrNoSuch
		}
		if row.RevokedAt == nil {
			row.RevokedAt = database.OrNull(at)
		}
		e.Audit.Digest = row.digest()
		c := &commit.Changes{Effects: e}
		c.Update(&row, "id")
		c.Bump(database.PeopleGuard)
		return c, nil
	})
}
