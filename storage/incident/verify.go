package incident

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/record"

	"github.com/watchbell/watchbell/commands/incident"
)

// Objects shows all incidents to check.
func Objects(tx *gorm.DB, check record.Check) error {
	if err := record.Dense(tx, "incidents", "incident", incident.FormatID); err != nil {
		return err
	}
	return record.EachPage(tx, "incidents", func(rows []incidentRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		services, err := record.Grouped(
			tx, "SELECT * FROM incident_services"+record.OfPage+"service", func(x incidentServiceRow) int64 { return x.Number },
			first, last,
		)
		if err != nil {
			return err
		}
		responders, err := record.Grouped(
			tx, "SELECT * FROM incident_responders"+record.OfPage+"person",
			func(x incidentResponderRow) int64 { return x.Number }, first, last,
		)
		if err != nil {
			return err
		}
		tasks, err := record.Grouped(tx, "SELECT * FROM incident_tasks"+record.OfPage+"n", func(x taskRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		judged, err := record.Grouped(tx, "SELECT * FROM incident_changes"+record.OfPage+"change", func(x judgedRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		entries, err := record.Grouped(tx, "SELECT * FROM incident_entries"+record.OfPage+"seq", func(x entryRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		page := make([]record.Object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &incidentState{
				row: rows[i], services: services[n], responders: responders[n], tasks: tasks[n], judged: judged[n],
			}
			page[i] = record.Object{
				Name: incident.FormatID(n), Digest: s.digest(), Fault: record.TimelineFault(rows[i].Trail, entries[n]),
			}
		}
		return check(page)
	}, func(row incidentRow) int64 { return row.Number })
}
