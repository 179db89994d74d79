package report

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Dues are all that are open of the reviews of reports, read afresh.
func (r Repository) Dues(ctx context.Context) ([]bot.Due, error) {
	var list []bot.Due
	tx := r.db.Reader(ctx)
	var numbers []int64
	const which = "SELECT DISTINCT run FROM report_actions WHERE done_at IS NULL AND due_at IS NOT NULL ORDER BY run"
	if err := tx.Raw(which).Scan(&numbers).Error; err != nil {
		return nil, database.Error("look for what is due", err)
	}
	for _, n := range numbers { // meetings are few
		run, err := runs.Find(tx, n)
		if err != nil {
			return nil, err
		}
		list = append(list, run.Dues()...)
	}
	return list, nil
}
