package incident

import (
	"context"
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Owned implements bot.OwnSource. Each part is in an index of what is not over.
func (r Repository) Owned(ctx context.Context, who bot.PersonID) ([]string, error) {
	var numbers []int64
	err := r.db.Reader(ctx).Raw(`SELECT number FROM incident_tasks WHERE done_at IS NULL AND owner = ?
UNION SELECT number FROM incidents WHERE state = 'review' AND review_owner = ?
UNION SELECT number FROM incidents WHERE state IN ('investigating', 'identified', 'monitoring', 'paused') AND lead = ?
ORDER BY number`, string(who), string(who), string(who)).Scan(&numbers).Error
	ids := make([]string, len(numbers))
	for k, n := range numbers {
		ids[k] = fmt.Sprintf("INC-%d", n)
	}
	return ids, database.Error("look for what somebody owns", err)
}
