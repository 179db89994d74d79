package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestDemoTmp(t *testing.T) {
	b := newBrowser(t, "http://127.0.0.1:18080")
	b.open("/")
	b.shoot("0")
	b.typeInto("#box", "/incident declare Checkout returns 502 sev2 service=payments impact=\"one in five cannot pay\""+kb.Enter)
	b.sees(".post.only", "Declared")
	b.wait(`[...document.querySelectorAll("#channels a")].some(a => a.innerText.includes("inc-1"))`)
	b.do(chromedp.Sleep(1500000000))
	b.shoot("1")
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#channels a")].find(a => a.innerText.includes("inc-1")).click()`))
	b.sees(".card", "INC-1")
	b.press(".card", "Give update")
	b.sees("#form", "Give an update")
	b.shoot("2")
	b.typeInto("#f-text", "The pool of connections is exhausted since release 42; we roll back.")
	b.press("#form", "Send update")
	b.gone("#form")
	b.do(chromedp.Sleep(1500000000))
	b.shoot("3")
	b.typeInto("#box", "/incident help"+kb.Enter)
	b.do(chromedp.Sleep(1500000000))
	b.shoot("4")
	b.typeInto("#box", "/incident list"+kb.Enter)
	b.do(chromedp.Sleep(1000000000))
	b.typeInto("#box", "/incident timeline"+kb.Enter)
	b.do(chromedp.Sleep(1500000000))
	b.shoot("5")
	b.typeInto("#box", "/incident task Check the database @ben due 30m"+kb.Enter)
	b.typeInto("#box", "/incident export"+kb.Enter)
	b.do(chromedp.Sleep(1500000000))
	b.shoot("6")
	b.typeInto("#box", "/incident declare sev")
	b.do(chromedp.Sleep(500000000))
	b.shoot("7")
	b.open("/c/incidents")
	b.shoot("8")
	b.phone()
	b.open("/c/incidents")
	b.shoot("9")
}
