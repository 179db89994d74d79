package report

import (
	"context"
	"regexp"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// Capability is everything the bot needs to know of reports.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "report", Aliases: []string{"reports"}, Summary: "reports on a schedule, and on demand", Groups: groups,
			Buttons: []bot.Action{
				{
					Label: "Preview the digest", Command: "report.preview", Args: map[string]string{"report": string(digest.Daily)},
					Style: bot.Primary,
				}, {Label: "Subscribe this channel", Command: "report.subscribe", Form: true},
				{Label: "Schedules", Command: "report.schedules"},
			},
		},
		Grants:   grants,
		Commands: s.commands(),
		Pages: []bot.View{{
			Name: viewName, Title: "Reports", Icon: "chart", Command: "report.runs", Board: s.board,
			One: &bot.One{Prefix: runPrefix, Command: "report.details", Arg: "run", File: s.file},
		}},
		Jobs: map[string]bot.JobHandler{
			tick: s.dueSlots, postRun: s.postOne, showRun: s.readers, drawRun: s.draw, sendFile: s.send, tellOwner: s.tell,
			postHandover: s.handover, showReview: s.showReviewOf, tellAction: s.tellActionOf, draftWaits: s.remindDraft,
		},
		Schedules: []bot.Schedule{{Name: tick, Cron: "* * * * *", Zone: time.UTC, Kind: tick, Idle: s.idle}},
		Estate:    &bot.Estate{Owned: s.owned, Hand: s.hand},
		Dues:      func(ctx context.Context) ([]bot.Due, error) { return s.keep.Dues(ctx) },
		Urgency: map[string]bot.Urgency{
			postRun: bot.Digest, drawRun: bot.Digest, showRun: bot.Digest, sendFile: bot.Card, tellOwner: bot.Reminder,
			showReview: bot.Card, tellAction: bot.Now, draftWaits: bot.Reminder, postHandover: bot.Reminder, tick: bot.Reminder,
		},
	}
}

// groups are the commands by what people do.
var groups = []bot.Group{
	{Title: "Read", Verbs: []string{"list", "preview", "run", "runs", "details", "why", "export", "ack"}},
	{
		Title: "Subscribe",
		Verbs: []string{"subscribe", "schedules", "settings", "pause", "resume", "unsubscribe", "holidays"},
	},
	{Title: "Review together", Verbs: []string{"review", "discussed", "action", "done", "assign", "decide", "end"}},
	{Title: "Monthly review", Verbs: []string{"edit", "publish"}},
}

func choices(values ...string) func(context.Context) ([]bot.Option, error) {
	var o []bot.Option
	for _, v := range values {
		o = append(o, bot.Option{Value: v, Label: v})
	}
	return func(context.Context) ([]bot.Option, error) { return o, nil }
}

func line1(name, label, help string, max int) bot.Param {
	return bot.Param{Name: name, Label: label, Kind: bot.TextParam, Max: max, Help: help}
}

func asked(p bot.Param) bot.Param { p.Form = true; return p }

// kindParam is which report is meant.
func kindParam(required bool) bot.Param {
	options := func(context.Context) ([]bot.Option, error) {
		var o []bot.Option
		for _, k := range timetable.Kinds {
			if k.Kind != digest.OnCall {
				o = append(o, bot.Option{Value: string(k.Kind), Label: k.Kind.Title()})
			}
		}
		return o, nil
	}
	return bot.Param{
		Name: "report", Label: "Report", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: required,
		Options: options, Match: regexp.MustCompile(`(?i)^(daily|digest|weekly|week|monthly|month|cab|handover)$`),
		Parse: func(raw string) (string, bool) {
			other := map[string]digest.Kind{
				"handover": digest.OnCall, "hand-over": digest.OnCall, "digest": digest.Daily, "week": digest.Weekly,
				"month": digest.Monthly, "review": digest.Weekly,
			}
			k, ok := other[raw]
			return string(k), ok
		}, Help: "daily, weekly, monthly or cab.",
	}
}

func (s *Service) scheduleID() bot.Param {
	return bot.Param{
		Name: "schedule", Kind: bot.RefParam, Prefix: "SCH", Bare: true,
		Help: "SCH-1; in a channel with one report you can leave it out.",
	}
}

func (s *Service) runID(required bool) bot.Param {
	return bot.Param{
		Name: "run", Kind: bot.RefParam, Prefix: "R", Bare: true, Required: required,
		Help: "R-12; in its thread you can leave it out.",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			list, err := s.keep.Runs(ctx, RunFilter{States: []State{Built, Posted, Quiet}, Limit: bot.MaxOptions})
			var o []bot.Option
			for _, r := range list {
				if r.Content != nil {
					o = append(o, bot.Option{Value: r.ID(), Label: value.Cut(r.ID()+" "+r.Content.Title, 70)})
				}
			}
			return o, err
		},
	}
}

func (s *Service) serviceParam() bot.Param {
	return bot.Param{
		Name: "service", Aliases: []string{"services"}, Kind: bot.ChoiceParam, Many: true,
		Help: "Only these services, like payments; several with commas.", Options: bot.ServiceOptions(s.o.Services),
	}
}

// fields are the settings of a schedule.
func (s *Service) fields() []bot.Param {
	empty := bot.Param{
		Name: "empty", Label: "When nothing happened", Kind: bot.ChoiceParam, Fixed: true,
		Options: choices(timetable.EmptyShort, timetable.EmptyPost, timetable.EmptySkip),
		Help:    "short (one line, default), full or skip.",
	}
	return []bot.Param{
		asked(line1("at", "At", "The time of day, like 09:00.", 10)),
		asked(line1("days", "Days", "mon-fri, mon,wed or daily.", 60)),
		asked(line1("tz", "Time zone", "Like Europe/Berlin; by default yours.", 60)),
		asked(line1("holidays", "Holidays", "A calendar and what to do: de-by:skip or de-by:shift.", 60)),
		line1("on", "", "Instead of days, a day of the month: 1, last, workday-3, last-workday, first-mon.", 20),
		line1("cron", "", `Instead of at and days: "0 9 * * 1-5", once a day at most.`, 100),
		line1("team", "", "A group: only its services, and its members may change the schedule.", 40), s.serviceParam(),
		{
			Name: "late", Kind: bot.DurationParam, Longest: 72 * time.Hour,
			Help: "For how long it is still posted after its time, like 6h (default).",
		},
		line1("sections", "", "Only these, like attention,incidents,changes.", 200),
		line1("channel", "", "Where, like it-ops; by default here.", 80), empty,
	}
}

func (s *Service) commands() []bot.Command {
	period := bot.Param{
		Name: "period", Kind: bot.TextParam, Bare: true, Max: 60,
		Help: "last-week, last-month, 2026-W38, 2026-09, 2026-09-22 or 2026-09-01..2026-09-08.",
	}
	team, sections := line1("team", "", "A group: only its services.", 40), line1(
		"sections", "", "Only these, like incidents,changes.", 200,
	)
	which := unasked(kindParam(false))
	settings := s.fields()
	for k := range settings { // five inputs: the fifth is what to do when nothing happened
		if settings[k].Name == "empty" {
			settings[k].Form = true
		}
	}
	return append([]bot.Command{
		{
			Name: "report.list", Common: true, Aliases: []string{"ls"}, Permission: "report.list", Reads: true,
			Summary: "the reports there are, and their sections", Example: "/report list", Handle: s.list,
		},
		{
			Name: "report.preview", Common: true, Permission: "report.preview", Reads: true,
			Summary: "show a report to you alone; nothing is posted", Example: "/report preview daily",
			Params: []bot.Param{unasked(kindParam(false)), period, team, s.serviceParam(), sections}, Handle: s.preview,
		},
		{
			Name: "report.run", Common: true, Permission: "report.run", Title: "Post a report", Submit: "Post",
			Summary: "post a report now, of any period, here or to you alone", Example: "/report run weekly last-week dm",
			Params: []bot.Param{
				unasked(kindParam(false)),
				{
					Name: "where", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("here", "dm"),
					Match: regexp.MustCompile(`^(here|dm)$`), Help: "here (default) or dm.",
				},
				period, team, s.serviceParam(), sections,
			},
			Handle: s.post,
		},
		{
			Name: "report.subscribe", Permission: "report.subscribe", Title: "Subscribe a report", Submit: "Subscribe",
			Summary: "post a report here again and again",
			Example: "/report subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin holidays=de-by:skip",
			Params:  append([]bot.Param{kindParam(true)}, s.fields()...), Handle: s.subscribe,
		},
		{
			Name: "report.settings", Permission: "report.subscribe", Title: "Settings of a report", Submit: "Save",
			Summary: "change when and what", Example: "/report settings SCH-1 at=08:30", Asks: true,
			Params: append([]bot.Param{s.scheduleID(), which}, settings...), Handle: s.settings, Prefill: s.prefill,
		},
		{
			Name: "report.unsubscribe", Permission: "report.subscribe", Summary: "end a schedule",
			Example: "/report unsubscribe daily",
			Params:  []bot.Param{s.scheduleID(), which, line1("channel", "", "Of which channel; by default this one.", 80)},
			Handle:  s.unsubscribe,
		},
		{
			Name: "report.pause", Permission: "report.subscribe",
			Summary: "pause a schedule, until a time or until it is resumed", Example: "/report pause daily until=2027-01-04",
			Params: []bot.Param{
				s.scheduleID(), which,
				{Name: "until", Kind: bot.TimeParam, Word: "until", Toward: value.Future, Help: "mon 09:00 or 2027-01-04."},
				line1("channel", "", "Of which channel; by default this one.", 80),
			},
			Handle: s.pause,
		},
		{
			Name: "report.resume", Permission: "report.subscribe", Summary: "resume a paused schedule",
			Example: "/report resume daily",
			Params:  []bot.Param{s.scheduleID(), which, line1("channel", "", "Of which channel; by default this one.", 80)},
			Handle:  s.resume,
		},
		{
			Name: "report.schedules", Common: true, Permission: "report.list", Reads: true,
			Summary: "all schedules, each with its next three times", Example: "/report schedules", Handle: s.schedules,
		},
		{
			Name: "report.runs", Common: true, Permission: "report.list", Reads: true,
			Summary: "the last ten: when, how late, what went wrong, who has read them", Example: "/report runs daily",
			Params: []bot.Param{which}, Handle: s.runs,
		},
		{
			Name: "report.ack", Common: true, Aliases: []string{"read"}, Permission: "report.ack", Title: "Read",
			Submit:  "I have read it",
			Summary: "say that you have read a report", Example: "/report ack R-1", Params: []bot.Param{s.runID(true)},
			Handle: s.ack,
		},
		{
			Name: "report.details", Common: true, Aliases: []string{"show"}, Permission: "report.list", Reads: true,
			Title: "Details", Submit: "Show", Summary: "all lines of a report", Example: "/report details R-1",
			Params: []bot.Param{s.runID(true)}, Handle: s.details,
		},
		{
			Name: "report.why", Common: true, Permission: "report.list", Reads: true, Title: "Why?", Submit: "Show",
			Summary: "why a report is red or yellow, and by which rule", Example: "/report why R-1",
			Params: []bot.Param{s.runID(true)}, Handle: s.why,
		},
		{
			Name: "report.export", Common: true, Permission: "report.export", Title: "Export", Submit: "Send it",
			Summary: "a report as a file, by its id or its period", Example: "/report export R-1 html",
			Params: []bot.Param{
				s.runID(false),
				{
					Name: "format", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("csv", "html"),
					Match: regexp.MustCompile(`(?i)^(csv|html)$`), Help: "csv (default) or html.",
				},
				period,
			},
			Handle: s.export,
		},
		{
			Name: "report.edit", Permission: "report.edit", Title: "Edit the summary", Submit: "Save",
			Summary: "write the summary of a monthly review before it is published",
			Example: `/report edit R-1 "A calm month: one outage, 56 minutes."`,
			Params: []bot.Param{
				s.runID(true),
				{
					Name: "summary", Label: "Summary", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Paragraph: true,
					Max: 2000, Help: "Five sentences in plain words; no names of machines.",
				},
			},
			Handle: s.edit, Prefill: s.prefillSummary,
		},
		{
			Name: "report.publish", Permission: "report.edit", Title: "Publish", Submit: "Publish",
			Summary: "publish a monthly review: it is posted, and its numbers are frozen", Example: "/report publish R-1",
			Params: []bot.Param{s.runID(true)}, Handle: s.publish,
		},
		{
			Name: "report.holidays", Permission: "report.subscribe", Title: "Holidays", Submit: "Save",
			Summary: "calendars of holidays: list them, show one, or make one of your own",
			Example: "/report holidays name=works-council dates=2026-12-24,2026-12-31",
			Params: []bot.Param{
				bare(line1("name", "Name", "Like works-council, or one to show, like de-by.", 40)),
				{Name: "dates", Kind: bot.TextParam, Max: 4000, Help: "Like 2026-12-24,2026-12-31."},
				{
					Name: "ics", Label: "Calendar", Kind: bot.FileParam, Max: calendar.MaxSize,
					Help: "An .ics file of at most 4 MiB; at a terminal: watchbell import holidays works-council days.ics",
				},
			},
			Handle: s.freeDays,
		},
	}, s.reviewCommands()...)
}

func unasked(p bot.Param) bot.Param { p.Form = false; return p }

func bare(p bot.Param) bot.Param { p.Bare = true; return p }
