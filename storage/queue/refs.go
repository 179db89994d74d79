package queue

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type refRow struct {
	Token   string `gorm:"primaryKey"`
	Data    string
	Expires *time.Time
}

func (refRow) TableName() string { return "refs" }

// SaveRefs implements bot.Refs.
func (q *Queue) SaveRefs(ctx context.Context, refs []bot.Ref) error {
	var rows []any
	seen := map[string]bool{}
	for _, r := range refs {
		if seen[r.Token] {
			continue
		}
		seen[r.Token] = true
		token := r.Token
		r.Token = ""
		data, err := json.Marshal(r)
		if err != nil {
			return database.Error("encode ref", err)
		}
		rows = append(rows, &refRow{token, string(data), database.OrNull(r.Expires)})
	}
	return database.Error("save refs", database.Insert(q.db.Writer(ctx), "ON CONFLICT (token) DO NOTHING", rows...))
}

// Ref implements bot.Refs.
func (q *Queue) Ref(ctx context.Context, token string) (bot.Ref, error) {
	var r refRow
	if token == "" || len(token) > bot.MaxToken {
		return bot.Ref{}, bot.ErrNoSuch
	}
	if err := q.db.Reader(ctx).Raw("SELECT * FROM refs WHERE token = ?", token).Scan(&r).Error; err != nil {
		return bot.Ref{}, database.Error("read ref", err)
	}
	if r.Token == "" {
		return bot.Ref{}, bot.ErrNoSuch
	}
	var ref bot.Ref
	if err := json.Unmarshal([]byte(r.Data), &ref); err != nil {
		return ref, database.Error("decode ref", err)
	}
	ref.Token = token
	return ref, nil
}

// Secret implements bot.Refs.
func (q *Queue) Secret(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	var value string
	read := func() error {
		return q.db.Reader(ctx).Raw("SELECT value FROM settings WHERE name = 'secret'").Scan(&value).Error
	}
	if err := read(); err != nil {
		return nil, database.Error("read secret", err)
	}
	if value == "" {
		err := q.db.Writer(ctx).Exec(
			"INSERT INTO settings (name, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING",
			base64.StdEncoding.EncodeToString(fresh),
		).Error
		if err == nil {
			err = read()
		}
		if err != nil {
			return nil, database.Error("make secret", err)
		}
	}
	return base64.StdEncoding.DecodeString(value)
}

// SetPlatforms remembers on which platforms the server shows things, for programs beside it that have no access to
// them.
func (q *Queue) SetPlatforms(ctx context.Context, names []string) error {
	return database.Error(
		"save platforms",
		q.db.Writer(ctx).Exec(`INSERT INTO settings (name, value) VALUES ('platforms', ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`, strings.Join(names, " ")).Error,
	)
}

// Platforms lists what SetPlatforms remembered.
func (q *Queue) Platforms(ctx context.Context) ([]string, error) {
	var value string
	err := q.db.Reader(ctx).Raw("SELECT value FROM settings WHERE name = 'platforms'").Scan(&value).Error
	return strings.Fields(value), database.Error("read platforms", err)
}
