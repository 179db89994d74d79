package calendar

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// entry is a VEVENT as it is written: once, with the rule that repeats it.
type entry struct {
	uid, title string
	sequence   int // the newest version of an event has the highest
	cancelled  bool
	attendees  []Attendee

	start    when
	length   length
	rules    []*rule
	further  []occurrence    // RDATE
	dropped  map[string]bool // EXDATE, as keys of occurrences and as days
	replaces when            // RECURRENCE-ID: it stands for this occurrence of its series
	part     bool            // it has a RECURRENCE-ID
	onwards  bool            // and changes all later ones too

	problem error // why it cannot be understood
}

// occurrence is a time at which an event takes place.
type occurrence struct {
	when
	until time.Time // of one with an end of its own; else zero
}

// key is the same for two times of a series that are the same occurrence.
func (w when) key() string {
	if w.date {
		return w.dayKey()
	}
	return strconv.FormatInt(w.instant().Unix(), 10)
}

func (w when) dayKey() string { return w.wall.Format(time.DateOnly) }

// entry reads a VEVENT.
func (r *reader) entry(c *component) *entry {
	e := &entry{cancelled: c.text("STATUS") == "CANCELLED"}
	if p, ok := c.first("UID"); ok {
		e.uid = p.Value
	}
	if p, ok := c.first("SUMMARY"); ok {
		e.title = p.Value
	}
	if p, ok := c.first("SEQUENCE"); ok {
		e.sequence, _ = strconv.Atoi(strings.TrimSpace(p.Value))
	}
	for _, p := range c.props["ATTENDEE"] {
		if a, ok := attendee(p); ok {
			e.attendees = append(e.attendees, a)
		}
	}
	e.problem = r.times(e, c)
	return e
}

// times reads when it takes place. Its error is the reason to leave the event out.
func (r *reader) times(e *entry, c *component) error {
	for _, step := range []func(*entry, *component) error{
		r.start, r.ending, r.recurrenceID, r.repetitions, r.furtherDates, r.droppedDates,
	} {
		if err := step(e, c); err != nil {
			return err
		}
	}
	return nil
}

// time reads a property that is one time; ok is false when there is none.
func (r *reader) time(c *component, name string) (w when, ok bool, err error) {
	p, ok := c.first(name)
	if !ok {
		return when{}, false, nil
	}
	if p.bad {
		return when{}, true, unreadable(name, "")
	}
	w, err = r.readWhen(p.Value, p.param("TZID"))
	if errors.Is(err, errTime) {
		err = unreadable(name, p.Value)
	}
	return w, true, err
}

func unreadable(name, val string) error {
	if val == "" || len(val) > 40 {
		return fmt.Errorf("has a line %s that cannot be read", name)
	}
	return fmt.Errorf("has a line %s that cannot be read (%q)", name, val)
}

func (r *reader) start(e *entry, c *component) (err error) {
	var ok bool
	if e.start, ok, err = r.time(c, "DTSTART"); err == nil && !ok {
		return errors.New("has no start")
	}
	return err
}

// ending reads how long it lasts: until its DTEND, for its DURATION, or as a whole day.
func (r *reader) ending(e *entry, c *component) error {
	e.length = length{zone: e.start.zone}
	end, hasEnd, err := r.time(c, "DTEND")
	if err != nil {
		return err
	}
	duration, hasDuration := c.first("DURATION")
	switch {
	case hasEnd:
		e.length.wall, e.length.zone = end.wall.Sub(e.start.wall), end.zone
	case hasDuration:
		if e.length, err = readDuration(duration.Value, e.start.zone); err != nil || duration.bad {
			return unreadable("DURATION", duration.Value)
		}
	}
	stop := e.length.end(e.start.wall)
	begin := e.start.instant()
	switch {
	case e.start.date && !stop.After(begin) && (!stop.Before(begin) || !hasEnd && !hasDuration):
		e.length = length{wall: 24 * time.Hour, zone: e.start.zone} // RFC 5545, section 3.6.1
	case stop.Before(begin):
		return errors.New("ends before it begins")
	case !stop.After(begin) && !hasEnd && !hasDuration:
		return errors.New("has no end")
	case !stop.After(begin):
		return errors.New("ends at the moment at which it begins")
	}
	return nil
}

func (r *reader) recurrenceID(e *entry, c *component) (err error) {
	if e.replaces, e.part, err = r.time(c, "RECURRENCE-ID"); err != nil || !e.part {
		return err
	}
	p, _ := c.first("RECURRENCE-ID")
	e.onwards = strings.EqualFold(p.param("RANGE"), "THISANDFUTURE")
	if other := p.param("RANGE"); other != "" && !e.onwards {
		return fmt.Errorf("changes a range of its series that is not understood (%s)", other)
	}
	return nil
}

func (r *reader) repetitions(e *entry, c *component) error {
	for _, p := range c.props["EXRULE"] {
		if p.bad || strings.TrimSpace(p.Value) != "" {
			return errRule("EXRULE")
		}
	}
	for _, p := range c.props["RRULE"] {
		rule, err := parseRule(p, e.start)
		if err != nil {
			return err
		}
		if rule != nil {
			e.rules = append(e.rules, rule)
		}
	}
	return nil
}

// eachValue calls f with each value of a property that is a list of times.
func (r *reader) eachValue(c *component, name string, f func(value, zone string) error) error {
	for _, p := range c.props[name] {
		if p.bad {
			return unreadable(name, "")
		}
		zone := p.param("TZID")
		for one := range strings.SplitSeq(p.Value, ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			if !r.work.count() {
				return errWork
			}
			err := f(one, zone)
			if errors.Is(err, errTime) {
				err = unreadable(name, one)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// furtherDates reads RDATE: days, times, or periods with an end of their own.
func (r *reader) furtherDates(e *entry, c *component) error {
	return r.eachValue(c, "RDATE", func(value, zone string) error {
		from, to, isPeriod := strings.Cut(value, "/")
		at, err := r.readWhen(from, zone)
		if err != nil {
			return err
		}
		if at.date && !e.start.date { // that day, at the usual time
			hour, minute, second := e.start.wall.Clock()
			at = when{
				wall: at.wall.Add(
					time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second,
				),
				zone: e.start.zone,
			}
		}
		o := occurrence{when: at}
		if isPeriod {
			if o.until, err = r.periodEnd(at, to, zone); err != nil {
				return err
			}
		}
		e.further = append(e.further, o)
		return nil
	})
}

func (r *reader) periodEnd(at when, text, zone string) (time.Time, error) {
	if l, err := readDuration(text, at.zone); err == nil {
		return l.end(at.wall), nil
	}
	end, err := r.readWhen(text, zone)
	if err != nil {
		return time.Time{}, err
	}
	if !end.instant().After(at.instant()) {
		return time.Time{}, errors.New("ends before it begins")
	}
	return end.instant(), nil
}

// droppedDates reads EXDATE. A day drops whatever begins on it.
func (r *reader) droppedDates(e *entry, c *component) error {
	e.dropped = map[string]bool{}
	return r.eachValue(c, "EXDATE", func(value, zone string) error {
		at, err := r.readWhen(value, zone)
		if err != nil {
			return err
		}
		if e.start.date {
			at.date = true // some programs write midnight
		}
		e.dropped[at.key()] = true
		return nil
	})
}

// attendee reads an ATTENDEE; ok is false for those who do not come themselves.
func attendee(p property) (a Attendee, ok bool) {
	if p.bad || strings.EqualFold(p.param("CUTYPE"), "ROOM") || strings.EqualFold(p.param("CUTYPE"), "RESOURCE") {
		return a, false
	}
	a = Attendee{Email: address(p), Name: p.param("CN"), Status: Unknown}
	switch strings.ToUpper(p.param("PARTSTAT")) {
	case "ACCEPTED":
		a.Status = Accepted
	case "DECLINED", "DELEGATED":
		a.Status = Declined
	}
	if strings.EqualFold(p.param("ROLE"), "NON-PARTICIPANT") {
		a.Status = Declined
	}
	return a, true
}

// address is the e-mail address of an attendee in lower case. Apple writes it as a parameter.
func address(p property) string {
	raw := strings.TrimSpace(p.Value)
	if len(raw) > 7 && strings.EqualFold(raw[:7], "mailto:") {
		raw = raw[7:]
		if plain, err := url.PathUnescape(raw); err == nil {
			raw = plain
		}
	} else if email := p.param("EMAIL"); email != "" {
		raw = email
	}
	raw = strings.ToLower(strings.TrimSpace(raw))
	if at := strings.IndexByte(raw, '@'); at < 1 || at == len(raw)-1 || strings.ContainsAny(raw, " /:") {
		return ""
	}
	return raw
}
