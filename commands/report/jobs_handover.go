package report

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

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
		if err := s.chat.DirectShow(ctx, "report.handover-direct/"+h.ID+"/"+
			string(who), r.ID(), who, r.Parts[0]); err != nil {
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
	r := &Run{
		Report: digest.OnCall, State: Due, DueAt: h.At, Period: value.Span{From: from, To: h.At}, Place: place,
		Channel: channel, Zone: zone, Empty: timetable.EmptyPost, Late: 7 * 24 * time.Hour, By: h.To, Handover: h.ID,
	}
	err = s.keep.AddRun(ctx, r, func(r *Run) bot.Effects {
		return s.bySystem(r, "report.due", "hand-over "+h.ID, s.clock.Now())
	})
	return r.Number, err
}
