package change

import (
	"context"

	"github.com/watchbell/watchbell/storage/database"
)

// Versions reads the versions of changes by their numbers.
func (r Repository) Versions(ctx context.Context, numbers []int64) (map[int64]int, error) {
	var rows []changeRow
	err := r.db.Reader(ctx).Select("number", "version").Where("number IN ?", numbers).Find(&rows).Error
	versions := make(map[int64]int, len(rows))
	for _, r := range rows {
		versions[r.Number] = r.Version
	}
	return versions, database.Error("read versions of changes", err)
}
