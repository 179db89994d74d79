package oncall

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/record"
)

// Objects shows all hand-overs, pages and rotas to check.
func Objects(tx *gorm.DB, check record.Check) error {
	err := handovers.Objects(tx, check)
	if err == nil {
		err = pages.Objects(tx, check)
	}
	if err == nil {
		err = record.EachObject(tx, "oncall_rotas", "name", func(x rotaRow) record.Object {
			return record.Object{Name: "rota/" + x.Name, Digest: record.Digest(&x)}
		}, check)
	}
	return err
}
