//go:build unix && !linux

package database

import (
	"errors"
	"os"
	"syscall"

	"github.com/watchbell/watchbell/bot"
)

// lockFile makes this process the one server of a SQLite file. Programs that only look or run one command join in
// without the lock. Here a lock on the file itself would be in the way of those that SQLite takes, so a file beside it
// is locked.
func (d *DB) lockFile(path string, _ fileID, o Options) error {
	if !o.Server {
		return nil
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return bot.Errorf(
			bot.Unavailable,
			"Cannot create the lock file beside the database %s: %v. The folder of the database must be writable.", shown(path),
			reason(err),
		)
	}
	d.close = append(d.close, f.Close) // closing gives up the lock; the file stays, for removing it would race
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return bot.Errorf(
			bot.Conflict,
			"Another Watchbell server already uses the database %s. Stop it first, or run single commands beside it with: "+
				"watchbell do",
			shown(path),
		)
	}
	return err
}

func mountedReadOnly(*syscall.Statfs_t) bool { return false }
