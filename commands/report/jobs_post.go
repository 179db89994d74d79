package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// build computes what a run says. The second value are earlier runs whose numbers are others by now.
func (s *Service) build(ctx context.Context, r *Run, now time.Time) (*digest.Content, []*Run, error) {
	zone := digest.Location(r.Zone)
	earlier, since := s.lookBack(r.Report, r.Period, zone)
	frozen, err := s.keep.Runs(ctx, RunFilter{
		Report: r.Report, Scope: r.Scope.Key(), States: []State{Posted, Quiet}, Before: r.Period.From.Add(time.Second),
		Limit: 2,
	})
	if err != nil {
		return nil, nil, err
	}
	v := digest.View{
		Kind: r.Report, Period: r.Period, Earlier: earlier, Zone: zone, Scope: r.Scope, Channel: r.Channel,
		Sections: r.Sections, Targets: s.o.Targets,
	}
	for _, old := range frozen {
		if old.Period.From.Before(since) {
			continue
		}
		v.Frozen = append(v.Frozen, digest.Frozen{
			Run: old.ID(), What: digest.PeriodLabel(old.Period, zone), Period: old.Period, Metrics: old.metrics(),
		})
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
	facts, err := s.facts(ctx, &v, since, now)
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

// postOne takes a run as far as it gets: computed and kept, then posted part by part. Whatever was done stays done when
// it is repeated.
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

// tooLate reports whether a run is not to be posted any more. One that stands in its channel already, if not all of it,
// is finished, however late it is.
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
		fresh, _, err := s.build(ctx, &Run{
			Report: old.Report, Period: old.Period, Scope: old.Scope, Channel: old.Channel, Zone: old.Zone,
		}, now)
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
	m := bot.Say(
		bot.Bold(r.Content.Title), " ("+r.ID()+") is still a draft after ", digest.Count(max(1, days), "day"),
		". Nobody else has seen it: publish it, or edit its summary first.",
	)
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
		Sections: []bot.Section{
			bot.Para(
				fmt.Sprintf(
					"%s of %s for %s failed: %s. The next one covers its time.", r.ID(),
					r.DueAt.In(digest.Location(r.Zone)).Format("Mon 2 Jan 15:04 MST"), channelLabel(r.Channel), r.Problem,
				),
			),
		},
		Actions: []bot.Action{
			{Label: "Last runs", Command: "report.runs", Args: map[string]string{"report": string(r.Report)}},
		}}
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
