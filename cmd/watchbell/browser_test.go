package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a page of the real program in a real browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("WATCHBELL_REQUIRE_CHROMIUM") != "" {
			t.Fatal("chromium is not here")
		}
		t.Skip("SKIPPED: there is no chromium, so the program was not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancel() })
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// wait waits until a JavaScript expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(25 * time.Millisecond) {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			b.shoot("failed")
			b.t.Fatalf("never true: %s (%v)\n%s", expression, err, text)
		}
	}
}

func (b *tab) sees(text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// press presses the newest visible button with a label.
func (b *tab) press(within, label string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].findLast(e => e.checkVisibility() && !e.disabled && e.innerText.trim() === %q)", within, label)
	b.wait(find)
	b.do(chromedp.Evaluate[chromedp.Void](find + ".click()"))
}

func (b *tab) say(text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("#box"), text+"\r"))
}

// fill types into an input of the open form.
func (b *tab) fill(name, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(fmt.Sprintf("dialog [name=%q]", name)), text))
}

// shoot keeps a picture where WATCHBELL_SCREENSHOTS says.
func (b *tab) shoot(name string) {
	dir := os.Getenv("WATCHBELL_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "demo-"+name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Logf("no picture: %v", err)
	}
}

// demo starts the demo as a newcomer does and returns its address and how to stop it.
func demo(t *testing.T, dir string) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close()
	log := &logBuffer{}
	cmd := exec.Command(binary(t), "demo", "--data", dir, "--listen", listen)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	kill := func() { _ = cmd.Process.Signal(os.Interrupt); <-done }
	t.Cleanup(kill)
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "Stop with Ctrl-C."); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the demo does not start: %s", log)
		}
	}
	found := regexp.MustCompile(`Web chat +(http://\S+)`).FindStringSubmatch(log.String())
	if found == nil {
		t.Fatalf("the demo names no address: %s", log)
	}
	return found[1], kill
}

// A newcomer declares an incident, leads it, gives an update and resolves it, all in the browser; after a restart everything is still there.
func TestANewcomerInTheBrowser(t *testing.T) {
	b := openTab(t)
	dir := filepath.Join(t.TempDir(), "data")
	address, stop := demo(t, dir)
	b.do(chromedp.Navigate(address))
	b.sees("Welcome to Watchbell")
	b.shoot("1-welcome")
	b.say("/incident declare Checkout returns 502 sev2")
	b.sees("Declared INC-1 (SEV2): Checkout returns 502.")
	b.sees("inc-1-checkout-returns-502") // in the list of channels, once it is open
	b.shoot("2-declared")
	b.do(chromedp.Navigate(address + "/c/inc-1-checkout-returns-502"))
	b.press("button", "Take lead")
	b.sees("You are lead of INC-1.")
	b.press("button", "Give update")
	b.fill("text", "Rolling back release 42")
	b.shoot("3-update")
	b.press("dialog button", "Send update")
	b.sees("Update on INC-1")
	b.shoot("4-updated")
	b.press("button", "Resolve")
	b.fill("summary", "short")
	b.press("dialog button", "Resolve")
	b.sees("needs at least 10 characters")
	b.shoot("5-refused")
	b.fill("summary", ", but now long enough: rolled back release 42")
	b.press("dialog button", "Resolve")
	b.sees("INC-1 is resolved")
	b.sees("In review")
	b.shoot("6-resolved")
	stop()
	address, _ = demo(t, dir)
	b.do(chromedp.Navigate(address + "/c/inc-1-checkout-returns-502"))
	b.sees("INC-1 is resolved")
	b.say("/incident timeline")
	b.sees("Timeline of INC-1")
	b.shoot("7-after-restart")
}
