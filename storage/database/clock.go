package database

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// clock is this machine's clock, set to the database's: instances whose own clocks differ agree on when a deadline is
// over and a window open.
type clock struct {
	offset atomic.Int64 // nanoseconds to add to the machine's clock
	local  func() time.Time
}

// Now implements bot.Clock.
func (c *clock) Now() time.Time {
	return c.local().Add(time.Duration(c.offset.Load())).UTC().Truncate(time.Microsecond)
}

// How often the clock is set, and a difference that does not matter: a round trip makes that much.
const (
	setClockEvery = time.Minute
	sameClock     = 50 * time.Millisecond
)

// Clock is a clock that shows the database's time, until ctx ends. On SQLite the database is on this machine, and has
// its time.
func (d *DB) Clock(ctx context.Context) (bot.Clock, error) { return d.clockOn(ctx, time.Now) }

func (d *DB) clockOn(ctx context.Context, local func() time.Time) (bot.Clock, error) {
	if d.dialect == SQLite {
		return bot.SystemClock{}, nil
	}
	c := &clock{local: local}
	if err := d.setClock(ctx, c); err != nil {
		return nil, err
	}
	go func() {
		t := time.NewTicker(setClockEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				_ = d.setClock(ctx, c) // until then the last difference counts
			}
		}
	}()
	return c, nil
}

func (d *DB) setClock(ctx context.Context, c *clock) error {
	before := c.local()
	var at time.Time
	if err := d.Reader(ctx).Raw("SELECT clock_timestamp()").Scan(&at).Error; err != nil {
		return Error("read the database's clock", err)
	}
	middle := before.Add(c.local().Sub(before) / 2)
	if d := at.Sub(middle); d.Abs() > sameClock {
		c.offset.Store(int64(d))
	} else {
		c.offset.Store(0)
	}
	return nil
}
