package people

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/record"
)

// Objects shows all tokens to check.
func Objects(tx *gorm.DB, check record.Check) error {
	return record.EachObject(tx, "tokens", "id", func(x tokenRow) record.Object {
		return record.Object{Name: "token/" + x.ID, Digest: x.digest()}
	}, check)
}
