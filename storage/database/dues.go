package database

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// ReadDues lists what is due, the earliest first.
func ReadDues(tx *gorm.DB) ([]bot.Due, error) {
	var rows []commit.DueRow
	if err := tx.Order("day, object, what").Find(&rows).Error; err != nil {
		return nil, Error("read what is due", err)
	}
	list := make([]bot.Due, len(rows))
	for k, row := range rows {
		var err error
		if list[k], err = row.Due(); err != nil {
			return nil, Error("read what is due of "+row.Object, err)
		}
	}
	return list, nil
}
