package queue

import (
	"context"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type postedRow struct {
	Key       string `gorm:"primaryKey"`
	Object    string
	Round     int
	Platform  string
	Workspace string
	Channel   string
	Thread    string
	Message   string
	Digest    string
}

func (postedRow) TableName() string { return "posted" }

func newPostedRow(p bot.Posted) *postedRow {
	return &postedRow{
		p.Key, p.Object, p.Round, p.Ref.Platform, p.Ref.Workspace, p.Ref.Channel, p.Ref.Thread, p.Ref.ID, p.Digest,
	}
}

func (r postedRow) posted() bot.Posted {
	c := bot.Conversation{Platform: r.Platform, Workspace: r.Workspace, Channel: r.Channel, Thread: r.Thread}
	return bot.Posted{
		Key: r.Key, Object: r.Object, Round: r.Round, Ref: bot.MessageRef{Conversation: c, ID: r.Message}, Digest: r.Digest,
	}
}

// Posted implements bot.Outbox.
func (q *Queue) Posted(ctx context.Context, key string) (bot.Posted, error) {
	var r postedRow
	if err := q.db.Reader(ctx).Raw("SELECT * FROM posted WHERE key = ?", key).Scan(&r).Error; err != nil {
		return bot.Posted{}, database.Error("read posted", err)
	}
	if r.Key == "" {
		return bot.Posted{}, bot.ErrNoSuch
	}
	return r.posted(), nil
}

// SavePosted implements bot.Outbox.
func (q *Queue) SavePosted(ctx context.Context, p bot.Posted) error {
	save := func(db *gorm.DB) (bool, error) {
		return false, database.Insert(
			db,
			`ON CONFLICT (key) DO UPDATE SET round = excluded.round, platform = excluded.platform, workspace = excluded.workspace,
  channel = excluded.channel, thread = excluded.thread, message = excluded.message, digest = excluded.digest`,
			newPostedRow(p),
		)
	}
	var err error
	if q.db.Dialect() == database.Postgres {
		_, err = save(q.db.JobWriter(ctx))
	} else {
		err = q.db.Tx(ctx, save)
	}
	if p.Ref.ID == "" || p.Ref.Thread == "" { // it may be what a conversation belongs to from now on
		q.db.Changed(database.NewsPlaces)
	}
	return database.Error("save posted", err)
}

// PostedFor lists all that was posted for an object, by key.
func (q *Queue) PostedFor(ctx context.Context, object string) ([]bot.Posted, error) {
	var rows []postedRow
	err := q.db.Reader(ctx).Raw("SELECT * FROM posted WHERE object = ? ORDER BY key", object).Scan(&rows).Error
	var list []bot.Posted
	for _, r := range rows {
		list = append(list, r.posted())
	}
	return list, database.Error("read posted", err)
}

// ObjectAt implements bot.Outbox. A thread belongs to the thing whose message it hangs on, a channel to the thing it
// was opened for. What has a thread for its room does not own the channel around it.
func (q *Queue) ObjectAt(ctx context.Context, c bot.Conversation) (string, error) {
	object, ok := q.places.at(c)
	if !ok {
		turn := q.places.begin()
		var err error
		if object, err = q.objectAt(ctx, c); err != nil {
			return "", err
		}
		q.places.keep(turn, c, object)
	}
	if object == "" {
		return "", bot.ErrNoSuch
	}
	return object, nil
}

// ObjectOf implements bot.Outbox.
func (q *Queue) ObjectOf(ctx context.Context, ref bot.MessageRef) (string, error) {
	var found []string
	const sql = "SELECT object FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND message = ? AND " +
		"message <> '' ORDER BY key LIMIT 1"
	if err := q.db.Reader(ctx).Raw(sql, ref.Platform, ref.Workspace, ref.Channel, ref.ID).Scan(&found).Error; err != nil {
		return "", database.Error("read posted", err)
	}
	if len(found) == 0 {
		return "", bot.ErrNoSuch
	}
	return found[0], nil
}

func (q *Queue) objectAt(ctx context.Context, c bot.Conversation) (string, error) {
	var found []struct{ Object string }
	const at = "SELECT object, message FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND "
	const room = at + "message = '' AND thread = '' ORDER BY key LIMIT 1"
	sql, args := "SELECT object FROM ("+room+") room", []any{c.Platform, c.Workspace, c.Channel}
	if c.Thread != "" {
		sql = "SELECT object FROM (SELECT * FROM (" + at +
			"message = ? AND message <> '' LIMIT 1) its UNION ALL SELECT * FROM (" + room +
			") room) found ORDER BY message DESC LIMIT 1"
		args = []any{c.Platform, c.Workspace, c.Channel, c.Thread, c.Platform, c.Workspace, c.Channel}
	}
	if err := q.db.Reader(ctx).Raw(sql, args...).Scan(&found).Error; err != nil {
		return "", database.Error("read place", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0].Object, nil
}

// PostedIn implements bot.Outbox.
func (q *Queue) PostedIn(ctx context.Context, c bot.Conversation) (bool, error) {
	var found []string
	const sql = "SELECT object FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND message <> '' LIMIT 1"
	if err := q.db.Reader(ctx).Raw(sql, c.Platform, c.Workspace, c.Channel).Scan(&found).Error; err != nil {
		return false, database.Error("read posted", err)
	}
	return len(found) > 0, nil
}
