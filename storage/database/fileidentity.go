package database

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// sqliteFile is the SQLite file that is open. The zero value is for databases that are no file.
type sqliteFile struct {
	path string
	id   fileID
}

// sameFile says why what is written now would be lost: the path no longer names the file that is open. It costs one
// stat; it never opens the file, for closing any descriptor of it would drop the locks that SQLite has on it. On
// PostgreSQL it is nil. The error is for people.
func (d *DB) sameFile() error { return d.file.same() }

func (f sqliteFile) same() error {
	if f.path == "" {
		return nil
	}
	id, err := fileAt(f.path)
	switch {
	case err == nil && id == f.id:
		return nil
	case err == nil:
		return bot.Errorf(
			bot.Unavailable,
			"This was not recorded: the database file %s was replaced while Watchbell runs. Stop Watchbell, see to it that "+
				"the right file is there, and start it again.",
			shown(filepath.Base(f.path)),
		)
	case errors.Is(err, fs.ErrNotExist):
		return bot.Errorf(
			bot.Unavailable,
			"This was not recorded: the database file %s was deleted or moved while Watchbell runs. Put it back, or stop "+
				"Watchbell, restore a backup and start it again.",
			shown(filepath.Base(f.path)),
		)
	}
	return bot.Errorf(
		bot.Unavailable, "This was not recorded: the database file %s cannot be reached any more: %v.",
		shown(filepath.Base(f.path)), errors.Unwrap(err),
	)
}

// refuseOtherFile makes a pool of connections that write refuse all statements once the path no longer names the open
// file.
func refuseOtherFile(db *gorm.DB, f sqliteFile) error {
	check := func(tx *gorm.DB) {
		if err := f.same(); err != nil {
			_ = tx.AddError(err)
		}
	}
	c := db.Callback()
	return errors.Join(
		c.Create().Before("*").Register("watchbell:same_file", check),
		c.Update().Before("*").Register("watchbell:same_file", check),
		c.Delete().Before("*").Register("watchbell:same_file", check),
		c.Query().Before("*").Register("watchbell:same_file", check),
		c.Row().Before("*").Register("watchbell:same_file", check),
		c.Raw().Before("*").Register("watchbell:same_file", check),
	)
}

// heldFiles are the SQLite files that stores of this process have open. POSIX gives a file's locks to the process, and
// closing any descriptor of the file drops all of them, SQLite's too. So a file that is held is not opened for a look,
// and descriptors of it are closed when the last store that holds it is.
var heldFiles = struct {
	sync.Mutex
	stores map[fileID]int
	parked map[fileID][]*os.File
}{stores: map[fileID]int{}, parked: map[fileID][]*os.File{}}

// hold checks the file with check, unless a store of this process has it open already, and holds it until release.
func hold(path string, check func() error) (id fileID, release func(), err error) {
	heldFiles.Lock()
	defer heldFiles.Unlock()
	if id, err = fileAt(path); err != nil || heldFiles.stores[id] == 0 {
		if err := check(); err != nil {
			return id, nil, err
		}
		if id, err = fileAt(path); err != nil {
			return id, nil, err
		}
	}
	heldFiles.stores[id]++
	return id, sync.OnceFunc(func() { letGo(id) }), nil
}

func letGo(id fileID) {
	heldFiles.Lock()
	defer heldFiles.Unlock()
	if heldFiles.stores[id]--; heldFiles.stores[id] > 0 {
		return
	}
	for _, f := range heldFiles.parked[id] {
		_ = f.Close()
	}
	delete(heldFiles.stores, id)
	delete(heldFiles.parked, id)
}

// park closes a descriptor of a held file when nobody holds the file any more.
func park(id fileID, f *os.File) {
	heldFiles.Lock()
	defer heldFiles.Unlock()
	heldFiles.parked[id] = append(heldFiles.parked[id], f)
}
