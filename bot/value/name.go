package value

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NameKey is the same for all spellings of one name, whatever their case, their Unicode form, their kind of apostrophe
// or hyphen, and the punctuation around. Diacritics make a difference: they make other names. It is words of letters
// and digits with one space between.
func NameKey(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	var b strings.Builder
	gap := false
	for _, r := range s {
		switch {
		case strings.ContainsRune("'’‘ʼ`´", r): // O'Neil is one word
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}
