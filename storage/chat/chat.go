// Package chat is the repository of the built-in web chat: channels, posts, members and files. Each change takes the
// next revision of one head, so that a page learns what is new since the revision that it has.
package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of the built-in web chat.
type Repository struct {
	db     *database.DB
	groups *groups // PostgreSQL: those who write
}

var _ web.Store = Repository{}

// New returns the repository of a database. Call it once: copies share the groups that they write in.
func New(db *database.DB) Repository { return Repository{db, &groups{}} }

// write runs f in a transaction that holds the next revision. When f changed nothing the revision stays. f may be
// called again.
func (c Repository) write(ctx context.Context, f chatWrite) error {
	if c.db.Dialect() == database.Postgres {
		return c.groups.write(ctx, c, f)
	}
	return c.writeAll(ctx, f) // the committer puts it in a group
}

// writeAll runs several in one transaction, or none.
func (c Repository) writeAll(ctx context.Context, list ...chatWrite) error {
	return c.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		var head int64
		if err := tx.Raw("SELECT revision FROM chat_head WHERE id = 1" + c.db.Dialect().ForUpdate()).
			Scan(&head).Error; err != nil {
			return false, database.Error("take revision", err)
		}
		revision := head
		for _, f := range list {
			changed, err := f(tx, revision+1)
			if err != nil {
				return false, err
			}
			if changed {
				revision++
			}
		}
		if revision == head {
			return false, nil
		}
		return false, database.Error(
			"take revision", tx.Exec("UPDATE chat_head SET revision = ? WHERE id = 1", revision).Error,
		)
	})
}

// OpenChannel implements web.Channels.
func (c Repository) OpenChannel(ctx context.Context, ch web.Channel) (web.Channel, error) {
	if have, err := c.channel(c.db.Reader(ctx), "key = ?", ch.Key); !errors.Is(err, bot.ErrNoSuch) {
		return have, err
	}
	err := c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		have, err := c.channel(tx, "key = ?", ch.Key)
		if !errors.Is(err, bot.ErrNoSuch) {
			ch = have
			return false, err
		}
		if ch.Name, err = freeName(tx, ch.Name); err != nil {
			return false, err
		}
		ch.ID, ch.Revision = revision, revision
		return true, c.insert(tx, newChannelRow(ch))
	})
	return ch, err
}

// freeName is name, or name with the first number that is free.
func freeName(tx *gorm.DB, name string) (string, error) {
	for n, try := 2, name; ; n++ {
		var taken int64
		if err := tx.Raw("SELECT count(*) FROM chat_channels WHERE name = ?", try).Scan(&taken).Error; err != nil ||
			taken == 0 {
			return try, database.Error("look for a free name", err)
		}
		try = fmt.Sprintf("%s-%d", name, n)
	}
}

func (c Repository) insert(tx *gorm.DB, row any) error {
	return database.Error("insert", database.Insert(tx, "", row))
}

func (c Repository) channel(tx *gorm.DB, where string, arg any) (web.Channel, error) {
	var r channelRow
	if err := tx.Raw("SELECT * FROM chat_channels WHERE "+where, arg).Scan(&r).Error; err != nil {
		return web.Channel{}, database.Error("read channel", err)
	}
	if r.ID == 0 {
		return web.Channel{}, bot.ErrNoSuch
	}
	return r.channel(), nil
}

// Channel implements web.Channels.
func (c Repository) Channel(ctx context.Context, id int64) (web.Channel, error) {
	return c.channel(c.db.Reader(ctx), "id = ?", id)
}

// ChannelNamed implements web.Channels.
func (c Repository) ChannelNamed(ctx context.Context, name string) (web.Channel, error) {
	return c.channel(c.db.Reader(ctx), "name = ?", name)
}

// SetTopic implements web.Channels. The same topic again changes nothing.
func (c Repository) SetTopic(ctx context.Context, id int64, topic string) error {
	if have, err := c.Channel(ctx, id); err == nil && have.Topic == topic && !have.Archived {
		return nil
	}
	return c.changeChannel(ctx, id, "topic = ?", topic)
}

// Archive makes a channel read-only and takes it off all lists.
func (c Repository) Archive(ctx context.Context, id int64) error {
	return c.changeChannel(ctx, id, "archived = ?", true)
}

func (c Repository) changeChannel(ctx context.Context, id int64, set string, arg any) error {
	return c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		r := tx.Exec("UPDATE chat_channels SET "+set+", revision = ? WHERE id = ? AND NOT archived", arg, revision, id)
		return true, goneIf(r)
	})
}

// goneIf is bot.ErrGone when a statement found nothing to change.
func goneIf(r *gorm.DB) error {
	if r.Error == nil && r.RowsAffected == 0 {
		return bot.ErrGone
	}
	return database.Error("change chat", r.Error)
}

// AddPost implements web.Posts.
func (c Repository) AddPost(ctx context.Context, p web.Post) (web.Post, error) {
	err := c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		var have postRow
		if err := tx.Raw("SELECT * FROM chat_posts WHERE key = ?", p.Key).Scan(&have).Error; err != nil {
			return false, database.Error("read post", err)
		}
		if have.ID != 0 {
			var err error
			p, err = have.post()
			return false, err
		}
		p.ID, p.Revision = revision, revision
		if err := place(tx, &p); err != nil {
			return false, fmt.Errorf("add post: %w", err)
		}
		row, err := newPostRow(p)
		if err != nil {
			return false, err
		}
		if err := c.insert(tx, row); err != nil || p.Author == "" {
			return true, err
		}
		return true, join(tx, p)
	})
	return p, err
}

// place numbers a post in its channel or counts it with its thread.
func place(tx *gorm.DB, p *web.Post) error {
	var ch channelRow
	if err := tx.Raw("SELECT * FROM chat_channels WHERE id = ? AND NOT archived", p.Channel).Scan(&ch).Error; err != nil {
		return database.Error("read channel", err)
	}
	if ch.ID == 0 {
		return bot.ErrGone
	}
	if p.Thread != 0 {
		return placeInThread(tx, p)
	}
	if p.Only != "" {
		return nil
	}
	p.N = ch.Posts + 1
	return database.Error(
		"count post", tx.Exec("UPDATE chat_channels SET posts = ?, revision = ? WHERE id = ?", p.N, p.Revision, ch.ID).Error,
	)
}

func placeInThread(tx *gorm.DB, p *web.Post) error {
	root := func(id int64) (postRow, error) {
		var r postRow
		err := tx.Raw("SELECT * FROM chat_posts WHERE id = ? AND channel = ? AND NOT gone", id, p.Channel).Scan(&r).Error
		if err == nil && r.ID == 0 {
			err = bot.ErrGone
		}
		return r, err
	}
	r, err := root(p.Thread)
	if err == nil && r.Thread != 0 {
		p.Thread = r.Thread
		r, err = root(p.Thread)
	}
	if err != nil || p.Only != "" {
		return err
	}
	return database.Error(
		"count reply",
		tx.Exec(
			"UPDATE chat_posts SET replies = replies + 1, replied_at = ?, revision = ? WHERE id = ?", p.Made, p.Revision, r.ID,
		).Error,
	)
}

// join makes the author of a post a member who has read it.
func join(tx *gorm.DB, p web.Post) error {
	return database.Error(
		"join",
		tx.Exec(`INSERT INTO chat_members (channel, person, read, member, revision) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (channel, person) DO UPDATE SET member = excluded.member, revision = excluded.revision,
  read = CASE WHEN excluded.read > chat_members.read THEN excluded.read ELSE chat_members.read END`,
			p.Channel, string(p.Author), p.N, true, p.Revision).Error,
	)
}

// EditPost implements web.Posts.
func (c Repository) EditPost(ctx context.Context, channel, id int64, m bot.Message, at time.Time) error {
	data, err := json.Marshal(m)
	if err != nil {
		return database.Error("encode message", err)
	}
	return c.changePost(ctx, channel, id, "message = ?, edited_at = ?", string(data), at)
}

// PinPost implements web.Posts.
func (c Repository) PinPost(ctx context.Context, channel, id int64) error {
	return c.changePost(ctx, channel, id, "pinned = ?", true)
}

// DeletePost implements web.Posts.
func (c Repository) DeletePost(ctx context.Context, channel, id int64) error {
	return c.changePost(ctx, channel, id, "gone = ?", true)
}

func (c Repository) changePost(ctx context.Context, channel, id int64, set string, args ...any) error {
	return c.write(ctx, func(tx *gorm.DB, revision int64) (bool, error) {
		r := tx.Exec("UPDATE chat_posts SET "+set+`, revision = ? WHERE id = ? AND channel = ? AND NOT gone
AND EXISTS (SELECT 1 FROM chat_channels WHERE id = chat_posts.channel AND NOT archived)`, append(args, revision, id, channel)...)
		return true, goneIf(r)
	})
}

// Page implements web.Posts.
func (c Repository) Page(ctx context.Context, q web.PageQuery) ([]web.Post, error) {
	p := database.PageOf("p.id", q.Limit).Below(q.Before).Above(q.After)
	p.Up = q.After != 0
	and := func(on bool, part string, a ...any) {
		if on {
			p.And(part, a...)
		}
	}
	and(true, "NOT p.gone")
	and(q.Channel != 0, "p.channel = ?", q.Channel)
	and(q.ID != 0, "p.id = ?", q.ID)
	and(q.Pinned, "p.pinned")
	and(q.ID == 0 && !q.Pinned, "p.thread = ?", q.Thread)
	p.Read("chat_posts p", "p.only_for = ''")
	if q.Viewer != "" {
		p.Read("chat_posts p", "p.only_for = ?", string(q.Viewer))
	}
	p.ID = "id"
	var rows []postRow
	if err := p.Scan(c.db.Reader(ctx), "chat_posts", &rows); err != nil {
		return nil, database.Error("read posts", err)
	}
	list, err := posts(rows)
	if q.After == 0 {
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	return list, err
}

func posts(rows []postRow) ([]web.Post, error) {
	list := make([]web.Post, 0, len(rows))
	for _, r := range rows {
		p, err := r.post()
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

type channelRow struct {
	ID       int64 `gorm:"primaryKey;autoIncrement:false"`
	Key      string
	Name     string
	Person   string
	Topic    string
	Archived bool
	Posts    int64
	MadeAt   time.Time
	Revision int64
}

func (channelRow) TableName() string { return "chat_channels" }

func newChannelRow(c web.Channel) *channelRow {
	return &channelRow{c.ID, c.Key, c.Name, string(c.Person), c.Topic, c.Archived, c.Posts, c.Made, c.Revision}
}

func (r channelRow) channel() web.Channel {
	return web.Channel{
		ID: r.ID, Key: r.Key, Name: r.Name, Person: bot.PersonID(r.Person), Topic: r.Topic, Archived: r.Archived,
		Posts: r.Posts, Made: r.MadeAt.UTC(), Revision: r.Revision,
	}
}

type postRow struct {
	ID        int64 `gorm:"primaryKey;autoIncrement:false"`
	Channel   int64
	Thread    int64
	Key       string
	N         int64
	Author    string
	OnlyFor   string
	Asked     string
	Message   string
	Form      string
	Pinned    bool
	Gone      bool
	Replies   int
	RepliedAt *time.Time
	MadeAt    time.Time
	EditedAt  *time.Time
	Revision  int64
}

func (postRow) TableName() string { return "chat_posts" }

func newPostRow(p web.Post) (*postRow, error) {
	r := &postRow{
		ID: p.ID, Channel: p.Channel, Thread: p.Thread, Key: p.Key, N: p.N, Author: string(p.Author),
		OnlyFor: string(p.Only), Asked: p.Asked,
		Pinned: p.Pinned, Gone: p.Gone, Replies: p.Replies, RepliedAt: database.OrNull(p.Replied), MadeAt: p.Made,
		EditedAt: database.OrNull(p.Edited), Revision: p.Revision,
	}
	message, err := json.Marshal(p.Message)
	if err != nil {
		return nil, database.Error("encode message", err)
	}
	r.Message = string(message)
	if p.Form != nil {
		form, err := json.Marshal(p.Form)
		if err != nil {
			return nil, database.Error("encode form", err)
		}
		r.Form = string(form)
	}
	return r, nil
}

func (r postRow) post() (web.Post, error) {
	p := web.Post{
		ID: r.ID, Channel: r.Channel, Thread: r.Thread, Key: r.Key, N: r.N, Author: bot.PersonID(r.Author),
		Only: bot.PersonID(r.OnlyFor), Asked: r.Asked,
		Pinned: r.Pinned, Gone: r.Gone, Replies: r.Replies, Replied: database.OrZero(r.RepliedAt), Made: r.MadeAt.UTC(),
		Edited: database.OrZero(r.EditedAt), Revision: r.Revision,
	}
	if err := json.Unmarshal([]byte(r.Message), &p.Message); err != nil {
		return p, database.Error("decode message", err)
	}
	if r.Form == "" {
		return p, nil
	}
	return p, database.Error("decode form", json.Unmarshal([]byte(r.Form), &p.Form))
}
