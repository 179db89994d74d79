package storage

import (
	"context"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Record implements bot.Store.
func (s *Store) Record(ctx context.Context, e bot.Effects) error {
	return s.db.LetInAnew(s.db.Commits().Do(ctx, &commit.Changes{Effects: e}))
}

const (
	auditPage = 5000
	beforeAll = int64(-1 << 62) // numbers below 1 would be found too
)

func eachAudit(tx *gorm.DB, after int64, page int, next func(bot.Audit) error) error {
	for {
		var rows []commit.AuditRow
		if err := tx.Raw("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, page).
			Scan(&rows).Error; err != nil {
			return database.Error("read audit log", err)
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
	err := s.db.Reader(ctx).Raw("SELECT * FROM audit WHERE object = ? ORDER BY seq", object).Scan(&rows).Error
	var list []bot.Audit
	for _, r := range rows {
		list = append(list, r.Audit())
	}
	return list, database.Error("read audit log", err)
}
