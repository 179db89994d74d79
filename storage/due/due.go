// Package due is the repository of the ledger of reminders.
package due

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/due/ladder"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of the ledger, and of what is due as reminders see it. It is safe for concurrent use.
type Repository struct{ db *database.DB }

var _ due.Store = Repository{}

// New returns the repository of an open database.
func New(db *database.DB) Repository { return Repository{db} }

type nudgeRow struct {
	Object       string `gorm:"primaryKey"`
	What         string `gorm:"primaryKey"`
	Due          string `gorm:"primaryKey"`
	Step         int    `gorm:"primaryKey;autoIncrement:false"`
	SentTo       string `gorm:"primaryKey"`
	Message      string // "" when it was only snoozed
	SentAt       *time.Time
	AckedBy      *string
	AckedAt      *time.Time
	SnoozedUntil *time.Time
	Why          string
}

func (nudgeRow) TableName() string { return "nudges" }

// of reports whether the row is about the date or moment that a due has now.
func (r nudgeRow) of(d bot.Due) bool {
	return r.Object == d.Object && r.What == d.What && r.Due == d.Key()
}

// NextLook implements due.Store.
func (r Repository) NextLook(ctx context.Context) (time.Time, error) {
	rows, err := gorm.G[commit.DueRow](r.db.Reader(ctx)).Select("look_at").Order("look_at").Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return time.Time{}, database.Error("read when to look at what is due", err)
	}
	return rows[0].LookAt.UTC(), nil
}

// Look implements due.Store. Nobody waits for a due that somebody else is about to change: the next round sees it.
func (r Repository) Look(ctx context.Context, now time.Time, limit int, decide due.Decide) (int, error) {
	var seen int
	err := r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		rows, err := gorm.G[commit.DueRow](tx, clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Where("look_at <= ?", now.UTC()).Order("look_at").Limit(limit).Find(ctx)
		if seen = len(rows); err != nil || seen == 0 {
			return false, database.Error("read what is due", err)
		}
		list, err := entries(ctx, tx, rows)
		if err != nil {
			return false, err
		}
		outcomes, err := decide(list, func(who bot.PersonID, message string) (time.Time, error) {
			return begun(ctx, tx, who, message)
		})
		if err != nil {
			return false, err
		}
		return settle(tx, rows, list, outcomes)
	})
	return seen, err
}

// begun is when a message was to be sent, zero when there is none.
func begun(ctx context.Context, tx *gorm.DB, who bot.PersonID, message string) (time.Time, error) {
	rows, err := gorm.G[nudgeRow](tx).Select("sent_at").Where("sent_to = ? AND message = ?", string(who), message).
		Where("message <> ''").Order("sent_at").Limit(1).Find(ctx)
	if err != nil || len(rows) == 0 {
		return time.Time{}, database.Error("look for a message", err)
	}
	return database.OrZero(rows[0].SentAt), nil
}

// settle writes what was decided.
func settle(tx *gorm.DB, rows []commit.DueRow, list []due.Entry, outcomes []due.Outcome) (bool, error) {
	var looks, told, jobs []any
	have := map[due.Message]bool{}
	for k, o := range outcomes {
		rows[k].LookAt = o.Look.UTC().Truncate(time.Microsecond)
		looks = append(looks, &rows[k])
		for _, m := range o.To {
			d := list[k].Due
			told = append(told, &nudgeRow{
				Object: d.Object, What: d.What, Due: d.Key(), Step: o.Step, SentTo: string(m.Who), Message: m.Name,
				SentAt: database.OrNull(m.At),
			})
			if have[m] {
				continue
			}
			have[m] = true
			j := m.Job()
			jobs = append(jobs, &commit.JobRow{
				Kind: j.Kind, Object: j.Object, Arg: j.Arg, RunAt: j.At.UTC().Truncate(time.Microsecond),
				EnqueuedAt: database.Now(),
			})
		}
	}
	for _, part := range []struct {
		conflict string
		rows     []any
	}{
		{"ON CONFLICT (object, what) DO UPDATE SET look_at = excluded.look_at", looks}, {"ON CONFLICT DO NOTHING", told},
		{commit.EarlierJob, jobs},
	} {
		for some := range slices.Chunk(part.rows, rowsAtOnce) {
			if err := database.Insert(tx, part.conflict, some...); err != nil {
				return false, database.Error("save what is told", err)
			}
		}
	}
	return len(jobs) > 0, nil
}

// rowsAtOnce is how many rows one statement writes.
const rowsAtOnce = 200

// entries reads what the ledger says of dues, in their order.
func entries(ctx context.Context, tx *gorm.DB, rows []commit.DueRow) ([]due.Entry, error) {
	list, keys := make([]due.Entry, len(rows)), make([][]any, len(rows))
	for k, row := range rows {
		d, err := row.Due()
		if err != nil {
			return nil, database.Error("read what is due of "+row.Object, err)
		}
		list[k].Due, keys[k] = d, []any{d.Object, d.What, d.Key()}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	nudges, err := gorm.G[nudgeRow](tx).Where("(object, what, due) IN ?", keys).
		Order("object, what, due, step DESC, sent_to").Find(ctx)
	if err != nil {
		return nil, database.Error("read what was told", err)
	}
	for k := range list {
		for _, n := range nudges {
			if n.of(list[k].Due) {
				list[k].Told = append(list[k].Told, ladder.Told{Step: n.Step, Until: database.OrZero(n.SnoozedUntil)})
			}
		}
	}
	return list, nil
}

// Of implements due.Store.
func (r Repository) Of(ctx context.Context, who bot.PersonID, message string) ([]due.Item, error) {
	tx := r.db.Reader(ctx)
	nudges, err := gorm.G[nudgeRow](tx).Where("sent_to = ? AND message = ?", string(who), message).
		Where("message <> ''").Order("object, what, step").Find(ctx)
	if err != nil {
		return nil, database.Error("read a message", err)
	}
	objects := make([]string, len(nudges))
	for k, n := range nudges {
		objects[k] = n.Object
	}
	dues, err := r.of(ctx, slices.Compact(objects))
	if err != nil {
		return nil, err
	}
	var list []due.Item
	for _, d := range dues {
		if k := slices.IndexFunc(nudges, func(n nudgeRow) bool { return n.of(d) }); k >= 0 {
			list = append(list, due.Item{Due: d, Step: nudges[k].Step})
		}
	}
	return list, nil
}

// of lists what is due of things, the earliest first.
func (r Repository) of(ctx context.Context, objects []string) ([]bot.Due, error) {
	return database.ReadDues(r.db.Reader(ctx).Where("object IN ?", objects))
}

// Find implements due.Store.
func (r Repository) Find(ctx context.Context, object string) ([]due.Entry, error) {
	tx := r.db.Reader(ctx)
	rows, err := gorm.G[commit.DueRow](tx).Where("object = ?", object).Order("day, what").Find(ctx)
	if err != nil {
		return nil, database.Error("read what is due of "+object, err)
	}
	return entries(ctx, tx, rows)
}

// List implements due.Store. Each filter has an index in the order of the list.
func (r Repository) List(ctx context.Context, f due.Filter) ([]bot.Due, error) {
	tx := r.db.Reader(ctx).Where("day <= ?", f.Until.String()).Limit(f.Limit)
	if f.Owner != "" {
		tx = tx.Where("owner = ?", string(f.Owner))
	}
	if f.Team != "" {
		tx = tx.Where("team = ?", f.Team)
	}
	if c := f.After; c != (due.Cursor{}) {
		tx = tx.Where("(day, object, what) > (?, ?, ?)", c.Day.String(), c.Object, c.What)
	}
	if f.Bare {
		return database.ReadBareDues(tx)
	}
	return database.ReadDues(tx)
}

// lookRow is the one column of a due that snoozing changes.
type lookRow struct {
	Object string `gorm:"primaryKey"`
	What   string `gorm:"primaryKey"`
	LookAt time.Time
}

func (lookRow) TableName() string { return "dues" }

// Snooze implements due.Store.
func (r Repository) Snooze(ctx context.Context, s due.Snooze, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		rows, err := gorm.G[commit.DueRow](tx).Where("object = ? AND what = ?", s.Due.Object, s.Due.What).Find(ctx)
		if err != nil {
			return nil, database.Error("read what is due", err)
		}
		var now bot.Due
		if len(rows) > 0 {
			now, err = rows[0].Due()
		}
		if err != nil || now.Key() != s.Due.Key() {
			return nil, bot.ErrNoSuch
		}
		by := string(s.By)
		c := &commit.Changes{Effects: e}
		c.Insert(
			"ON CONFLICT (object, what, due, step, sent_to) DO UPDATE SET acked_by = excluded.acked_by, acked_at = "+
				"excluded.acked_at, snoozed_until = excluded.snoozed_until, why = excluded.why",
			&nudgeRow{
				Object: s.Due.Object, What: s.Due.What, Due: s.Due.Key(), Step: s.Step, SentTo: by, AckedBy: &by,
				AckedAt: database.OrNull(s.At), SnoozedUntil: database.OrNull(s.Until), Why: s.Why,
			},
		)
		c.Update(&lookRow{s.Due.Object, s.Due.What, commit.LookNow}, "object", "what")
		return c, nil
	})
}
