package change

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/storage/database"
)

// Objects shows all changes, freezes and deployments to check.
func Objects(tx *gorm.DB, check database.Check) error {
	err := eachChange(tx, check)
	if err == nil {
		err = database.EachObject(tx, "change_freezes", "id", func(x freezeRow) database.Object {
			return database.Object{Name: x.ID, Digest: database.Digest(&x)}
		}, check)
	}
	if err == nil {
		err = database.EachObject(tx, "deployments", "at, id", func(x deploymentRow) database.Object {
			return database.Object{Name: "deployment/" + x.ID, Digest: database.Digest(&x)}
		}, check)
	}
	return err
}

func eachChange(tx *gorm.DB, check database.Check) error {
	if err := database.Dense(tx, "changes", "change", change.FormatID); err != nil {
		return err
	}
	return database.EachPage(tx, "changes", func(rows []changeRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		revisions, err := database.Grouped(tx, "SELECT * FROM change_revisions"+database.OfPage+"revision", func(x revisionRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		services, err := database.Grouped(tx, "SELECT * FROM change_services"+database.OfPage+"service", func(x changeServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		votes, err := database.Grouped(tx, "SELECT * FROM change_votes"+database.OfPage+"n", func(x voteRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		grants, err := database.Grouped(tx, "SELECT * FROM change_grants"+database.OfPage+"at, id", func(x grantRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := database.Grouped(tx, "SELECT * FROM change_entries"+database.OfPage+"seq", func(x changeEntryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]database.Object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &changeState{row: rows[i], services: services[n], votes: votes[n], grants: grants[n]}
			for _, revision := range revisions[n] {
				if revision.Revision == rows[i].Revision {
					s.revision = revision
				}
			}
			page[i] = database.Object{Name: change.FormatID(n), Digest: s.digest(), Fault: database.TimelineFault(rows[i].Trail, entries[n])}
		}
		return check(page)
	}, func(row changeRow) int64 { return row.Number })
}
