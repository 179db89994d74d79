// Package report is the repository of schedules, runs and calendars of free days. Facts reads what a report is made of,
// in one transaction, and asks the rooms of incidents and changes for theirs.
package report

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/meeting"
	"github.com/watchbell/watchbell/commands/report/timetable"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of reports.
type Repository struct{ db *database.DB }

var _ report.Keeper = Repository{}

// New returns the repository of a database.
func New(db *database.DB) Repository { return Repository{db} }

type scheduleRow struct {
	Number  int64 `gorm:"primaryKey;autoIncrement:false"`
	Report  string
	Place   string
	Ended   bool
	Data    string
	Version int
}

func (scheduleRow) TableName() string { return "report_schedules" }

func newScheduleRow(x *timetable.Schedule) (*scheduleRow, error) {
	data, err := json.Marshal(x)
	return &scheduleRow{
		x.Number, string(x.Report), strings.Join([]string{x.Place.Platform, x.Place.Workspace, x.Place.Channel}, "/"),
		!x.Ended.IsZero(), string(data), x.Version,
	}, err
}

func (r scheduleRow) schedule() (*timetable.Schedule, error) {
	var x timetable.Schedule
	err := json.Unmarshal([]byte(r.Data), &x)
	x.Number, x.Version = r.Number, r.Version
	return &x, err
}

var schedules = record.Kind[timetable.Schedule, scheduleRow]{
	Table: "report_schedules", Name: "schedule", Counter: "schedule", Prefix: "SCH-", Row: newScheduleRow,
	Thing: scheduleRow.schedule,
	ID:    func(x *timetable.Schedule) (*int64, *int) { return &x.Number, &x.Version },
}

// AddSchedule implements report.Schedules. Of several at once for one place the schema lets one in.
func (r Repository) AddSchedule(
	ctx context.Context, decide func(int64) (*timetable.Schedule, bot.Effects, error),
) (*timetable.Schedule, error) {
	first, _, err := decide(1)
	if err != nil {
		return nil, err
	}
	row, err := newScheduleRow(first)
	if err != nil {
		return nil, err
	}
	var there int64
	err = r.db.Reader(ctx).Raw(
		"SELECT count(*) FROM report_schedules WHERE report = ? AND place = ? AND NOT ended", row.Report, row.Place,
	).Scan(&there).Error
	if err != nil {
		return nil, database.Error("look for schedule", err)
	}
	if there > 0 {
		return nil, report.ErrSubscribed
	}
	x, err := schedules.Add(ctx, r.db, func(n int64) (*timetable.Schedule, bot.Effects, error) {
		x, e, err := decide(n)
		if err == nil {
			schedules.Begin(x, n)
		}
		return x, e, err
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil, report.ErrSubscribed
	}
	return x, err
}

// UpdateSchedule implements report.Schedules.
func (r Repository) UpdateSchedule(
	ctx context.Context, number int64, decide func(*timetable.Schedule) (bot.Effects, error),
) (*timetable.Schedule, error) {
	return schedules.Update(ctx, r.db, number, decide)
}

// Schedules implements report.Schedules.
func (r Repository) Schedules(ctx context.Context) ([]*timetable.Schedule, error) {
	return schedules.List(r.db.Reader(ctx), "SELECT * FROM report_schedules WHERE NOT ended ORDER BY number")
}

type runRow struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	Schedule *int64
	Slot     string
	Report   string
	Scope    string
	State    string
	DueAt    time.Time
	FromAt   time.Time
	ToAt     time.Time
	Data     string
	Version  int
}

func (runRow) TableName() string { return "report_runs" }

func newRunRow(x *report.Run) (*runRow, error) {
	data, err := json.Marshal(x)
	row := &runRow{
		Number: x.Number, Slot: x.Slot, Report: string(x.Report), Scope: x.Key(), State: string(x.State),
		DueAt: x.DueAt.UTC(), FromAt: x.Period.From.UTC(), ToAt: x.Period.To.UTC(), Data: string(data), Version: x.Version,
	}
	if x.Schedule != 0 {
		row.Schedule = &x.Schedule
	}
	return row, err
}

func (r runRow) run() (*report.Run, error) {
	var x report.Run
	err := json.Unmarshal([]byte(r.Data), &x)
	x.Number, x.Slot, x.Report, x.State, x.DueAt, x.Version = r.Number, r.Slot, digest.Kind(r.Report), report.State(
		r.State,
	), r.DueAt.UTC(), r.Version
	x.Period = value.Span{From: r.FromAt.UTC(), To: r.ToAt.UTC()}
	if r.Schedule != nil {
		x.Schedule = *r.Schedule
	}
	return &x, err
}

var runs = record.Kind[report.Run, runRow]{
	Table: "report_runs", Name: "run", Counter: "run", Prefix: "R-", Row: newRunRow, Thing: runRow.run,
	ID:   func(x *report.Run) (*int64, *int) { return &x.Number, &x.Version },
	Read: readActions,
	Parts: func(x *report.Run) (rows []any) {
		if x.Review != nil {
			for _, a := range x.Review.Actions {
				rows = append(rows, newActionItemRow(x, a))
			}
		}
		return rows
	},
	PartsConflict: "ON CONFLICT (run, n) DO UPDATE SET owner = excluded.owner, done_at = excluded.done_at, " +
		"finished_by = excluded.finished_by",
	Dues: (*report.Run).Dues,
}

// AddRun implements report.Runs. Of several instances that find a slot due at once the schema lets one make its run.
func (r Repository) AddRun(ctx context.Context, x *report.Run, effects func(*report.Run) bot.Effects) error {
	if x.Schedule != 0 {
		var there int64
		if err := r.db.Reader(ctx).
			Raw(
				"SELECT count(*) FROM report_runs WHERE schedule = ? AND slot = ?", x.Schedule, x.Slot,
			).Scan(&there).Error; err != nil {
			return database.Error("look for slot", err)
		}
		if there > 0 {
			return bot.ErrRepeated
		}
	}
	_, err := runs.Add(ctx, r.db, func(n int64) (*report.Run, bot.Effects, error) {
		runs.Begin(x, n)
		return x, effects(x), nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return bot.ErrRepeated
	}
	return err
}

// UpdateRun implements report.Runs.
func (r Repository) UpdateRun(
	ctx context.Context, number int64, decide func(*report.Run) (bot.Effects, error),
) (*report.Run, error) {
	return runs.Update(ctx, r.db, number, decide)
}

type actionItemRow struct {
	Run        int64 `gorm:"primaryKey;autoIncrement:false"`
	N          int   `gorm:"primaryKey;autoIncrement:false"`
	Channel    string
	Section    string
	Text       string
	Owner      *string
	MadeBy     string
	MadeAt     time.Time
	DueAt      *time.Time
	DoneAt     *time.Time
	FinishedBy *string
}

func (actionItemRow) TableName() string { return "report_actions" }

func newActionItemRow(x *report.Run, a meeting.ActionItem) *actionItemRow {
	return &actionItemRow{
		x.Number, a.N, x.Channel, a.Section, a.Text, database.Nobody(a.Owner), string(a.By), a.At.UTC(),
		database.OrNull(a.Due), database.OrNull(a.Done), database.Nobody(a.FinishedBy),
	}
}

func (r actionItemRow) item() meeting.ActionItem {
	return meeting.ActionItem{
		N: r.N, Section: r.Section, Text: r.Text, Owner: database.Somebody(r.Owner), By: bot.PersonID(r.MadeBy),
		At: r.MadeAt.UTC(), Due: database.OrZero(r.DueAt), Done: database.OrZero(r.DoneAt),
		FinishedBy: database.Somebody(r.FinishedBy),
	}
}

// readActions reads what was taken on in the review of a run.
func readActions(tx *gorm.DB, x *report.Run) error {
	if x.Review == nil {
		return nil
	}
	var rows []actionItemRow
	if err := tx.Raw("SELECT * FROM report_actions WHERE run = ? ORDER BY n", x.Number).Scan(&rows).Error; err != nil {
		return database.Error("read actions", err)
	}
	for _, row := range rows {
		x.Review.Actions = append(x.Review.Actions, row.item())
	}
	return nil
}

// Run implements report.Runs.
func (r Repository) Run(ctx context.Context, number int64) (*report.Run, error) {
	return runs.Find(r.db.Reader(ctx), number)
}

// Runs implements report.Runs.
func (r Repository) Runs(ctx context.Context, f report.RunFilter) ([]*report.Run, error) {
	p := database.PageOf("r.number", f.Limit)
	if f.Bare { // what they said is most of a row
		p.Columns = "x.number, x.schedule, x.slot, x.report, x.scope, x.state, x.due_at, x.from_at, x.to_at, '{}' AS " +
			"data, x.version"
	}
	if f.Schedule != 0 {
		p.And("r.schedule = ?", f.Schedule)
	}
	if f.Report != "" {
		p.And("r.report = ?", string(f.Report))
	}
	if f.Scope != "" {
		p.And("r.scope = ?", f.Scope)
	}
	states := f.States
	if len(states) == 0 && (f.Schedule != 0 || f.Report != "") {
		states = []report.State{report.Due, report.Built, report.Posted, report.Quiet, report.Failed, report.Skipped}
	}
	if f.Scope != "" { // one series, whose periods follow each other
		p.Order = "r.to_at DESC, r.number"
	}
	if !f.Before.IsZero() {
		p.And("r.to_at < ?", f.Before.UTC())
	}
	for _, state := range states {
		p.Read("report_runs r", "r.state = ?", string(state))
	}
	if len(states) == 0 {
		p.Read("report_runs r", "")
	}
	sql, args := p.Statement("report_runs")
	return runs.List(r.db.Reader(ctx), sql, args...)
}

type ackRow struct {
	Run    int64  `gorm:"primaryKey;autoIncrement:false"`
	Person string `gorm:"primaryKey"`
	At     time.Time
}

func (ackRow) TableName() string { return "report_acks" }

// Acknowledge implements report.Runs.
func (r Repository) Acknowledge(ctx context.Context, number int64, a report.Ack, e bot.Effects) error {
	err := r.db.Save(ctx, e, func(c *commit.Changes) { c.Insert("", &ackRow{number, string(a.Person), a.At.UTC()}) })
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return report.ErrRead
	}
	return err
}

// Acks implements report.Runs.
func (r Repository) Acks(ctx context.Context, number int64) ([]report.Ack, error) {
	var rows []ackRow
	err := r.db.Reader(ctx).Raw("SELECT * FROM report_acks WHERE run = ? ORDER BY at, person", number).Scan(&rows).Error
	var list []report.Ack
	for _, row := range rows {
		list = append(list, report.Ack{Person: bot.PersonID(row.Person), At: row.At.UTC()})
	}
	return list, database.Error("read acknowledgements", err)
}

type freeDaysRow struct {
	Name string `gorm:"primaryKey"`
	Data string
}

func (freeDaysRow) TableName() string { return "report_calendars" }

// SaveFreeDays implements report.Library.
func (r Repository) SaveFreeDays(ctx context.Context, f timetable.FreeDays, e bot.Effects) error {
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	row := &freeDaysRow{f.Name, string(data)}
	e.Audit.Digest = record.Digest(row)
	return r.db.Save(ctx, e, func(c *commit.Changes) {
		c.Insert("ON CONFLICT (name) DO UPDATE SET data = excluded.data", row)
	})
}

// FreeDays implements report.Library.
func (r Repository) FreeDays(ctx context.Context) ([]timetable.FreeDays, error) {
	var rows []freeDaysRow
	if err := r.db.Reader(ctx).Raw("SELECT * FROM report_calendars ORDER BY name").Scan(&rows).Error; err != nil {
		return nil, database.Error("read calendars", err)
	}
	var list []timetable.FreeDays
	for _, row := range rows {
		f := timetable.FreeDays{Name: row.Name}
		if err := json.Unmarshal([]byte(row.Data), &f); err != nil {
			return nil, database.Error("read calendar "+row.Name, err)
		}
		list = append(list, f)
	}
	return list, nil
}
