package storage

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/commands/incident"
)

// incidentObjects shows all incidents to check.
func incidentObjects(tx *gorm.DB, check checkObjects) error {
	if err := dense(tx, "incidents", "incident", incident.FormatID); err != nil {
		return err
	}
	return eachPage(tx, "incidents", func(rows []incidentRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		services, err := groupOf(tx, "SELECT * FROM incident_services"+ofPage+"service", func(x incidentServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		responders, err := groupOf(tx, "SELECT * FROM incident_responders"+ofPage+"person", func(x incidentResponderRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		tasks, err := groupOf(tx, "SELECT * FROM incident_tasks"+ofPage+"n", func(x taskRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		judged, err := groupOf(tx, "SELECT * FROM incident_changes"+ofPage+"change", func(x judgedRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := groupOf(tx, "SELECT * FROM incident_entries"+ofPage+"seq", func(x entryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &incidentState{row: rows[i], services: services[n], responders: responders[n], tasks: tasks[n], judged: judged[n]}
			page[i] = object{incident.FormatID(n), s.digest(), timelineFault(rows[i].Trail, entries[n])}
		}
		return check(page)
	}, func(row incidentRow) int64 { return row.Number })
}
