package database

import (
	"context"
	"errors"

	moderncsqlite "modernc.org/sqlite"

	"github.com/watchbell/watchbell/bot"
)

// ErrDamaged is what Open and Check return, wrapped, when the SQLite file cannot be read as what it was.
var ErrDamaged = errors.New("the file is damaged")

// damagedFile is ErrDamaged for people.
type damagedFile struct{ people *bot.Error }

func (d damagedFile) Error() string { return d.people.Text }

func (damagedFile) Is(target error) bool { return target == ErrDamaged }

func (d damagedFile) Unwrap() error { return d.people }

func damagedError(path string, err error) error {
	return damagedFile{
		bot.Errorf(bot.Unavailable, "The SQLite file %s is damaged: %v. Restore it from a backup.", shown(path), err),
	}
}

// sqliteCode is SQLite's primary result code in an error, 0 when there is none.
func sqliteCode(err error) int {
	var e *moderncsqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// Primary result codes of SQLite.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOError  = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNoFile   = 26 // of a database
)

func damaged(err error) bool {
	code := sqliteCode(err)
	return code == sqliteCorrupt || code == sqliteNoFile
}

// Check reads the whole SQLite file and returns ErrDamaged when its parts do not fit together. On PostgreSQL it does
// nothing.
func (d *DB) Check(ctx context.Context) error {
	if d.dialect != SQLite {
		return nil
	}
	var found []string
	err := d.Reader(ctx).Raw("PRAGMA quick_check(1)").Scan(&found).Error
	switch {
	case damaged(err):
		return damagedError(d.file.path, err)
	case err != nil:
		return Error("check the file", err)
	case len(found) != 1 || found[0] != "ok":
		return damagedError(d.file.path, errors.New("its parts do not fit together"))
	}
	return nil
}
