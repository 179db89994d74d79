package webtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// axeVersion is the version of axe-core, Deque's checker of accessibility, that pages are held against.
const axeVersion = "4.14.1"

// Axe returns the source of axe-core, which a page has to run before axe.run exists there. It is installed once, in a
// cache folder. Without npm, or without a registry, the test is skipped, unless WATCHBELL_REQUIRE_NODE is 1.
func Axe(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "watchbell-axe-"+axeVersion)
	if _, err := os.Stat(dir); err != nil {
		if err := installAxe(cache, dir); err != nil {
			if os.Getenv("WATCHBELL_REQUIRE_NODE") == "1" {
				t.Fatalf("axe-core: %v", err)
			}
			t.Skipf(
				"SKIPPED: npm cannot install axe-core, so no page was checked for accessibility: %v. Set "+
					"WATCHBELL_REQUIRE_NODE=1 to fail instead.",
				err,
			)
		}
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// installAxe makes the folder whole at once, for several test processes may need it at the same time.
func installAxe(cache, dir string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(cache, "watchbell-axe-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "axe-core@"+axeVersion)
	install.Dir = tmp
	if out, err := install.CombinedOutput(); err != nil {
		return &exec.Error{Name: "npm install: " + string(out), Err: err}
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(dir); there != nil {
			return err
		}
	}
	return nil
}
