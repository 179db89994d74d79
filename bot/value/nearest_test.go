package value

import "testing"

func TestNearestFindsTheCloseCandidate(t *testing.T) {
	commands := []string{"ack", "acknowledge", "resolve", "escalate", "on-call", "page", "Status", "Ähre"}
	for word, want := range map[string]string{
		"resolve":                       "resolve",
		"RESOLVE":                       "resolve",
		"reslove":                       "resolve", // swapped
		"resolv":                        "resolve",
		"resolvee":                      "resolve",
		"rezolbe":                       "resolve",
		"status":                        "Status",
		"stauts":                        "Status",
		"oncall":                        "on-call",
		"ackn":                          "ack",         // distance 1 beats a prefix
		"acknow":                        "acknowledge", // prefix
		"esc":                           "escalate",
		"e":                             "escalate",
		"pgae":                          "page",
		"paeg":                          "page",
		"pa":                            "page",
		"ähra":                          "Ähre",
		"äh":                            "Ähre",
		"":                              "",
		"deploy":                        "",
		"xxsolve":                       "resolve",
		"xxxolve":                       "",
		"pxxe":                          "",
		"acknowledgement-of-everything": "",
	} {
		if got := Nearest(word, commands); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestNearestPrefersTheEarlierOfEquals(t *testing.T) {
	if got := Nearest("cat", []string{"bat", "hat", "cart"}); got != "bat" {
		t.Errorf("got %q, want bat", got)
	}
	if got := Nearest("cat", nil); got != "" {
		t.Errorf("got %q without candidates", got)
	}
}

func TestDistanceCountsEdits(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "acb", 1}, {"ab", "ba", 1},
		{"ca", "abc", 2}, // swap, then insert in between
		{"kitten", "sitting", 3}, {"äö", "öä", 1},
	} {
		if got := distance([]rune(test.a), []rune(test.b)); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := distance([]rune(test.b), []rune(test.a)); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
