package change

import (
	"context"
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Owned implements bot.OwnSource. Some of those that owe a review owe it by somebody else.
func (r Repository) Owned(ctx context.Context, who bot.PersonID) ([]string, error) {
	var numbers []int64
	// in the words of the index on changes that are not over
	err := r.db.Reader(ctx).Raw(`SELECT number FROM changes WHERE state IN ('draft', 'pending', 'approved',
'implementing', 'verifying', 'rolling_back', 'review') AND (requester = ? OR data LIKE ?) ORDER BY number`,
		string(who), "%"+owesReview+"%").Scan(&numbers).Error
	ids := make([]string, len(numbers))
	for k, n := range numbers {
		ids[k] = fmt.Sprintf("CHG-%d", n)
	}
	return ids, database.Error("look for what somebody owns", err)
}
