package demo

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	aDay = 24 * time.Hour
	// how far the clock is set ahead at once; what is planned comes due on such a quarter of an hour
	moment = 15 * time.Minute
)

// Later is a clock that runs ahead, for a demo to see what time brings. It is safe for concurrent use.
type Later struct {
	bot.Clock
	by atomic.Int64 // a time.Duration
}

// Now implements bot.Clock.
func (c *Later) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.by.Load())) }

// Pass lets time pass until then, before the bot whose clock this is starts: it sets the clock ahead a quarter of an
// hour at a time and does what is due by then, so that a report comes in the hour it is planned for. A jump would find
// it long overdue, and too late to be posted.
func (c *Later) Pass(ctx context.Context, b *engine.Bot, until time.Time) error {
	for at := c.Now(); at.Before(until); {
		if at = at.Truncate(moment).Add(moment); at.After(until) {
			at = until
		}
		c.by.Store(int64(at.Sub(c.Clock.Now())))
		err := b.Tick(ctx)
		if err == nil {
			_, err = b.RunDue(ctx)
		}
		if err != nil {
			return fmt.Errorf("do what was due at %s: %w", at, err)
		}
	}
	return nil
}

// LaterThan is so long after now. From a day on it is later, if need be, by as much as it takes to have a whole day
// outside of the weekend: reports come on working days, and people who let a day pass on a Friday want to see one, too.
func LaterThan(now time.Time, by time.Duration) time.Time {
	at := now.Add(by)
	if by < aDay {
		return at
	}
	t := now
	for worked := time.Duration(0); worked < aDay; t = t.Add(time.Hour) {
		if (value.Week{}).Workday(value.DayOf(t)) {
			worked += time.Hour
		}
	}
	return value.Later(at, t)
}
