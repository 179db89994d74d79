package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// Chat is what reports need of the bot to show themselves. *bot.Bot has it.
type Chat interface {
	FindChannel(ctx context.Context, platform, name string) (bot.Conversation, bool, error)
	ChannelName(ctx context.Context, c bot.Conversation) (string, error)
	Platforms() []string
	Names(ctx context.Context) (map[bot.PersonID]string, error)
	Show(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	Post(ctx context.Context, key, object string, to bot.Conversation, m bot.Message) (bot.MessageRef, error)
	PostedAt(ctx context.Context, key string) (bot.MessageRef, error)
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	Upload(ctx context.Context, key, object string, to bot.Conversation, f bot.File) (bot.MessageRef, error)
	DirectUpload(ctx context.Context, key, object string, who bot.Account, f bot.File) error
	AccountOf(ctx context.Context, who bot.PersonID, platform string) (bot.Account, bool, error)
	Happened(ctx context.Context, period value.Span) ([]bot.Happening, error)
	Chapters(ctx context.Context, period value.Span) ([]bot.Chapter, error)
}

// Duty tells who is on call. Whoever puts the program together connects it with the capability that knows.
type Duty interface {
	// Rotas are all rotas, with their pages since a time.
	Rotas(ctx context.Context, since, now time.Time) ([]figures.Rota, error)
	// Handover finds one by its id. bot.ErrNoSuch: there is none.
	Handover(ctx context.Context, id string) (*figures.Handover, error)
}

// Options are what reports need to know of the configuration.
type Options struct {
	Services bot.Services // default none
	Teams    []string     // groups that may own a report
	Targets  figures.Targets
	Weights  map[string]float64 // how much of a service an incident takes, by severity, from 0 to 1; nil is the usual
	Duty     Duty               // nil: nobody is on call
	Freezes  func(ctx context.Context, from, to time.Time) ([]figures.Freeze, error)
	// AuditSeal is the newest checkpoint of the audit log in short, "" while there is none. It stands in the small print,
	// so that it is kept outside of the database. Optional.
	AuditSeal func(ctx context.Context) (string, error)
	Address   string // of the page, for links; "" when people cannot reach it
	Clock     bot.Clock
	Log       *slog.Logger
}

// Service runs the commands and jobs of reports.
type Service struct {
	keep  Keeper
	chat  Chat
	o     Options
	clock bot.Clock

	looked sync.Map // by number of a schedule, when no slot was due
}

// ErrSubscribed is what a store returns when a channel has a report already.
var ErrSubscribed = errors.New("the channel has that report already")

// New makes the service.
func New(keep Keeper, chat Chat, o Options) *Service {
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Services == nil {
		o.Services = bot.ServicesOf()
	}
	return &Service{keep: keep, chat: chat, o: o, clock: o.Clock}
}

// facts reads everything since a time, for a report that shows v.
func (s *Service) facts(ctx context.Context, v *digest.View, since, now time.Time) (*figures.Facts, error) {
	f, err := s.keep.Facts(ctx, since, now, func(ctx context.Context, f *figures.Facts) (err error) {
		if f.Happened, err = s.chat.Happened(ctx, value.Span{From: since, To: now}); err != nil || !v.Kind.HasChapters() {
			return err
		}
		f.Chapters, err = s.chat.Chapters(ctx, v.Period)
		return err
	})
	if err != nil {
		return nil, err
	}
	f.Weights = s.o.Weights
	if f.Services, err = s.o.Services(ctx); err != nil {
		return nil, err
	}
	if s.o.Freezes != nil {
		if f.Freezes, err = s.o.Freezes(ctx, now, now.AddDate(0, 0, 90)); err != nil {
			return nil, err
		}
	}
	if s.o.Duty != nil {
		f.Rotas, err = s.o.Duty.Rotas(ctx, since, now)
	}
	return f, err
}

// lookBack is how far before its period a report looks: for comparisons and charts.
func (s *Service) lookBack(k digest.Kind, p value.Span, zone *time.Location) (earlier []value.Span, since time.Time) {
	switch k {
	case digest.Weekly:
		for n := 1; n <= 8; n++ {
			earlier = append(earlier, value.Span{
				From: value.DayOf(p.From.In(zone)).Add(-7*n).At(0, zone),
				To:   value.DayOf(p.From.In(zone)).Add(-7*(n-1)).At(0, zone),
			})
		}
	case digest.Monthly:
		from := p.From.In(zone)
		for n := 1; n <= 11; n++ {
			earlier = append(earlier, value.Span{
				From: firstOf(from.Year(), int(from.Month())-n, zone), To: firstOf(from.Year(), int(from.Month())-n+1, zone),
			})
		}
	default:
		earlier = []value.Span{{From: p.From.Add(-p.Length()), To: p.From}}
	}
	since = p.To.AddDate(0, 0, -85) // twelve weeks of charts, and how the last changes went
	if k == digest.Daily || k == digest.OnCall {
		since = p.To.In(zone).AddDate(0, 0, -30) // what budgets go by
	}
	for _, e := range earlier {
		if e.From.Before(since) {
			since = e.From
		}
	}
	return earlier, since
}

func firstOf(year, month int, zone *time.Location) time.Time {
	t := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	return value.DayOf(t).At(0, zone)
}

// calendar finds the holidays of a name, of the library or imported.
func (s *Service) calendar(ctx context.Context, name string) (timetable.Calendar, error) {
	if name == "" {
		return timetable.Calendar{}, nil
	}
	if known, ok := timetable.BuiltIn(name); ok {
		return known, nil
	}
	list, err := s.keep.FreeDays(ctx)
	if err != nil {
		return timetable.Calendar{}, err
	}
	for _, f := range list {
		if f.Name == name {
			return f.Calendar(), nil
		}
	}
	names := timetable.CalendarNames()
	for _, f := range list {
		names = append(names, f.Name)
	}
	hint := ""
	if near := value.Nearest(name, names); near != "" {
		hint = " Did you mean " + near + "?"
	}
	return timetable.Calendar{}, bot.Errorf(
		bot.Invalid,
		"Holidays: there is no calendar %q.%s Write a country or region, like de, de-by, us or gb, or import one: /report "+
			"holidays",
		shorten(name, 40), hint,
	).About("holidays")
}

func (s *Service) list(_ context.Context, c *bot.Call) (bot.Reply, error) {
	m := bot.Message{Title: "Reports", Tone: bot.Info}
	for _, k := range timetable.Kinds {
		m.Sections = append(
			m.Sections,
			bot.Para(
				bot.Bold(string(k.Kind)),
				" · "+k.Kind.Title()+": "+k.Summary+".\nSections: "+strings.Join(digest.SectionNames(k.Kind), ", ")+".",
			),
		)
	}
	m.Actions = []bot.Action{
		{
			Label: "Preview the digest", Command: "report.preview", Args: map[string]string{"report": string(digest.Daily)},
			Style: bot.Primary,
		},
		{Label: "Subscribe this channel", Command: "report.subscribe", Form: true},
		{Label: "Schedules", Command: "report.schedules"},
	}
	return bot.Answer(m), nil
}

// run finds the run a call means.
func (s *Service) run(ctx context.Context, c *bot.Call) (*Run, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(c.Text("run"), "R-"), 10, 64)
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "Name the report, like R-12. See them with: /report runs").About("run")
	}
	r, err := s.keep.Run(ctx, n)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil, bot.Errorf(bot.NotFound, "There is no report %s. See them with: /report runs", FormatID(n)).About("run")
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.secret(ctx, r, c.Person.ID)
	if err != nil {
		return nil, err
	}
	if secret && (c.Place.Channel == "" || c.Place.Channel != r.Place.Channel) {
		return nil, bot.Errorf(bot.NotFound, "%s is only shown where it was posted.", r.ID()).About("run")
	}
	if r.Content == nil {
		return nil, bot.Errorf(bot.Conflict, "%s was never made: it was %s.", r.ID(), r.State).About("run")
	}
	return r, nil
}

// secret reports whether a run is not for everybody: it was made for one person, or may name what is restricted to its
// channel.
func (s *Service) secret(ctx context.Context, r *Run, who bot.PersonID) (bool, error) {
	switch {
	case who == r.By || r.Handover != "":
		return false, nil
	case r.Place.Channel == "":
		return true, nil
	}
	services, err := s.o.Services(ctx)
	return !bot.Restrictions(services).Include(bot.Reader{}, bot.Audience{Channel: r.Channel}), err
}

func (s *Service) ack(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.run(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(r.ID(), r.Version, "read")
	e.Answer = bot.Answer(done("Noted: you have read " + r.Content.Title + "."))
	e.Jobs = []bot.Job{{Kind: showRun, Object: r.ID()}}
	err = s.keep.Acknowledge(ctx, r.Number, Ack{c.Person.ID, c.Now}, e)
	if errors.Is(err, ErrRead) {
		return bot.Answer(done("You have read it already.")), nil
	}
	return e.Answer, err
}

// ErrRead is what a store returns when somebody acknowledged a run before.
var ErrRead = errors.New("acknowledged before")

func (s *Service) details(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.run(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	if c.Paged {
		acks, err := s.keep.Acks(ctx, r.Number)
		return bot.Look(r.page(acks)), err
	}
	m := bot.Message{Title: r.Content.Title, Tone: bot.Info}
	size := 0
	for k := range r.Content.Blocks {
		b := &r.Content.Blocks[k]
		section := b.Section(digest.MaxThread)
		if size += len(section.Text.Plain(time.UTC)); size > 3*digest.MaxPartText {
			m.Context = append(m.Context, bot.T("The rest is on the report's page and in its CSV."))
			break
		}
		m.Sections = append(m.Sections, section)
	}
	if s.o.Address != "" {
		m.Context = append(
			m.Context, bot.T("With charts and tables: ", bot.Link("open the page of "+r.ID(), s.o.Address+"/report/"+r.ID())),
		)
	}
	m.Actions = []bot.Action{
		{Label: "CSV", Command: "report.export", Args: map[string]string{"run": r.ID(), "format": "csv"}},
		{Label: "HTML", Command: "report.export", Args: map[string]string{"run": r.ID(), "format": "html"}},
		{Label: "Why?", Command: "report.why", Args: map[string]string{"run": r.ID()}},
	}
	return bot.Answer(m), nil
}

func (s *Service) why(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r, err := s.run(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	v := r.Content.Verdict
	m := bot.Message{Title: fmt.Sprintf("Why %s?", v.Level), Tone: v.Level.Tone()}
	for _, reason := range v.Why {
		m.Sections = append(
			m.Sections,
			bot.Para(reason.Level.Sign()+" ", bot.Bold(strings.ToUpper(reason.Text[:1])+reason.Text[1:]), ". "+reason.Rule),
		)
	}
	if len(v.Why) == 0 {
		m.Sections = append(
			m.Sections,
			bot.Para(
				"Everything is green: no SEV1 or SEV2 is open, every service met its target, and nothing is waiting or overdue.",
			),
		)
	}
	return bot.Answer(m), nil
}

func (s *Service) runs(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if c.Paged {
		return s.listRuns(ctx, c)
	}
	list, err := s.keep.Runs(ctx, RunFilter{Report: digest.Kind(c.Text("report")), Limit: 10})
	if err != nil {
		return bot.Reply{}, err
	}
	if len(list) == 0 {
		m := bot.Say("No report was made yet. See what one would say: ", bot.Code("/report preview daily"))
		return bot.Answer(m), nil
	}
	m := bot.Message{Title: "The last reports", Tone: bot.Info}
	var options []bot.Option
	for _, r := range list {
		text := bot.T(
			bot.Bold(r.ID()), " "+string(r.Report)+" → "+r.where()+" · "+cmp.Or(r.Slot, "on demand")+" · "+string(r.State),
		)
		if !r.PostedAt.IsZero() {
			text = append(text, bot.T(" ", r.PostedAt)...)
		}
		if d := r.Lateness(); d > 0 {
			text = append(text, bot.T(", late by "+figures.Length(d))...)
		}
		if r.Problem != "" {
			text = append(text, bot.T(" · "+shorten(r.Problem, 120))...)
		}
		acks, err := s.keep.Acks(ctx, r.Number)
		if err != nil {
			return bot.Reply{}, err
		}
		if len(acks) > 0 {
			text = append(text, bot.T(fmt.Sprintf(" · read by %d", len(acks)))...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: text})
		if r.Content != nil {
			options = append(options, bot.Option{Value: r.ID(), Label: shorten(r.ID()+" "+r.Content.Title, 70)})
		}
	}
	if len(options) > 0 {
		m.Actions = []bot.Action{{Label: "Details of…", Command: "report.details", Choose: "run", Options: options}}
	}
	return bot.Answer(m), nil
}
