//go:build !linux

package pgtest

import "syscall"

// unprivileged changes nothing here: the server runs as the one who runs the tests, which may not be root, and outlives
// a test process that is killed until the next one sweeps.
func unprivileged() (attr *syscall.SysProcAttr, own func(dir string) error, err error) {
	return nil, func(string) error { return nil }, nil
}
