package main

import (
	"context"
	"log/slog"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/cmd/watchbell/demo"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/report"
)

const historyDays = 90

// history fills an empty demo with what people did on the days before. No chat hears of it, for no platform is
// attached.
func (a *app) history(ctx context.Context, p place, days int, say func(string)) error {
	if n, err := a.store.CountIncidents(ctx); err != nil || n > 0 {
		if err == nil {
			say("There are incidents already, so no history is made up. Start over with --reset --history.")
		}
		return err
	}
	now := a.clock.Now()
	clock := demo.NewClock(now.AddDate(0, 0, -days))
	b := engine.New(engine.Options{Store: a.store, Clock: clock, Grants: a.config.Roles, Zone: a.config.Zone})
	incidents := a.incidentOptions()
	incidents.Clock = clock
	changes, err := a.changeOptions(ctx, p, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	changes.Clock = clock
	decided := control.New(a.store.Changes(), b, changes)
	if err := decided.LoadPolicy(ctx); err != nil {
		return err
	}
	b.Use(response.New(a.store.Incidents(), b, incidents).Capability())
	b.Use(decided.Capability())
	b.Use(
		oncall.New(a.store.OnCall(), b, oncall.Options{People: a.store.People, Handover: report.HandoverJob, Clock: clock}).
			Capability(),
	)
	records := desk.New(a.store.Registers(), a.deskOptions(clock))
	b.Use(records.Capability())
	useRegisters(b, records, a.config)
	past := demo.NewPast(b, clock)
	if err := past.Live(ctx, now, days, say); err != nil {
		return err
	}
	if id := past.LeaveOpen(ctx, now); id != "" {
		if err := a.bot.AddJobs(ctx, []bot.Job{response.ShowJob(id)}); err != nil { // its channel opens once there is a chat
			return err
		}
	}
	return past.End(ctx, now)
}
