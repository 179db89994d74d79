package change

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// AddFreeze implements change.Ledger.
func (r Repository) AddFreeze(
	ctx context.Context, build func(string) (policy.Freeze, bot.Effects, error),
) (policy.Freeze, error) {
	var f policy.Freeze
	err := r.db.Commits().Number(ctx, "freeze", func(n int64) (*commit.Changes, error) {
		var e bot.Effects
		var err error
		if f, e, err = build(fmt.Sprintf("FRZ-%d", n)); err != nil {
			return nil, err
		}
		row, err := newFreezeRow(f)
		if err != nil {
			return nil, err
		}
		e.Audit.Digest = record.Digest(row)
		c := &commit.Changes{Effects: e}
		c.Insert("", row)
		c.Bump(freezeGuard)
		return c, nil
	})
	return f, r.db.LetInAnew(err)
}

// EndFreeze implements change.Ledger. The guard of the freezes makes sure that nobody ends it twice.
func (r Repository) EndFreeze(ctx context.Context, id string, decide func(*policy.Freeze) (bot.Effects, error)) error {
	read := func(tx *gorm.DB) (*freezeState, error) {
		guards, err := database.ReadGuards(tx, freezeGuard)
		if err != nil {
			return nil, err
		}
		s := &freezeState{guards: guards}
		if err := tx.Raw("SELECT * FROM change_freezes WHERE id = ?", id).Scan(&s.row).Error; err != nil {
			return nil, database.Error("read freeze", err)
		}
		if s.row.ID == "" {
			return nil, bot.ErrNoSuch
		}
		return s, nil
	}
	return database.Alter(
		ctx, r.db, "freeze/"+id, read,
		func(_ *gorm.DB, now *freezeState) (*freezeState, *commit.Changes, error) {
			f, err := now.row.freeze()
			if err != nil {
				return nil, nil, database.Error("read freeze", err)
			}
			e, err := decide(&f)
			if err != nil {
				return nil, nil, err
			}
			row, err := newFreezeRow(f)
			if err != nil {
				return nil, nil, err
			}
			e.Audit.Digest = record.Digest(row)
			c := &commit.Changes{Effects: e}
			c.Update(row, "id")
			c.Rely(now.guards...)
			c.Bump(freezeGuard)
			return nil, c, nil
		},
	)
}

type freezeState struct {
	row    freezeRow
	guards []bot.Guard
}

// Freezes implements change.Ledger.
func (r Repository) Freezes(ctx context.Context, at time.Time) ([]policy.Freeze, error) {
	var t survey
	list := t.freezes(at)
	if err := t.All(r.db.Reader(ctx)); err != nil {
		return nil, err
	}
	return list()
}

// freezes reads added freezes that end after at.
func (t *survey) freezes(at time.Time) func() ([]policy.Freeze, error) {
	var rows []freezeRow
	t.Add(
		"read freezes", &rows, "SELECT * FROM change_freezes WHERE coalesce(ended_at, to_at) > ? ORDER BY from_at, id",
		at.UTC(),
	)
	return func() ([]policy.Freeze, error) {
		list := make([]policy.Freeze, len(rows))
		for i, row := range rows {
			f, err := row.freeze()
			if err != nil {
				return nil, database.Error("read freeze "+row.ID, err)
			}
			list[i] = f
		}
		return list, nil
	}
}

// Delegate implements change.Ledger.
func (r Repository) Delegate(ctx context.Context, d change.Delegation, e bot.Effects) error {
	row := &delegationRow{rand.Text(), string(d.From), string(d.To), d.Since, d.Until, d.Scope}
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		c.Insert("", row)
		c.Bump(database.PeopleGuard)
	})
}

// Undelegate implements change.Ledger.
func (r Repository) Undelegate(ctx context.Context, giver bot.PersonID, at time.Time, e bot.Effects) (int, error) {
	n := 0
	type state struct {
		rows   []delegationRow
		guards []bot.Guard
	}
	read := func(tx *gorm.DB) (*state, error) {
		guards, err := database.ReadGuards(tx, database.PeopleGuard)
		if err != nil {
			return nil, err
		}
		s := &state{guards: guards}
		err = tx.Raw("SELECT * FROM change_delegations WHERE giver = ? AND until > ?", string(giver), at).Scan(&s.rows).Error
		return s, database.Error("read delegations", err)
	}
	err := database.Alter(
		ctx, r.db, "delegation/"+string(giver), read,
		func(_ *gorm.DB, now *state) (*state, *commit.Changes, error) {
			if n = len(now.rows); n == 0 {
				return nil, nil, database.ErrNothing
			}
			c := &commit.Changes{Effects: e}
			for i := range now.rows {
				row := now.rows[i]
				row.Until = value.Later(row.Since, at).UTC()
				c.Update(&row, "id")
			}
			c.Rely(now.guards...)
			c.Bump(database.PeopleGuard)
			return nil, c, nil
		},
	)
	if errors.Is(err, database.ErrNothing) {
		return 0, nil
	}
	return n, err
}

// Delegations implements change.Ledger.
func (r Repository) Delegations(ctx context.Context, at time.Time) ([]change.Delegation, error) {
	var t survey
	list := t.delegations(at)
	if err := t.All(r.db.Reader(ctx)); err != nil {
		return nil, err
	}
	return list(), nil
}

func (t *survey) delegations(at time.Time) func() []change.Delegation {
	var rows []delegationRow
	t.Add("read delegations", &rows, "SELECT * FROM change_delegations WHERE until > ? ORDER BY since, id", at.UTC())
	return func() []change.Delegation {
		list := make([]change.Delegation, len(rows))
		for i, row := range rows {
			list[i] = row.delegation()
		}
		return list
	}
}

// ApproveTemplate implements change.Ledger.
func (r Repository) ApproveTemplate(
	ctx context.Context, name, digest string, a policy.TemplateApproval, e bot.Effects,
) error {
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		c.Insert("ON CONFLICT (digest, person) DO UPDATE SET at = excluded.at", &templateRow{
			digest, string(a.Person), name, a.At,
		})
		c.Bump(templateGuard(name))
	})
}

// Template implements change.Ledger.
func (r Repository) Template(
	ctx context.Context, name string,
) (map[string][]policy.TemplateApproval, []policy.Run, error) {
	return templateRecord(r.db.Reader(ctx), name)
}

func templateRecord(tx *gorm.DB, name string) (map[string][]policy.TemplateApproval, []policy.Run, error) {
	var rows []templateRow
	if err := tx.Raw("SELECT * FROM change_templates WHERE name = ? ORDER BY at", name).Scan(&rows).Error; err != nil {
		return nil, nil, database.Error("read template", err)
	}
	approvals := map[string][]policy.TemplateApproval{}
	for _, row := range rows {
		approvals[row.Digest] = append(approvals[row.Digest], policy.TemplateApproval{
			Person: bot.PersonID(row.Person), At: row.At.UTC(),
		})
	}
	var ended []changeRow
	err := tx.Raw(
		"SELECT number, outcome, ended_at, finished_at, started_at FROM changes WHERE template = ? AND type = 'standard' "+
			"AND started_at IS NOT NULL AND outcome <> '' ORDER BY number DESC LIMIT 20",
		name,
	).Scan(&ended).Error
	var runs []policy.Run
	for _, row := range ended {
		at := row.StartedAt
		if row.FinishedAt != nil {
			at = row.FinishedAt
		}
		runs = append(runs, policy.Run{
			Change: change.FormatID(row.Number), Outcome: policy.Outcome(row.Outcome), At: database.OrZero(at),
		})
	}
	return approvals, runs, database.Error("read runs", err)
}

// Deployed implements change.Ledger.
func (r Repository) Deployed(ctx context.Context, d change.Deployment, e bot.Effects) error {
	row := &deploymentRow{d.ID, d.Service, d.Env, d.Artifact, d.Change, string(d.Person), d.At, d.Note}
	e.Audit.Digest = record.Digest(row)
	return r.db.Save(ctx, e, func(c *commit.Changes) { c.Insert("", row) })
}

// Deployments implements change.Ledger.
func (r Repository) Deployments(ctx context.Context, from, to time.Time) ([]change.Deployment, error) {
	var rows []deploymentRow
	err := r.db.Reader(ctx).Raw("SELECT * FROM deployments WHERE at >= ? AND at < ? ORDER BY at, id", from, to).
		Scan(&rows).Error
	list := make([]change.Deployment, len(rows))
	for i, row := range rows {
		list[i] = change.Deployment{
			ID: row.ID, Service: row.Service, Env: row.Env, Artifact: row.Artifact, Change: row.Change,
			Person: bot.PersonID(row.Person), At: row.At.UTC(), Note: row.Note,
		}
	}
	return list, database.Error("read deployments", err)
}
