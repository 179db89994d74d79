package due

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

const (
	listDue   = "ops.due"
	snoozeDue = "ops.due-snooze"
	others    = "ops.due-others" // to snooze what is somebody else's
	viewName  = "due"
)

// Capability is everything the bot needs to know of what is due. It adds to the umbrella /ops.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "ops", Umbrella: true,
			Groups:  []bot.Group{{Title: "What is due", Verbs: []string{"due", "due-snooze"}}},
			Buttons: []bot.Action{{Label: "What is due?", Command: listDue}},
		},
		// everybody snoozes what is their own, managers what is anybody's
		Grants:    bot.Grants{"auditor": {listDue}, "member": {listDue, snoozeDue}, "manager": {others}},
		Commands:  s.commands(),
		Jobs:      map[string]bot.JobHandler{lookDue: s.look, TellJob: s.tell},
		Schedules: []bot.Schedule{{Name: lookDue, Cron: "* * * * *", Zone: time.UTC, Kind: lookDue, Idle: s.idle}},
		Urgency:   map[string]bot.Urgency{lookDue: bot.Reminder, TellJob: bot.Reminder},
		Pages:     []bot.View{{Name: viewName, Title: "Due", Icon: "clock", Command: listDue, Board: s.board}},
		Mine:      s.own,
	}
}

func (s *Service) commands() []bot.Command {
	text := func(name, help string) bot.Param {
		return bot.Param{Name: name, Kind: bot.TextParam, Max: 60, Help: help}
	}
	return []bot.Command{
		{
			Name: listDue, Permission: listDue, Reads: true, Summary: "what is overdue, and what is due in the next days",
			Example: "/ops due 30d me",
			Params: []bot.Param{
				{
					Name: "within", Label: "How far ahead", Kind: bot.DurationParam, Bare: true, Longest: 400 * day,
					Help: "Like 7d; 30 days if left out.",
				},
				{Name: "person", Label: "Whose", Kind: bot.PersonParam, Bare: true, Help: "Like me or @ana."},
				text("team", "Like network."), text("type", "A kind of things or its prefix, like incident or INC."),
				{Name: "after", Kind: bot.TextParam, Hidden: true, Max: 300},
			},
			Handle: s.list,
		},
		{
			Name: snoozeDue, Permission: snoozeDue, Title: "Snooze reminders", Submit: "Snooze",
			Summary: "be reminded of something again in some days; it stays due",
			Example: "/ops due-snooze INC-1 task 1 days=3",
			Params: []bot.Param{
				{
					Name: "due", Label: "What", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 200,
					Help: "As the reminder names it, like INC-7 task 2, or INC-7 if nothing else of it is due.",
				},
				{
					Name: "days", Label: "For how long", Kind: bot.ChoiceParam, Fixed: true, Form: true, Required: true,
					Options: func(context.Context) ([]bot.Option, error) { return snoozeDays, nil }, Help: "3, 7 or 14 days.",
				},
				{
					Name: "why", Label: "Why", Kind: bot.TextParam, Form: true, Min: 3, Max: 300,
					Help: "Needed where it is due before that.",
				},
			},
			Handle: s.snooze,
		},
	}
}
