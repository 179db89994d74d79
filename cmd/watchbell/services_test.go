package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// start starts a server on a data folder and stops it, and returns what it logged.
func start(t *testing.T, dir string) string {
	t.Helper()
	var log bytes.Buffer
	a, err := place{Data: dir, Config: configFile}.wire(context.Background(), appOptions{
		server: true, log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	a.close()
	return log.String()
}

func TestServicesOfTheConfigurationAndOfChat(t *testing.T) {
	dir := demoFolder(t)
	do := func(who, line string, code int, parts ...string) {
		t.Helper()
		r := runCLI(t, "do", "--data", dir, "--as", who, line)
		if r.code != code {
			t.Errorf("%s: %s: exit %d, want %d\n%s%s", who, line, r.code, code, r.out, r.err)
		}
		for _, p := range parts {
			if !strings.Contains(r.out+r.err, p) {
				t.Errorf("%s: %q is missing in:\n%s%s", line, p, r.out, r.err)
			}
		}
	}
	path := filepath.Join(dir, configFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// commands that only read know what the server put into the register
	do("dan", "/ops service show checkout", exitDone, "Tier: 1", "SLO: 99.9", "From the configuration (watchbell.yaml)")
	do("mia", "/ops service edit checkout tier=2", exitRefused, "Change it in watchbell.yaml")
	// a service of chat is there for all commands at once, whatever the configuration says
	do("mia", "/ops service add Wiki tier=3", exitDone, "wiki Wiki")
	do("dan", "/incident declare The wiki is slow service=wiki sev3", exitDone, "Declared INC-1")
	do("dan", "/ops service show wiki", exitDone, "Open now: INC-1 SEV3 Investigating", "Last incidents: INC-1 The wiki is slow")
	added := bytes.Replace(text, []byte("\nservices:\n"), []byte("\nservices:\n  - id: wiki\n    name: Wiki of all\n"), 1)
	if err := os.WriteFile(path, added, 0o600); err != nil {
		t.Fatal(err)
	}
	if log := start(t, dir); !strings.Contains(log, "watchbell service adopt wiki") {
		t.Errorf("the start does not say what to do:\n%s", log)
	}
	do("mia", "/ops service show wiki", exitDone, "wiki Wiki\n", "Tier: 3")
	for _, c := range []struct {
		id   string
		code int
		want string
	}{
		{"nothing", exitRefused, "names no service nothing"}, {"wiki", exitDone, ""}, {"wiki", exitDone, ""},
	} {
		if r := runCLI(t, "service", "adopt", "--data", dir, c.id); r.code != c.code || !strings.Contains(r.err, c.want) {
			t.Errorf("adopt %s: exit %d\n%s%s", c.id, r.code, r.out, r.err)
		}
	}
	if log := start(t, dir); strings.Contains(log, "adopt") {
		t.Errorf("the start still asks:\n%s", log)
	}
	do("mia", "/ops service show wiki", exitDone, "wiki Wiki of all", "From the configuration (watchbell.yaml)")
	do("mia", "/ops history wiki", exitDone, "from now on watchbell.yaml says what it is")
	// what leaves the file stays, and chat may change it
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	do("mia", "/ops service edit wiki name=Wiki", exitDone, "wiki Wiki")
	do("dan", "/incident list", exitDone, "The wiki is slow")
	if r := runCLI(t, "audit", "verify", "--data", dir); r.code != exitDone {
		t.Errorf("audit verify: %+v", r)
	}
}
