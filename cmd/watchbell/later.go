package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	aDay   = 24 * time.Hour
	moment = 15 * time.Minute // how far the demo's clock is set ahead at once; what is planned comes due on such a quarter of an hour
)

// laterClock runs ahead, for a demo to see what time brings. It is safe for concurrent use.
type laterClock struct {
	bot.Clock
	by atomic.Int64 // a time.Duration
}

// Now implements bot.Clock.
func (c *laterClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.by.Load())) }

// passTime lets time pass before the server starts: it sets the clock ahead a quarter of an hour at a time and does what is due by then, so that
// a report comes in the hour it is planned for. A jump would find it long overdue, and too late to be posted.
func (a *app) passTime(ctx context.Context, by time.Duration, say func(string)) error {
	clock, ok := a.clock.(*laterClock)
	if !ok || by <= 0 {
		return nil
	}
	now := clock.Now()
	until := laterThan(now.In(a.config.Zone), by)
	say("Letting the time pass until " + until.Format("Mon 2 Jan 15:04 MST") + " …")
	for at := now; at.Before(until); {
		if at = at.Truncate(moment).Add(moment); at.After(until) {
			at = until
		}
		clock.by.Store(int64(at.Sub(clock.Clock.Now())))
		err := a.bot.Tick(ctx)
		if err == nil {
			_, err = a.bot.RunDue(ctx)
		}
		if err != nil {
			return fmt.Errorf("do what was due at %s: %w", at, err)
		}
	}
	return nil
}

// laterThan is so long after now. From a day on it is later, if need be, by as much as it takes to have a whole day outside of the weekend:
// reports come on working days, and whoever lets a day pass on a Friday wants to see one, too.
func laterThan(now time.Time, by time.Duration) time.Time {
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
