package storage

import (
	"context"

	"github.com/watchbell/watchbell/storage/database"
)

// ChangeVersions implements api.Store.
func (s *Store) ChangeVersions(ctx context.Context, numbers []int64) (map[int64]int, error) {
	var rows []changeRow
	err := s.db.Reader(ctx).Select("number", "version").Where("number IN ?", numbers).Find(&rows).Error
	versions := make(map[int64]int, len(rows))
	for _, r := range rows {
		versions[r.Number] = r.Version
	}
	return versions, database.Error("read versions of changes", err)
}
