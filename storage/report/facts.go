package report

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage/change"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/incident"
)

// Facts implements report.Source. What it reads grows with what is open and with what happened since, not with the
// whole history.
func (r Repository) Facts(
	ctx context.Context, since, now time.Time, more func(context.Context, *figures.Facts) error,
) (*figures.Facts, error) {
	f := &figures.Facts{At: now.UTC()}
	since = since.UTC()
	err := r.db.ReadLong(ctx, reportLimit, func(tx *gorm.DB) error {
		for _, read := range []func(*gorm.DB, *figures.Facts, time.Time) error{
			incident.Facts, change.Facts, reviewFacts, began,
		} {
			if err := read(tx, f, since); err != nil {
				return err
			}
		}
		var err error
		if f.Dues, err = database.ReadToldDues(tx.Where("day <= ?", value.DayOf(f.At).Add(dueAhead).String()).
			Limit(maxDues)); err != nil || more == nil {
			return err
		}
		return more(database.WithSnapshot(ctx, tx), f)
	})
	return f, err
}

// reportLimit is how long one statement of a report may take.
const reportLimit = time.Minute

// How far ahead reports look for what is due, in days: a week, wherever the day begins. And how much of it they read.
const (
	dueAhead = 8
	maxDues  = 10_000
)

// reviewFacts reads what people took on in reviews and is not done, or was since a time.
func reviewFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []struct {
		Item  actionItemRow `gorm:"embedded"`
		Scope string
	}
	if err := tx.Raw(
		"SELECT a.*, r.scope FROM (SELECT * FROM report_actions WHERE done_at IS NULL UNION ALL SELECT * FROM "+
			"report_actions WHERE done_at >= ?) a JOIN report_runs r ON r.number = a.run ORDER BY a.run, a.n",
		since,
	).Scan(&rows).Error; err != nil {
		return database.Error("read actions of reviews", err)
	}
	for _, row := range rows {
		a, scope := row.Item.item(), figures.ParseScope(row.Scope)
		f.FollowUps = append(f.FollowUps, figures.FollowUp{
			Run: report.FormatID(row.Item.Run), Channel: row.Item.Channel, Team: scope.Team, Services: scope.Services, N: a.N,
			Text: a.Text, Owner: a.Owner, Created: a.At, Due: a.Due, Done: a.Done,
		})
	}
	return nil
}

// began finds when the first thing happened; each part reads one row of an index.
func began(tx *gorm.DB, f *figures.Facts, _ time.Time) error {
	for _, first := range []string{
		"SELECT declared_at AS at FROM incidents ORDER BY declared_at LIMIT 1",
		"SELECT created_at AS at FROM changes ORDER BY created_at LIMIT 1",
	} {
		var row struct{ At *time.Time }
		if err := tx.Raw(first).Scan(&row).Error; err != nil {
			return database.Error("read the first record", err)
		}
		if at := database.OrZero(row.At); !at.IsZero() && (f.Began.IsZero() || at.Before(f.Began)) {
			f.Began = at
		}
	}
	return nil
}
