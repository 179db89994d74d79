package storage

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// SkewedClock is Clock on a machine whose own clock is off, for tests.
func SkewedClock(s *Store, ctx context.Context, skew time.Duration) (bot.Clock, error) {
	return s.clockOn(ctx, func() time.Time { return time.Now().Add(skew) })
}
