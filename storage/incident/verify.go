package incident

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage/database"
)

// Objects shows all incidents to check.
func Objects(tx *gorm.DB, check database.Check) error {
	if err := database.Dense(tx, "incidents", "incident", incident.FormatID); err != nil {
		return err
	}
	return database.EachPage(tx, "incidents", func(rows []incidentRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		services, err := database.Grouped(tx, "SELECT * FROM incident_services"+database.OfPage+"service", func(x incidentServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		responders, err := database.Grouped(tx, "SELECT * FROM incident_responders"+database.OfPage+"person", func(x incidentResponderRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		tasks, err := database.Grouped(tx, "SELECT * FROM incident_tasks"+database.OfPage+"n", func(x taskRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		judged, err := database.Grouped(tx, "SELECT * FROM incident_changes"+database.OfPage+"change", func(x judgedRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := database.Grouped(tx, "SELECT * FROM incident_entries"+database.OfPage+"seq", func(x entryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]database.Object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &incidentState{row: rows[i], services: services[n], responders: responders[n], tasks: tasks[n], judged: judged[n]}
			page[i] = database.Object{Name: incident.FormatID(n), Digest: s.digest(), Fault: database.TimelineFault(rows[i].Trail, entries[n])}
		}
		return check(page)
	}, func(row incidentRow) int64 { return row.Number })
}
