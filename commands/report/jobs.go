package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// The jobs of reports. Their object is the run.
const (
	tick       = "report.tick"      // each minute: which slots are due
	postRun    = "report.post"      // build it, if that is not done, and post it
	showRun    = "report.show"      // who has read it
	drawRun    = "report.draw"      // the charts, into its thread
	sendFile   = "report.send-file" // arg: format/platform/person/when
	tellOwner  = "report.tell-owner"
	draftWaits = "report.remind-draft"
)

// HandoverJob asks for the report of a hand-over to be posted, or shown as it is by now.
func HandoverJob(id string) bot.Job { return bot.Job{Kind: postHandover, Object: id} }

const postHandover = "report.post-handover"

func key(what string, r *Run) string { return "report." + what + "/" + r.ID() }

// dueSlots makes the slots that are due into runs: the newest of each schedule is posted, if it is not too late for that, older ones are skipped.
func (s *Service) dueSlots(ctx context.Context, _ bot.Job) error {
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	var failed error
	for _, x := range all {
		if err := s.dueOf(ctx, x, now); err != nil { // one that cannot be read must not hold up the others
			s.o.Log.Error("schedule", "schedule", x.ID(), "error", err)
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// farthest is how long ago a slot may have been to be told of at all.
const farthest = 40 * 24 * time.Hour

// idle reports that no slot is due. What was looked at before is not looked at again: only the time since then matters.
func (s *Service) idle(ctx context.Context, now time.Time) (bool, error) {
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return false, err
	}
	for _, x := range all {
		seen := lookedAt{x.Version, now}
		before, ok := s.looked.Load(x.Number)
		if was, _ := before.(lookedAt); ok && was.version == x.Version && x.Holidays == "" && x.Active(was.at) && len(x.Slots(was.at, now, timetable.Calendar{})) == 0 {
			s.looked.Store(x.Number, seen)
			continue
		}
		slots, err := s.slotsOf(ctx, x, now)
		if err != nil || len(slots) > 0 {
			return false, err
		}
		s.looked.Store(x.Number, seen)
	}
	return true, nil
}

// lookedAt is when no slot of a schedule was due.
type lookedAt struct {
	version int
	at      time.Time
}

func (s *Service) dueOf(ctx context.Context, x *timetable.Schedule, now time.Time) error {
	slots, err := s.slotsOf(ctx, x, now)
	if err != nil {
		return err
	}
	for k, slot := range slots {
		state := Skipped
		if k == len(slots)-1 {
			state = Due
		}
		if err := s.addSlot(ctx, x, slot, state, now); err != nil && !errors.Is(err, bot.ErrRepeated) {
			return err
		}
	}
	return nil
}

// slotsOf are the slots of a schedule that are due and have no run yet, the oldest first.
func (s *Service) slotsOf(ctx context.Context, x *timetable.Schedule, now time.Time) ([]timetable.Slot, error) {
	if !x.Active(now) {
		return nil, nil
	}
	cal, err := s.calendar(ctx, x.Holidays)
	var gone *bot.Error
	if errors.As(err, &gone) {
		cal, err = timetable.Calendar{}, nil // better on a holiday than never
	}
	if err != nil {
		return nil, err
	}
	after := value.Later(x.Since().Add(-time.Second), now.Add(-farthest))
	last, err := s.keep.Runs(ctx, RunFilter{Schedule: x.Number, Bare: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(last) > 0 {
		after = value.Later(after, last[0].DueAt)
	}
	return slices.DeleteFunc(x.Slots(after, now, cal), func(slot timetable.Slot) bool {
		return len(last) > 0 && last[0].Slot >= slot.Date.String() // the schedule was moved to a later hour of a day that had its report
	}), nil
}

func (s *Service) addSlot(ctx context.Context, x *timetable.Schedule, slot timetable.Slot, state State, now time.Time) error {
	p, err := s.period(ctx, x, slot)
	if err != nil {
		return err
	}
	r := &Run{Schedule: x.Number, Slot: slot.Date.String(), Report: x.Report, State: state, DueAt: slot.At, Period: p, Scope: x.Scope, Place: x.Place, Channel: x.Channel, Zone: x.Zone,
		Sections: x.Sections, Empty: x.Empty, Late: x.Late, By: x.Owner, Draft: x.Report == digest.Monthly}
	if state == Due && now.After(slot.At.Add(x.Late)) {
		r.State, r.Problem = Failed, fmt.Sprintf("it was due at %s, and nothing could post it within %s", slot.At.In(x.Location()).Format("Mon 2 Jan 15:04 MST"), figures.Length(x.Late))
	}
	if state == Skipped {
		r.Problem = "a newer one was due by the time it could be posted"
	}
	return s.keep.AddRun(ctx, r, func(r *Run) bot.Effects {
		e := s.bySystem(r, "report."+string(r.State), string(r.Report)+" "+r.Slot, now)
		switch r.State {
		case Due:
			e.Jobs = []bot.Job{{Kind: postRun, Object: r.ID()}}
		case Failed:
			e.Jobs = []bot.Job{{Kind: tellOwner, Object: r.ID()}}
		}
		return e
	})
}

func (s *Service) bySystem(r *Run, action, detail string, at time.Time) bot.Effects {
	return bot.Effects{Audit: bot.Audit{Action: action, Object: r.ID(), Version: r.Version, Result: bot.ResultDone, Detail: detail, Source: "watchbell", At: at}}
}

// period is what a slot's report covers.
func (s *Service) period(ctx context.Context, x *timetable.Schedule, slot timetable.Slot) (value.Span, error) {
	zone := x.Location()
	switch x.Report {
	case digest.Weekly:
		monday := slot.Date.Add(-(int(slot.Date.Weekday()) + 6) % 7)
		return value.Span{From: monday.Add(-7).At(0, zone), To: monday.At(0, zone)}, nil
	case digest.Monthly:
		return value.Span{From: firstOf(slot.Date.Year, int(slot.Date.Month)-1, zone), To: firstOf(slot.Date.Year, int(slot.Date.Month), zone)}, nil
	}
	// From the last one that was made, so that a weekend, a holiday and a pause are covered. The first covers a day.
	last, err := s.keep.Runs(ctx, RunFilter{Schedule: x.Number, States: []State{Built, Posted, Quiet}, Bare: true, Limit: 1})
	if err != nil {
		return value.Span{}, err
	}
	from := slot.At.Add(-24 * time.Hour)
	if x.Report == digest.CAB {
		from = slot.At.AddDate(0, 0, -7)
	}
	if len(last) > 0 && last[0].Period.To.Before(slot.At) && last[0].Period.To.After(slot.At.Add(-farthest)) {
		from = last[0].Period.To
	}
	return value.Span{From: from, To: slot.At}, nil
}

// build computes what a run says. The second value are earlier runs whose numbers are others by now.
func (s *Service) build(ctx context.Context, r *Run, now time.Time) (*digest.Content, []*Run, error) {
	zone := digest.Location(r.Zone)
	earlier, since := s.lookBack(r.Report, r.Period, zone)
	frozen, err := s.keep.Runs(ctx, RunFilter{Report: r.Report, Scope: r.Scope.Key(), States: []State{Posted, Quiet}, Before: r.Period.From.Add(time.Second), Limit: 2})
	if err != nil {
		return nil, nil, err
	}
	v := digest.View{Kind: r.Report, Period: r.Period, Earlier: earlier, Zone: zone, Scope: r.Scope, Channel: r.Channel, Sections: r.Sections, Targets: s.o.Targets}
	for _, old := range frozen {
		if old.Period.From.Before(since) {
			continue
		}
		v.Frozen = append(v.Frozen, digest.Frozen{Run: old.ID(), What: digest.PeriodLabel(old.Period, zone), Period: old.Period, Metrics: old.metrics()})
	}
	if r.Handover != "" {
		if v.Handover, err = s.o.Duty.Handover(ctx, r.Handover); err != nil {
			return nil, nil, err
		}
		since = earlierOf(since, v.Handover.Shift.From)
	}
	if r.Schedule != 0 {
		if err := s.aroundSlot(ctx, r, &v, now); err != nil {
			return nil, nil, err
		}
	}
	facts, err := s.facts(ctx, since, now)
	if err != nil {
		return nil, nil, err
	}
	c := digest.Build(facts, v)
	if s.o.AuditSeal != nil {
		if c.AuditSeal, err = s.o.AuditSeal(ctx); err != nil {
			return nil, nil, err
		}
	}
	if len(c.Restated) == 0 {
		frozen = nil
	}
	return &c, frozen, nil
}

func earlierOf(a, b time.Time) time.Time {
	if b.IsZero() {
		return a
	}
	return value.Earlier(a, b)
}

// aroundSlot adds what a scheduled run says of its schedule: when the next comes, what was skipped, how late it is.
func (s *Service) aroundSlot(ctx context.Context, r *Run, v *digest.View, now time.Time) error {
	if late := now.Sub(r.DueAt); late >= 2*time.Minute {
		v.Late = late
	}
	recent, err := s.keep.Runs(ctx, RunFilter{Schedule: r.Schedule, Bare: true, Limit: 60})
	if err != nil {
		return err
	}
	for _, old := range recent { // newest first, from the run itself on
		if old.Number >= r.Number {
			continue
		}
		if old.State != Skipped && old.State != Failed {
			break
		}
		v.Skipped = append(v.Skipped, value.Short(old.DueAt.In(v.Zone), r.DueAt, "Mon 2 Jan 15:04"))
	}
	slices.Reverse(v.Skipped)
	all, err := s.keep.Schedules(ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Number != r.Schedule {
			continue
		}
		cal, err := s.calendar(ctx, x.Holidays)
		if err != nil {
			return nil // without its calendar nobody knows the next one
		}
		if next := x.Next(value.Later(now, r.DueAt), 1, cal); len(next) > 0 {
			v.Next = next[0].At
		}
	}
	return nil
}

func parseRun(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "R-"), 10, 64)
	if err != nil {
		return 0, &bot.PermanentError{Err: fmt.Errorf("job object %q: %w", id, err)}
	}
	return n, nil
}

// postOne takes a run as far as it gets: computed and kept, then posted part by part. Whatever was done stays done when it is repeated.
func (s *Service) postOne(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	late, err := s.tooLate(ctx, r, now)
	if err != nil {
		return err
	}
	if late {
		why := "it could not be posted within " + figures.Length(r.Late)
		if job.Err != "" {
			why += "; the last attempt ended with “" + shorten(job.Err, 200) + "”"
		}
		return s.giveUp(ctx, r, why, now)
	}
	if r.State == Due {
		if r, err = s.make(ctx, r, now); err != nil {
			return err
		}
	}
	if r.State != Built && !(r.State == Posted && r.Handover != "") {
		return nil
	}
	if r.Draft {
		return s.chat.DirectShow(ctx, key("draft", r), r.ID(), r.By, r.Parts[0])
	}
	err = s.deliver(ctx, r)
	if errors.Is(err, bot.ErrGone) && r.State == Built {
		return s.giveUp(ctx, r, "the channel "+channelLabel(r.Channel)+" is gone or archived", now)
	}
	if err != nil {
		return err
	}
	if r.State == Posted {
		return nil
	}
	_, err = s.keep.UpdateRun(ctx, n, func(r *Run) (bot.Effects, error) {
		e := s.bySystem(r, "report.posted", r.Content.Title, s.clock.Now())
		if r.State != Posted {
			r.State, r.PostedAt = Posted, s.clock.Now()
		}
		if len(r.Content.Charts) > 0 && !r.Content.Quiet {
			e.Jobs = []bot.Job{{Kind: drawRun, Object: r.ID()}}
		}
		return e, nil
	})
	return err
}

// tooLate reports whether a run is not to be posted any more. One that stands in its channel already, if not all of it, is finished, however late it is.
func (s *Service) tooLate(ctx context.Context, r *Run, now time.Time) (bool, error) {
	waits := r.State == Due || r.State == Built && !r.Draft && r.Published.IsZero()
	if !waits || !now.After(r.DueAt.Add(r.Late)) {
		return false, nil
	}
	_, err := s.chat.PostedAt(ctx, key("part", r)+"/0")
	if errors.Is(err, bot.ErrNoSuch) {
		return true, nil
	}
	return false, err
}

// make computes a run and keeps it, before anything is posted.
func (s *Service) make(ctx context.Context, r *Run, now time.Time) (*Run, error) {
	content, frozen, err := s.build(ctx, r, now)
	if err != nil {
		return nil, err
	}
	r, err = s.keep.UpdateRun(ctx, r.Number, func(r *Run) (bot.Effects, error) {
		if r.State == Due {
			r.State, r.Content, r.Frozen = Built, content, content.Metrics
			r.Parts = r.parts(s.o.Address)
			if content.Quiet && r.Empty == timetable.EmptySkip && r.Schedule != 0 {
				r.State = Quiet
			}
		}
		e := s.bySystem(r, "report.built", content.Verdict.Text, now)
		if r.Draft {
			e.Jobs = []bot.Job{{Kind: draftWaits, Object: r.ID(), At: now.Add(draftEvery)}}
		}
		return e, nil
	})
	if err != nil {
		return nil, err
	}
	for _, old := range frozen { // said once, and from now on they count as they are
		fresh, _, err := s.build(ctx, &Run{Report: old.Report, Period: old.Period, Scope: old.Scope, Channel: old.Channel, Zone: old.Zone}, now)
		if err != nil {
			return nil, err
		}
		_, err = s.keep.UpdateRun(ctx, old.Number, func(x *Run) (bot.Effects, error) {
			x.Frozen = fresh.Metrics
			return s.bySystem(x, "report.restated", r.ID(), now), nil
		})
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// How often the owner of a draft is reminded of it, and for how long.
const (
	draftEvery = 24 * time.Hour
	draftDays  = 10
)

// remindDraft tells the owner of a draft, day by day, that nobody else has seen it yet.
func (s *Service) remindDraft(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || !r.Draft || r.State != Built {
		return err
	}
	now := s.clock.Now()
	days := int(now.Sub(r.DueAt) / (24 * time.Hour))
	if days > draftDays {
		return nil
	}
	m := bot.Say(bot.Bold(r.Content.Title), " ("+r.ID()+") is still a draft after ", digest.Count(max(1, days), "day"), ". Nobody else has seen it: publish it, or edit its summary first.")
	m.Tone, m.Actions = bot.Warning, r.draftButtons()
	if err := s.chat.Direct(ctx, fmt.Sprintf("%s/%d", key("draft-waits", r), days), r.ID(), r.By, m); err != nil {
		return err
	}
	return bot.SnoozeUntil(now.Add(draftEvery))
}

// deliver posts the parts of a run, each once.
func (s *Service) deliver(ctx context.Context, r *Run) error {
	acks, err := s.keep.Acks(ctx, r.Number)
	if err != nil {
		return err
	}
	main := withReaders(r.Parts[0], acks, digest.Location(r.Zone))
	if r.Place.Channel == "" { // for one person
		return s.chat.DirectShow(ctx, key("direct", r), r.ID(), r.By, main)
	}
	ref, err := s.chat.Show(ctx, key("part", r)+"/0", r.ID(), r.Place, main)
	if err != nil {
		return err
	}
	thread := ref.Conversation
	thread.Thread = ref.ID
	for k, m := range r.Parts[1:] {
		if _, err := s.chat.Post(ctx, fmt.Sprintf("%s/%d", key("part", r), k+1), r.ID(), thread, m); err != nil {
			return err
		}
	}
	return nil
}

// giveUp ends a run that cannot be posted, and tells its owner.
func (s *Service) giveUp(ctx context.Context, r *Run, why string, now time.Time) error {
	_, err := s.keep.UpdateRun(ctx, r.Number, func(r *Run) (bot.Effects, error) {
		r.State, r.Problem = Failed, why
		e := s.bySystem(r, "report.failed", r.Problem, now)
		e.Jobs = []bot.Job{{Kind: tellOwner, Object: r.ID()}}
		return e, nil
	})
	return err
}

// tell tells the owner of a run that it failed.
func (s *Service) tell(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || r.By == "" {
		return err
	}
	m := bot.Message{Tone: bot.Critical, Title: r.Report.Title() + " was not posted",
		Sections: []bot.Section{bot.Para(fmt.Sprintf("%s of %s for %s failed: %s. The next one covers its time.", r.ID(), r.DueAt.In(digest.Location(r.Zone)).Format("Mon 2 Jan 15:04 MST"), channelLabel(r.Channel), r.Problem))},
		Actions:  []bot.Action{{Label: "Last runs", Command: "report.runs", Args: map[string]string{"report": string(r.Report)}}}}
	return s.chat.Direct(ctx, key("failed", r), r.ID(), r.By, m)
}

// readers shows who has read a run.
func (s *Service) readers(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || r.State != Posted {
		return err
	}
	return s.deliver(ctx, r)
}

// How often a picture is tried before its thread stays without.
const drawTries = 6

// draw uploads the charts into the thread. The text stands already, so nothing waits for them.
func (s *Service) draw(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || r.State != Posted || r.Place.Channel == "" {
		return err
	}
	ref, err := s.chat.PostedAt(ctx, key("part", r)+"/0")
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := ref.Conversation
	thread.Thread = ref.ID
	for _, c := range r.Content.Charts {
		f, err := c.File()
		if err != nil {
			return err
		}
		_, err = s.chat.Upload(ctx, key("chart", r)+"/"+c.Name, r.ID(), thread, f)
		switch {
		case errors.Is(err, bot.ErrRefused), errors.Is(err, bot.ErrGone):
			return nil
		case err != nil && job.Attempt >= drawTries:
			s.o.Log.Warn("chart not uploaded", "run", r.ID(), "chart", c.Name, "error", err)
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// send sends somebody a run as a file.
func (s *Service) send(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	arg := strings.Split(job.Arg, "/")
	if len(arg) != 4 {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil {
		return err
	}
	names, err := s.chat.Names(ctx)
	if err != nil {
		return err
	}
	f, err := r.File(arg[0], names)
	if err != nil {
		return err
	}
	account, ok, err := s.chat.AccountOf(ctx, bot.PersonID(arg[2]), arg[1])
	if err != nil || !ok {
		return err
	}
	err = s.chat.DirectUpload(ctx, key("file", r)+"/"+job.Arg, r.ID(), account, f)
	var never *bot.PermanentError
	if errors.Is(err, bot.ErrRefused) || errors.As(err, &never) {
		s.o.Log.Warn("file not sent", "run", r.ID(), "format", arg[0], "error", err)
		return s.chat.Direct(ctx, key("no-file", r)+"/"+job.Arg, r.ID(), bot.PersonID(arg[2]), s.unsent(r, arg[0]))
	}
	return err
}

// unsent says where a file is found that the chat does not take.
func (s *Service) unsent(r *Run, format string) bot.Message {
	m := bot.Say("The chat does not take the "+strings.ToUpper(format)+" of ", bot.Bold(r.ID()), " from me. ")
	m.Tone = bot.Warning
	if s.o.Address == "" {
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T("On Slack the app needs the scope files:write: ask whoever runs Watchbell.")...)
		return m
	}
	m.Sections[0].Text = append(m.Sections[0].Text, bot.T("It is here instead: ", bot.Link(fileName(r, format), s.o.Address+"/report/"+r.ID()+"/"+format), ".")...)
	return m
}

// File is the run as a file of a format: csv or html. names are what people are called.
func (r *Run) File(format string, names map[bot.PersonID]string) (bot.File, error) {
	f := bot.File{Name: fileName(r, format), Title: r.Content.Title}
	switch format {
	case "csv":
		f.Type, f.Data = "text/csv; charset=utf-8", r.Content.CSV()
		return f, nil
	case "html":
		var err error
		f.Type = "text/html; charset=utf-8"
		f.Data, err = r.Document(names)
		return f, err
	}
	return f, &bot.PermanentError{Err: fmt.Errorf("no format %q", format)}
}

// handover posts the report of a hand-over, or shows it as it is by now.
func (s *Service) handover(ctx context.Context, job bot.Job) error {
	h, err := s.o.Duty.Handover(ctx, job.Object)
	if err != nil {
		return err
	}
	once := "report.handover/" + h.ID
	n, err := s.handoverRun(ctx, h, once)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil {
		return err
	}
	if r.State == Posted || r.State == Built { // its words changed
		content, _, err := s.build(ctx, r, s.clock.Now())
		if err != nil {
			return err
		}
		_, err = s.keep.UpdateRun(ctx, n, func(r *Run) (bot.Effects, error) {
			r.Content = content
			r.Parts = r.parts(s.o.Address)
			return s.bySystem(r, "report.built", "hand-over "+h.ID, s.clock.Now()), nil
		})
		if err != nil {
			return err
		}
	}
	if err := s.postOne(ctx, bot.Job{Kind: postRun, Object: r.ID(), Attempt: job.Attempt, Err: job.Err}); err != nil {
		return err
	}
	if r, err = s.keep.Run(ctx, n); err != nil || r.Content == nil {
		return err
	}
	for _, who := range []bot.PersonID{h.From, h.To} { // both get it themselves, too
		if who == "" {
			continue
		}
		if err := s.chat.DirectShow(ctx, "report.handover-direct/"+h.ID+"/"+string(who), r.ID(), who, r.Parts[0]); err != nil {
			return err
		}
	}
	return nil
}

// handoverRun finds the run of a hand-over, or makes it: one for each, by its time.
func (s *Service) handoverRun(ctx context.Context, h *figures.Handover, once string) (int64, error) {
	list, err := s.keep.Runs(ctx, RunFilter{Report: digest.OnCall, Scope: once, Bare: true, Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(list) > 0 {
		return list[0].Number, nil
	}
	zone := "UTC"
	place, channel := bot.Conversation{}, ""
	if s.o.Duty != nil {
		zone, place, channel = h.Zone, h.Place, h.Channel
	}
	from := h.Shift.From
	if from.IsZero() || !from.Before(h.At) {
		from = h.At.AddDate(0, 0, -7)
	}
	r := &Run{Report: digest.OnCall, State: Due, DueAt: h.At, Period: value.Span{From: from, To: h.At}, Place: place, Channel: channel, Zone: zone, Empty: timetable.EmptyPost, Late: 7 * 24 * time.Hour, By: h.To, Handover: h.ID}
	err = s.keep.AddRun(ctx, r, func(r *Run) bot.Effects { return s.bySystem(r, "report.due", "hand-over "+h.ID, s.clock.Now()) })
	return r.Number, err
}
