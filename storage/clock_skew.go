package storage

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// SkewedClock is Clock on a machine whose own clock is off, for tests.
func SkewedClock(s *Store, ctx context.Context, skew time.Duration) (bot.Clock, error) {
	return database.SkewedClock(s.db, ctx, skew)
}
