package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

// AddFreeze implements change.Ledger.
func (r Changes) AddFreeze(ctx context.Context, build func(string) (change.Freeze, bot.Effects, error)) (change.Freeze, error) {
	var f change.Freeze
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		n, h, err := r.s.nextNumber(tx, "freeze")
		if err != nil {
			return false, err
		}
		var e bot.Effects
		if f, e, err = build(fmt.Sprintf("FRZ-%d", n)); err != nil {
			return false, err
		}
		row, err := newFreezeRow(f)
		if err != nil {
			return false, err
		}
		var b batch
		b.insert("", row)
		return len(e.Jobs) > 0, r.s.save(tx, &b, h, e)
	})
	return f, err
}

// EndFreeze implements change.Ledger.
func (r Changes) EndFreeze(ctx context.Context, id string, decide func(*change.Freeze) (bot.Effects, error)) error {
	return r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		var row freezeRow
		if err := tx.Raw("SELECT * FROM change_freezes WHERE id = ?"+r.s.dialect.forUpdate(), id).Scan(&row).Error; err != nil {
			return false, dbError("read freeze", err)
		}
		if row.ID == "" {
			return false, bot.ErrNoSuch
		}
		f, err := row.freeze()
		if err != nil {
			return false, dbError("read freeze", err)
		}
		h, err := r.s.lockHead(tx)
		if err != nil {
			return false, err
		}
		e, err := decide(&f)
		if err != nil {
			return false, err
		}
		changed, err := newFreezeRow(f)
		if err != nil {
			return false, err
		}
		var b batch
		b.update(changed, "id = ?", id)
		return len(e.Jobs) > 0, r.s.save(tx, &b, h, e)
	})
}

// Freezes implements change.Ledger.
func (r Changes) Freezes(ctx context.Context, at time.Time) ([]change.Freeze, error) {
	return freezesFrom(r.s.reader(ctx), at)
}

// freezesFrom lists added freezes that end after at.
func freezesFrom(tx *gorm.DB, at time.Time) ([]change.Freeze, error) {
	var rows []freezeRow
	if err := tx.Raw("SELECT * FROM change_freezes WHERE coalesce(ended_at, to_at) > ? ORDER BY from_at, id", at.UTC()).Scan(&rows).Error; err != nil {
		return nil, dbError("read freezes", err)
	}
	list := make([]change.Freeze, len(rows))
	for i, row := range rows {
		f, err := row.freeze()
		if err != nil {
			return nil, dbError("read freeze "+row.ID, err)
		}
		list[i] = f
	}
	return list, nil
}

// Delegate implements change.Ledger.
func (r Changes) Delegate(ctx context.Context, d change.Delegation, e bot.Effects) error {
	return r.record(ctx, e, func(b *batch) {
		b.insert("", &delegationRow{rand.Text(), string(d.From), string(d.To), d.Since, d.Until, d.Scope})
	})
}

// record saves rows with effects in one transaction.
func (r Changes) record(ctx context.Context, e bot.Effects, rows func(*batch)) error {
	return r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		h, err := r.s.lockHead(tx)
		if err != nil {
			return false, err
		}
		var b batch
		rows(&b)
		return len(e.Jobs) > 0, r.s.save(tx, &b, h, e)
	})
}

// Undelegate implements change.Ledger.
func (r Changes) Undelegate(ctx context.Context, giver bot.PersonID, at time.Time, e bot.Effects) (int, error) {
	n := 0
	err := r.s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		h, err := r.s.lockHead(tx)
		if err != nil {
			return false, err
		}
		done := tx.Exec("UPDATE change_delegations SET until = CASE WHEN since > ? THEN since ELSE ? END WHERE giver = ? AND until > ?", at, at, string(giver), at)
		if done.Error != nil {
			return false, dbError("end delegations", done.Error)
		}
		if n = int(done.RowsAffected); n == 0 {
			return false, errNothing
		}
		return len(e.Jobs) > 0, r.s.save(tx, &batch{}, h, e)
	})
	if errors.Is(err, errNothing) {
		return 0, nil
	}
	return n, err
}

// Delegations implements change.Ledger.
func (r Changes) Delegations(ctx context.Context, at time.Time) ([]change.Delegation, error) {
	return delegationsFrom(r.s.reader(ctx), at)
}

func delegationsFrom(tx *gorm.DB, at time.Time) ([]change.Delegation, error) {
	var rows []delegationRow
	if err := tx.Raw("SELECT * FROM change_delegations WHERE until > ? ORDER BY since, id", at.UTC()).Scan(&rows).Error; err != nil {
		return nil, dbError("read delegations", err)
	}
	list := make([]change.Delegation, len(rows))
	for i, row := range rows {
		list[i] = row.delegation()
	}
	return list, nil
}

// ApproveTemplate implements change.Ledger.
func (r Changes) ApproveTemplate(ctx context.Context, name, digest string, a change.TemplateApproval, e bot.Effects) error {
	return r.record(ctx, e, func(b *batch) {
		b.insert("ON CONFLICT (digest, person) DO UPDATE SET at = excluded.at", &templateRow{digest, string(a.Person), name, a.At})
	})
}

// Template implements change.Ledger.
func (r Changes) Template(ctx context.Context, name string) (map[string][]change.TemplateApproval, []change.Run, error) {
	return templateRecord(r.s.reader(ctx), name)
}

func templateRecord(tx *gorm.DB, name string) (map[string][]change.TemplateApproval, []change.Run, error) {
	var rows []templateRow
	if err := tx.Raw("SELECT * FROM change_templates WHERE name = ? ORDER BY at", name).Scan(&rows).Error; err != nil {
		return nil, nil, dbError("read template", err)
	}
	approvals := map[string][]change.TemplateApproval{}
	for _, row := range rows {
		approvals[row.Digest] = append(approvals[row.Digest], change.TemplateApproval{Person: bot.PersonID(row.Person), At: row.At.UTC()})
	}
	var ended []changeRow
	err := tx.Raw("SELECT number, outcome, ended_at, finished_at, started_at FROM changes WHERE template = ? AND type = 'standard' AND started_at IS NOT NULL AND outcome <> '' ORDER BY number DESC LIMIT 20", name).Scan(&ended).Error
	var runs []change.Run
	for _, row := range ended {
		at := row.StartedAt
		if row.FinishedAt != nil {
			at = row.FinishedAt
		}
		runs = append(runs, change.Run{Change: change.FormatID(row.Number), Outcome: change.Outcome(row.Outcome), At: orZero(at)})
	}
	return approvals, runs, dbError("read runs", err)
}

// Deployed implements change.Ledger.
func (r Changes) Deployed(ctx context.Context, d change.Deployment, e bot.Effects) error {
	return r.record(ctx, e, func(b *batch) {
		b.insert("", &deploymentRow{d.ID, d.Service, d.Env, d.Artifact, d.Change, string(d.Person), d.At, d.Note})
	})
}

// Deployments implements change.Ledger.
func (r Changes) Deployments(ctx context.Context, from, to time.Time) ([]change.Deployment, error) {
	var rows []deploymentRow
	err := r.s.reader(ctx).Raw("SELECT * FROM deployments WHERE at >= ? AND at < ? ORDER BY at, id", from, to).Scan(&rows).Error
	list := make([]change.Deployment, len(rows))
	for i, row := range rows {
		list[i] = change.Deployment{ID: row.ID, Service: row.Service, Env: row.Env, Artifact: row.Artifact, Change: row.Change, Person: bot.PersonID(row.Person), At: row.At.UTC(), Note: row.Note}
	}
	return list, dbError("read deployments", err)
}
