package database

import (
	"strings"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/storage/commit"
)

// Insert adds rows of one kind by one statement. conflict is an ON CONFLICT clause or "". Without rows it does nothing.
func Insert(tx *gorm.DB, conflict string, rows ...any) error {
	if len(rows) == 0 {
		return nil
	}
	f := commit.FieldsOf(rows[0])
	var args []any
	for _, row := range rows {
		args = append(args, f.Values(row)...)
	}
	marks := strings.TrimSuffix(strings.Repeat(f.Marks+", ", len(rows)), ", ")
	return tx.Exec("INSERT INTO "+f.Table+" ("+strings.Join(f.Columns, ", ")+") VALUES "+marks+" "+conflict, args...).Error
}
