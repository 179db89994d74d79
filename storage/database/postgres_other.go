//go:build !linux

package database

import "time"

// giveUpUnacknowledged does nothing where there is no such option: there keepalives end a dead connection that is idle,
// and deadlines calls.
func giveUpUnacknowledged(uintptr, time.Duration) error { return nil }
