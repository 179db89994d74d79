package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/watchbell/watchbell/adapters/web/login/oidc/oidctest"
)

// authenticator plugs a device into the browser that verifies its user, like a laptop with a fingerprint reader.
func (b *tab) authenticator() webauthn.AuthenticatorID {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	added, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return added.AuthenticatorID
}

// spoil makes an authenticator answer wrongly.
func (b *tab) spoil(id webauthn.AuthenticatorID, signature, verified bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{
		AuthenticatorID: id, IsBogusSignature: &signature, IsBadUV: &verified,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// A first server with an administrator who signs in by a passkey, in a real browser.
func TestAPasskeyInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	device := b.authenticator()
	port := freePort(t)
	address := fmt.Sprintf("http://localhost:%d", port)
	s := startFromNothing(t, t.TempDir(), fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port))
	b.do(chromedp.Navigate(s.link()))
	b.sees("you make a passkey")
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Ana Ruiz"), chromedp.SendKeys(chromedp.CSS("#email"), "ana@example.com\r"))
	b.sees("Make a passkey now")
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=name]"), "Work laptop"))
	b.press("button", "Make a passkey")
	b.wait(`document.querySelector('[aria-label="Remove Work laptop"]')`)
	b.shoot("passkey-made")
	// The same device makes no second one.
	b.press("button", "Make a passkey")
	b.sees("This device has a passkey of yours here already.")

	signOut := func() {
		t.Helper()
		b.do(chromedp.Navigate(address + "/me/security"))
		b.press("button", "Sign out")
		b.sees("Continue with a passkey")
	}
	signOut()
	b.shoot("passkey-signin")
	b.press("button", "Continue with a passkey")
	b.wait("document.querySelector('a.whoami')")
	signOut()
	for _, c := range []struct {
		name                string
		signature, verified bool
	}{{"a wrong signature", true, false}, {"nobody was verified", false, true}} {
		b.spoil(device, c.signature, c.verified)
		b.do(chromedp.Navigate(address + "/login"))
		b.press("button", "Continue with a passkey")
		b.sees("This passkey does not sign you in here.")
		b.do(chromedp.Navigate(address + "/c/incidents"))
		b.sees("Continue with a passkey")
	}
	b.spoil(device, false, false)
	// Whoever cannot show that it is them is told by the page.
	if _, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{
		AuthenticatorID: device,
	}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(address + "/login"))
	b.press("button", "Continue with a passkey")
	b.sees("No passkey was used")
	if _, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{
		AuthenticatorID: device, IsUserVerified: true,
	}); err != nil {
		t.Fatal(err)
	}
	b.press("button", "Continue with a passkey")
	b.wait("document.querySelector('a.whoami')")
	b.do(chromedp.Navigate(address + "/me/security"))
	b.do(chromedp.Click(chromedp.CSS(`[aria-label="Remove Work laptop"]`)))
	b.wait(`document.readyState === "complete" && !document.querySelector('[aria-label="Remove Work laptop"]')`)
	b.sees("You have none.")
	signOut()
	b.press("button", "Continue with a passkey")
	b.sees("This passkey does not sign you in here.")
	if out, code := s.cli("audit", "verify"); code != exitDone {
		t.Errorf("the audit log: %d %s", code, out)
	}
}

// A company's provider is another site: the browser goes there and comes back, past the policy of our pages.
func TestACompanyAccountInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	port := freePort(t)
	address := fmt.Sprintf("http://localhost:%d", port)
	company := oidctest.Start(t, func() string { return address + "/login/oidc/company/callback" }, time.Now)
	company.Person["email"] = "dan@example.com"
	dir := t.TempDir()
	file := filepath.Join(dir, "watchbell.yaml")
	text := fmt.Sprintf(`login: [oidc]
oidc:
  - name: company
    label: Example Shop account
    issuer: %s
    client-id: %s
    roles: {operations: [responder]}
people:
  - {id: ana, name: Ana Ruiz, email: ana@example.com, roles: [admin]}
  - {id: dan, name: Dan Fox, email: dan@example.com, roles: [member]}
`, company.URL, oidctest.ClientID)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startFromNothing(
		t, dir, fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port),
		"WATCHBELL_OIDC_COMPANY_SECRET="+oidctest.Secret,
	)
	out, code := s.cli("doctor")
	if code != exitDone || !strings.Contains(out, "people sign in with Example Shop account") ||
		!strings.Contains(out, "Register this address with it, exactly: "+address+"/login/oidc/company/callback") {
		t.Errorf("doctor: %d %s", code, out)
	}
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.press("a.btn", "Continue with Example Shop account")
	b.wait("document.querySelector('a.whoami')")
	b.sees("Dan Fox")
	b.say("/incident declare Checkout returns 502 sev2")
	b.sees("Declared INC-1 (SEV2): Checkout returns 502.")
	b.do(chromedp.Navigate(address + "/me/security"))
	b.sees("Example Shop account: dan@example.com")
	b.sees("its groups give responder")
	b.press("button", "Sign out")
	company.Lies.Claims = func(c map[string]any) { c["aud"] = "somebody else" }
	b.press("a.btn", "Continue with Example Shop account")
	b.sees("cannot be trusted")
}
