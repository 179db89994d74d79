package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// wanted are the sections somebody asked for.
func wanted(k digest.Kind, raw string) ([]string, error) {
	if raw == "" {
		return nil, nil
	}
	var list []string
	for _, name := range strings.Split(strings.ToLower(strings.ReplaceAll(raw, " ", "")), ",") {
		if !slices.Contains(digest.SectionNames(k), name) {
			return nil, bot.Errorf(
				bot.Invalid, "Sections: the %s has no section %q. It has: %s.", k.Title(), shorten(name, 40),
				strings.Join(digest.SectionNames(k), ", "),
			).About("sections")
		}
		list = append(list, name)
	}
	return list, nil
}

// scope reads team= and service=.
func (s *Service) scope(c *bot.Call) (figures.Scope, error) {
	sc := figures.Scope{Team: c.Text("team"), Services: c.List("service")}
	if sc.Team != "" && !slices.Contains(s.o.Teams, sc.Team) {
		return sc, bot.Errorf(
			bot.Invalid, "Team: there is no group %q in the configuration. There are: %s.", shorten(sc.Team, 40),
			cmp.Or(strings.Join(s.o.Teams, ", "), "none"),
		).About("team")
	}
	return sc, nil
}

// rule reads at=, days=, on= and cron= over what holds unless they are given.
func rule(c *bot.Call, r timetable.Rule) (timetable.Rule, error) {
	if c.Given("cron") && c.Text("cron") != "" {
		if c.Given("at") && c.Opened == nil || c.Given("days") && c.Opened == nil || c.Given("on") {
			return r, bot.Errorf(bot.Invalid, "Cron: it already gives the days and the time. Leave out at, days and on.").About(
				"cron",
			)
		}
		return timetable.ParseCron(c.Text("cron"))
	}
	if c.Given("days") && c.Given("on") {
		return r, bot.Errorf(
			bot.Invalid, "Write either days=mon-fri for days of the week or on=workday-3 for a day of the month, not both.",
		).About("on")
	}
	if c.Given("days") && c.Text("days") != "" {
		days, err := timetable.ParseDays(c.Text("days"))
		if err != nil {
			return r, err
		}
		r.Days, r.On, r.Cron = days, "", ""
	}
	if c.Given("on") {
		on, err := timetable.ParseOn(c.Text("on"))
		if err != nil {
			return r, err
		}
		r.Days, r.On, r.Cron = nil, on, ""
	}
	if c.Given("at") && c.Text("at") != "" {
		minute, err := timetable.ParseClock(c.Text("at"))
		if err != nil {
			return r, err
		}
		if r.Cron != "" && minute != r.Minute {
			return r, bot.Errorf(
				bot.Invalid, "At: the time is part of the cron expression. Change that instead: cron=\"%d %d * * 1-5\"", minute%60,
				minute/60,
			).About("at")
		}
		r.Minute = minute
	}
	return r, nil
}

// holidays reads holidays=de-by:shift.
func (s *Service) holidays(
	ctx context.Context, raw string,
) (name string, on timetable.OnHoliday, cal timetable.Calendar, err error) {
	name, how, _ := strings.Cut(strings.ToLower(strings.TrimSpace(raw)), ":")
	on = timetable.OnHoliday(cmp.Or(how, string(timetable.Skip)))
	if name == "" || name == "none" {
		return "", "", timetable.Calendar{}, nil
	}
	if on != timetable.Skip && on != timetable.Shift {
		return "", "", cal, bot.Errorf(
			bot.Invalid, "Holidays: %q is neither skip nor shift. Write holidays=de-by:skip or holidays=de-by:shift.",
			shorten(how, 40),
		).About("holidays")
	}
	cal, err = s.calendar(ctx, name)
	return name, on, cal, err
}

const (
	maxSchedules = 200
	defaultLate  = 6 * time.Hour
)

func (s *Service) subscribe(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	k := digest.Kind(c.Text("report"))
	x := &timetable.Schedule{
		Report: k, Rule: timetable.RuleOf(k), Zone: c.Zone.String(), Owner: c.Person.ID, Made: c.Now, Late: defaultLate,
		Empty: cmp.Or(c.Text("empty"), timetable.EmptyShort),
	}
	if k == digest.OnCall {
		return bot.Reply{}, errHandover
	}
	var err error
	if x.Place, x.Channel, err = s.place(ctx, c); err != nil {
		return bot.Reply{}, err
	}
	cal, err := s.fill(ctx, x, c)
	if err != nil {
		return bot.Reply{}, err
	}
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) >= maxSchedules {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "There are %d schedules already, and no more are kept. End one first: /report schedules", len(all),
		)
	}
	var reply bot.Reply
	_, err = s.keep.AddSchedule(ctx, func(n int64) (*timetable.Schedule, bot.Effects, error) {
		x.Number = n
		e := c.Effects(x.ID(), 1, confirmation(x, c.Now, cal))
		m := done(confirmation(x, c.Now, cal))
		m.Actions = []bot.Action{
			{Label: "Preview", Command: "report.preview", Args: map[string]string{"report": string(k)}},
			{Label: "Settings", Command: "report.settings", Args: map[string]string{"schedule": x.ID()}, Form: true},
			{
				Label: "Unsubscribe", Command: "report.unsubscribe", Args: map[string]string{"schedule": x.ID()},
				Confirm: "End this schedule? What was posted stays.",
			},
		}
		e.Answer = bot.Answer(m)
		reply = e.Answer
		return x, e, nil
	})
	if errors.Is(err, ErrSubscribed) {
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "%s gets the %s already. Change it with /report settings, or end it with: /report unsubscribe %s",
			channelLabel(x.Channel), k.Title(), k,
		).About("report")
	}
	return reply, err
}

// fill reads everything about a schedule that a call gives.
func (s *Service) fill(ctx context.Context, x *timetable.Schedule, c *bot.Call) (timetable.Calendar, error) {
	var cal timetable.Calendar
	var err error
	if x.Report == digest.OnCall {
		return cal, bot.Errorf(
			bot.Invalid,
			"The hand-over has no schedule: it is posted automatically whenever a rota changes hands. See /oncall list",
		).About("report")
	}
	if c.Text("tz") != "" {
		zone, err := value.Zone(c.Text("tz"))
		if err != nil {
			return cal, bot.Errorf(bot.Invalid, "Tz: %v", err).About("tz")
		}
		x.Zone = zone.String()
	}
	if x.Rule, err = rule(c, x.Rule); err != nil {
		return cal, err
	}
	if c.Given("team") || c.Given("service") {
		if x.Scope, err = s.scope(c); err != nil {
			return cal, err
		}
	}
	if c.Given("sections") {
		if x.Sections, err = wanted(x.Report, c.Text("sections")); err != nil {
			return cal, err
		}
	}
	if c.Given("late") {
		x.Late = c.Duration("late")
		if x.Late < 10*time.Minute {
			return cal, bot.Errorf(bot.Invalid, "Late: at least 10m, so that a restart loses nothing. Write late=6h.").About(
				"late",
			)
		}
	}
	if c.Given("empty") {
		x.Empty = c.Text("empty")
	}
	if c.Given("holidays") {
		x.Holidays, x.OnFree, cal, err = s.holidays(ctx, c.Text("holidays"))
	} else {
		cal, err = s.calendar(ctx, x.Holidays)
	}
	if err == nil && len(x.Next(c.Now, 1, cal)) == 0 {
		err = bot.Errorf(bot.Invalid, "With these days it never comes due. Write days=mon-fri or on=workday-3.").About("days")
	}
	return cal, err
}

// place is where a call wants a report: in the channel it names, or where it was made.
func (s *Service) place(ctx context.Context, c *bot.Call) (bot.Conversation, string, error) {
	if name := strings.TrimPrefix(c.Text("channel"), "#"); name != "" {
		for _, platform := range append([]string{c.Place.Platform}, s.chat.Platforms()...) {
			if !slices.Contains(s.chat.Platforms(), platform) {
				continue
			}
			to, ok, err := s.chat.FindChannel(ctx, platform, name)
			if err != nil {
				return to, "", err
			}
			if ok {
				return to, name, nil
			}
		}
		return bot.Conversation{}, "", bot.Errorf(
			bot.NotFound, "Channel: there is no #%s. Write it like channel=it-ops.", shorten(name, 60),
		).About("channel")
	}
	place := c.Place
	place.Thread = ""
	if place.Channel == "" {
		return place, "", bot.Errorf(
			bot.Invalid, "Say where it is to be posted, like channel=it-ops: there is no channel here.",
		).About("channel")
	}
	name, err := s.chat.ChannelName(ctx, place)
	return place, name, err
}

// schedule finds the schedule a call means: by its id, or the one of a report in this channel.
func (s *Service) schedule(ctx context.Context, c *bot.Call) (*timetable.Schedule, error) {
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	if id := c.Text("schedule"); id != "" {
		for _, x := range all {
			if x.ID() == id {
				return x, nil
			}
		}
		return nil,
			bot.Errorf(bot.NotFound, "There is no schedule %s, or it has ended. See them with: /report schedules", id).About(
				"schedule",
			)
	}
	place, name, err := s.place(ctx, c)
	if err != nil {
		return nil, err
	}
	k := digest.Kind(c.Text("report"))
	var here []*timetable.Schedule
	for _, x := range all {
		if x.Place == place && (k == "" || x.Report == k) {
			here = append(here, x)
		}
	}
	switch {
	case len(here) == 1:
		return here[0], nil
	case len(here) > 1:
		var names []string
		for _, x := range here {
			names = append(names, string(x.Report))
		}
		return nil, bot.Errorf(
			bot.Invalid, "%s gets several reports: %s. Name one, like: /report %s %s", channelLabel(name),
			strings.Join(names, ", "), c.Command.Verb(), names[0],
		).About("report")
	}
	if k == "" {
		return nil, bot.Errorf(
			bot.NotFound, "%s gets no report. Subscribe it with: /report subscribe daily at=09:00", channelLabel(name),
		).About("report")
	}
	return nil, bot.Errorf(
		bot.NotFound, "%s does not get the %s. See what there is with: /report schedules", channelLabel(name), k.Title(),
	).About("report")
}

// override lets somebody change reports of others.
const override = "report:override"

// mine refuses to change what belongs to others: its owner, its team and administrators may.
func mine(c *bot.Call, x *timetable.Schedule) error {
	if c.Person.ID == x.Owner || c.May(override) || x.Scope.Team != "" && slices.Contains(c.Person.Groups, x.Scope.Team) {
		return nil
	}
	if x.Scope.Team != "" {
		return bot.Errorf(
			bot.Forbidden, "%s belongs to %s or the team %s. Ask them to change it.", x.ID(), x.Owner, x.Scope.Team,
		)
	}
	return bot.Errorf(bot.Forbidden, "%s belongs to %s. Ask them to change it.", x.ID(), x.Owner)
}

// alter changes a schedule.
func (s *Service) alter(
	ctx context.Context, c *bot.Call, decide func(x *timetable.Schedule, cal timetable.Calendar) (bot.Message, error),
) (bot.Reply, error) {
	found, err := s.schedule(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	cal, err := s.calendar(ctx, found.Holidays)
	if err != nil && c.Command.Verb() != "settings" {
		cal = timetable.Calendar{} // its calendar was taken away; that must not keep anybody from ending it
	}
	var reply bot.Reply
	_, err = s.keep.UpdateSchedule(ctx, found.Number, func(x *timetable.Schedule) (bot.Effects, error) {
		if !x.Ended.IsZero() {
			return bot.Effects{}, bot.Errorf(bot.Conflict, "%s has ended.", x.ID())
		}
		if err := mine(c, x); err != nil {
			return bot.Effects{}, err
		}
		m, err := decide(x, cal)
		if err != nil {
			return bot.Effects{}, err
		}
		e := c.Effects(x.ID(), x.Version, m.Plain(c.Zone))
		e.Answer = bot.Answer(m)
		reply = e.Answer
		return e, nil
	})
	return reply, err
}

func (s *Service) unsubscribe(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(x *timetable.Schedule, _ timetable.Calendar) (bot.Message, error) {
		x.Ended = c.Now
		m := done(fmt.Sprintf("%s gets no %s any more. What was posted stays.", channelLabel(x.Channel), x.Report.Title()))
		return m, nil
	})
}

func (s *Service) pause(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(x *timetable.Schedule, _ timetable.Calendar) (bot.Message, error) {
		x.Paused, x.Until = true, c.Time("until")
		m := done(fmt.Sprintf("The %s in %s is paused", x.Report.Title(), channelLabel(x.Channel)))
		if x.Until.IsZero() {
			m.Sections[0].Text = append(m.Sections[0].Text, bot.T(" until somebody resumes it.")...)
		} else {
			m.Sections[0].Text = append(m.Sections[0].Text, bot.T(
				" until ", x.Until, ". The first one afterwards covers the time between.",
			)...)
		}
		m.Actions = []bot.Action{{Label: "Resume", Command: "report.resume", Args: map[string]string{"schedule": x.ID()}}}
		return m, nil
	})
}

func (s *Service) resume(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(x *timetable.Schedule, cal timetable.Calendar) (bot.Message, error) {
		if !x.Paused {
			return bot.Message{}, bot.Errorf(
				bot.Conflict, "The %s in %s is not paused.", x.Report.Title(), channelLabel(x.Channel),
			)
		}
		x.Paused, x.Until, x.Resumed = false, time.Time{}, c.Now
		return done(confirmation(x, c.Now, cal)), nil
	})
}

func (s *Service) settings(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.alter(ctx, c, func(x *timetable.Schedule, _ timetable.Calendar) (bot.Message, error) {
		if err := c.Unchanged(shown(x)); err != nil {
			return bot.Message{}, err
		}
		cal, err := s.fill(ctx, x, c)
		if err != nil {
			return bot.Message{}, err
		}
		return done(confirmation(x, c.Now, cal)), nil
	})
}

// shown is what the form of the settings shows.
func shown(x *timetable.Schedule) map[string]string {
	m := map[string]string{
		"at": timetable.FormatClock(x.Rule.Minute), "tz": x.Zone, "empty": x.Empty, "holidays": x.Holidays,
	}
	if x.Holidays != "" {
		m["holidays"] += ":" + string(x.OnFree)
	}
	m["days"] = x.Rule.DayList()
	return m
}

func (s *Service) prefill(ctx context.Context, c *bot.Call) (map[string]string, error) {
	x, err := s.schedule(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := mine(c, x); err != nil {
		return nil, err
	}
	return shown(x), nil
}

func (s *Service) schedules(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(all) == 0 {
		m := bot.Say("No report is scheduled yet.")
		m.Actions = []bot.Action{
			{Label: "Subscribe this channel", Command: "report.subscribe", Form: true, Style: bot.Primary},
		}
		return bot.Answer(m), nil
	}
	m := bot.Message{Title: "Schedules", Tone: bot.Info}
	var options []bot.Option
	for _, x := range all {
		cal, err := s.calendar(ctx, x.Holidays)
		text := bot.T(bot.Bold(x.ID()), " ")
		switch {
		case err != nil:
			text = append(text, bot.T(
				x.Report.Title()+" → "+channelLabel(x.Channel)+": its calendar "+x.Holidays+
					" is gone, so its holidays are not known. ",
			)...)
		case x.Paused && !x.Active(c.Now):
			text = append(text, bot.T(x.Report.Title()+" → "+channelLabel(x.Channel)+" is paused")...)
			if !x.Until.IsZero() {
				text = append(text, bot.T(" until ", x.Until)...)
			}
			text = append(text, bot.T(". ")...)
		default:
			text = append(text, bot.T(confirmation(x, c.Now, cal)+" ")...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(text, bot.T("Owner ", x.Owner, ".")...)})
		options = append(options, bot.Option{
			Value: x.ID(), Label: shorten(x.ID()+" "+x.Report.Title()+" → "+channelLabel(x.Channel), 70),
		})
	}
	m.Actions = []bot.Action{
		{
			Label: "Settings of…", Command: "report.settings", Choose: "schedule",
			Options: options[:min(bot.MaxOptions, len(options))], Form: true,
		},
		{Label: "Subscribe this channel", Command: "report.subscribe", Form: true},
	}
	return bot.Answer(m), nil
}
