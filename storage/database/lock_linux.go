package database

import (
	"errors"
	"os"
	"syscall"

	"github.com/watchbell/watchbell/bot"
)

// lockFile makes this process the one server of a SQLite file. Programs that only look or run one command join in
// without the lock. It is on the file itself, so that it holds by whatever name the file is opened; flock and the POSIX
// locks that SQLite takes do not see each other on Linux. Its descriptor is opened before SQLite's and closed after
// them.
func (d *DB) lockFile(path string, id fileID, o Options) error {
	if !o.Server {
		return nil
	}
	f, err := openToLock(path)
	if err != nil {
		return bot.Errorf(
			bot.Unavailable, "Cannot lock the SQLite file %s: %v. It must be readable.", shown(path), errors.Unwrap(err),
		)
	}
	park(id, f)
	d.close = append(d.close, func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) })
	if err := d.flock(path, f); err != nil {
		return err
	}
	return d.lockAsBefore(path)
}

func openToLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return os.Open(path)
	}
	return f, err
}

func (d *DB) flock(path string, f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
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

// lockAsBefore also takes the lock that earlier versions took, if they left its file, so that one of them that still
// runs is noticed.
func (d *DB) lockAsBefore(path string) error {
	f, err := openToLock(path + ".lock")
	if err != nil {
		return nil
	}
	d.close = append(d.close, f.Close) // which gives up the lock
	return d.flock(path, f)
}

func mountedReadOnly(st *syscall.Statfs_t) bool { return st.Flags&syscall.MS_RDONLY != 0 }
