package incident

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Dues are all that are open of incidents, read afresh.
func (r Repository) Dues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	tx := r.db.Reader(ctx)
	var numbers []int64
	err := tx.Raw(`SELECT DISTINCT number FROM incident_tasks WHERE done_at IS NULL AND due_at IS NOT NULL
UNION SELECT number FROM incidents WHERE state = 'review' ORDER BY number`).Scan(&numbers).Error
	if err != nil {
		return nil, database.Error("look for what is due", err)
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
	var t database.Together
	t.Add("read incidents", &rows, "SELECT * FROM incidents WHERE number IN ? ORDER BY number", numbers)
	t.Add(
		"read services", &services, "SELECT * FROM incident_services WHERE number IN ? ORDER BY number, service", numbers,
	)
	t.Add("read tasks", &tasks, "SELECT * FROM incident_tasks WHERE number IN ? ORDER BY number, n", numbers)
	if err := t.All(tx); err != nil {
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
