package web_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// browser drives a Chromium for one test. It fails the test on anything that the page writes to the console: an error,
// or something the content policy had to block.
type browser struct {
	t     *testing.T
	ctx   context.Context
	base  string
	shots string

	said   []string // by the console
	expect string   // what it may say
}

// chromium is the one of this test process. Each test gets a profile of its own in it, with cookies and storage of its
// own.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "watchbell-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1360, 860),
		chromedp.Flag(
			"blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
		),
	) // a mouse, which headless browsers lack
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	closeChromium = func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
		_ = os.RemoveAll(dir)
	}
	return ctx, chromedp.Do(ctx)
})

var closeChromium = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	closeChromium()
	os.Exit(code)
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	shared, err := chromium()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("WATCHBELL_REQUIRE_CHROMIUM") != "1" {
		t.Skip(
			"SKIPPED: there is no chromium, so the web chat was not tested in a browser. Set WATCHBELL_REQUIRE_CHROMIUM=1 to " +
				"fail instead.",
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext())
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancel() })
	ctx, cancel = context.WithTimeout(ctx, 8*time.Minute) // only what hangs is ended: a busy machine may be slow
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, base: base, shots: os.Getenv("WATCHBELL_SCREENSHOTS")}
	b.do(chromedp.EmulateViewport(1360, 860))
	b.scheme("light")
	console := chromedp.Console(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for m, err := range console {
			if err != nil {
				return
			}
			b.said = append(b.said, string(m.Type)+": "+m.Text)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		for _, line := range b.said {
			if b.expect == "" || !strings.Contains(line, b.expect) {
				t.Errorf("the page's console says: %s", line)
			}
		}
	})
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.shoot("failed")
		b.t.Fatal(err)
	}
}

func (b *browser) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.base + path)) }

// wait waits until a JavaScript expression is true.
func (b *browser) wait(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.shoot("failed")
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			b.t.Fatalf("never true: %s (%v)\n%s", expression, err, text)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// sees waits until a text is visible in the first element of a selector.
func (b *browser) sees(selector, text string) {
	b.t.Helper()
	b.wait(
		fmt.Sprintf(
			"[...document.querySelectorAll(%q)].some(e => e.checkVisibility() && e.innerText.includes(%q))", selector, text,
		),
	)
}

func (b *browser) gone(selector string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("![...document.querySelectorAll(%q)].some(e => e.checkVisibility())", selector))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press clicks the visible button with a label.
func (b *browser) press(within, label string) {
	b.t.Helper()
	find := fmt.Sprintf(
		"[...document.querySelectorAll(%q)].findLast(e => e.checkVisibility() && e.innerText.trim() === %q)",
		within+" button", label,
	)
	b.wait(find)
	b.do(chromedp.Evaluate[chromedp.Void](find + ".click()"))
}

// keys presses keys one after the other. Enter is one event with its text, as a keyboard makes it: of two, only the
// first could be prevented.
func (b *browser) keys(keys string) {
	b.t.Helper()
	for _, r := range keys {
		if r != '\r' {
			b.do(chromedp.KeyEvent(string(r)))
			continue
		}
		for _, p := range []input.DispatchKeyEventParams{
			{Type: input.DispatchKeyEventTypeKeyDown, Text: "\r"}, {Type: input.DispatchKeyEventTypeKeyUp},
		} {
			p.Key, p.Code, p.WindowsVirtualKeyCode = "Enter", "Enter", 13
			if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, p); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

func (b *browser) value(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *browser) scheme(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// phone makes the window a phone's.
func (b *browser) phone() {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
}

// shoot keeps a picture of the page for people to look at, in the folder that WATCHBELL_SCREENSHOTS names.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if b.shots == "" {
		return
	}
	// Two frames later everything that was just changed is painted.
	_, _ = chromedp.Run(
		b.ctx,
		chromedp.Evaluate[bool](
			"new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
			chromedp.EvalAwaitPromise,
		),
	)
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Logf("no picture: %v", err)
		return
	}
	name = strings.ToLower(strings.ReplaceAll(b.t.Name()+"-"+name, "/", "-")) + ".png"
	if err := os.WriteFile(filepath.Join(b.shots, name), picture, 0o600); err != nil {
		b.t.Error(err)
	}
}
