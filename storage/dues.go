package storage

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/commit"
)

// DuesUntil implements bot.Dues.
func (s *Store) DuesUntil(ctx context.Context, day value.Day, limit int) ([]bot.Due, error) {
	return readDues(s.reader(ctx).Where("day <= ?", day.String()).Limit(limit))
}

// readDues lists what is due, the earliest first.
func readDues(tx *gorm.DB) ([]bot.Due, error) {
	var rows []commit.DueRow
	if err := tx.Order("day, object, what").Find(&rows).Error; err != nil {
		return nil, dbError("read what is due", err)
	}
	list := make([]bot.Due, len(rows))
	for k, row := range rows {
		var err error
		if list[k], err = row.Due(); err != nil {
			return nil, dbError("read what is due of "+row.Object, err)
		}
	}
	return list, nil
}

// RebuildDues implements bot.Dues. Nobody waits for it where nothing differs, which is nearly always. Otherwise nothing else is committed until
// it has looked again, so what it finds then is what stays.
func (s *Store) RebuildDues(ctx context.Context, read func(context.Context) ([]bot.Due, error)) error {
	differ := func(tx *gorm.DB) ([]bot.Due, error) {
		is, err := readDues(tx)
		if err != nil {
			return nil, err
		}
		want, err := read(ctx)
		return bot.DuesChanged(is, want), err
	}
	list, err := differ(s.reader(ctx))
	if err != nil || len(list) == 0 {
		return err
	}
	return s.alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		list, err := differ(tx)
		return &commit.Changes{Effects: bot.Effects{Dues: list}}, err
	})
}

// Dues are all that are open of incidents, read afresh.
func (r Incidents) Dues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	tx := r.s.reader(ctx)
	var numbers []int64
	err := tx.Raw(`SELECT DISTINCT number FROM incident_tasks WHERE follow_up AND done_at IS NULL AND due_at IS NOT NULL
UNION SELECT number FROM incidents WHERE state = 'review' ORDER BY number`).Scan(&numbers).Error
	if err != nil {
		return nil, dbError("look for what is due", err)
	}
	for some := range slices.Chunk(numbers, duesAtOnce) {
		states, err := readIncidents(tx, some)
		if err != nil {
			return nil, err
		}
		for _, s := range states {
			list = append(list, s.incident().Dues()...)
		}
	}
	return list, nil
}

// duesAtOnce is how many things are read at once to find what is due of them.
const duesAtOnce = 500

// readIncidents reads what incidents consist of, but for their responders and the changes that are suspected.
func readIncidents(tx *gorm.DB, numbers []int64) ([]*incidentState, error) {
	var rows []incidentRow
	var services []incidentServiceRow
	var tasks []taskRow
	var t together
	t.add("read incidents", &rows, "SELECT * FROM incidents WHERE number IN ? ORDER BY number", numbers)
	t.add("read services", &services, "SELECT * FROM incident_services WHERE number IN ? ORDER BY number, service", numbers)
	t.add("read tasks", &tasks, "SELECT * FROM incident_tasks WHERE number IN ? ORDER BY number, n", numbers)
	if err := t.all(tx); err != nil {
		return nil, err
	}
	states, byNumber := make([]*incidentState, len(rows)), map[int64]*incidentState{}
	for k, row := range rows {
		states[k] = &incidentState{row: row}
		byNumber[row.Number] = states[k]
	}
	for _, r := range services {
		byNumber[r.Number].services = append(byNumber[r.Number].services, r)
	}
	for _, r := range tasks {
		byNumber[r.Number].tasks = append(byNumber[r.Number].tasks, r)
	}
	return states, nil
}

// Dues are all that are open of the reviews of reports, read afresh.
func (r Reports) Dues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	tx := r.s.reader(ctx)
	var numbers []int64
	const which = "SELECT DISTINCT run FROM report_actions WHERE done_at IS NULL AND due_at IS NOT NULL ORDER BY run"
	if err := tx.Raw(which).Scan(&numbers).Error; err != nil {
		return nil, dbError("look for what is due", err)
	}
	for _, n := range numbers { // meetings are few
		run, err := runs.find(tx, n)
		if err != nil {
			return nil, err
		}
		list = append(list, run.Dues()...)
	}
	return list, nil
}
