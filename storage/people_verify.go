package storage

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/database"
)

// peopleObjects shows all tokens to check.
func peopleObjects(tx *gorm.DB, check database.Check) error {
	return database.EachObject(tx, "tokens", "id", func(x tokenRow) database.Object { return database.Object{Name: "token/" + x.ID, Digest: x.digest()} }, check)
}
