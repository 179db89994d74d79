package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// unprivileged says how to start programs that refuse to run as root: as nobody, who then owns the server's folder.
func unprivileged() (*syscall.SysProcAttr, func(dir string) error, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
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
	return attr, func(dir string) error {
		return os.Chown(dir, int(uid), int(gid))
	}, nil
}

// startBound starts a program that dies with this process. The kernel watches the thread that started it, so that thread is kept for as long
// as the program runs.
func startBound(cmd *exec.Cmd) (stop func(), err error) {
	started, end, ended := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		<-end
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() { close(end); <-ended }, nil
}

func alive(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
