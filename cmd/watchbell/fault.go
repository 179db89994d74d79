//go:build !faults

package main

// faultStep is called at named points between an outside effect and its record. Only a build with the tag faults does anything there.
var faultStep func(string)
