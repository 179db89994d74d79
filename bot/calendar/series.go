package calendar

import (
	"time"
)

// series reads all entries with one UID: events, and those that stand for one occurrence of a repeating one.
func (r *reader) series(list []*entry) error {
	masters, parts := r.newest(list)
	replaced := map[string]bool{}
	var cut time.Time // from here on the series was changed in a way that is not understood
	for _, p := range parts {
		switch {
		case p.replaces.zone == nil: // its RECURRENCE-ID cannot be read
		case p.onwards:
			if at := p.replaces.instant(); cut.IsZero() || at.Before(cut) {
				cut = at
			}
		default:
			replaced[p.replaces.key()] = true
			if p.replaces.date {
				replaced[p.replaces.dayKey()] = true
			}
		}
	}
	for _, m := range masters {
		if err := r.master(m, replaced, cut); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err := r.part(p); err != nil {
			return err
		}
	}
	return nil
}

// newest drops older versions of an entry, and tells events from the parts of a series.
func (r *reader) newest(list []*entry) (masters, parts []*entry) {
	highest := map[string]int{}
	key := func(e *entry) string {
		if !e.part || e.replaces.zone == nil {
			return ""
		}
		return "part " + e.replaces.key()
	}
	for _, e := range list {
		k := key(e)
		if n, ok := highest[k]; !ok || e.sequence > n {
			highest[k] = e.sequence
		}
	}
	for _, e := range list {
		switch {
		case e.sequence < highest[key(e)]:
			r.leave(e, e.at(), "is an older version of an event that is in the file too")
		case e.part:
			parts = append(parts, e)
		default:
			masters = append(masters, e)
		}
	}
	return masters, parts
}

// at is when it begins, zero when that cannot be read.
func (e *entry) at() time.Time {
	if e.start.zone == nil {
		return time.Time{}
	}
	return e.start.instant()
}

// part reads an entry that stands for one occurrence.
func (r *reader) part(e *entry) error {
	switch {
	case e.problem != nil:
		r.leave(e, e.at(), e.problem.Error())
	case e.onwards:
		r.leave(
			e, e.replaces.instant(),
			"changes all later ones of its series at once (THISANDFUTURE), which is not understood: the series is read up to there",
		)
	case e.cancelled:
		r.leaveCancelled(e, e.at())
	default:
		return r.occur(e, occurrence{when: e.start})
	}
	return nil
}

func (r *reader) leaveCancelled(e *entry, at time.Time) {
	if e.length.zone != nil && len(e.rules) == 0 && !e.length.end(e.start.wall).After(r.From) {
		r.file.Past++
		return
	}
	r.leave(e, at, "is cancelled")
}

// master reads an event with all its repetitions but those that others stand for.
func (r *reader) master(e *entry, replaced map[string]bool, cut time.Time) error {
	switch {
	case e.problem != nil:
		r.leave(e, e.at(), e.problem.Error())
		return nil
	case e.cancelled:
		r.leaveCancelled(e, e.at())
		return nil
	}
	all, err := r.occurrences(e)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, o := range all {
		key := o.key()
		switch {
		case seen[key] || e.dropped[key] || e.dropped[o.dayKey()]:
		case replaced[key] || replaced[o.dayKey()]:
		case !cut.IsZero() && !o.instant().Before(cut):
		default:
			if err := r.occur(e, o); err != nil {
				return err
			}
		}
		seen[key] = true
	}
	return nil
}

// occurrences are the event's start, what its rules make of it, and further dates.
func (r *reader) occurrences(e *entry) ([]occurrence, error) {
	all := []occurrence{{when: e.start}}
	lasts := e.length.end(e.start.wall).Sub(e.start.instant())
	for _, rule := range e.rules {
		since, until := e.start.zone.wall(r.From.Add(-lasts)).AddDate(0, 0, -2), e.start.zone.wall(r.Until)
		walls, more, ok := rule.walls(since, until, r.work)
		if !ok {
			return nil, errWork
		}
		r.file.GoesOn = r.file.GoesOn || more
		for _, wall := range walls {
			all = append(all, occurrence{when: when{wall: wall, date: e.start.date, zone: e.start.zone}})
		}
	}
	return append(all, e.further...), nil
}

// occur keeps an event at one of its times.
func (r *reader) occur(e *entry, o occurrence) error {
	ev := Event{Title: e.title, Attendees: e.attendees, Start: o.instant().UTC(), End: o.until.UTC()}
	if o.until.IsZero() {
		ev.End = e.length.end(o.wall).UTC()
	}
	if o.date && o.until.IsZero() {
		ev.Days, ev.Day = e.length.days(), o.day()
	}
	return r.add(ev)
}
