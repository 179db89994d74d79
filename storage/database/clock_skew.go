package database

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// SkewedClock is Clock on a machine whose own clock is off, for tests.
func SkewedClock(d *DB, ctx context.Context, skew time.Duration) (bot.Clock, error) {
	return d.clockOn(ctx, func() time.Time { return time.Now().Add(skew) })
}
