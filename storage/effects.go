package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// Record implements bot.Store.
func (s *Store) Record(ctx context.Context, a bot.Audit) error {
	a.Key = ""
	return s.commits.Do(ctx, &commit.Changes{Effects: bot.Effects{Audit: a}})
}

// record saves rows with effects.
func (s *Store) record(ctx context.Context, e bot.Effects, rows func(*commit.Changes)) error {
	c := &commit.Changes{Effects: e}
	rows(c)
	return s.letInAnew(s.commits.Do(ctx, c))
}

// VerifyAudit reads the whole audit log in order and returns its last entry, or a *bot.ChainError that names the first that does not hold.
// known, unless zero, is an entry that has to be in the log.
func (s *Store) VerifyAudit(ctx context.Context, known bot.Seal) (bot.Seal, error) {
	v := bot.Verifier{Known: known}
	var h commit.HeadRow
	err := s.reader(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&h).Error; err != nil {
			return err
		}
		return eachAudit(tx, beforeAll, auditPage, v.Next)
	}, repeatableRead(s.dialect))
	last := bot.Seal{Seq: v.Count, Hash: v.Head}
	var chain *bot.ChainError
	switch {
	case err == nil:
		return last, v.End(h.Seq, h.Hash)
	case errors.As(err, &chain) || ctx.Err() != nil || s.Ping(ctx) != nil:
		return last, err
	}
	// The database answers, so it is the log that cannot be read, which it could when it was written. One by one finds the entry.
	err = eachAudit(s.reader(ctx), v.Count, 1, v.Next)
	if err == nil || errors.As(err, &chain) {
		return last, err
	}
	return last, &bot.ChainError{Seq: v.Count + 1, What: "cannot be read any more: " + err.Error()}
}

const (
	auditPage = 5000
	beforeAll = int64(-1 << 62) // numbers below 1 would be found too
)

func eachAudit(tx *gorm.DB, after int64, page int, next func(bot.Audit) error) error {
	for {
		var rows []commit.AuditRow
		if err := tx.Raw("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, page).Scan(&rows).Error; err != nil {
			return dbError("read audit log", err)
		}
		for _, r := range rows {
			if err := next(r.Audit()); err != nil {
				return err
			}
			after = r.Seq
		}
		if len(rows) < page {
			return nil
		}
	}
}

// AuditOf lists the entries about an object, oldest first.
func (s *Store) AuditOf(ctx context.Context, object string) ([]bot.Audit, error) {
	var rows []commit.AuditRow
	err := s.reader(ctx).Raw("SELECT * FROM audit WHERE object = ? ORDER BY seq", object).Scan(&rows).Error
	var list []bot.Audit
	for _, r := range rows {
		list = append(list, r.Audit())
	}
	return list, dbError("read audit log", err)
}
