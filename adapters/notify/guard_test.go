package notify

import (
	"errors"
	"net"
	"testing"
)

// The last look is the system's own dialler's: whatever was checked before, nothing connects to this machine.
func TestTheDiallerItselfRefusesThisMachine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	conn, err := newGuard(Options{}).dial(t.Context(), "tcp", l.Addr().String())
	if !errors.Is(err, errRefused) {
		t.Errorf("%v %v", conn, err)
	}
}
