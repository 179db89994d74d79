package oidc_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/adapters/web/login/oidc/oidctest"
)

// certified installs oidc-provider once, in a cache folder, and returns where it is.
func certified(t *testing.T) string {
	t.Helper()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("WATCHBELL_REQUIRE_NODE") == "1" {
			t.Fatalf("WATCHBELL_REQUIRE_NODE is set, but "+format, args...)
		}
		t.Skipf("SKIPPED: "+format+". So signing in was not checked with a certified provider. Set "+
			"WATCHBELL_REQUIRE_NODE=1 to fail instead.", args...)
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing("there is no %s", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "watchbell-oidc-check")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	changed := copied(t, dir, "package.json")
	changed = copied(t, dir, "package-lock.json") || changed
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err != nil || changed {
		_ = os.Remove(done)
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			missing("npm cannot install oidc-provider: %v\n%s", err, out)
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copied(t, dir, "provider.js")
	return dir
}

// copied copies a file there and reports whether it was another before.
func copied(t *testing.T, dir, name string) bool {
	t.Helper()
	wanted, err := os.ReadFile(filepath.Join("testdata/certified", name))
	if err != nil {
		t.Fatal(err)
	}
	have, _ := os.ReadFile(filepath.Join(dir, name))
	if bytes.Equal(have, wanted) {
		return false
	}
	if err := os.WriteFile(filepath.Join(dir, name), wanted, 0o600); err != nil {
		t.Fatal(err)
	}
	return true
}

// launch starts the certified provider and returns its address.
func launch(t *testing.T, redirect string) string {
	t.Helper()
	node := exec.Command("node", "provider.js")
	node.Dir = certified(t)
	node.Env = append(
		os.Environ(), "CLIENT_ID="+oidctest.ClientID, "CLIENT_SECRET="+oidctest.Secret, "REDIRECT="+redirect,
	)
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	node.Stderr = &log
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return address
		}
	}
	_ = node.Wait()
	t.Fatalf("the provider did not start: %s", log.String())
	return ""
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	formPrompt = regexp.MustCompile(`name="prompt" value="([a-z]+)"`)
)

// The provider asks who somebody is, and whether Watchbell may know it.
func TestACertifiedProvider(t *testing.T) {
	w := newWorld(t)
	issuer := launch(t, w.url+"/login/oidc/company/callback")
	var err error
	w.oidc, err = oidc.New(oidc.Config{
		Name: "company", Issuer: issuer, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Roles: map[string][]string{"operations": {"responder"}},
	}, oidc.Options{Base: w.url}) // its clock is the real one
	if err != nil {
		t.Fatal(err)
	}
	browser := w.browser()
	address, method, form := w.url+"/login/oidc/company", http.MethodGet, url.Values{}
	for range 5 {
		r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		action, prompt := formAction.FindSubmatch(page), formPrompt.FindSubmatch(page)
		if action == nil || prompt == nil {
			finished(t, issuer, answer.StatusCode, page)
			return
		}
		next, err := answer.Request.URL.Parse(string(action[1]))
		if err != nil {
			t.Fatal(err)
		}
		address, method = next.String(), http.MethodPost
		form = url.Values{"prompt": {string(prompt[1])}, "login": {"ana"}, "password": {"anything"}}
	}
	t.Fatal("the provider goes on asking")
}

func finished(t *testing.T, issuer string, status int, page []byte) {
	t.Helper()
	if status != http.StatusOK {
		t.Fatalf("HTTP %d: %s", status, page)
	}
	want := oidc.Claims{
		Issuer: issuer, Subject: "ana", Email: "ana@example.com", EmailVerified: true, Name: "Ana Silva",
		Groups: []string{"operations"},
	}
	var got oidc.Claims
	if err := decode(page, &got); err != nil {
		t.Fatalf("%v: %s", err, page)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
