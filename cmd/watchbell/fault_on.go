//go:build faults

package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// faultStep kills the process, as a power cut would, the nth time it passes the step that WATCHBELL_KILL_AT names, like
// "incident.card:sent" or "commit:before/3". It exists only in builds with the tag faults, for tests.
var faultStep = killAt(os.Getenv("WATCHBELL_KILL_AT"))

// faultLease shortens the lease of jobs to what WATCHBELL_LEASE says, so that tests need not wait half a minute for
// each death.
var faultLease, _ = time.ParseDuration(os.Getenv("WATCHBELL_LEASE"))

func killAt(at string) func(string) {
	name, count, _ := strings.Cut(at, "/")
	left := new(atomic.Int64)
	left.Store(1)
	if n, err := strconv.ParseInt(count, 10, 64); err == nil {
		left.Store(n)
	}
	return func(step string) {
		if name != "" && step == name && left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}
