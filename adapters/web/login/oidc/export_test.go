package oidc

// The parts that decide where Watchbell connects to, for tests.
var (
	Endpoint = endpoint
	Allowed  = allowed
)
