package incident

import (
	"strings"
	"testing"
)

func TestTitlesFromRightToLeftAreIsolatedInWhatIsSaid(t *testing.T) {
	const title = "الدفع متوقف (eu-1) 502: رمز الخطأ E-77!"
	i := &Incident{Number: 1, Title: title, Severity: SEV2, State: Investigating}
	if got, want := Headline(i), "🟠 INC-1 · SEV2 · Investigating — \u2068"+title+"\u2069"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	i.Title = "Checkout returns 502"
	if got := Headline(i); strings.ContainsAny(got, "\u2068\u2069") {
		t.Error(got)
	}
}
