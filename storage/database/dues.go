package database

import (
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/commit"
)

// ReadDues lists what is due, the earliest first.
func ReadDues(tx *gorm.DB) ([]bot.Due, error) {
	var r commit.DueRow
	return readDues(tx, &r, append(
		bareDue(&r), Column{"done", &r.Done}, Column{"reassign", &r.Reassign}, Column{"ladder", &r.Ladder},
		Column{"open", &r.Open},
	))
}

// ReadBareDues lists it without the actions and the ladders, which cost more than all the rest.
func ReadBareDues(tx *gorm.DB) ([]bot.Due, error) {
	var r commit.DueRow
	return readDues(tx, &r, bareDue(&r))
}

func bareDue(r *commit.DueRow) []Column {
	return []Column{
		{"object", &r.Object}, {"what", &r.What}, {"day", &r.Day}, {"at", &r.At}, {"name", &r.Name}, {"text", &r.Text},
		{"owner", &r.Owner}, {"team", &r.Team}, {"audience", &r.Audience}, {"urgent", &r.Urgent}, {"since", &r.Since},
		{"lead", &r.Lead},
	}
}

func readDues(tx *gorm.DB, r *commit.DueRow, columns []Column) ([]bot.Due, error) {
	var list []bot.Due
	err := EachFound(tx.Model(r).Order("day, object, what"), "what is due", columns, func() error {
		d, err := r.Due()
		list = append(list, d)
		return err
	})
	return list, err
}
