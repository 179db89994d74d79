package report

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/database"
)

// Objects shows all schedules, runs and calendars of free days to check.
func Objects(tx *gorm.DB, check database.Check) error {
	err := schedules.Objects(tx, check)
	if err == nil {
		err = runs.Objects(tx, check)
	}
	if err == nil {
		err = database.EachObject(tx, "report_calendars", "name", func(x freeDaysRow) database.Object {
			return database.Object{Name: "calendar/" + x.Name, Digest: database.Digest(&x)}
		}, check)
	}
	return err
}
