// Package calendar reads iCalendar files (RFC 5545) as calendar programs really write them: Google, Outlook, Apple,
// PagerDuty and many others. It knows neither people nor rotas; its callers decide what an event means.
//
//	bytes ──lines──> components ──entry──> events as written ──series──> single events, and what was left out with the reason
//
// The grammar of a line is the library golang-ical's, that of repetitions rrule-go's. Neither of them is made for files
// of strangers, so everything that could take long is bounded here: the size of a file and of a line, the number of
// events, and the work of repetitions, which is counted in units and not in seconds, so that the same file always has
// the same answer.
package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Limits of a file. With maxWork they keep Read below two seconds of one processor, which
// TestTheWorstFilesTakeLessThanTwoSeconds measures.
const (
	MaxSize   = 4 << 20 // bytes
	MaxEvents = 5000    // single events that are still to come, repetitions included
)

// Options say how a file is to be read.
type Options struct {
	Zone  *time.Location // of times that name none, in a file that names none
	From  time.Time      // events that end before are only counted
	Until time.Time      // repetitions that begin later are not read
}

// File is what a file holds, in the order of its events' beginnings.
type File struct {
	Events []Event
	Left   []Left
	Past   int  // events that ended before Options.From
	GoesOn bool // some event repeats beyond Options.Until
}

// Event is one event at one time. A repeating one is as many of them.
type Event struct {
	Title     string // as it is written: the caller cleans it
	Attendees []Attendee
	Start     time.Time // in UTC
	End       time.Time // in UTC, after Start
	Days      int       // of an event of whole days: how many
	Day       time.Time // of such an event: the first, as midnight in UTC
}

// Attendee is somebody whom an event invites.
type Attendee struct {
	Email  string // in lower case, "" when the file has none
	Name   string
	Status Status
}

// Status is what an attendee answered.
type Status string

// The answers that matter for who comes.
const (
	Accepted Status = "accepted"
	Declined Status = "declined" // or somebody else comes for them, or they are told for information only
	Unknown  Status = "unknown"
)

// Left is an event that was left out.
type Left struct {
	Title  string
	At     time.Time // in UTC; zero when it is not known
	Reason string    // the rest of a sentence that begins with the event, like "is cancelled"
}

// Read reads a file. Its error is a sentence for people: the file is no calendar, or is too large in one of several
// ways. Events that cannot be understood are no error; they are in Left.
func Read(data []byte, o Options) (*File, error) {
	w := &work{left: maxWork}
	objects, err := parse(data)
	if err != nil {
		return nil, err
	}
	f := &File{}
	for _, obj := range objects {
		r := &reader{Options: o, file: f, work: w}
		if err := r.read(obj); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(f.Events, func(a, b Event) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(f.Left, func(a, b Left) int { return a.At.Compare(b.At) })
	return f, nil
}

// reader reads the events of one VCALENDAR.
type reader struct {
	Options
	file  *File
	work  *work
	zones *zones
}

func (r *reader) read(obj *component) error {
	r.zones = newZones(obj, r.Options, r.work)
	cancelled := obj.text("METHOD") == "CANCEL"
	var order []string
	series := map[string][]*entry{}
	for n, part := range obj.parts {
		if part.kind != "VEVENT" {
			continue
		}
		e := r.entry(part)
		e.cancelled = e.cancelled || cancelled
		if e.uid == "" {
			e.uid = fmt.Sprintf("\x00%d", n) // it belongs to no other
		}
		if series[e.uid] == nil {
			order = append(order, e.uid)
		}
		series[e.uid] = append(series[e.uid], e)
	}
	for _, uid := range order {
		if err := r.series(series[uid]); err != nil {
			return err
		}
	}
	return r.work.err
}

func (r *reader) leave(e *entry, at time.Time, reason string) {
	r.file.Left = append(r.file.Left, Left{Title: e.title, At: at, Reason: reason})
}

// add keeps an event that has not ended.
func (r *reader) add(e Event) error {
	if !e.End.After(r.From) {
		r.file.Past++
		return nil
	}
	if len(r.file.Events) == MaxEvents {
		return fmt.Errorf(
			"the file has more than %d events until %s, repetitions included. Export fewer of them", MaxEvents,
			r.Until.In(r.Zone).Format("2 Jan 2006"),
		)
	}
	r.file.Events = append(r.file.Events, e)
	return nil
}
