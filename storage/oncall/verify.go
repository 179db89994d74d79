package oncall

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/database"
)

// Objects shows all hand-overs, pages and rotas to check.
func Objects(tx *gorm.DB, check database.Check) error {
	err := handovers.Objects(tx, check)
	if err == nil {
		err = pages.Objects(tx, check)
	}
	if err == nil {
		err = database.EachObject(tx, "oncall_rotas", "name", func(x rotaRow) database.Object {
			return database.Object{Name: "rota/" + x.Name, Digest: database.Digest(&x)}
		}, check)
	}
	return err
}
