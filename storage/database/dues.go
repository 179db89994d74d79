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

// ReadToldDues lists it as reports tell of it: bare, and with a Done that says no more than that somebody has to act.
func ReadToldDues(tx *gorm.DB) ([]bot.Due, error) {
	var r commit.DueRow
	var acts bool
	list := []bot.Due{}
	err := eachDue(tx, &r, append(bareDue(&r), Column{"done NOT IN ('null', '') AS acts", &acts}), func(d bot.Due) {
		if acts {
			d.Done = &bot.Action{}
		}
		list = append(list, d)
	})
	return list, err
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
	err := eachDue(tx, r, columns, func(d bot.Due) { list = append(list, d) })
	return list, err
}

func eachDue(tx *gorm.DB, r *commit.DueRow, columns []Column, do func(bot.Due)) error {
	return EachFound(tx.Model(r).Order("day, object, what"), "what is due", columns, func() error {
		d, err := r.Due()
		do(d)
		return err
	})
}
