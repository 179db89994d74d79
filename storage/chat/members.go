package chat

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type memberRow struct {
	Channel  int64  `gorm:"primaryKey;autoIncrement:false"`
	Person   string `gorm:"primaryKey"`
	Read     int64
	Member   bool
	Revision int64
}

func (memberRow) TableName() string { return "chat_members" }

// SetMember implements web.Members.
func (c Repository) SetMember(ctx context.Context, channel int64, who bot.PersonID, in bool) error {
	return c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		var open int64
		if err := tx.Raw("SELECT count(*) FROM chat_channels WHERE id = ? AND NOT archived", channel).
			Scan(&open).Error; err != nil {
			return false, database.Error("read channel", err)
		}
		if open == 0 {
			return false, bot.ErrGone
		}
		r := tx.Exec(`INSERT INTO chat_members (channel, person, read, member, revision) VALUES (?, ?, 0, ?, ?)
ON CONFLICT (channel, person) DO UPDATE SET member = excluded.member, revision = excluded.revision WHERE chat_members.member <> excluded.member`,
			channel, string(who), in, revision)
		return r.RowsAffected > 0, database.Error("set member", r.Error)
	})
}

// Welcome implements web.Members.
func (c Repository) Welcome(ctx context.Context, who bot.PersonID, channels []int64) error {
	var been int64
	if err := c.db.Reader(ctx).Raw(
		"SELECT count(*) FROM chat_members WHERE person = ? AND channel IN ?", string(who), channels,
	).Scan(&been).Error; err != nil || been == int64(len(channels)) {
		return database.Error("read members", err)
	}
	return c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		var rows []any
		for _, id := range channels {
			rows = append(rows, &memberRow{id, string(who), 0, true, revision})
		}
		return true, database.Error("welcome", database.Insert(tx, "ON CONFLICT (channel, person) DO NOTHING", rows...))
	})
}

// MarkRead implements web.Members.
func (c Repository) MarkRead(ctx context.Context, channel int64, who bot.PersonID, n int64) error {
	return c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		r := tx.Exec(
			"UPDATE chat_members SET read = ?, revision = ? WHERE channel = ? AND person = ? AND read < ?", n, revision,
			channel, string(who), n,
		)
		return r.RowsAffected > 0, database.Error("mark read", r.Error)
	})
}

// MembersOf implements web.Members.
func (c Repository) MembersOf(ctx context.Context, channel int64) ([]bot.PersonID, error) {
	var ids []bot.PersonID
	err := c.db.Reader(ctx).Raw("SELECT person FROM chat_members WHERE channel = ? AND member ORDER BY person", channel).
		Scan(&ids).Error
	return ids, database.Error("read members", err)
}

// ChannelsOf implements web.Members.
func (c Repository) ChannelsOf(ctx context.Context, who bot.PersonID) ([]web.Listed, error) {
	var rows []struct {
		Channel channelRow `gorm:"embedded"`
		Member  *bool
		ReadTo  *int64
	}
	err := c.db.Reader(ctx).Raw(
		`SELECT c.*, m.member, m.read AS read_to FROM chat_channels c LEFT JOIN chat_members m ON m.channel = c.id AND m.person = ?
WHERE NOT c.archived AND c.person IN ? ORDER BY c.id`, string(who), []string{"", string(who)},
	).Scan(&rows).Error
	list := make([]web.Listed, len(rows))
	for i, r := range rows {
		list[i] = web.Listed{Channel: r.Channel.channel(), Member: r.Member != nil && *r.Member}
		if r.ReadTo != nil {
			list[i].Read = *r.ReadTo
		}
	}
	return list, database.Error("list channels", err)
}

// Revision implements web.Feed.
func (c Repository) Revision(ctx context.Context) (int64, error) {
	var n int64
	err := c.db.Reader(ctx).Raw("SELECT revision FROM chat_head WHERE id = 1").Scan(&n).Error
	return n, database.Error("read revision", err)
}

// Changes implements web.Feed. The three reads see one state, so that none of them is ahead of the revision they end
// with.
func (c Repository) Changes(ctx context.Context, after int64) (web.Changes, error) {
	ch := web.Changes{From: after, To: after}
	to, err := c.Revision(ctx)
	if err != nil || to == after {
		return ch, err
	}
	err = c.db.Reader(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT revision FROM chat_head WHERE id = 1").Scan(&ch.To).Error; err != nil {
			return err
		}
		var channels []channelRow
		var rows []postRow
		var members []memberRow
		for sql, into := range map[string]any{"chat_channels": &channels, "chat_posts": &rows, "chat_members": &members} {
			if err := tx.Raw("SELECT * FROM "+sql+" WHERE revision > ? ORDER BY revision", after).Scan(into).Error; err != nil {
				return err
			}
		}
		for _, r := range channels {
			ch.Channels = append(ch.Channels, r.channel())
		}
		for _, m := range members {
			ch.Members = append(ch.Members, web.Member{
				Channel: m.Channel, Person: bot.PersonID(m.Person), Read: m.Read, In: m.Member,
			})
		}
		var err error
		ch.Posts, err = posts(rows)
		return err
	}, database.RepeatableRead(c.db.Dialect()))
	return ch, database.Error("read changes", err)
}

// Forget implements web.Feed.
func (c Repository) Forget(ctx context.Context, before time.Time) error {
	return c.db.Forget(
		ctx, "answers",
		"DELETE FROM chat_posts WHERE id IN (SELECT id FROM chat_posts WHERE only_for <> '' AND made_at < ? ORDER BY "+
			"made_at LIMIT ?)",
		before,
	)
}
