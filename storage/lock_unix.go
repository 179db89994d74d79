//go:build unix

package storage

import (
	"errors"
	"os"
	"syscall"

	"github.com/watchbell/watchbell/bot"
)

// lockFile makes this process the one server of a SQLite file. Programs that only look or run one command join in without the lock.
func (s *Store) lockFile(path string, o Options) error {
	if !o.Server {
		return nil
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return bot.Errorf(bot.Unavailable, "Cannot create the lock file %s.lock: %v. The folder of the database must be writable.", path, err)
	}
	s.close = append(s.close, f.Close) // closing gives up the lock; the file stays, for removing it would race
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return bot.Errorf(bot.Conflict, "Another Watchbell server already uses %s. Stop it first, or run single commands beside it with: watchbell do", path)
	}
	return err
}

// migrationTurn waits until no other program migrates the SQLite file and returns how to end the turn.
func migrationTurn(path string) (func(), error) {
	f, err := os.OpenFile(path+".migrating", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	// Whoever still waits on the removed file, or makes a new one, finds the schema up to date.
	return func() { _ = os.Remove(path + ".migrating"); _ = f.Close() }, nil
}
