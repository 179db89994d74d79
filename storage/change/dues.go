package change

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
)

// Dues are all that are open of changes, read afresh.
func (r Repository) Dues(ctx context.Context) ([]bot.Due, error) {
	tx := r.db.Reader(ctx)
	var rows []changeRow
	// in the words of the index on changes that are not over
	err := tx.Raw(`SELECT * FROM changes WHERE state IN ('draft', 'pending', 'approved', 'implementing', 'verifying',
'rolling_back', 'review') AND data LIKE ? ORDER BY number`, "%"+owesReview+"%").Scan(&rows).Error
	if err != nil {
		return nil, database.Error("look for what is due", err)
	}
	changes := make([]*change.Change, len(rows))
	for k, row := range rows {
		if changes[k], err = row.change(); err != nil {
			return nil, err
		}
	}
	if err := loadChangeParts(tx, changes); err != nil {
		return nil, err
	}
	var list []bot.Due
	for _, c := range changes {
		list = append(list, c.Dues()...)
	}
	return list, nil
}
