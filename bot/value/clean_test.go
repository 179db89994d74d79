package value

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const (
	family   = "👩‍👩‍👧‍👦"
	rainbow  = "🏳️‍🌈"
	england  = "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	germany  = "🇩🇪"
	keycap   = "1️⃣"
	handDark = "👋🏿"
)

func TestLineCleans(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain text stays", "Checkout is down: 5 % of orders", "Checkout is down: 5 % of orders"},
		{"empty", "", ""},
		{"white space is folded and trimmed", "  a \t b\n\nc\r\n", "a b c"},
		{"NBSP and other spaces", "\u00a0a\u00a0\u2003\u3000b\u202fc\u1680", "a b c"},
		{"line and paragraph separators", "a\u2028b\u2029c\u0085d\ve\ff", "a b c d e f"},
		{"blank letters", "\u3164\u2800\uffa0", ""},
		{"invalid UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"control characters", "a\x00b\x07c\x1bd\x7fe\u0080f\x1f", "abcef"},
		{"colours", "\x1b[1;31mred\x1b[0m text", "red text"},
		{"cursor movements", "a\x1b[2J\x1b[10;20Hb\x1b[?25lc", "abc"},
		{"window title", "\x1b]0;owned\x07a\x1b]2;again\x1b\\b", "ab"},
		{"hyperlink", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"device control string", "a\x1bPq#0;1\x1b\\b", "ab"},
		{"character set", "a\x1b(Bb", "ab"},
		{"8-bit control sequences", "a\u009b31mb\u009d0;x\u009cc", "abc"},
		{"unterminated string keeps the text", "a\x1b]0;b", "a0;b"},
		{"unterminated control sequence", "a\x1b[31", "a"},
		{"escape at the end", "a\x1b", "a"},
		{"nested escapes", "\x1b\x1b[31m[31ma", "[31ma"},
		{"bidi overrides", "\u202aa\u202bb\u202cc\u202dd\u202ee", "abcde"},
		{"bidi isolates and marks", "\u2066a\u2067b\u2068c\u2069d\u200ee\u200ff\u061c", "abcdef"},
		{"zero width", "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg", "abcdefg"},
		{"zero width between spaces", "a \u200b b", "a b"},
		{"right-to-left text stays", "שלום عربي", "שלום عربي"},
		{"combining marks stay", "e\u0301", "e\u0301"},
		{
			"emoji sequences stay", family + rainbow + england + germany + keycap + handDark + "❤️",
			family + rainbow + england + germany + keycap + handDark + "❤️",
		},
		{"joiner after emoji", "👩\u200d", "👩"},
		{"joiner before emoji", "\u200d👩", "👩"},
		{"joiners doubled", "👩\u200d\u200d👧", "👩\u200d👧"},
		{"joiner between emoji and letter", "👩\u200da", "👩a"},
		{"joiner past removed characters", "👩\u200b\u200d\u200b👧", "👩\u200d👧"},
		{"variation selectors without a letter", "a \ufe0f b\n\ufe0f", "a b"},
		{"Hangul fillers", "\u115f\u1160a\u115fb", "a b"},
		{"annotations", "\ufff9a\ufffab\ufffbc", "abc"},
		{"other controls without a shape", "a\U0001d173b\U0001bca0c\u180ed\u034fe\u17b4f", "abcdef"},
		{"numbers signs of Arabic stay", "\u0600\u0661", "\u0600\u0661"},
		{"tags without a flag", "a\U000E0068\U000E0069\U000E0001b", "ab"},
	} {
		if got := Line(test.in); got != test.want {
			t.Errorf("%s: Line(%q) = %q, want %q", test.name, test.in, got, test.want)
		}
	}
}

func TestTextOfWhichNothingIsSeenIsEmpty(t *testing.T) {
	for name, s := range map[string]string{
		"a Hangul filler": "\u1160", "another": "\u115f", "both": "\u115f\u1160", "a variation selector": "\ufe0f",
		"the first one": "\ufe00", "a supplementary one": "\U000e0100",
		"a Mongolian one": "\u180b", "a grapheme joiner": "\u034f", "a vowel separator": "\u180e",
		"annotation controls": "\ufff9\ufffa\ufffb", "a musical control": "\U0001d173",
		"the last of them": "\U0001d17a", "an inherent vowel": "\u17b4", "its twin": "\u17b5", "a note head": "\U0001d159",
		"a shorthand control": "\U0001bca3", "a reserved one": "\u2065",
		"one reserved further up": "\ufff0", "a reserved tag": "\U000e0fff", "a mark alone": "\u0301",
		"a ring alone": "\u20dd", "all of it": " \u1160\ufe0f \u034f\u180e\U000e0100\ufff9\U0001d173\u17b4\u0301 ",
		"a joiner": "\u200d", "a word joiner": "\u2060", "braille without dots": "\u2800", "spaces": " \u00a0\u3000",
	} {
		if got := Line(s); got != "" || !Blank(s) {
			t.Errorf("%s: Line(%q) = %q, Blank %t", name, s, got, Blank(s))
		}
		if got := Lines(s + "\n" + s); got != "" {
			t.Errorf("%s: Lines = %q", name, got)
		}
	}
	for _, s := range []string{
		"a", ".", "日", "\u093e", "❤️", england, keycap, "\ufffd", "\ue000", "e\u0301", "\u1112\u1161\u11ab", "\u0600",
	} {
		if Blank(s) || Line(s) == "" {
			t.Errorf("%q is seen, but taken as blank", s)
		}
	}
}

func TestLinesKeepsLines(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"one line", " a  b ", "a b"},
		{"empty", " \n \r\n ", ""},
		{"CRLF and CR", "a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"one empty line", "a\n\nb", "a\n\nb"},
		{"two empty lines", "a\n\n\nb", "a\n\n\nb"},
		{"many empty lines", "a\n\n \t\n\u200b\n\n\nb", "a\n\n\nb"},
		{"empty lines at the ends", "\n\n\na\n\n\n", "a"},
		{"line ends", "a  \n  b\t\n", "a\nb"},
		{"escapes and controls", "\x1b[31ma\x1b[0m\n\x00b\x07", "a\nb"},
		{"separators", "a\u2028b\u2029c", "a b c"},
		{"string over two lines keeps the text", "a\x1b]0;b\nc\x07d", "a0;b\ncd"},
		{"invalid UTF-8", "a\xff\nb", "a\ufffd\nb"},
		{"emoji", family + "\n" + england, family + "\n" + england},
	} {
		if got := Lines(test.in); got != test.want {
			t.Errorf("%s: Lines(%q) = %q, want %q", test.name, test.in, got, test.want)
		}
	}
}

func TestCountSeesCharactersAsPeopleDo(t *testing.T) {
	for s, want := range map[string]int{
		"":                       0,
		"abc":                    3,
		"äöü":                    3,
		"a\u0308o\u0308":         2,
		"\u0301a":                2,
		"日本":                     2,
		"नि":                     1,
		family:                   1,
		family + family:          2,
		rainbow:                  1,
		england:                  1,
		germany:                  1,
		germany + germany + "🇩":  3,
		keycap:                   1,
		handDark + "!":           2,
		"a\u200db":               2,
		"\xff\xfe":               2,
		strings.Repeat("👩‍", 16): 3, // eight, the joiner in between, eight
	} {
		if got := Count(s); got != want {
			t.Errorf("Count(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestCutKeepsCharactersWhole(t *testing.T) {
	zalgo := "a" + strings.Repeat("\u0301", 50)
	tamed := "a" + strings.Repeat("\u0301", 8)
	for _, test := range []struct {
		s    string
		n    int
		want string
	}{
		{"hello", 5, "hello"},
		{"hello", 6, "hello"},
		{"hello", 4, "hel…"},
		{"hello", 1, "…"},
		{"hello", 0, ""},
		{"hello", -1, ""},
		{"", 3, ""},
		{"two words", 5, "two…"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{family + family + "x", 2, family + "…"},
		{germany + germany + germany, 2, germany + "…"},
		{england + "ab", 2, england + "…"},
		{keycap + keycap, 1, "…"},
		{zalgo + "b", 5, tamed + "b"},
		{zalgo + zalgo + zalgo, 2, tamed + "…"},
		{"\u0301" + strings.Repeat("\u0301", 20), 5, strings.Repeat("\u0301", 8)},
		{"a\xffb", 3, "a\ufffdb"},
		{"a\xffbc", 3, "a\ufffd…"},
		{"日本語", 2, "日…"},
	} {
		if got := Cut(test.s, test.n); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.s, test.n, got, test.want)
		}
	}
}

func TestCutBoundsBytes(t *testing.T) {
	for name, s := range map[string]string{
		"marks":          strings.Repeat("a"+strings.Repeat("\u0489", 1000), 50),
		"joined emoji":   strings.Repeat("👩\u200d", 10000),
		"joiners":        strings.Repeat("\u200d", 10000),
		"skin tones":     strings.Repeat("👋🏿🏿🏿🏿🏿🏿🏿🏿🏿🏿🏿", 1000),
		"tags on a flag": "🏴" + strings.Repeat("\U000E0067", 10000),
	} {
		const longest = maxJoined * (1 + maxMarks + 1) * utf8.UTFMax
		if got := len(Cut(s, 10)); got > 10*longest {
			t.Errorf("%s: 10 characters take %d bytes", name, got)
		}
	}
}

func TestSlug(t *testing.T) {
	for _, test := range []struct {
		s    string
		n    int
		want string
	}{
		{"Checkout is down", 40, "checkout-is-down"},
		{"  --API: 5xx / timeouts!--  ", 40, "api-5xx-timeouts"},
		{"Zahlung für Straße Łódź Ærø İstanbul ığ", 60, "zahlung-fur-strasse-lodz-aero-istanbul-ig"},
		{"e\u0301te\u0301", 40, "ete"},
		{"ﬁx ＡＢＣ ①²", 40, "fix-abc-12"},
		{"don't can’t", 40, "dont-cant"},
		{"snake_case.and.dots", 40, "snake-case-and-dots"},
		{"pаypal", 40, "pypal"}, // a Cyrillic а
		{"база данных", 40, ""},
		{"база db", 40, "db"},
		{"日本語", 40, ""},
		{"🔥 prod 🔥", 40, "prod"},
		{"a\u200bb\x00c\xffd", 40, "abc-d"},
		{"", 40, ""},
		{"---", 40, ""},
		{"hello world", 5, "hello"},
		{"hello world", 6, "hello"},
		{"hello world", 7, "hello-w"},
		{"straße", 5, "stras"},
		{"hello", 0, ""},
		{"hello", -3, ""},
	} {
		if got := Slug(test.s, test.n); got != test.want {
			t.Errorf("Slug(%q, %d) = %q, want %q", test.s, test.n, got, test.want)
		}
	}
}

var nasty = []string{
	"", "plain", "\xff\xfe", "a\x00b", "\x1b[31mred\x1b[0m", "\x1b]0;t\x07", "\u202eabc", family, england, germany + "🇩",
	"👩\u200d\u200d👧", "a\u0301\u0301\u0301", "\ufe0f\u1160", "a\u1160\ufe0f\u034f", "x\r\ny\rz", "\u009b1m",
	"\x1b\x1b\x1b", "\u200d\u200d", "a \u200b b", "\U000E0067",
}

func FuzzLine(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, lines := Line(s), Lines(s)
		for _, out := range append(strings.Split(lines, "\n"), line) {
			switch {
			case !utf8.ValidString(out):
				t.Errorf("%q became invalid UTF-8: %q", s, out)
			case strings.ContainsFunc(out, unicode.IsControl),
				strings.ContainsAny(
					out, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff\u2028\u2029\u00a0",
				):
				t.Errorf("%q kept what has to go: %q", s, out)
			case out != strings.Join(strings.Fields(out), " "):
				t.Errorf("%q kept white space: %q", s, out)
			}
		}
		if again := Line(line); again != line {
			t.Errorf("Line(%q) = %q, and again %q", s, line, again)
		}
		if again := Lines(lines); again != lines {
			t.Errorf("Lines(%q) = %q, and again %q", s, lines, again)
		}
	})
}

func FuzzCut(f *testing.F) {
	for i, s := range nasty {
		f.Add(s, i)
	}
	slug := regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*)?$`)
	f.Fuzz(func(t *testing.T, s string, n int) {
		cut := Cut(s, n)
		switch {
		case !utf8.ValidString(cut):
			t.Errorf("Cut(%q, %d) = %q, invalid UTF-8", s, n, cut)
		case Count(cut) > max(n, 0):
			t.Errorf("Cut(%q, %d) = %q, %d characters", s, n, cut, Count(cut))
		case Cut(cut, n) != cut:
			t.Errorf("Cut(%q, %d) = %q, and again %q", s, n, cut, Cut(cut, n))
		}
		if got := Slug(s, n); !slug.MatchString(got) || len(got) > max(n, 0) {
			t.Errorf("Slug(%q, %d) = %q", s, n, got)
		}
	})
}
