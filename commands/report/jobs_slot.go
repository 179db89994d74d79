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

// dueSlots makes the slots that are due into runs: the newest of each schedule is posted, if it is not too late for
// that, older ones are skipped.
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
		if was, _ := before.(lookedAt); ok && was.version == x.Version && x.Holidays == "" && x.Active(was.at) &&
			len(x.Slots(was.at, now, timetable.Calendar{})) == 0 {
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
		// the schedule was moved to a later hour of a day that had its report
		return len(last) > 0 && last[0].Slot >= slot.Date.String()
	}), nil
}

func (s *Service) addSlot(
	ctx context.Context, x *timetable.Schedule, slot timetable.Slot, state State, now time.Time,
) error {
	p, err := s.period(ctx, x, slot)
	if err != nil {
		return err
	}
	r := &Run{
		Schedule: x.Number, Slot: slot.Date.String(), Report: x.Report, State: state, DueAt: slot.At, Period: p,
		Scope: x.Scope, Place: x.Place, Channel: x.Channel, Zone: x.Zone,
		Sections: x.Sections, Empty: x.Empty, Late: x.Late, By: x.Owner, Draft: x.Report == digest.Monthly,
	}
	if state == Due && now.After(slot.At.Add(x.Late)) {
		r.State, r.Problem = Failed, fmt.Sprintf(
			"it was due at %s, and nothing could post it within %s", slot.At.In(x.Location()).Format("Mon 2 Jan 15:04 MST"),
			figures.Length(x.Late),
		)
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

// period is what a slot's report covers.
func (s *Service) period(ctx context.Context, x *timetable.Schedule, slot timetable.Slot) (value.Span, error) {
	zone := x.Location()
	switch x.Report {
	case digest.Weekly:
		monday := slot.Date.Add(-(int(slot.Date.Weekday()) + 6) % 7)
		return value.Span{From: monday.Add(-7).At(0, zone), To: monday.At(0, zone)}, nil
	case digest.Monthly:
		return value.Span{
			From: firstOf(slot.Date.Year, int(slot.Date.Month)-1, zone),
			To:   firstOf(slot.Date.Year, int(slot.Date.Month), zone),
		}, nil
	}
	// From the last one that was made, so that a weekend, a holiday and a pause are covered. The first covers a day.
	last, err := s.keep.Runs(
		ctx, RunFilter{Schedule: x.Number, States: []State{Built, Posted, Quiet}, Bare: true, Limit: 1},
	)
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
