package people

import (
	"context"
	"strings"
	"time"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
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
	Kind      string
}

func (tokenRow) TableName() string { return "tokens" }

func newTokenRow(t access.Token) *tokenRow {
	return &tokenRow{
		ID: t.ID, Hash: t.Hash, Name: t.Name, Person: string(t.Person), Scopes: strings.Join(t.Scopes, " "),
		CreatedAt: t.Created, ExpiresAt: t.Expires, Kind: string(t.Kind),
	}
}

func (r tokenRow) token() access.Token {
	return access.Token{
		ID: r.ID, Hash: r.Hash, Name: r.Name, Kind: access.Kind(r.Kind), Person: bot.PersonID(r.Person),
		Scopes: strings.Fields(r.Scopes), Created: r.CreatedAt.UTC(), Expires: r.ExpiresAt.UTC(),
		Revoked: database.OrZero(r.RevokedAt), Used: database.OrZero(r.UsedAt),
	}
}

// AddToken keeps a token, and gives its person an account on the API.
func (d *Directory) AddToken(ctx context.Context, t access.Token, e bot.Effects) error {
	row := newTokenRow(t)
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

// TokenOf implements api.Store. A token whose person is no longer active is no token.
func (d *Directory) TokenOf(ctx context.Context, hash string) (access.Token, error) {
	var row tokenRow
	err := d.db.Reader(ctx).Raw(
		"SELECT t.* FROM tokens t JOIN people p ON p.id = t.person WHERE t.hash = ? AND p.active", hash,
	).Scan(&row).Error
	if err != nil {
		return access.Token{}, database.Error("read token", err)
	}
	if row.ID == "" {
		return access.Token{}, bot.ErrNoSuch
	}
	return row.token(), nil
}

// TokenUsed implements api.Store. Several instances see the same token, so a use that was noted a moment ago is not
// noted again.
func (d *Directory) TokenUsed(ctx context.Context, id string, at time.Time) error {
	return database.Error(
		"note the use of a token",
		d.db.Writer(ctx).Exec(
			"UPDATE tokens SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ?)", at, id, at.Add(-time.Minute),
		).Error,
	)
}

// Tokens lists the tokens of a person, or all of them, the newest first.
func (d *Directory) Tokens(ctx context.Context, of bot.PersonID) ([]access.Token, error) {
	query := gorm.G[tokenRow](d.db.Reader(ctx)).Order("created_at DESC, id")
	if of != "" {
		query = query.Where("person = ?", string(of))
	}
	rows, err := query.Find(ctx)
	list := make([]access.Token, len(rows))
	for i, r := range rows {
		list[i] = r.token()
	}
	return list, database.Error("list tokens", err)
}

// RevokeToken ends a token at once, unless decide refuses. Called twice it changes nothing, and returns the token as
// it was left. bot.ErrNoSuch: there is none.
func (d *Directory) RevokeToken(
	ctx context.Context, id string, at time.Time, decide func(access.Token) (bot.Effects, error),
) (access.Token, error) {
	var left access.Token
	err := d.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		var row tokenRow
		if err := tx.Raw("SELECT * FROM tokens WHERE id = ?", id).Scan(&row).Error; err != nil {
			return nil, database.Error("revoke token", err)
		}
		if row.ID == "" {
			return nil, bot.ErrNoSuch
		}
		e, err := decide(row.token())
		if err != nil {
			return nil, err
		}
		if row.RevokedAt == nil {
			row.RevokedAt = database.OrNull(at)
		}
		left = row.token()
		e.Audit.Digest = row.digest()
		c := &commit.Changes{Effects: e}
		c.Update(&row, "id")
		c.Bump(database.PeopleGuard)
		return c, nil
	})
	return left, err
}
