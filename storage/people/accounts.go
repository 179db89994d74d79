package people

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Accounts is the repository of people's accounts, of the codes that link them, and of how they changed hands. It is
// safe for concurrent use.
type Accounts struct{ db *database.DB }

var _ account.Store = Accounts{}

// NewAccounts returns the repository of an open database.
func NewAccounts(db *database.DB) Accounts { return Accounts{db} }

// Owner implements account.Store.
func (r Accounts) Owner(ctx context.Context, who bot.PersonID) (*account.Owner, error) {
	tx := r.db.Reader(ctx)
	row, err := gorm.G[personRow](tx).Where("id = ?", string(who)).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, bot.ErrNoSuch
	}
	if err != nil {
		return nil, database.Error("read person", err)
	}
	o := &account.Owner{Person: row.person(), Configured: !row.Enrolled}
	groups, err := gorm.G[groupRow](tx).Where("person = ?", row.ID).Order("name").Find(ctx)
	if err != nil {
		return nil, database.Error("read groups", err)
	}
	for _, g := range groups {
		o.Groups = append(o.Groups, g.Name)
	}
	accounts, err := gorm.G[accountRow](tx).Where("person = ?", row.ID).Order("platform, workspace, user_id").Find(ctx)
	if err != nil {
		return nil, database.Error("read accounts", err)
	}
	for _, a := range accounts {
		h := account.Held{Account: a.account(), Given: !a.Enrolled}
		m, err := r.LastMove(ctx, h.Account)
		if err != nil && !errors.Is(err, bot.ErrNoSuch) {
			return nil, err
		}
		if m.Linked && m.To == who {
			h.Linked = m.At
		}
		o.Held, o.Accounts = append(o.Held, h), append(o.Accounts, h.Account)
	}
	return o, nil
}

func (r accountRow) account() bot.Account {
	return bot.Account{Platform: r.Platform, Workspace: r.Workspace, User: r.UserID}
}

// SaveCode implements account.Store.
func (r Accounts) SaveCode(ctx context.Context, c account.Code, e bot.Effects) error {
	return r.db.Save(ctx, e, func(changes *commit.Changes) {
		changes.Insert(
			"ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, platform = excluded.platform, workspace = "+
				"excluded.workspace, user_id = excluded.user_id, made_at = excluded.made_at, expires_at = "+
				"excluded.expires_at, used_at = excluded.used_at", newCodeRow(c),
		)
	})
}

// Decide implements account.Store. Everybody else who commits waits, so of two who use one code the second finds it
// used.
func (r Accounts) Decide(
	ctx context.Context, q account.Question,
	decide func(context.Context, account.Situation) (account.Decision, error),
) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		ctx := database.WithSnapshot(ctx, tx)
		x, err := r.situation(ctx, q)
		if err != nil {
			return nil, err
		}
		d, err := decide(ctx, x)
		if errors.Is(err, bot.ErrStale) {
			return nil, commit.ErrMoved
		}
		if err != nil {
			return nil, err
		}
		return settle(ctx, tx, x, d)
	})
}

// situation reads what a decision is made on.
func (r Accounts) situation(ctx context.Context, q account.Question) (account.Situation, error) {
	tx := r.db.Reader(ctx)
	x := account.Situation{Account: q.Account}
	rows, err := gorm.G[accountRow](tx).Where(ofAccount, accountKey(q.Account)...).Find(ctx)
	if err != nil {
		return x, database.Error("read account", err)
	}
	for _, row := range rows {
		if x.Owner, err = r.Owner(ctx, bot.PersonID(row.Person)); err != nil {
			return x, err
		}
	}
	to := q.To
	if q.Hash != "" {
		codes, err := gorm.G[codeRow](tx).Where("hash = ?", q.Hash).Find(ctx)
		if err != nil {
			return x, database.Error("read code", err)
		}
		for _, row := range codes {
			c := row.code()
			x.Code, to = &c, c.Person
		}
	}
	if to != "" {
		if x.To, err = r.Owner(ctx, to); err != nil && !errors.Is(err, bot.ErrNoSuch) {
			return x, err
		}
	}
	if x.Last, err = r.LastMove(ctx, q.Account); err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return x, err
	}
	tries, err := gorm.G[triesRow](tx).Where(ofAccount, accountKey(q.Account)...).Find(ctx)
	if err != nil {
		return x, database.Error("read wrong codes", err)
	}
	for _, row := range tries {
		x.Wrong, err = row.wrong()
	}
	return x, database.Error("decode wrong codes", err)
}

// settle is what has to be written so that a decision holds.
func settle(
	ctx context.Context, tx *gorm.DB, x account.Situation, d account.Decision,
) (*commit.Changes, error) {
	c := &commit.Changes{Effects: d.Effects}
	if d.Spends {
		if err := spend(tx, x.Code.Hash, d.Effects.Audit.At); err != nil {
			return nil, err
		}
	}
	if !slices.EqualFunc(d.Wrong, x.Wrong, time.Time.Equal) {
		row, err := newTriesRow(x.Account, d.Wrong)
		if err != nil {
			return nil, err
		}
		if len(d.Wrong) == 0 {
			c.Delete(row, "platform", "workspace", "user_id")
		} else {
			c.Insert("ON CONFLICT (platform, workspace, user_id) DO UPDATE SET times = excluded.times", row)
		}
	}
	if d.Move == nil {
		return c, nil
	}
	return c, settleMove(ctx, tx, c, x, d)
}

// settleMove gives the account to its new owner.
func settleMove(ctx context.Context, tx *gorm.DB, c *commit.Changes, x account.Situation, d account.Decision) error {
	m := *d.Move
	if d.Retires && x.Owner != nil {
		row, err := gorm.G[personRow](tx).Where("id = ?", string(x.Owner.ID)).Take(ctx)
		if err != nil {
			return database.Error("read person", err)
		}
		row.Active = false
		c.Update(&row, "id")
	}
	if m.To == "" {
		h, err := holderOf(tx, m, x.Owner.Name)
		if err != nil {
			return err
		}
		if m.To = bot.PersonID(h.ID); !h.there {
			c.Insert("", &h.personRow)
		}
	}
	a := m.Account
	c.Insert(
		"ON CONFLICT (platform, workspace, user_id) DO UPDATE SET person = excluded.person, enrolled = excluded.enrolled",
		&accountRow{a.Platform, a.Workspace, a.User, string(m.To), true},
	)
	c.Insert(
		"ON CONFLICT (platform, workspace, user_id) DO UPDATE SET n = excluded.n, linked = excluded.linked, from_person = "+
			"excluded.from_person, to_person = excluded.to_person, by_person = excluded.by_person, at = excluded.at",
		newMoveRow(m),
	)
	c.Bump(database.PeopleGuard)
	return nil
}

// spend uses a code up, whoever else tries the same.
func spend(tx *gorm.DB, hash string, at time.Time) error {
	done := tx.Exec("UPDATE link_codes SET used_at = ? WHERE hash = ? AND used_at IS NULL", at, hash)
	if done.Error == nil && done.RowsAffected != 1 {
		return commit.ErrMoved
	}
	return database.Error("use a code", done.Error)
}

// holder is somebody inactive who gets an account that was taken away.
type holder struct {
	personRow
	there bool
}

// holderOf is whoever the account belonged to before it was linked, for they keep its history; else somebody new with
// the name of the last owner. Nobody acts by the account then, and no platform enrolls it anew.
func holderOf(tx *gorm.DB, m account.Move, name string) (holder, error) {
	var before []personRow
	a := m.Account
	err := tx.Raw(`SELECT p.* FROM account_moves m JOIN people p ON p.id = m.from_person
WHERE m.platform = ? AND m.workspace = ? AND m.user_id = ? AND m.linked AND p.enrolled AND NOT p.active AND p.id <> ?`,
		a.Platform, a.Workspace, a.User, string(m.From)).Scan(&before).Error
	if err != nil {
		return holder{}, database.Error("read person", err)
	}
	if len(before) > 0 {
		return holder{before[0], true}, nil
	}
	id, err := freeID(tx, name, a)
	if err != nil {
		return holder{}, database.Error("look for an id", err)
	}
	row := newPersonRow(bot.Person{ID: bot.PersonID(id), Name: name})
	row.Enrolled = true
	return holder{*row, false}, nil
}

// LastMove implements account.Store.
func (r Accounts) LastMove(ctx context.Context, a bot.Account) (account.Move, error) {
	row, err := gorm.G[moveRow](r.db.Reader(ctx)).Where(ofAccount, accountKey(a)...).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return account.Move{}, bot.ErrNoSuch
	}
	return row.move(), database.Error("read how an account changed hands", err)
}

// Record implements account.Store.
func (r Accounts) Record(ctx context.Context, e bot.Effects) error {
	return r.db.Save(ctx, e, func(*commit.Changes) {})
}
