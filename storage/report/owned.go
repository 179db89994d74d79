package report

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage/database"
)

// Owned implements bot.OwnSource.
func (r Repository) Owned(ctx context.Context, who bot.PersonID) ([]string, error) {
	var numbers []int64
	err := r.db.Reader(ctx).Raw(
		"SELECT DISTINCT run FROM report_actions WHERE done_at IS NULL AND owner = ? ORDER BY run", string(who),
	).Scan(&numbers).Error
	ids := make([]string, len(numbers))
	for k, n := range numbers {
		ids[k] = report.FormatID(n)
	}
	return ids, database.Error("look for what somebody owns", err)
}
