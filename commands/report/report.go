// Package report posts reports on a schedule: each one once, right about its numbers, and short enough to be read on a
// phone.
//
//	schedule ──tick──> run due ──build──> built ──post──> posted
//	                     │                  │ └─ quiet: nothing to tell, and nothing wanted
//	                     │                  └─── failed: it could not be posted in time
//	                     └─ skipped: a newer slot is due
//
// A slot is a schedule and a local date, so that no change of the clocks doubles or loses one. What a report says is
// computed once, from facts that were read in one transaction, and kept before anything is posted; message, page,
// charts and CSV show the same. Posting is repeated until it succeeds, each part once for its key.
//
// When reports come is in the room timetable. What the numbers are is in figures, what is told in digest, how it is
// drawn in chart, what people make of it together in meeting: all pure, without database or clock, and none of them
// knows this package. handlers*.go hold the commands, jobs*.go what runs by itself, card.go and page.go how it looks.
package report

import (
	"context"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/meeting"
	"github.com/watchbell/watchbell/commands/report/timetable"
)

// State is where a run stands.
type State string

const (
	Due     State = "due"
	Built   State = "built" // of a monthly review: a draft, until somebody publishes it
	Posted  State = "posted"
	Quiet   State = "quiet"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Run is one making of a report.
type Run struct {
	Number   int64            `json:"-"`
	Schedule int64            `json:"-"` // 0: somebody asked for it
	Slot     string           `json:"-"` // the local date
	Report   digest.Kind      `json:"-"`
	State    State            `json:"-"`
	DueAt    time.Time        `json:"-"`
	Period   value.Span       `json:"-"`
	Scope    figures.Scope    `json:"scope,omitzero"`
	Place    bot.Conversation `json:"place"`
	Channel  string           `json:"channel,omitempty"`
	Zone     string           `json:"zone"`
	Sections []string         `json:"sections,omitempty"`
	Empty    string           `json:"empty,omitempty"`
	Late     time.Duration    `json:"late,omitempty"` // until so long after DueAt it may be posted
	By       bot.PersonID     `json:"by,omitempty"`   // who asked, or who owns the schedule

	Content  *digest.Content  `json:"content,omitempty"`
	Parts    []bot.Message    `json:"parts,omitempty"` // rendered: the report, then its thread
	Handover string           `json:"handover,omitempty"`
	PostedAt time.Time        `json:"posted_at,omitzero"`
	Problem  string           `json:"problem,omitempty"`
	Frozen   []figures.Metric `json:"frozen,omitempty"` // what it said, as far as it was restated since

	Draft       bool            `json:"draft,omitempty"`
	Summary     string          `json:"summary,omitempty"` // by a person
	Published   time.Time       `json:"published,omitzero"`
	PublishedBy bot.PersonID    `json:"published_by,omitempty"`
	Review      *meeting.Review `json:"review,omitempty"` // of people who met about it
	Version     int             `json:"-"`
}

// ID is how people name it.
func (r *Run) ID() string { return FormatID(r.Number) }

// FormatID makes an id of a number.
func FormatID(n int64) string { return "R-" + strconv.FormatInt(n, 10) }

// Lateness is how long after its time it was posted, 0 when that was within two minutes.
func (r *Run) Lateness() time.Duration {
	if r.Schedule == 0 || r.PostedAt.IsZero() || r.PostedAt.Sub(r.DueAt) < 2*time.Minute {
		return 0
	}
	return r.PostedAt.Sub(r.DueAt)
}

// Key names what its numbers may be compared with: those of the same scope, or for a hand-over itself.
func (r *Run) Key() string {
	if r.Handover != "" {
		return "report.handover/" + r.Handover
	}
	return r.Scope.Key()
}

// metrics are the numbers it counts for by now.
func (r *Run) metrics() []figures.Metric {
	if len(r.Frozen) > 0 {
		return r.Frozen
	}
	if r.Content == nil {
		return nil
	}
	return r.Content.Metrics
}

// Ack is somebody who has read it.
type Ack struct {
	Person bot.PersonID
	At     time.Time
}

// Source reads facts. Package storage implements it.
type Source interface {
	// Facts reads what is open, and what happened since a time, of one snapshot. What more reads with its context is of
	// the same snapshot.
	Facts(
		ctx context.Context, since, now time.Time, more func(context.Context, *figures.Facts) error,
	) (*figures.Facts, error)
}

// Schedules keeps who gets which report when.
type Schedules interface {
	// AddSchedule gives a number to the schedule that decide makes. ErrSubscribed: the channel has that report already.
	AddSchedule(
		ctx context.Context, decide func(number int64) (*timetable.Schedule, bot.Effects, error),
	) (*timetable.Schedule, error)
	UpdateSchedule(
		ctx context.Context, number int64, decide func(*timetable.Schedule) (bot.Effects, error),
	) (*timetable.Schedule, error)
	// Schedules lists those that did not end.
	Schedules(ctx context.Context) ([]*timetable.Schedule, error)
}

// Runs keeps what was made of them.
type Runs interface {
	// AddRun saves a new run, unless its schedule has one for its slot: then nothing changes and it is bot.ErrRepeated.
	AddRun(ctx context.Context, r *Run, effects func(*Run) bot.Effects) error
	UpdateRun(ctx context.Context, number int64, decide func(*Run) (bot.Effects, error)) (*Run, error)
	Run(ctx context.Context, number int64) (*Run, error)
	// Runs lists runs, newest first.
	Runs(ctx context.Context, f RunFilter) ([]*Run, error)
	// Acknowledge notes that somebody has read a run; a second time changes nothing and is bot.ErrRepeated.
	Acknowledge(ctx context.Context, number int64, a Ack, e bot.Effects) error
	Acks(ctx context.Context, number int64) ([]Ack, error)
}

// RunFilter says which runs to list. Zero fields do not restrict.
type RunFilter struct {
	Schedule int64
	Report   digest.Kind
	Scope    string // its key
	States   []State
	Before   time.Time // whose period ended by then
	Bare     bool      // when and how only, not what they said
	Limit    int
}

// Library keeps calendars of holidays.
type Library interface {
	SaveFreeDays(ctx context.Context, f timetable.FreeDays, e bot.Effects) error
	FreeDays(ctx context.Context) ([]timetable.FreeDays, error)
}

// Keeper is all that reports keep; package storage implements it.
type Keeper interface {
	Source
	Schedules
	Runs
	Library
	bot.DueSource
	bot.OwnSource
}
