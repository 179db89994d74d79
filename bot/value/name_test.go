package value

import "testing"

func TestNamesAreTheSameHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"composed and decomposed", "Siobhán O'Neil-Bråten", "Siobha\u0301n O'Neil-Bra\u030aten", true},
		{"a curly apostrophe", "Siobhán O'Neil-Bråten", "Siobhán O’Neil-Bråten", true},
		{"another hyphen", "O'Neil-Bråten", "O'Neil\u2011Bråten", true},
		{"capitals", "DAN WEBER", "Dan Weber", true},
		{"wide letters", "Ｄａｎ Weber", "Dan Weber", true},
		{"spaces", "Dan\u00a0 Weber ", "Dan Weber", true},
		{"a part of a name", "Jordan Weber", "Dan Weber", false},
		{"without a diacritic", "Braten", "Bråten", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := NameKey(c.a) == NameKey(c.b); got != c.same {
				t.Errorf("%q and %q: same is %v", NameKey(c.a), NameKey(c.b), got)
			}
		})
	}
}
