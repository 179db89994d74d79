package change

import (
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage/database"
)

// Facts reads what reports tell of changes: those that were carried out since a time, those that wait or run, and
// deployments without a change.
func Facts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	for _, read := range []func(*gorm.DB, *figures.Facts, time.Time) error{changeFacts, openChangeFacts, strayFacts} {
		if err := read(tx, f, since); err != nil {
			return err
		}
	}
	return nil
}

// The states in which a change may still do something, and those that a report tells of by its outcome.
const (
	openChanges = "('pending', 'approved', 'implementing', 'verifying', 'rolling_back')"
	doneChanges = "started_at IS NOT NULL AND outcome <> '' AND over_at >= ? AND state NOT IN " + openChanges
)

// changeFacts reads what was carried out. The plus keeps SQLite from going through all changes for the sake of their
// order.
func changeFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	n, err := database.Count(tx, "SELECT count(*) FROM changes WHERE "+doneChanges, since)
	if err != nil {
		return err
	}
	f.Changes = make([]figures.Change, 0, n+64) // and the open ones
	at, numbers := make(map[int64]int, n), make([]int64, 0, n)
	var c figures.Change
	t := database.NewTarget(
		7, &c.Number, &c.Title, &c.Type, &c.State, &c.Risk, &c.Env, &c.Requester, &c.Outcome, &c.Template, &c.Revision,
		&c.Held, &c.Caused, &c.Glass,
	)
	err = database.EachRow(
		tx, "changes",
		`SELECT start_at, end_at, submitted_at, decided_at, started_at, finished_at, ended_at, number, title, type, state, risk_level, env, requester, outcome, template, revision, held, caused, glass
FROM changes WHERE `+doneChanges+` ORDER BY +number`, []any{since},
		func(rows *sql.Rows) error {
			if err := t.Scan(rows); err != nil {
				return err
			}
			x := c
			x.Start, x.End, x.Submitted, x.Decided, x.Started, x.Finished = t.Times[0].Time, t.Times[1].Time, t.Times[2].Time, t.Times[3].Time, t.Times[4].Time, t.Times[5].Time
			if x.Finished.IsZero() {
				x.Finished = t.Times[6].Time
			}
			at[x.Number] = len(f.Changes)
			numbers = append(numbers, x.Number)
			f.Changes = append(f.Changes, x)
			return nil
		},
	)
	if err != nil {
		return err
	}
	err = database.Belonging(
		tx, "services", "SELECT number, service FROM change_services WHERE", numbers,
		func(number int64, service string) {
			if k, ok := at[number]; ok {
				f.Changes[k].Services = append(f.Changes[k].Services, service)
			}
		},
	)
	for k := range f.Changes {
		slices.Sort(f.Changes[k].Services)
	}
	if err != nil {
		return err
	}
	return rollbackReasons(tx, f, at)
}

// rollbackReasons reads why changes were rolled back, which only their records say. Few are.
func rollbackReasons(tx *gorm.DB, f *figures.Facts, at map[int64]int) error {
	var back []int64
	for k := range f.Changes {
		if x := &f.Changes[k]; x.Outcome == string(policy.RolledBack) {
			back = append(back, x.Number)
		}
	}
	return database.Belonging(
		tx, "reasons", "SELECT number, data FROM changes WHERE", back,
		func(number int64, data string) {
			var c change.Change
			if k, ok := at[number]; ok && json.Unmarshal([]byte(data), &c) == nil {
				c.Outcome = policy.RolledBack
				f.Changes[k].Why, _ = c.WentBack()
			}
		},
	)
}

// openChangeFacts reads changes that wait or run, whole: who has to decide is in their requirement and votes.
func openChangeFacts(tx *gorm.DB, f *figures.Facts, _ time.Time) error {
	var rows []changeRow
	if err := tx.Raw(
		"SELECT * FROM changes WHERE state IN " + openOrDraft + " AND state IN " + openChanges + " ORDER BY number",
	).Scan(&rows).Error; err != nil {
		return database.Error("read open changes", err)
	}
	const page = 500 // so that no list of numbers is too long for a statement
	for len(rows) > 0 {
		n := min(page, len(rows))
		var list []*change.Change
		for _, row := range rows[:n] {
			c, err := row.change()
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		if err := loadChangeParts(tx, list); err != nil {
			return err
		}
		for _, c := range list {
			f.Changes = append(f.Changes, openFact(c))
		}
		rows = rows[n:]
	}
	return nil
}

func openFact(c *change.Change) figures.Change {
	x := figures.Change{
		Number: c.Number, Title: c.Title, Type: string(c.Type), State: string(c.State), Risk: string(c.Risk.Level),
		Env: c.Env, Services: c.Services, Requester: c.Requester, Outcome: string(c.Outcome), Revision: c.Revision,
		Held: c.Hold.Why != "", Glass: c.Glass.By != "", Start: c.Window.Start, End: c.Window.End, Submitted: c.Submitted,
		Decided: c.Decided, Started: c.Started, Finished: c.Finished, Backout: c.Backout != "", Test: c.Test != "",
	}
	for _, s := range c.Stages() {
		if s.Active && !s.Satisfied() {
			x.Waiting = append(x.Waiting, s.From)
		}
		for _, v := range s.Yes {
			x.Approved = append(x.Approved, string(v.Person))
		}
	}
	for k, factor := range c.Risk.Factors {
		if k < 3 && factor.Points > 0 {
			x.Reasons = append(x.Reasons, factor.Text)
		}
	}
	return x
}

func strayFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []deploymentRow
	if err := tx.Raw("SELECT * FROM deployments WHERE note <> '' AND at >= ? ORDER BY at, id", since).
		Scan(&rows).Error; err != nil {
		return database.Error("read deployments", err)
	}
	for _, d := range rows {
		f.Stray = append(f.Stray, figures.Stray{
			Service: d.Service, Env: d.Env, Note: d.Note, By: bot.PersonID(d.Person), At: d.At.UTC(),
		})
	}
	return nil
}
