package storage

import (
	"gorm.io/gorm"
)

// reportObjects shows all schedules, runs and calendars of free days to check.
func reportObjects(tx *gorm.DB, check checkObjects) error {
	err := schedules.objects(tx, check)
	if err == nil {
		err = runs.objects(tx, check)
	}
	if err == nil {
		err = eachObject(tx, "report_calendars", "name", func(x freeDaysRow) object { return object{"calendar/" + x.Name, digestOf(&x), ""} }, check)
	}
	return err
}
