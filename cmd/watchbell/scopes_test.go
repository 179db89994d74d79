package main

import (
	"strings"
	"testing"
)

func TestTokensHaveScopesThatExist(t *testing.T) {
	dir := demoFolder(t)
	for scope, want := range map[string]string{
		"nonsense": `"nonsense" is not a scope.`, "change.gat": "Did you mean change.gate?", "chnage.*": "is not a scope",
		"*.nothing": "is not a scope", "change": "is not a scope",
		"incident:overrid": "Did you mean incident:override?", "change.gate.x": "is not a scope", "**": "is not a scope",
	} {
		t.Run(scope, func(t *testing.T) {
			r := runCLI(
				t, "token", "create", "--data", dir, "--name", "ci", "--as", "deploy", "--scope", "change.gate", "--scope", scope,
			)
			if r.code != exitUsage || !strings.Contains(r.err, want) || !strings.Contains(r.err, "change.gate, ") ||
				!strings.Contains(r.err, "oncall.") || r.out != "" {
				t.Errorf("%s: %+v", scope, r)
			}
		})
	}
	for _, scope := range []string{
		"change.gate", "change.*", "*.help", "*", "incident:override", "report.export", "oncall.who",
	} {
		t.Run(scope, func(t *testing.T) {
			if r := runCLI(
				t, "token", "create", "--data", dir, "--name", "ci", "--as", "deploy", "--scope", scope,
			); r.code != exitDone {
				t.Errorf("%s: %+v", scope, r)
			}
		})
	}
}
