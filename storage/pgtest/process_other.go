//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
	"syscall"
)

func unprivileged() (*syscall.SysProcAttr, func(string) error, error) {
	return nil, func(string) error { return nil }, nil
}

func startBound(cmd *exec.Cmd) (stop func(), err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }, nil
}

// alive keeps every folder where it cannot be told.
func alive(int) bool { return true }
