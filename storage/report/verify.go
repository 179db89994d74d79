package report

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/record"
)

// Objects shows all schedules, runs and calendars of free days to check.
func Objects(tx *gorm.DB, check record.Check) error {
	err := schedules.Objects(tx, check)
	if err == nil {
		err = runs.Objects(tx, check)
	}
	if err == nil {
		err = record.EachObject(tx, "report_calendars", "name", func(x freeDaysRow) record.Object {
			return record.Object{Name: "calendar/" + x.Name, Digest: record.Digest(&x)}
		}, check)
	}
	return err
}
