package value

import "testing"

func TestIsolate(t *testing.T) {
	const arabic = "الدفع متوقف (eu-1) 502: رمز الخطأ E-77!"
	for s, want := range map[string]string{
		"": "", "Checkout is down": "Checkout is down", "日本語 é 👩‍👩‍👧‍👦 ١": "日本語 é 👩‍👩‍👧‍👦 ١", "שלום": "\u2068שלום\u2069",
		arabic: "\u2068" + arabic + "\u2069", "API של שירות": "\u2068API של שירות\u2069",
	} {
		if got := Isolate(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
		if got := Line(Isolate(s)); got != Line(s) {
			t.Errorf("%q: cleaned %q", s, got)
		}
	}
}
