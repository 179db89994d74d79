//go:build unix

package database

import (
	"os"
	"syscall"
)

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
