package storage

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/commands/change"
)

// changeObjects shows all changes, freezes and deployments to check.
func changeObjects(tx *gorm.DB, check checkObjects) error {
	err := eachChange(tx, check)
	if err == nil {
		err = eachObject(tx, "change_freezes", "id", func(x freezeRow) object { return object{x.ID, digestOf(&x), ""} }, check)
	}
	if err == nil {
		err = eachObject(tx, "deployments", "at, id", func(x deploymentRow) object { return object{"deployment/" + x.ID, digestOf(&x), ""} }, check)
	}
	return err
}

func eachChange(tx *gorm.DB, check checkObjects) error {
	if err := dense(tx, "changes", "change", change.FormatID); err != nil {
		return err
	}
	return eachPage(tx, "changes", func(rows []changeRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		revisions, err := groupOf(tx, "SELECT * FROM change_revisions"+ofPage+"revision", func(x revisionRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		services, err := groupOf(tx, "SELECT * FROM change_services"+ofPage+"service", func(x changeServiceRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		votes, err := groupOf(tx, "SELECT * FROM change_votes"+ofPage+"n", func(x voteRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		grants, err := groupOf(tx, "SELECT * FROM change_grants"+ofPage+"at, id", func(x grantRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		entries, err := groupOf(tx, "SELECT * FROM change_entries"+ofPage+"seq", func(x changeEntryRow) int64 { return x.Number }, first, last)
		if err != nil {
			return err
		}
		page := make([]object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &changeState{row: rows[i], services: services[n], votes: votes[n], grants: grants[n]}
			for _, revision := range revisions[n] {
				if revision.Revision == rows[i].Revision {
					s.revision = revision
				}
			}
			page[i] = object{change.FormatID(n), s.digest(), timelineFault(rows[i].Trail, entries[n])}
		}
		return check(page)
	}, func(row changeRow) int64 { return row.Number })
}
