package pgtest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged says how to start programs that refuse to run as root (as nobody, who has to own the server's folder)
// and that end when the thread that started them does. SIGQUIT, because a server that is killed leaves its shared
// memory behind, a megabyte each time.
func unprivileged() (attr *syscall.SysProcAttr, own func(dir string) error, err error) {
	attr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, func(string) error { return nil }, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, func(dir string) error { return os.Chown(dir, int(uid), int(gid)) }, nil
}
