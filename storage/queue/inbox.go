package queue

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// inboxRow is a request that took longer than its platform waits. Attempt is 0 while the process it came to carries it
// out.
type inboxRow struct {
	Key        string `gorm:"primaryKey"`
	Platform   string
	Back       string
	At         time.Time
	Owner      string
	Attempt    int
	LeaseUntil time.Time
}

func (inboxRow) TableName() string { return "inbox" }

// Keep implements bot.Inbox.
func (q *Queue) Keep(ctx context.Context, c bot.Claim, k bot.Kept) (added bool, err error) {
	if k.Key == "" {
		return false, database.Error("keep request", bot.ErrNoSuch)
	}
	added, err = q.keeper.keep(ctx, inboxRow{
		Key: storable(k.Key), Platform: storable(k.Platform), Back: storable(k.Back), Owner: c.Owner,
	}, c.Lease)
	return added, database.Error("keep request", err)
}

// storable is a text that both databases take.
func storable(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?") }

// The statements that take what its owner gave no sign of life for are written by hand for the lock and the database's
// own time.
const (
	claimInPostgres = `UPDATE inbox SET owner = ?, attempt = attempt + 1, lease_until = clock_timestamp() + make_interval(secs => ?)
WHERE key IN (SELECT key FROM inbox WHERE lease_until < clock_timestamp() ORDER BY lease_until, at LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING *`
	claimInSQLite = `UPDATE inbox SET owner = ?, attempt = attempt + 1, lease_until = ?
WHERE key IN (SELECT key FROM inbox WHERE lease_until < ? ORDER BY lease_until, at LIMIT ?) RETURNING *`
)

// ClaimKept implements bot.Inbox.
func (q *Queue) ClaimKept(ctx context.Context, c bot.Claim) ([]bot.Kept, error) {
	if q.db.Dialect() == database.SQLite {
		var due int64 // looked for without writing: an idle bot must not take SQLite's write lock
		err := q.db.Reader(ctx).Model(&inboxRow{}).Where("lease_until < ?", database.Now()).Limit(1).Count(&due).Error
		if err != nil || due == 0 {
			return nil, database.Error("look into inbox", err)
		}
	}
	sql, args := claimInPostgres, []any{c.Owner, c.Lease.Seconds(), c.Limit}
	if q.db.Dialect() == database.SQLite {
		sql, args = claimInSQLite, []any{c.Owner, database.Now().Add(c.Lease), database.Now(), c.Limit}
	}
	var rows []inboxRow
	err := q.db.Writer(ctx).Raw(sql, args...).Scan(&rows).Error
	var list []bot.Kept
	for _, r := range rows {
		list = append(list, bot.Kept{Key: r.Key, Platform: r.Platform, Back: r.Back, Attempt: r.Attempt})
	}
	return list, database.Error("claim inbox", err)
}

// ExtendKept implements bot.Inbox.
func (q *Queue) ExtendKept(ctx context.Context, c bot.Claim, keys []string) ([]string, error) {
	var end any = clause.Expr{SQL: "clock_timestamp() + make_interval(secs => ?)", Vars: []any{c.Lease.Seconds()}}
	if q.db.Dialect() == database.SQLite {
		end = database.Now().Add(c.Lease)
	}
	var rows []inboxRow
	err := q.db.Writer(ctx).Model(&rows).Clauses(clause.Returning{Columns: []clause.Column{{Name: "key"}}}).
		Where("key IN ? AND owner = ?", keys, c.Owner).Update("lease_until", end).Error
	var mine []string
	for _, r := range rows {
		mine = append(mine, r.Key)
	}
	return mine, database.Error("extend inbox", err)
}

// DropKept implements bot.Inbox.
func (q *Queue) DropKept(ctx context.Context, owner, key string) error {
	return database.Error(
		"drop from inbox", q.db.Writer(ctx).Where("key = ? AND owner = ?", storable(key), owner).Delete(&inboxRow{}).Error,
	)
}

// takeOver frees the jobs that an earlier server left running, and the requests that it kept. The lock says that it is
// dead, so there is no lease to wait for.
func (q *Queue) takeOver(ctx context.Context, o database.Options) error {
	if q.db.Dialect() != database.SQLite || !o.Server {
		return nil
	}
	long := time.Unix(0, 0).UTC()
	if err := q.db.Writer(ctx).Model(&inboxRow{}).Where("lease_until > ?", long).
		Update("lease_until", long).Error; err != nil {
		return database.Error("take over inbox", err)
	}
	return database.Error(
		"take over jobs", q.db.Writer(ctx).Exec("UPDATE jobs SET lease_until = ? WHERE state = 1", long).Error,
	)
}
