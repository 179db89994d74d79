package storage

import (
	"gorm.io/gorm"
)

// onCallObjects shows all hand-overs, pages and rotas to check.
func onCallObjects(tx *gorm.DB, check checkObjects) error {
	err := handovers.objects(tx, check)
	if err == nil {
		err = pages.objects(tx, check)
	}
	if err == nil {
		err = eachObject(tx, "oncall_rotas", "name", func(x rotaRow) object { return object{"rota/" + x.Name, digestOf(&x), ""} }, check)
	}
	return err
}
