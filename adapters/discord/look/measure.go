package look

import (
	"sort"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// units is how long a text is for Discord's limits: in UTF-16, because its documents do not say in what it counts and
// no other count is larger.
func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > '\uFFFF' {
			n++
		}
	}
	return n
}

// cut shortens text to n units without separating a letter from its marks.
func cut(s string, n int) string {
	if units(s) <= n {
		return s
	}
	k := sort.Search(n, func(k int) bool { return units(value.Cut(s, k+1)) > n })
	return value.Cut(s, k)
}

// cutWord shortens text to n units, at the end of a word if there is one in its second half.
func cutWord(s string, n int) string {
	whole := inLine(s)
	s = cut(whole, n)
	if s == whole {
		return s
	}
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		return strings.TrimRight(s[:i], " ,;:.") + "…"
	}
	return s
}

// name is text as the label of something: one line of at most n units, or otherwise where nothing of it can be seen.
func name(s string, n int, otherwise string) string {
	if s = cut(inLine(s), n); value.Blank(s) {
		return otherwise
	}
	return s
}
