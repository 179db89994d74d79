package people

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/database"
)

// Objects shows all tokens to check.
func Objects(tx *gorm.DB, check database.Check) error {
	return database.EachObject(tx, "tokens", "id", func(x tokenRow) database.Object {
		return database.Object{Name: "token/" + x.ID, Digest: x.digest()}
	}, check)
}
