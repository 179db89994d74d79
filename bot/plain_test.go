package bot

import (
	"testing"
	"time"
)

func TestRightToLeftTextIsIsolatedInPlainText(t *testing.T) {
	const arabic = "الدفع متوقف (eu-1) 502: رمز الخطأ E-77!"
	for want, text := range map[string]Text{
		"@\u2068دانا\u2069 says \u2068" + arabic + "\u2069": T(
			Span{Kind: PersonSpan, Ref: "dana", Text: "دانا"}, " says ", Bold(arabic),
		),
		"Update:\n\u2068שלום עולם\u2069\nAPI":       T("Update:\n", "שלום עולם\nAPI"),
		"\u2068שלום\u2069 (https://a.example)":      T(Link("שלום", "https://a.example")),
		"INC-1 — \u2068" + arabic + "\u2069 · SEV2": T("INC-1 — \u2068" + arabic + "\u2069 · SEV2"),
		"@Dan Weber says Checkout is down, 25 Nov 14:05 UTC": T(
			Span{Kind: PersonSpan, Text: "Dan Weber"}, " says ", Bold("Checkout is down"), ", ",
			time.Date(2026, 11, 25, 14, 5, 0, 0, time.UTC),
		),
	} {
		t.Run(want, func(t *testing.T) {
			if got := text.Plain(time.UTC); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
