package main

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/cmd/watchbell/demo"
)

// passTime lets time pass before the server starts, if its clock can be set ahead.
func (a *app) passTime(ctx context.Context, by time.Duration, say func(string)) error {
	clock, ok := a.clock.(*demo.Later)
	if !ok || by <= 0 {
		return nil
	}
	until := demo.LaterThan(clock.Now().In(a.config.Zone), by)
	say("Letting the time pass until " + until.Format("Mon 2 Jan 15:04 MST") + " …")
	return clock.Pass(ctx, a.bot, until)
}
