package storage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/figures"
)

// Reports is the repository of reports.
type Reports struct{ s *Store }

var _ report.Keeper = Reports{}

// Reports returns the repository of reports.
func (s *Store) Reports() Reports { return Reports{s} }

// Facts implements report.Source. What it reads grows with what is open and with what happened since, not with the whole history.
func (r Reports) Facts(ctx context.Context, since, now time.Time, more func(context.Context, *figures.Facts) error) (*figures.Facts, error) {
	f := &figures.Facts{At: now.UTC()}
	since = since.UTC()
	err := r.s.readLong(ctx, reportLimit, func(tx *gorm.DB) error {
		for _, read := range []func(*gorm.DB, *figures.Facts, time.Time) error{incidentFacts, changeFacts, openChangeFacts, followUpFacts, reviewFacts, strayFacts, began} {
			if err := read(tx, f, since); err != nil {
				return err
			}
		}
		var err error
		if f.Dues, err = readDues(tx.Where("day <= ?", value.DayOf(f.At).Add(dueAhead).String()).Limit(maxDues)); err != nil || more == nil {
			return err
		}
		return more(withSnapshot(ctx, tx), f)
	})
	return f, err
}

// How far ahead reports look for what is due, in days: a week, wherever the day begins. And how much of it they read.
const (
	dueAhead = 8
	maxDues  = 10_000
)

// recentIncidents reads columns of what is open, or was declared or resolved since a time, which is a parameter four times. Each part has an index of its own, and no
// incident is in two of them. What is negated is not looked up by an index, which would lead through the whole history.
func recentIncidents(columns string) string {
	from := "SELECT " + columns + " FROM incidents WHERE "
	return from + "state IN " + openStates + " AND NOT (declared_at >= ?) UNION ALL " + from + "resolved_at >= ? AND NOT (declared_at >= ?) AND state NOT IN " + openStates + " UNION ALL " + from + "declared_at >= ?"
}

// eachRow reads the rows of a statement without looking at their types each time: there are thousands.
func eachRow(tx *gorm.DB, what, statement string, args []any, row func(*sql.Rows) error) error {
	rows, err := tx.Raw(statement, args...).Rows()
	if err != nil {
		return dbError("read "+what, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return dbError("read "+what, err)
		}
	}
	return dbError("read "+what, rows.Err())
}

// target is what rows are scanned into, time and again: times first, which it turns to UTC, for reports compute in it. A time that is NULL becomes zero.
type target struct {
	times []sql.NullTime
	into  []any
}

func newTarget(times int, into ...any) *target {
	t := &target{times: make([]sql.NullTime, times)}
	for k := range t.times {
		t.into = append(t.into, &t.times[k])
	}
	t.into = append(t.into, into...)
	return t
}

func (t *target) scan(rows *sql.Rows) error {
	err := rows.Scan(t.into...)
	for k := range t.times {
		t.times[k].Time = t.times[k].Time.UTC()
	}
	return err
}

// howMany counts, for room to be made once for thousands of large things.
func howMany(tx *gorm.DB, statement string, args ...any) (int, error) {
	var n int
	err := tx.Raw(statement, args...).Scan(&n).Error
	return n, dbError("count", err)
}

// belonging reads pairs of a number and a name for all numbers, which are in their order. statement lacks the condition on the number. Numbers are given one after the other, so what is asked for
// lies close together and is found by few looks into an index, however long the history is.
func belonging(tx *gorm.DB, what, statement string, numbers []int64, add func(number int64, name string)) error {
	const gap, looks = 32, 50
	var stretches [][2]any
	for k, n := range numbers {
		if k > 0 && n-numbers[k-1] <= gap {
			stretches[len(stretches)-1][1] = n
			continue
		}
		stretches = append(stretches, [2]any{n, n})
	}
	var number int64
	var name string
	for some := range slices.Chunk(stretches, looks) {
		var parts []string // each by itself: of alternatives in one condition both databases make a walk through the whole table
		var args []any
		for _, s := range some {
			parts, args = append(parts, statement+" number BETWEEN ? AND ?"), append(args, s[0], s[1])
		}
		err := eachRow(tx, what, strings.Join(parts, " UNION ALL "), args, func(rows *sql.Rows) error {
			if err := rows.Scan(&number, &name); err != nil {
				return err
			}
			add(number, name)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func incidentFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	n, err := howMany(tx, "SELECT count(*) FROM incidents WHERE declared_at >= ?", since)
	if err != nil {
		return err
	}
	f.Incidents = make([]figures.Incident, 0, n+64) // and what is older and still open, or just ended
	at, numbers := make(map[int64]int, n), make([]int64, 0, n)
	var i figures.Incident
	var past string
	t := newTarget(10, &i.Number, &i.Title, &i.Severity, &i.State, &i.Resolution, &i.Impact, &past, &i.Lead)
	err = eachRow(tx, "incidents", recentIncidents(`started_at, detected_at, declared_at, acknowledged_at, mitigated_at, resolved_at, closed_at, next_update_at, review_due, published_at,
  number, title, severity, state, resolution, impact, past, coalesce(lead, '')`), []any{since, since, since, since}, func(rows *sql.Rows) error {
		if err := t.scan(rows); err != nil {
			return err
		}
		x := i
		x.Started, x.Detected, x.Declared, x.Acked, x.Mitigated = t.times[0].Time, t.times[1].Time, t.times[2].Time, t.times[3].Time, t.times[4].Time
		x.Resolved, x.Closed, x.NextUpdate, x.ReviewDue, x.Published = t.times[5].Time, t.times[6].Time, t.times[7].Time, t.times[8].Time, t.times[9].Time
		if past != "" {
			p := decodePast(past)
			for _, l := range p.Levels {
				x.Levels = append(x.Levels, figures.Level{Severity: string(l.Severity), Since: l.Since.UTC()})
			}
			for _, s := range p.Impacts {
				x.Stretches = append(x.Stretches, value.Span{From: s.From.UTC(), To: s.To.UTC()})
			}
			x.Since, x.StartKnown = p.Since, p.StartKnown
		}
		f.Incidents = append(f.Incidents, x)
		return nil
	})
	if err != nil {
		return err
	}
	// Not by the database: SQLite would go through the whole history in its order.
	slices.SortFunc(f.Incidents, func(a, b figures.Incident) int { return cmp.Compare(a.Number, b.Number) })
	for k := range f.Incidents {
		at[f.Incidents[k].Number] = k
		numbers = append(numbers, f.Incidents[k].Number)
	}
	err = belonging(tx, "services", "SELECT number, service FROM incident_services WHERE", numbers, func(number int64, service string) {
		if k, ok := at[number]; ok {
			f.Incidents[k].Services = append(f.Incidents[k].Services, service)
		}
	})
	if err != nil {
		return err
	}
	for k := range f.Incidents {
		slices.Sort(f.Incidents[k].Services) // in no order of the database's
	}
	return belonging(tx, "suspected changes", "SELECT number, change FROM incident_changes WHERE verdict = 'suspect' AND", numbers, func(number int64, change string) {
		if k, ok := at[number]; ok {
			f.Incidents[k].Suspects = append(f.Incidents[k].Suspects, change)
		}
	})
}

// The states in which a change may still do something, and those that a report tells of by its outcome.
const (
	openChanges = "('pending', 'approved', 'implementing', 'verifying', 'rolling_back')"
	doneChanges = "started_at IS NOT NULL AND outcome <> '' AND over_at >= ? AND state NOT IN " + openChanges
)

// changeFacts reads what was carried out. The plus keeps SQLite from going through all changes for the sake of their order.
func changeFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	n, err := howMany(tx, "SELECT count(*) FROM changes WHERE "+doneChanges, since)
	if err != nil {
		return err
	}
	f.Changes = make([]figures.Change, 0, n+64) // and the open ones
	at, numbers := make(map[int64]int, n), make([]int64, 0, n)
	var c figures.Change
	t := newTarget(7, &c.Number, &c.Title, &c.Type, &c.State, &c.Risk, &c.Env, &c.Requester, &c.Outcome, &c.Template, &c.Revision, &c.Held, &c.Caused, &c.Glass)
	err = eachRow(tx, "changes", `SELECT start_at, end_at, submitted_at, decided_at, started_at, finished_at, ended_at, number, title, type, state, risk_level, env, requester, outcome, template, revision, held, caused, glass
FROM changes WHERE `+doneChanges+` ORDER BY +number`, []any{since}, func(rows *sql.Rows) error {
		if err := t.scan(rows); err != nil {
			return err
		}
		x := c
		x.Start, x.End, x.Submitted, x.Decided, x.Started, x.Finished = t.times[0].Time, t.times[1].Time, t.times[2].Time, t.times[3].Time, t.times[4].Time, t.times[5].Time
		if x.Finished.IsZero() {
			x.Finished = t.times[6].Time
		}
		at[x.Number] = len(f.Changes)
		numbers = append(numbers, x.Number)
		f.Changes = append(f.Changes, x)
		return nil
	})
	if err != nil {
		return err
	}
	err = belonging(tx, "services", "SELECT number, service FROM change_services WHERE", numbers, func(number int64, service string) {
		if k, ok := at[number]; ok {
			f.Changes[k].Services = append(f.Changes[k].Services, service)
		}
	})
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
	return belonging(tx, "reasons", "SELECT number, data FROM changes WHERE", back, func(number int64, data string) {
		var c change.Change
		if k, ok := at[number]; ok && json.Unmarshal([]byte(data), &c) == nil {
			c.Outcome = policy.RolledBack
			f.Changes[k].Why, _ = c.WentBack()
		}
	})
}

// openChangeFacts reads changes that wait or run, whole: who has to decide is in their requirement and votes.
func openChangeFacts(tx *gorm.DB, f *figures.Facts, _ time.Time) error {
	var rows []changeRow
	if err := tx.Raw("SELECT * FROM changes WHERE state IN " + openOrDraft + " AND state IN " + openChanges + " ORDER BY number").Scan(&rows).Error; err != nil {
		return dbError("read open changes", err)
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
		Number: c.Number, Title: c.Title, Type: string(c.Type), State: string(c.State), Risk: string(c.Risk.Level), Env: c.Env, Services: c.Services, Requester: c.Requester, Outcome: string(c.Outcome), Revision: c.Revision,
		Held: c.Hold.Why != "", Glass: c.Glass.By != "", Start: c.Window.Start, End: c.Window.End, Submitted: c.Submitted, Decided: c.Decided, Started: c.Started, Finished: c.Finished, Backout: c.Backout != "", Test: c.Test != "",
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

func followUpFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []taskRow
	const from = "SELECT * FROM incident_tasks WHERE follow_up AND " // each part has an index of its own
	if err := tx.Raw(from+"done_at IS NULL UNION ALL "+from+"done_at >= ?", since).Scan(&rows).Error; err != nil {
		return dbError("read follow-ups", err)
	}
	slices.SortFunc(rows, func(a, b taskRow) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.N, b.N)) })
	var numbers []int64
	of := map[int64][]string{}
	for _, t := range rows {
		if len(numbers) == 0 || numbers[len(numbers)-1] != t.Number {
			numbers, of[t.Number] = append(numbers, t.Number), nil
		}
	}
	err := belonging(tx, "services", "SELECT number, service FROM incident_services WHERE", numbers, func(number int64, service string) {
		if _, ok := of[number]; ok {
			of[number] = append(of[number], service)
		}
	})
	if err != nil {
		return err
	}
	for _, services := range of {
		slices.Sort(services)
	}
	for _, t := range rows {
		i := figures.Incident{Number: t.Number}
		f.FollowUps = append(f.FollowUps, figures.FollowUp{Incident: i.ID(), N: t.N, Text: t.Text, Owner: somebody(t.Owner), Created: t.CreatedAt.UTC(), Due: orZero(t.DueAt), Done: orZero(t.DoneAt), Services: of[t.Number]})
	}
	return nil
}

// reviewFacts reads what people took on in reviews and is not done, or was since a time.
func reviewFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []struct {
		Item  actionItemRow `gorm:"embedded"`
		Scope string
	}
	if err := tx.Raw("SELECT a.*, r.scope FROM (SELECT * FROM report_actions WHERE done_at IS NULL UNION ALL SELECT * FROM report_actions WHERE done_at >= ?) a JOIN report_runs r ON r.number = a.run ORDER BY a.run, a.n", since).Scan(&rows).Error; err != nil {
		return dbError("read actions of reviews", err)
	}
	for _, row := range rows {
		a, scope := row.Item.item(), figures.ParseScope(row.Scope)
		f.FollowUps = append(f.FollowUps, figures.FollowUp{Run: report.FormatID(row.Item.Run), Channel: row.Item.Channel, Team: scope.Team, Services: scope.Services, N: a.N, Text: a.Text, Owner: a.Owner, Created: a.At, Due: a.Due, Done: a.Done})
	}
	return nil
}

func strayFacts(tx *gorm.DB, f *figures.Facts, since time.Time) error {
	var rows []deploymentRow
	if err := tx.Raw("SELECT * FROM deployments WHERE note <> '' AND at >= ? ORDER BY at, id", since).Scan(&rows).Error; err != nil {
		return dbError("read deployments", err)
	}
	for _, d := range rows {
		f.Stray = append(f.Stray, figures.Stray{Service: d.Service, Env: d.Env, Note: d.Note, By: bot.PersonID(d.Person), At: d.At.UTC()})
	}
	return nil
}

// began finds when the first thing happened; each part reads one row of an index.
func began(tx *gorm.DB, f *figures.Facts, _ time.Time) error {
	for _, first := range []string{"SELECT declared_at AS at FROM incidents ORDER BY declared_at LIMIT 1", "SELECT created_at AS at FROM changes ORDER BY created_at LIMIT 1"} {
		var row struct{ At *time.Time }
		if err := tx.Raw(first).Scan(&row).Error; err != nil {
			return dbError("read the first record", err)
		}
		if at := orZero(row.At); !at.IsZero() && (f.Began.IsZero() || at.Before(f.Began)) {
			f.Began = at
		}
	}
	return nil
}
