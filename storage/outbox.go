package storage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
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
	return &postedRow{p.Key, p.Object, p.Round, p.Ref.Platform, p.Ref.Workspace, p.Ref.Channel, p.Ref.Thread, p.Ref.ID, p.Digest}
}

func (r postedRow) posted() bot.Posted {
	c := bot.Conversation{Platform: r.Platform, Workspace: r.Workspace, Channel: r.Channel, Thread: r.Thread}
	return bot.Posted{Key: r.Key, Object: r.Object, Round: r.Round, Ref: bot.MessageRef{Conversation: c, ID: r.Message}, Digest: r.Digest}
}

// Posted implements bot.Outbox.
func (s *Store) Posted(ctx context.Context, key string) (bot.Posted, error) {
	var r postedRow
	if err := s.reader(ctx).Raw("SELECT * FROM posted WHERE key = ?", key).Scan(&r).Error; err != nil {
		return bot.Posted{}, dbError("read posted", err)
	}
	if r.Key == "" {
		return bot.Posted{}, bot.ErrNoSuch
	}
	return r.posted(), nil
}

// SavePosted implements bot.Outbox.
func (s *Store) SavePosted(ctx context.Context, p bot.Posted) error {
	save := func(db *gorm.DB) (bool, error) {
		return false, insert(db, `ON CONFLICT (key) DO UPDATE SET round = excluded.round, platform = excluded.platform, workspace = excluded.workspace,
  channel = excluded.channel, thread = excluded.thread, message = excluded.message, digest = excluded.digest`, newPostedRow(p))
	}
	var err error
	if s.dialect == postgresDialect {
		_, err = save(s.queue.WithContext(ctx))
	} else {
		err = s.tx(ctx, save)
	}
	if p.Ref.ID == "" || p.Ref.Thread == "" { // it may be what a conversation belongs to from now on
		s.known.forget(newsPlaces)
		s.tell(newsPlaces)
	}
	return dbError("save posted", err)
}

// PostedFor lists all that was posted for an object, by key.
func (s *Store) PostedFor(ctx context.Context, object string) ([]bot.Posted, error) {
	var rows []postedRow
	err := s.reader(ctx).Raw("SELECT * FROM posted WHERE object = ? ORDER BY key", object).Scan(&rows).Error
	var list []bot.Posted
	for _, r := range rows {
		list = append(list, r.posted())
	}
	return list, dbError("read posted", err)
}

// ObjectAt implements bot.Outbox. A thread belongs to the thing whose message it hangs on, a channel to the thing it was opened for. What
// has a thread for its room does not own the channel around it.
func (s *Store) ObjectAt(ctx context.Context, c bot.Conversation) (string, error) {
	object, ok := s.known.place(c)
	if !ok {
		turn := s.known.begin()
		var err error
		if object, err = s.objectAt(ctx, c); err != nil {
			return "", err
		}
		s.known.keepPlace(turn, c, object)
	}
	if object == "" {
		return "", bot.ErrNoSuch
	}
	return object, nil
}

// ObjectOf implements bot.Outbox.
func (s *Store) ObjectOf(ctx context.Context, ref bot.MessageRef) (string, error) {
	var found []string
	const sql = "SELECT object FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND message = ? AND message <> '' ORDER BY key LIMIT 1"
	if err := s.reader(ctx).Raw(sql, ref.Platform, ref.Workspace, ref.Channel, ref.ID).Scan(&found).Error; err != nil {
		return "", dbError("read posted", err)
	}
	if len(found) == 0 {
		return "", bot.ErrNoSuch
	}
	return found[0], nil
}

func (s *Store) objectAt(ctx context.Context, c bot.Conversation) (string, error) {
	var found []struct{ Object string }
	const at = "SELECT object, message FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND "
	const room = at + "message = '' AND thread = '' ORDER BY key LIMIT 1"
	sql, args := "SELECT object FROM ("+room+") room", []any{c.Platform, c.Workspace, c.Channel}
	if c.Thread != "" {
		sql = "SELECT object FROM (SELECT * FROM (" + at + "message = ? AND message <> '' LIMIT 1) its UNION ALL SELECT * FROM (" + room + ") room) found ORDER BY message DESC LIMIT 1"
		args = []any{c.Platform, c.Workspace, c.Channel, c.Thread, c.Platform, c.Workspace, c.Channel}
	}
	if err := s.reader(ctx).Raw(sql, args...).Scan(&found).Error; err != nil {
		return "", dbError("read place", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0].Object, nil
}

// PostedIn implements bot.Outbox.
func (s *Store) PostedIn(ctx context.Context, c bot.Conversation) (bool, error) {
	var found []string
	const sql = "SELECT object FROM posted WHERE platform = ? AND workspace = ? AND channel = ? AND message <> '' LIMIT 1"
	if err := s.reader(ctx).Raw(sql, c.Platform, c.Workspace, c.Channel).Scan(&found).Error; err != nil {
		return false, dbError("read posted", err)
	}
	return len(found) > 0, nil
}

type refRow struct {
	Token   string `gorm:"primaryKey"`
	Data    string
	Expires *time.Time
}

func (refRow) TableName() string { return "refs" }

// SaveRefs implements bot.Refs.
func (s *Store) SaveRefs(ctx context.Context, refs []bot.Ref) error {
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
			return dbError("encode ref", err)
		}
		rows = append(rows, &refRow{token, string(data), orNull(r.Expires)})
	}
	return dbError("save refs", insert(s.db.WithContext(ctx), "ON CONFLICT (token) DO NOTHING", rows...))
}

// Ref implements bot.Refs.
func (s *Store) Ref(ctx context.Context, token string) (bot.Ref, error) {
	var r refRow
	if token == "" || len(token) > bot.MaxToken {
		return bot.Ref{}, bot.ErrNoSuch
	}
	if err := s.reader(ctx).Raw("SELECT * FROM refs WHERE token = ?", token).Scan(&r).Error; err != nil {
		return bot.Ref{}, dbError("read ref", err)
	}
	if r.Token == "" {
		return bot.Ref{}, bot.ErrNoSuch
	}
	var ref bot.Ref
	if err := json.Unmarshal([]byte(r.Data), &ref); err != nil {
		return ref, dbError("decode ref", err)
	}
	ref.Token = token
	return ref, nil
}

// Secret implements bot.Refs.
func (s *Store) Secret(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	var value string
	read := func() error {
		return s.reader(ctx).Raw("SELECT value FROM settings WHERE name = 'secret'").Scan(&value).Error
	}
	if err := read(); err != nil {
		return nil, dbError("read secret", err)
	}
	if value == "" {
		err := s.db.WithContext(ctx).Exec("INSERT INTO settings (name, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING", base64.StdEncoding.EncodeToString(fresh)).Error
		if err == nil {
			err = read()
		}
		if err != nil {
			return nil, dbError("make secret", err)
		}
	}
	return base64.StdEncoding.DecodeString(value)
}

// SetPlatforms remembers on which platforms the server shows things, for programs beside it that have no access to them.
func (s *Store) SetPlatforms(ctx context.Context, names []string) error {
	return dbError("save platforms", s.db.WithContext(ctx).Exec(`INSERT INTO settings (name, value) VALUES ('platforms', ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`, strings.Join(names, " ")).Error)
}

// Platforms lists what SetPlatforms remembered.
func (s *Store) Platforms(ctx context.Context) ([]string, error) {
	var value string
	err := s.reader(ctx).Raw("SELECT value FROM settings WHERE name = 'platforms'").Scan(&value).Error
	return strings.Fields(value), dbError("read platforms", err)
}

// orNull stores the zero time as NULL.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// nobody stores the absent person as NULL, so that a reference is always to somebody.
func nobody(p bot.PersonID) *string {
	if p == "" {
		return nil
	}
	s := string(p)
	return &s
}

func somebody(s *string) bot.PersonID {
	if s == nil {
		return ""
	}
	return bot.PersonID(*s)
}
