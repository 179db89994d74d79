package value

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// Unicode's isolates (UAX #9): what stands between them is laid out by
// itself, in the direction of its first letter, and its surroundings as if
// one neutral character stood in its place.
const (
	isolate    = "\u2068" // FSI
	endIsolate = "\u2069" // PDI
)

// RightToLeft reports whether s has letters that are written from right to
// left, as Arabic and Hebrew are.
func RightToLeft(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf {
			continue
		}
		p, _ := bidi.LookupRune(r)
		if c := p.Class(); c == bidi.R || c == bidi.AL {
			return true
		}
	}
	return false
}

// Isolate is s as it belongs into a sentence of ours: where it holds letters
// that are written from right to left, it is isolated, so that neither changes
// the order of the other. Everything else stays as it is. Line takes isolates
// away again, so what is typed never brings its own.
func Isolate(s string) string {
	if !RightToLeft(s) || strings.Contains(s, isolate) { // what is composed already has its isolates
		return s
	}
	return isolate + s + endIsolate
}

// Shown is what a sentence of ours quotes of s: at most n characters, isolated
// where they need it.
func Shown(s string, n int) string { return Isolate(Cut(s, n)) }

// IsolateLines is Isolate for each line of s by itself, for an isolate ends
// with its line.
func IsolateLines(s string) string {
	if !RightToLeft(s) {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Isolate(line)
	}
	return strings.Join(lines, "\n")
}
