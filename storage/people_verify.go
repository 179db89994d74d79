package storage

import (
	"gorm.io/gorm"
)

// peopleObjects shows all tokens to check.
func peopleObjects(tx *gorm.DB, check checkObjects) error {
	return eachObject(tx, "tokens", "id", func(x tokenRow) object { return object{"token/" + x.ID, x.digest(), ""} }, check)
}
