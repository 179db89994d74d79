package report

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

var isoWeek = regexp.MustCompile(`^(\d{4})-?[Ww](\d{1,2})$`)

// ParsePeriod reads the period a report is asked for; "" is the one that the report would cover now.
func ParsePeriod(raw string, k digest.Kind, now time.Time, zone *time.Location) (value.Span, error) {
	today := value.DayOf(now.In(zone))
	monday := today.Add(-(int(today.Weekday()) + 6) % 7)
	day := func(d value.Day) time.Time { return d.At(0, zone) }
	month := func(n int) value.Span {
		return value.Span{
			From: firstOf(today.Year, int(today.Month)+n, zone), To: firstOf(today.Year, int(today.Month)+n+1, zone),
		}
	}
	text := strings.ToLower(strings.TrimSpace(raw))
	var p value.Span
	switch {
	case text == "" && (k == digest.Daily || k == digest.OnCall):
		p = value.Span{From: now.Add(-24 * time.Hour), To: now}
	case text == "" && k == digest.CAB:
		p = value.Span{From: now.AddDate(0, 0, -7), To: now}
	case text == "" && k == digest.Monthly, text == "last-month":
		p = month(-1)
	case text == "", text == "last-week":
		p = value.Span{From: day(monday.Add(-7)), To: day(monday)}
	case text == "this-week":
		p = value.Span{From: day(monday), To: now}
	case text == "this-month":
		p = value.Span{From: month(0).From, To: now}
	case text == "today":
		p = value.Span{From: day(today), To: now}
	case text == "yesterday":
		p = value.Span{From: day(today.Add(-1)), To: day(today)}
	}
	if m := isoWeek.FindStringSubmatch(text); m != nil {
		year, _ := strconv.Atoi(m[1])
		week, _ := strconv.Atoi(m[2])
		fourth := value.Day{Year: year, Month: time.January, Day: 4} // is always in the first week
		first := fourth.Add(-(int(fourth.Weekday())+6)%7 + 7*(week-1))
		if y, w := first.UTC().ISOWeek(); y == year && w == week {
			p = value.Span{From: day(first), To: day(first.Add(7))}
		}
	}
	if t, err := time.Parse("2006-01", text); err == nil {
		p = value.Span{From: firstOf(t.Year(), int(t.Month()), zone), To: firstOf(t.Year(), int(t.Month())+1, zone)}
	}
	if from, to, ok := strings.Cut(text, ".."); ok {
		a, ok1 := value.ParseDate(from)
		b, ok2 := value.ParseDate(to)
		if ok1 && ok2 {
			p = value.Span{From: day(a), To: day(b.Add(1))} // people mean both ends
		}
	}
	if d, ok := value.ParseDate(text); ok {
		p = value.Span{From: day(d), To: day(d.Add(1))}
	}
	const longest = 366 * 24 * time.Hour
	switch {
	case p.From.IsZero():
		return p, bot.Errorf(
			bot.Invalid,
			"Period: %q is not a period. Write last-week, last-month, 2026-W38, 2026-09, 2026-09-22 or 2026-09-01..2026-09-08.",
			shorten(raw, 60),
		).About("period")
	case !p.From.Before(p.To):
		return p, bot.Errorf(
			bot.Invalid, "Period: %q ends before it begins. Write the earlier day first, like 2026-09-01..2026-09-08.",
			shorten(raw, 60),
		).About("period")
	case p.From.After(now):
		return p, bot.Errorf(
			bot.Invalid, "Period: %q has not begun yet. Write one of the past, like last-week.", shorten(raw, 60),
		).About("period")
	case p.Length() > longest:
		return p, bot.Errorf(
			bot.Invalid, "Period: %q is longer than a year. Write a shorter one, like 2026-09.", shorten(raw, 60),
		).About("period")
	}
	return value.Span{From: p.From.UTC(), To: p.To.UTC()}, nil
}

// errHandover helps those who ask for the one report that comes by itself.
var errHandover = bot.Errorf(
	bot.Invalid,
	"The hand-over needs no command: it is posted automatically whenever a rota changes hands. The last ones: /report "+
		"runs handover. Who is on call, and what is open: /oncall who",
).About("report")

// wish is what somebody asks for: a run that belongs to no schedule.
func (s *Service) wish(ctx context.Context, c *bot.Call) (*Run, error) {
	k := digest.Kind(cmp.Or(c.Text("report"), string(digest.Daily)))
	if k == digest.OnCall {
		return nil, errHandover
	}
	zone := c.Zone
	p, err := ParsePeriod(c.Text("period"), k, c.Now, zone)
	if err != nil {
		return nil, err
	}
	sc, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	list, err := wanted(k, c.Text("sections"))
	if err != nil {
		return nil, err
	}
	place := c.Place
	place.Thread = ""
	return &Run{
		Report: k, State: Due, DueAt: c.Now, Period: p, Scope: sc, Place: place, Zone: zone.String(), Sections: list,
		Empty: timetable.EmptyShort, Late: defaultLate, By: c.Person.ID,
	}, nil
}

func (s *Service) preview(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.wish(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Text("period") == "" { // what this channel's schedule would say now
		if r.Channel, err = s.chat.ChannelName(ctx, r.Place); err != nil {
			return bot.Reply{}, err
		}
		all, err := s.keep.Schedules(ctx)
		if err != nil {
			return bot.Reply{}, err
		}
		for _, x := range all {
			if x.Place == r.Place && x.Report == r.Report {
				r.Zone, r.Sections, r.Empty = x.Zone, x.Sections, x.Empty
				if len(r.Scope.Services) == 0 && r.Scope.Team == "" {
					r.Scope = x.Scope
				}
			}
		}
	}
	content, _, err := s.build(ctx, r, c.Now)
	if err != nil {
		return bot.Reply{}, err
	}
	r.Content = content
	m := r.parts(s.o.Address)[0]
	m.Context = append(m.Context, bot.T("A preview that only you see; nothing was posted and no slot was used."))
	m.Actions = append(m.Actions, bot.Action{
		Label: "Post it here", Command: "report.run", Args: given(c, "report", "period", "team"),
		Confirm: "Post this report in this channel, for everybody?",
	},
		bot.Action{Label: "Subscribe this channel", Command: "report.subscribe", Args: given(c, "report"), Form: true})
	return bot.Answer(m), nil
}

func given(c *bot.Call, names ...string) map[string]string {
	m := map[string]string{"report": string(digest.Daily)}
	for _, name := range names {
		if c.Text(name) != "" {
			m[name] = c.Text(name)
		}
	}
	return m
}

func (s *Service) post(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.wish(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	where := "here"
	if c.Text("where") == "dm" {
		r.Place, where = bot.Conversation{Platform: c.From.Platform}, "to you alone"
	} else if r.Place.Channel == "" {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid,
			"There is no channel here to post it in. Write dm at the end to get it alone, like: /report run weekly dm",
		).About("where")
	} else if r.Channel, err = s.chat.ChannelName(ctx, r.Place); err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	err = s.keep.AddRun(ctx, r, func(r *Run) bot.Effects {
		e := c.Effects(r.ID(), 1, string(r.Report)+" "+digest.PeriodLabel(r.Period, c.Zone))
		e.Jobs = []bot.Job{{Kind: postRun, Object: r.ID()}}
		e.Answer = bot.Answer(
			done(
				fmt.Sprintf(
					"%s of %s comes %s as %s in a moment.", r.Report.Title(), digest.PeriodLabel(r.Period, digest.Location(r.Zone)),
					where, r.ID(),
				),
			),
		)
		reply = e.Answer
		return e
	})
	return reply, err
}

func (s *Service) export(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.exported(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	format := cmp.Or(c.Text("format"), "csv")
	platform, err := s.reaches(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	m := done(bot.Bold(fileName(r, format)), " comes to you as a direct message.")
	switch {
	case platform == "" && s.o.Address == "":
		return bot.Reply{}, bot.Errorf(
			bot.Conflict,
			"You are on no chat platform to which the file could be sent. Ask for it in chat, or set web.url, so that it can "+
				"be fetched.",
		)
	case platform == "":
		m = done("Fetch it here: ", bot.Link(fileName(r, format), s.o.Address+"/report/"+r.ID()+"/"+format))
	case s.o.Address != "":
		m = done(
			bot.Bold(fileName(r, format)), " comes to you as a direct message. Or fetch it here: ",
			bot.Link(fileName(r, format), s.o.Address+"/report/"+r.ID()+"/"+format),
		)
	}
	e := c.Effects(r.ID(), r.Version, format)
	e.Answer = bot.Answer(m)
	if platform != "" {
		e.Jobs = []bot.Job{
			{
				Kind: sendFile, Object: r.ID(),
				Arg: strings.Join([]string{format, platform, string(c.Person.ID), c.Now.UTC().Format("20060102150405")}, "/"),
			},
		}
	}
	_, err = s.keep.UpdateRun(ctx, r.Number, func(r *Run) (bot.Effects, error) { return e, nil })
	return e.Answer, err
}

// reaches is the platform on which a file reaches whoever asks for it: the one they ask on, or any other that they have
// an account on; "" if none.
func (s *Service) reaches(ctx context.Context, c *bot.Call) (string, error) {
	platforms := s.chat.Platforms()
	if slices.Contains(platforms, c.From.Platform) {
		return c.From.Platform, nil
	}
	for _, platform := range platforms {
		if _, ok, err := s.chat.AccountOf(ctx, c.Person.ID, platform); ok || err != nil {
			return platform, err
		}
	}
	return "", nil
}

// exported finds the run to export: one by its id, or the newest of a week or month.
func (s *Service) exported(ctx context.Context, c *bot.Call) (*Run, error) {
	if c.Text("run") != "" {
		return s.run(ctx, c)
	}
	k := digest.Weekly
	text := c.Text("period")
	if _, err := time.Parse("2006-01", text); err == nil {
		k = digest.Monthly
	}
	p, err := ParsePeriod(text, k, c.Now, c.Zone)
	if err != nil {
		return nil, err
	}
	list, err := s.keep.Runs(ctx, RunFilter{Limit: 200, States: []State{Built, Posted, Quiet}})
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.Content != nil && r.Period.From.Equal(p.From) && r.Period.To.Equal(p.To) {
			return r, nil
		}
	}
	return nil, bot.Errorf(
		bot.NotFound, "No report of %s was made. Make one with: /report run %s %s", digest.PeriodLabel(p, c.Zone), k,
		cmp.Or(text, "last-week"),
	).About("period")
}

func fileName(r *Run, format string) string {
	return fmt.Sprintf(
		"%s-%s-%s.%s", r.Report, r.Period.To.In(digest.Location(r.Zone)).Add(-time.Second).Format(time.DateOnly), r.ID(),
		format,
	)
}

func (s *Service) edit(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.drafting(ctx, c, func(r *Run) (bot.Message, error) {
		if err := c.Unchanged(map[string]string{"summary": cmp.Or(r.Summary, r.Content.Suggested())}); err != nil {
			return bot.Message{}, err
		}
		r.Summary = c.Text("summary")
		return done("The summary is saved. The draft shows it; publish it when it is right."), nil
	})
}

func (s *Service) prefillSummary(ctx context.Context, c *bot.Call) (map[string]string, error) {
	r, err := s.run(ctx, c)
	if err != nil {
		return nil, err
	}
	if !r.Draft {
		return nil, published(r)
	}
	return map[string]string{"summary": cmp.Or(r.Summary, r.Content.Suggested())}, nil
}

func published(r *Run) error {
	return bot.Errorf(
		bot.Conflict, "%s was published, so it stays as it is. Corrections are shown in the next one.", r.ID(),
	)
}

func (s *Service) publish(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.drafting(ctx, c, func(r *Run) (bot.Message, error) {
		if r.Summary == "" {
			r.Summary = r.Content.Suggested()
		}
		r.Draft, r.Published, r.PublishedBy = false, c.Now, c.Person.ID
		return done("Published: it is posted in " + channelLabel(r.Channel) + " now."), nil
	})
}

// drafting changes a draft. Its owner, the team and administrators may.
func (s *Service) drafting(
	ctx context.Context, c *bot.Call, decide func(*Run) (bot.Message, error),
) (bot.Reply, error) {
	seen, err := s.run(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	var reply bot.Reply
	_, err = s.keep.UpdateRun(ctx, seen.Number, func(r *Run) (bot.Effects, error) {
		if !r.Draft {
			return bot.Effects{}, published(r)
		}
		if c.Person.ID != r.By && !c.May(override) &&
			(r.Scope.Team == "" || !slices.Contains(c.Person.Groups, r.Scope.Team)) {
			return bot.Effects{}, bot.Errorf(bot.Forbidden, "The draft %s belongs to %s, who publishes it.", r.ID(), r.By)
		}
		m, err := decide(r)
		if err != nil {
			return bot.Effects{}, err
		}
		r.Parts = r.parts(s.o.Address)
		e := c.Effects(r.ID(), r.Version, m.Plain(c.Zone))
		e.Jobs = []bot.Job{{Kind: postRun, Object: r.ID()}}
		e.Answer = bot.Answer(m)
		reply = e.Answer
		return e, nil
	})
	return reply, err
}

var calendarName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

func (s *Service) freeDays(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	name := strings.ToLower(c.Text("name"))
	if !c.Given("ics") && c.Text("dates") == "" {
		return s.showFreeDays(ctx, c, name)
	}
	if _, taken := timetable.BuiltIn(name); taken || !calendarName.MatchString(name) {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid,
			"Name: %q cannot be the name of a calendar of yours. Write 2 to 40 small letters, digits and hyphens that no "+
				"built-in one has, like works-council.",
			shorten(name, 40),
		).About("name")
	}
	if err := s.mayReplace(ctx, c, name); err != nil {
		return bot.Reply{}, err
	}
	f := timetable.FreeDays{Name: name, Days: map[string]string{}, By: c.Person.ID, At: c.Now}
	var left []calendar.Left
	var err error
	if c.Given("ics") {
		if f.Days, left, err = timetable.ReadFreeDays(c.File("ics").Data, c.Zone, c.Now); err != nil {
			return bot.Reply{}, err
		}
	}
	for _, raw := range strings.FieldsFunc(c.Text("dates"), func(r rune) bool {
		return r == ',' || r == ' ' ||
			r == '\n'
	}) {
		if _, ok := value.ParseDate(raw); !ok {
			return bot.Reply{}, bot.Errorf(
				bot.Invalid, "Dates: %q is not a date. Write them like 2026-12-24, 2026-12-31.", shorten(raw, 40),
			).About("dates")
		}
		f.Days[raw] = "holiday"
	}
	e := c.Effects("calendar/"+name, 1, digest.Count(len(f.Days), "holiday"))
	m := done(
		fmt.Sprintf(
			"The calendar %s has %s. Use it with holidays=%s:skip or holidays=%s:shift.", name,
			digest.Count(len(f.Days), "holiday"), name, name,
		),
	)
	if len(left) > 0 {
		m.Sections = append(
			m.Sections,
			bot.Para(
				bot.Bold(digest.Count(len(left), "event")+" left out:"),
				"\n• "+strings.Join(timetable.LeftLines(left, c.Zone), "\n• "),
			),
		)
	}
	e.Answer = bot.Answer(m)
	return e.Answer, s.keep.SaveFreeDays(ctx, f, e)
}

// mayReplace refuses to overwrite somebody else's calendar.
func (s *Service) mayReplace(ctx context.Context, c *bot.Call, name string) error {
	list, err := s.keep.FreeDays(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Name == name && f.By != c.Person.ID && !c.May(override) {
			return bot.Errorf(
				bot.Forbidden,
				"The calendar %s is %s's, so only they and administrators replace it. Choose another name, or ask them.", name,
				f.By,
			).About("name")
		}
	}
	return nil
}

func (s *Service) showFreeDays(ctx context.Context, c *bot.Call, name string) (bot.Reply, error) {
	if name == "" {
		list, err := s.keep.FreeDays(ctx)
		if err != nil {
			return bot.Reply{}, err
		}
		m := bot.Message{
			Title: "Calendars of holidays", Tone: bot.Info,
			Sections: []bot.Section{bot.Para(bot.Bold("Built in: "), strings.Join(timetable.CalendarNames(), ", "))},
		}
		for _, f := range list {
			m.Sections = append(
				m.Sections,
				bot.Para(bot.Bold(f.Name), " · "+digest.Count(len(f.Days), "holiday")+" · imported by ", f.By, " ", f.At),
			)
		}
		m.Context = []bot.Text{
			bot.T(
				"Import one: ", bot.Code("/report holidays name=works-council dates=2026-12-24,2026-12-31"),
				", or an .ics file with ", bot.Code("watchbell import holidays works-council FILE"),
			),
		}
		return bot.Answer(m), nil
	}
	cal, err := s.calendar(ctx, name)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Holidays of " + name, Tone: bot.Info}
	today := value.DayOf(c.Now.In(c.Zone))
	var lines []string
	for k := 0; k < 366 && len(lines) < 30; k++ {
		d := today.Add(k)
		if holiday := cal.Holiday(d); holiday != "" {
			lines = append(lines, d.UTC().Format("Mon 2 Jan 2006")+" "+holiday)
		}
	}
	m.Sections = []bot.Section{bot.Para(cmp.Or(strings.Join(lines, "\n"), "None in the next year."))}
	return bot.Answer(m), nil
}

// Find reads a run for its page. bot.ErrNoSuch: there is none, or it is not for everybody to see.
func (s *Service) Find(ctx context.Context, id string, who bot.Person) (*Run, []Ack, error) {
	digits, ok := strings.CutPrefix(id, "R-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return nil, nil, bot.ErrNoSuch
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	secret, err := s.secret(ctx, r, who.ID)
	if err != nil {
		return nil, nil, err
	}
	if secret || r.Content == nil || !slices.ContainsFunc(who.Roles, func(role string) bool { return role != "guest" }) {
		return nil, nil, bot.ErrNoSuch
	}
	acks, err := s.keep.Acks(ctx, n)
	return r, acks, err
}
