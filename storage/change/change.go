// Package change is the repository of changes, of freezes, delegations and templates, and of what is remembered of
// groups and policies: their rows, what they look like to reports, and what verification compares.
package change

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of changes, and of what belongs to no single one.
type Repository struct {
	db    *database.DB
	known *delegated
}

var _ control.Keeper = Repository{}

// New returns the repository of a database that was just opened. Call it once: copies share what they remember.
func New(db *database.DB) Repository {
	known := &delegated{}
	db.OnNews(known.forget)
	return Repository{db, known}
}

// Create implements change.Store. decide runs twice: once to read what it looks at, and then, on the same, with the
// number.
func (r Repository) Create(
	ctx context.Context, decide func(int64, change.Look) (*change.Change, bot.Effects, error),
) (*change.Change, error) {
	var c *change.Change
	var made *changeState
	var relies []bot.Guard
	for range database.DecideAgain {
		seen := &looker{known: r.known, tx: r.db.Reader(ctx)}
		if _, _, err := decide(0, seen.look); err != nil { // none has this number, so it sees all
			return nil, err
		}
		err := r.db.Commits().Number(ctx, "change", func(number int64) (*commit.Changes, error) {
			seen.again()
			var e bot.Effects
			var err error
			if c, e, err = decide(number, seen.look); err != nil {
				return nil, err
			}
			c.Version, relies = 1, e.Relies
			var changes *commit.Changes
			if made, changes, err = saveChange(nil, c, e); err == nil {
				changes.Rely(seen.guards...)
			}
			return changes, err
		})
		switch {
		case err == nil:
			r.db.Remember(c.ID(), made)
			c.Saved()
			return c, nil
		case !errors.Is(err, commit.ErrMoved):
			return nil, err
		}
		if stale, err := r.db.Stale(ctx, relies); stale || err != nil {
			return nil, cmp.Or(err, bot.ErrStale)
		}
	}
	// Many request changes in one environment at once: everybody else waits for this one.
	err := r.db.Commits().Alone(ctx, "change", func(tx *gorm.DB, number int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if c, e, err = decide(number, (&looker{known: r.known, tx: tx}).look); err != nil {
			return nil, err
		}
		c.Version = 1
		var changes *commit.Changes
		made, changes, err = saveChange(nil, c, e)
		return changes, err
	})
	if err != nil {
		return nil, r.db.LetInAnew(err)
	}
	r.db.Remember(c.ID(), made)
	c.Saved()
	return c, nil
}

// Update implements change.Store. What decide looks at is read after the versions of its guards, which the commit
// compares: what it sees is still true when the change is saved.
func (r Repository) Update(
	ctx context.Context, id string, prepare func(*change.Change) error,
	decide func(*change.Change, change.Look) (bot.Effects, error),
) (*change.Change, error) {
	number, ok := change.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	object := change.FormatID(number)
	var c *change.Change
	var left, prepared *changeState
	var recent bool
	ready := func(state *changeState) (err error) {
		if prepare == nil {
			return nil
		}
		if c, err = state.change(); err != nil {
			return err
		}
		prepared = state
		return prepare(c)
	}
	step := func(tx *gorm.DB, now *changeState) (_ *changeState, changes *commit.Changes, err error) {
		if now != prepared { // which was not decided on yet
			if c, err = now.change(); err != nil {
				return nil, nil, err
			}
		}
		prepared = nil
		seen := &looker{known: r.known, tx: tx, recent: recent}
		e, err := decide(c, seen.look)
		if err != nil {
			return nil, nil, err
		}
		c.Version++
		if left, changes, err = saveChange(now, c, e); err == nil {
			changes.Rely(seen.guards...)
		}
		return left, changes, err
	}
	err := database.ErrOld
	recent = true
	if last, ok := r.db.Remembered(object).(*changeState); ok {
		if err = ready(last); err == nil {
			err = database.AlterRecent(ctx, r.db, object, step)
		}
	}
	if recent = false; errors.Is(err, database.ErrOld) {
		var first *changeState
		if first, err = readChange(r.db.Reader(ctx), number); err == nil {
			err = ready(first)
		}
		if err == nil {
			err = database.AlterFrom(ctx, r.db, object, first, func(tx *gorm.DB) (*changeState, error) {
				return readChange(tx, number)
			}, step)
		}
	}
	if err != nil {
		return nil, err
	}
	r.db.Remember(object, left)
	c.Saved()
	return c, nil
}

// loadChangeParts fills in the content of the current revisions, votes and grants.
func loadChangeParts(tx *gorm.DB, list []*change.Change) error {
	if len(list) == 0 {
		return nil
	}
	byNumber := map[int64]*change.Change{}
	numbers := make([]int64, len(list))
	for i, c := range list {
		byNumber[c.Number], numbers[i] = c, c.Number
	}
	var revisions []revisionRow
	err := tx.Raw(
		"SELECT r.* FROM change_revisions r JOIN changes c ON c.number = r.number AND c.revision = r.revision WHERE "+
			"r.number IN ?",
		numbers,
	).Scan(&revisions).Error
	if err != nil {
		return database.Error("read revisions", err)
	}
	for _, r := range revisions {
		if err := json.Unmarshal([]byte(r.Content), &byNumber[r.Number].Content); err != nil {
			return database.Error("read content of "+change.FormatID(r.Number), err)
		}
	}
	return loadChangeVotes(tx, list)
}

// loadChangeVotes fills in votes and grants.
func loadChangeVotes(tx *gorm.DB, list []*change.Change) error {
	byNumber := map[int64]*change.Change{}
	numbers := make([]int64, len(list))
	for i, c := range list {
		byNumber[c.Number], numbers[i] = c, c.Number
	}
	var votes []voteRow
	if err := tx.Raw("SELECT * FROM change_votes WHERE number IN ? ORDER BY number, n", numbers).
		Scan(&votes).Error; err != nil {
		return database.Error("read votes", err)
	}
	for _, row := range votes {
		v, err := row.vote()
		if err != nil {
			return database.Error("read vote", err)
		}
		byNumber[row.Number].Votes = append(byNumber[row.Number].Votes, v)
	}
	var grants []grantRow
	if err := tx.Raw("SELECT * FROM change_grants WHERE number IN ? ORDER BY number, at, id", numbers).
		Scan(&grants).Error; err != nil {
		return database.Error("read grants", err)
	}
	for _, row := range grants {
		byNumber[row.Number].Grants = append(byNumber[row.Number].Grants, row.grant())
	}
	return nil
}

// Get implements change.Store.
func (r Repository) Get(ctx context.Context, id string) (*change.Change, error) {
	number, ok := change.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	state, err := readChange(r.db.Reader(ctx), number)
	if err != nil {
		return nil, err
	}
	return state.change()
}

func texts[S ~string](list []S) []string {
	t := make([]string, len(list))
	for i, s := range list {
		t[i] = string(s)
	}
	return t
}

// Timeline implements change.Store.
func (r Repository) Timeline(ctx context.Context, id string, after int) ([]change.Entry, error) {
	number, ok := change.ParseID(id)
	if !ok {
		return nil, bot.ErrNoSuch
	}
	var rows []changeEntryRow
	err := r.db.Reader(ctx).Raw("SELECT * FROM change_entries WHERE number = ? AND seq > ? ORDER BY seq", number, after).
		Scan(&rows).Error
	entries := make([]change.Entry, len(rows))
	for i := range rows {
		entries[i] = rows[i].entry()
	}
	return entries, database.Error("read timeline", err)
}

// Revisions implements change.History.
func (r Repository) Revisions(ctx context.Context, ids []int64) (map[int64][]change.Revision, error) {
	var rows []revisionRow
	if err := r.db.Reader(ctx).Raw("SELECT * FROM change_revisions WHERE number IN ? ORDER BY number, revision", ids).Scan(
		&rows,
	).Error; err != nil {
		return nil, database.Error("read revisions", err)
	}
	all := map[int64][]change.Revision{}
	for _, row := range rows {
		v := change.Revision{N: row.Revision, Digest: row.Digest, By: bot.PersonID(row.MadeBy), At: row.MadeAt.UTC()}
		if err := json.Unmarshal([]byte(row.Content), &v.Content); err != nil {
			return nil, database.Error("read content", err)
		}
		all[row.Number] = append(all[row.Number], v)
	}
	return all, nil
}

// Entries implements change.History.
func (r Repository) Entries(ctx context.Context, numbers []int64) (map[int64][]change.Entry, error) {
	var rows []changeEntryRow
	if err := r.db.Reader(ctx).Raw("SELECT * FROM change_entries WHERE number IN ? ORDER BY number, seq", numbers).Scan(
		&rows,
	).Error; err != nil {
		return nil, database.Error("read timelines", err)
	}
	all := map[int64][]change.Entry{}
	for _, row := range rows {
		all[row.Number] = append(all[row.Number], row.entry())
	}
	return all, nil
}

// Seen implements change.Memory.
func (r Repository) Seen(ctx context.Context, at time.Time) (time.Time, error) {
	var last time.Time
	err := r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		var old []string
		if err := tx.Raw("SELECT value FROM settings WHERE name = 'change.seen'" + r.db.Dialect().ForUpdate()).
			Scan(&old).Error; err != nil {
			return false, err
		}
		if len(old) > 0 {
			last, _ = time.Parse(time.RFC3339Nano, old[0])
		}
		return false, tx.Exec(
			"INSERT INTO settings (name, value) VALUES ('change.seen', ?) ON CONFLICT (name) DO UPDATE SET value = "+
				"excluded.value",
			at.UTC().Format(time.RFC3339Nano),
		).Error
	})
	return last, database.Error("note that the bot is alive", err)
}

// SavePolicy implements change.Memory.
func (r Repository) SavePolicy(ctx context.Context, sha, text string, at time.Time) error {
	err := r.db.Writer(ctx).Exec(
		"INSERT INTO change_policies (sha, text, at) VALUES (?, ?, ?) ON CONFLICT (sha) DO UPDATE SET at = excluded.at", sha,
		text, at,
	).Error
	if database.CannotWrite(err) { // the same policy again need not be written
		if newest, readErr := r.Policy(ctx, ""); readErr == nil && newest == text {
			return nil
		}
	}
	return database.Error("save policy", err)
}

// Policy implements change.Memory.
func (r Repository) Policy(ctx context.Context, sha string) (string, error) {
	where, args := "ORDER BY at DESC LIMIT 1", []any(nil)
	if sha != "" {
		where, args = "WHERE sha = ?", []any{sha}
	}
	var text []string
	if err := r.db.Reader(ctx).Raw("SELECT text FROM change_policies "+where, args...).Scan(&text).Error; err != nil {
		return "", database.Error("read policy", err)
	}
	if len(text) == 0 {
		return "", bot.ErrNoSuch
	}
	return text[0], nil
}

// SaveMembers implements change.Memory.
func (r Repository) SaveMembers(ctx context.Context, group string, people []bot.PersonID, at time.Time) error {
	data, err := json.Marshal(people)
	if err != nil {
		return err
	}
	err = r.db.Writer(ctx).Exec(
		"INSERT INTO group_members (name, members, at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET members = "+
			"excluded.members, at = excluded.at",
		group, string(data), at,
	).Error
	return database.Error("save members", err)
}

// Members implements change.Memory.
func (r Repository) Members(ctx context.Context, group string) ([]bot.PersonID, time.Time, error) {
	var row membersRow
	if err := r.db.Reader(ctx).Raw("SELECT * FROM group_members WHERE name = ?", group).Scan(&row).Error; err != nil {
		return nil, time.Time{}, database.Error("read members", err)
	}
	if row.Name == "" {
		return nil, time.Time{}, bot.ErrNoSuch
	}
	var people []bot.PersonID
	err := json.Unmarshal([]byte(row.Members), &people)
	return people, row.At.UTC(), err
}
