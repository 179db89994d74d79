//go:build !faults

package main

import "time"

// faultStep is called at named points between an outside effect and its record. Only a build with the tag faults does
// anything there.
var faultStep func(string)

// faultLease is the lease of jobs; zero is the default.
var faultLease time.Duration
