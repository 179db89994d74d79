package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file of a register is tried from a terminal, and applied by what the trial says. What is wrong with it is an exit
// code that scripts notice.
func TestRecordsFromATerminal(t *testing.T) {
	dir := demoFolder(t)
	file := func(lines ...string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "vendors.csv")
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	try := func(who, noun, path string) result {
		t.Helper()
		return runCLI(t, "import", "records", "--data", dir, "--as", who, noun, path)
	}
	good := file("key,name,tier", ",Alpha,critical", ",Beta,routine")
	for name, c := range map[string]struct {
		r    result
		code int
		want string
	}{
		"wrong":            {try("mia", "vendor", file("key,name,tier", ",Alpha,odd")), exitRefused, "Line 2: tier:"},
		"somebody else":    {try("ana", "vendor", good), exitRefused, "vendor.import needs one of the roles"},
		"no such register": {try("mia", "vendr", good), exitUsage, `There is no register "vendr". There is: service, vendor`},
	} {
		if text := c.r.out + c.r.err; c.r.code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s", name, c.r.code, text)
		}
	}
	if r := try("mia", "vendor", good); r.code != exitDone || !strings.Contains(r.out, "2 to add") ||
		!strings.Contains(r.out, "/ops apply IMP-1") {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	do := func(line string) string {
		t.Helper()
		r := runCLI(t, "do", "--data", dir, "--as", "mia", line)
		return r.out + r.err
	}
	if s := do("/ops apply IMP-1"); !strings.Contains(s, "IMP-1") {
		t.Error(s)
	}
	if s := do("/ops vendor list"); !strings.Contains(s, "VEN-1 Alpha") || !strings.Contains(s, "VEN-2 Beta") {
		t.Error(s)
	}
}
