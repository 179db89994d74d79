package main

import (
	"os/user"
	"testing"
)

// With --as somebody acts as somebody else. The audit log says who of the machine's users that was.
func TestTheAuditNamesTheUserOfTheMachine(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	dir := demoFolder(t)
	for _, args := range [][]string{
		{"do", "--data", dir, "--as", "dan", "/incident declare Checkout returns 502 sev2"},
		{"do", "--data", dir, "--as", "gus", "/incident resolve INC-1 It is over I say"}, // refused
		{"token", "create", "--data", dir, "--name", "deploy", "--as", "dan", "--scope", "change.gate"},
	} {
		runCLI(t, args...)
	}
	for action, result := range map[string]string{
		"incident.declare": "done", "incident.resolve": "denied", "token.create": "done",
	} {
		t.Run(action, func(t *testing.T) {
			var source string
			query(t, dir, &source, "SELECT source FROM audit WHERE action = '"+action+"' AND result = '"+result+"'")
			if source != "cli/"+me.Username {
				t.Errorf("%s comes from %q, want it to name %s", action, source, me.Username)
			}
		})
	}
}
