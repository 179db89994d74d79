package change

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/record"

	"github.com/watchbell/watchbell/commands/change"
)

// Objects shows all changes, freezes and deployments to check.
func Objects(tx *gorm.DB, check record.Check) error {
	err := eachChange(tx, check)
	if err == nil {
		err = record.EachObject(tx, "change_freezes", "id", func(x freezeRow) record.Object {
			return record.Object{Name: x.ID, Digest: record.Digest(&x)}
		}, check)
	}
	if err == nil {
		err = record.EachObject(tx, "deployments", "at, id", func(x deploymentRow) record.Object {
			return record.Object{Name: "deployment/" + x.ID, Digest: record.Digest(&x)}
		}, check)
	}
	return err
}

func eachChange(tx *gorm.DB, check record.Check) error {
	if err := record.Dense(tx, "changes", "change", change.FormatID); err != nil {
		return err
	}
	return record.EachPage(tx, "changes", func(rows []changeRow) error {
		first, last := rows[0].Number, rows[len(rows)-1].Number
		revisions, err := record.Grouped(
			tx, "SELECT * FROM change_revisions"+record.OfPage+"revision", func(x revisionRow) int64 { return x.Number }, first,
			last,
		)
		if err != nil {
			return err
		}
		services, err := record.Grouped(
			tx, "SELECT * FROM change_services"+record.OfPage+"service", func(x changeServiceRow) int64 { return x.Number },
			first, last,
		)
		if err != nil {
			return err
		}
		votes, err := record.Grouped(tx, "SELECT * FROM change_votes"+record.OfPage+"n", func(x voteRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		grants, err := record.Grouped(tx, "SELECT * FROM change_grants"+record.OfPage+"at, id", func(x grantRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		entries, err := record.Grouped(tx, "SELECT * FROM change_entries"+record.OfPage+"seq", func(x changeEntryRow) int64 {
			return x.Number
		}, first, last)
		if err != nil {
			return err
		}
		page := make([]record.Object, len(rows))
		for i := range rows {
			n := rows[i].Number
			s := &changeState{row: rows[i], services: services[n], votes: votes[n], grants: grants[n]}
			for _, revision := range revisions[n] {
				if revision.Revision == rows[i].Revision {
					s.revision = revision
				}
			}
			page[i] = record.Object{
				Name: change.FormatID(n), Digest: s.digest(), Fault: record.TimelineFault(rows[i].Trail, entries[n]),
			}
		}
		return check(page)
	}, func(row changeRow) int64 { return row.Number })
}
