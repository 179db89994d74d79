package change

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// ApprovedBy implements change.Ledger.
func (r Repository) ApprovedBy(ctx context.Context, who bot.PersonID) (string, error) {
	var name string
	err := r.db.Reader(ctx).Raw("SELECT name FROM change_templates WHERE person = ? LIMIT 1", string(who)).
		Scan(&name).Error
	return name, database.Error("read what somebody approved", err)
}
