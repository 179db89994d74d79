package storage

import (
	"context"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// DuesUntil implements bot.Dues.
func (s *Store) DuesUntil(ctx context.Context, day value.Day, limit int) ([]bot.Due, error) {
	return database.ReadDues(s.db.Reader(ctx).Where("day <= ?", day.String()).Limit(limit))
}

// RebuildDues implements bot.Dues. Nobody waits for it where nothing differs, which is nearly always. Otherwise nothing
// else is committed until it has looked again, so what it finds then is what stays.
func (s *Store) RebuildDues(ctx context.Context, read func(context.Context) ([]bot.Due, error)) error {
	differ := func(tx *gorm.DB) ([]bot.Due, error) {
		is, err := database.ReadDues(tx)
		if err != nil {
			return nil, err
		}
		want, err := read(ctx)
		return bot.DuesChanged(is, want), err
	}
	list, err := differ(s.db.Reader(ctx))
	if err != nil || len(list) == 0 {
		return err
	}
	return s.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		list, err := differ(tx)
		return &commit.Changes{Effects: bot.Effects{Dues: list}}, err
	})
}
