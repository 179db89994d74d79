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
	drives(t)
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("WATCHBELL_REQUIRE_CHROMIUM") != "" {
			t.Fatal("chromium is not here")
		}
		t.Skip("SKIPPED: there is no chromium, so the program was not tried in a browser")
	}
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 900),
	)
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
	for deadline := time.Now().Add(time.Minute); ; <-time.After(25 * time.Millisecond) {
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
	find := fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll(%q)].filter(e => !e.disabled && e.innerText.trim() === %q), entry = all.findLast(e => e.closest(".menu"));
		const button = all.findLast(e => e.checkVisibility());
		if (!button && entry) document.querySelector('[popovertarget="' + entry.closest(".menu").id + '"]').click(); // More opens
		return button;
	})()`, within, label)
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

// startDemo starts the demo as a newcomer does and returns its address and how to stop it.
func startDemo(t *testing.T, dir string, flags ...string) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close()
	log := &logBuffer{}
	cmd := exec.Command(binary(t), append([]string{"demo", "--data", dir, "--listen", listen}, flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	kill := func() { _ = cmd.Process.Signal(os.Interrupt); <-done }
	t.Cleanup(kill)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(log.String(), "Stop with Ctrl-C."); <-time.After(
		10 * time.Millisecond,
	) {
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

// A newcomer declares an incident, leads it, gives an update and resolves it, all in the browser; after a restart
// everything is still there.
func TestANewcomerInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	dir := filepath.Join(t.TempDir(), "data")
	address, stop := startDemo(t, dir)
	b.do(chromedp.Navigate(address + "/c/incidents"))
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
	address, _ = startDemo(t, dir)
	b.do(chromedp.Navigate(address + "/c/inc-1-checkout-returns-502"))
	b.sees("INC-1 is resolved")
	b.say("/incident timeline")
	b.sees("Timeline of INC-1")
	b.shoot("7-after-restart")
}

// as acts as somebody else from here on.
func (b *tab) as(person string) {
	b.t.Helper()
	b.do(
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector('#personas button[value=%s]').click()", person)),
	)
	b.wait(fmt.Sprintf("document.readyState === 'complete' && document.body.dataset.person === %q", person))
}

// A newcomer requests a risky change, is refused as their own approver, and approves it as two others; an emergency
// goes wrong, is declared from its card and rolled back.
func TestANewcomerDecidesChanges(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	dir := filepath.Join(t.TempDir(), "data")
	address, _ := startDemo(t, dir)
	b.do(chromedp.Navigate(address + "/c/changes"))
	b.sees("Changes are decided here")
	b.as("dan")
	b.say(
		`/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back" start="in 20m" end=1h novelty=first data=no tested=no`,
	)
	b.sees("Requested CHG-1: Resize the database.")
	b.sees("CHG-1 · Normal · HIGH")
	b.shoot("change-1-requested")
	b.press("button", "Approve")
	b.sees("You requested CHG-1, so someone else has to decide it.") // before any form
	b.shoot("change-2-refused")
	b.do(chromedp.Navigate(address + "/c/changes"))
	b.as("ben")
	b.press("button", "Approve")
	b.sees("Plan: Fail over, resize, fail back")
	b.shoot("change-3-form")
	b.press("dialog button", "Approve")
	b.sees("Your approval of CHG-1 r1 is recorded (peer).")
	b.as("chloe")
	b.press("button", "Approve")
	b.sees("Plan: Fail over, resize, fail back")
	b.press("dialog button", "Approve")
	b.sees("CHG-1 r1 is approved.")
	b.sees("Scheduled")
	b.shoot("change-4-approved")
	b.as("dan")
	b.press("button", "Start")
	b.press("dialog button", "Start")
	b.sees("CHG-1 cannot start now")
	soon := time.Now().Add(20 * time.Minute).In(berlin(t)) // which late on a Sunday is next week
	b.do(chromedp.Navigate(address + "/calendar?view=week&at=" + soon.Format(time.DateOnly)))
	b.sees("CHG-1 Resize the database")
	b.shoot("change-5-calendar")
	b.do(chromedp.Navigate(address + "/c/changes"))
	b.say(`/change emergency Fail over payments service=payments why="Checkout is down for all of Europe"`)
	b.sees("CHG-2 has started.")
	b.press("button", "This is going wrong")
	b.sees("What is wrong")
	b.press("dialog button", "Declare")
	b.sees("Declared INC-1 (SEV2): CHG-2 is going wrong: Fail over payments")
	b.sees("INC-1: suspected")
	b.do(chromedp.Navigate(address + "/c/inc-1-chg-2-is-going-wrong-fail-over-payments"))
	b.sees("suspected: CHG-2 Fail over payments")
	b.shoot("change-6-incident")
	b.press("button", "Roll back CHG-2")
	b.fill("why", "The standby is behind")
	b.press("dialog button", "Roll back")
	b.sees("Backout plan")
	b.shoot("change-7-rollback")
	if out := runCLI(
		t, "change", "evidence", "--data", dir, "--from", "2020-01-01", "--format", "csv",
	); out.code != exitDone || !strings.Contains(
		out.out, "CHG-2,emergency",
	) {
		t.Error(out)
	}
}

// berlin is the zone of the demo.
func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A manager subscribes a channel to the digest. Hours later they read it on a phone: the chart, why it is red, an
// approval that waits; and the shift changes hands.
func TestANewcomerReadsTheDigest(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	dir := filepath.Join(t.TempDir(), "data")
	address, stop := startDemo(t, dir)
	due := time.Now().In(berlin(t)).Add(time.Hour)
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.as("dan")
	b.say("/incident declare Checkout returns 502 sev2 service=checkout")
	b.sees("Declared INC-1 (SEV2)")
	b.say(
		`/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over, resize" backout="Fail back" start="in 5h" end=1h`,
	)
	b.sees("Requested CHG-1")
	b.do(chromedp.Navigate(address + "/c/reports"))
	b.as("mia")
	b.say("/report preview daily")
	b.sees("A preview that only you see")
	b.shoot("report-1-preview")
	b.say(fmt.Sprintf("/report subscribe daily at=%s days=daily tz=Europe/Berlin", due.Format("15:04")))
	b.sees("Daily ops digest → #reports, every day")
	b.sees("Next: " + due.Format("Mon 2 Jan 15:04"))
	b.as("ana")
	b.say(fmt.Sprintf(`/oncall new primary people=@ana,@ben handover="%s"`, strings.ToLower(due.Format("Mon 15:04"))))
	b.sees("The rota primary is made.")
	stop()

	address, _ = startDemo(t, dir, "--later", "2h")
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)), chromedp.Navigate(address+"/c/reports"))
	b.as("ben")
	b.sees("Daily ops digest · " + due.Format("Mon 2 Jan 2006"))
	b.sees("SEV2 open")
	b.sees("Resize the database")
	if wide, err := chromedp.Run(
		b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth"),
	); err != nil || wide {
		t.Errorf("the digest is wider than a phone (%v)", err)
	}
	b.shoot("report-2-phone")
	b.press("button", "Why red?")
	b.sees("An open SEV1 or SEV2 is red.")
	b.press("button", "✓ Read")
	b.sees("Read by @Ben Okafor")
	b.press("button", "Decide CHG-1")
	b.press("button", "Approve")
	b.press("dialog button", "Approve")
	b.sees("Your approval of CHG-1 r1 is recorded")
	b.shoot("report-3-decided")
	b.do(chromedp.Navigate(address + "/c/reports"))
	thread := `[...document.querySelectorAll("#posts .post:not(.only)")].find(p => p.innerText.includes("Daily ops digest"))?.querySelector("a.replies")`
	b.wait(thread) // the chart comes after the text
	b.do(chromedp.Evaluate[chromedp.Void](thread + ".click()"))
	b.wait(`[...document.querySelectorAll("#thread img")].some(i => i.complete && i.naturalWidth > 100 && i.alt)`)
	b.shoot("report-4-chart")
	for _, run := range []string{"R-1", "R-2"} { // the hand-over was due at the same minute, and may have come first
		b.do(chromedp.Navigate(address + "/report/" + run))
		b.wait("document.title")
		if daily, err := chromedp.Run(
			b.ctx, chromedp.Evaluate[bool](`document.body.innerText.includes("Daily ops digest")`),
		); err != nil || daily {
			break
		}
	}
	b.sees("Daily ops digest")
	b.wait(
		`document.querySelectorAll("svg.chart").length > 0 && [...document.querySelectorAll("svg.chart")].every(c => c.getBoundingClientRect().width > 100 && c.querySelector("title").textContent)`,
	)
	b.shoot("report-5-page")
	b.do(chromedp.Navigate(address + "/c/reports"))
	direct := `[...document.querySelectorAll("#channels a")].find(a => a.textContent.includes("Watchbell"))`
	b.wait(direct)
	b.do(chromedp.Evaluate[chromedp.Void](direct + ".click()"))
	b.sees("Hand-over primary")
	b.press("button", "Accept hand-over")
	b.sees("You are on call for primary")
	b.shoot("report-6-handover")
}
