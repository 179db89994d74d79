package value

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	joiner    = '\u200d' // zero width joiner, which makes one emoji of several
	blackFlag = '\U0001F3F4'

	// No script stacks more than a few marks on a letter and no emoji joins
	// more than four others; above these limits a single character could be
	// arbitrarily long.
	maxMarks  = 8
	maxJoined = 8
)

// escapes matches the sequences of ECMA-48 with their 8-bit forms: control
// sequences, control strings up to their end, and plain escapes.
var escapes = regexp.MustCompile(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?` +
	`|(?:\x1b[\]PX^_]|[\x{9d}\x{90}\x{98}\x{9e}\x{9f}])[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})` +
	`|\x1b[ -/]*[0-~]`)

// Line cleans text that has to stay on one line, such as a title or a name.
// Invalid UTF-8 becomes U+FFFD; terminal escape sequences, control characters,
// and characters that are invisible or change the direction of writing are
// removed; runs of white space, line breaks included, become one space; white
// space at both ends is cut. Emoji keep their joiners and variation selectors.
// Text in which nothing can be seen becomes "".
// Cleaning a cleaned text changes nothing.
func Line(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = escapes.ReplaceAllString(s, "")
	s = strings.Map(printable, s)
	s = strings.Join(strings.Fields(dropUnseen(s)), " ")
	if Blank(s) {
		return ""
	}
	return s
}

// Blank reports whether nothing of s can be seen: it is empty, or holds only
// white space, marks without a letter, and characters that have no shape.
func Blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsControl(r) && !shapeless(r) && !blankLetter(r) &&
			!unicode.In(r, unicode.Mn, unicode.Me)
	})
}

// shapeless reports whether Unicode says that r is not shown. These are its
// default ignorable code points and the controls of annotations and notes.
func shapeless(r rune) bool {
	switch {
	case r >= '\uFFF9' && r <= '\uFFFB':
		return true
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // is shown, below or around what follows
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// blankLetter reports whether r is a letter or symbol whose shape is blank:
// braille without dots, fillers of Hangul, and a note head that is none.
func blankLetter(r rune) bool {
	switch r {
	case '\u2800', '\u3164', '\uFFA0', '\u115F', '\u1160', '\U0001D159':
		return true
	}
	return false
}

// Lines cleans text of several lines: each line as Line does, ended by \n
// only, with at most two empty lines in a row and none at both ends.
func Lines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	var kept []string
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = Line(line)
		if line == "" {
			empty++
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, make([]string, min(empty, 2))...)
		}
		kept = append(kept, line)
		empty = 0
	}
	return strings.Join(kept, "\n")
}

// printable maps what Line removes to -1 and blank letters to a space.
func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r) || r == joiner:
		return r
	case blankLetter(r):
		return ' '
	case tag(r), unicode.Is(unicode.Variation_Selector, r): // dropUnseen knows whether they are in use
		return r
	case unicode.IsControl(r), shapeless(r):
		return -1
	}
	return r
}

// dropUnseen keeps joiners only between two emoji, tags only behind the flag
// they spell, and variation selectors only behind what they vary. Elsewhere
// nothing of them is seen.
func dropUnseen(s string) string {
	var b strings.Builder
	var base rune
	for i, r := range s {
		switch {
		case r == joiner:
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(joiner):])
			if !emoji(base) || !emoji(next) {
				continue
			}
		case tag(r):
			if base != blackFlag {
				continue
			}
		case unicode.Is(unicode.Variation_Selector, r):
			if base == 0 || unicode.IsSpace(base) {
				continue
			}
		case !extends(r):
			base = r
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Cut shortens s to at most n user-perceived characters, the last of which is
// "…" when something was cut. It never separates a letter from its marks, and
// keeps at most 8 marks per letter even when nothing is cut. The result is
// valid UTF-8; with n below 1 it is empty.
func Cut(s string, n int) string {
	if n < 1 {
		return ""
	}
	if len(s) <= n && plain(s) {
		return s
	}
	s = capMarks(strings.ToValidUTF8(s, "\uFFFD"))
	end := 0 // of the characters that stay if there is one too many
	for i, count := 0, 0; i < len(s); count++ {
		switch count {
		case n - 1:
			end = i
		case n:
			return strings.TrimRightFunc(s[:end], unicode.IsSpace) + "…"
		}
		i += firstCharacter(s[i:])
	}
	return s
}

// plain reports whether s is ASCII, in which each byte is a character.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func capMarks(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		if !extends(r) {
			marks = 0
			return r
		}
		if marks++; marks > maxMarks {
			return -1
		}
		return r
	}, s)
}

// Count is the number of user-perceived characters of s: a letter with its
// marks is one, as is a flag or an emoji joined from several.
func Count(s string) int {
	n := 0
	for s != "" {
		s = s[firstCharacter(s):]
		n++
	}
	return n
}

// firstCharacter is the length in bytes of the first user-perceived character
// of s, which is not empty. It follows Unicode's grapheme clusters (UAX #29)
// except for Hangul typed as single jamo.
func firstCharacter(s string) int {
	base, size := utf8.DecodeRuneInString(s)
	if next, n := utf8.DecodeRuneInString(s[size:]); regional(base) && regional(next) {
		size += n
	}
	for joined := 1; size < len(s); {
		r, n := utf8.DecodeRuneInString(s[size:])
		if !extends(r) {
			return size
		}
		next, nextSize := utf8.DecodeRuneInString(s[size+n:])
		if r == joiner && emoji(base) && emoji(next) {
			if joined == maxJoined {
				return size
			}
			joined++
			base, n = next, n+nextSize
		}
		size += n
	}
	return size
}

// extends reports whether r belongs to the character before it.
func extends(r rune) bool {
	return r == joiner || tag(r) || r >= '\U0001F3FB' && r <= '\U0001F3FF' || unicode.Is(unicode.M, r)
}

func tag(r rune) bool { return r >= '\U000E0000' && r <= '\U000E007F' }

func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }

// emoji covers the blocks whose characters take part in joined emoji. That
// some of their other characters are no emoji does no harm.
func emoji(r rune) bool {
	return r >= '\U0001F000' && r <= '\U0001FAFF' || r >= '\u2190' && r <= '\u21FF' ||
		r >= '\u2300' && r <= '\u23FF' || r >= '\u2600' && r <= '\u27BF' || r >= '\u2B00' && r <= '\u2BFF'
}

// latin spells the letters that have no decomposition in Unicode.
var latin = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d",
	'ł': "l", 'þ': "th", 'ħ': "h", 'ŧ': "t", 'ı': "i",
}

// Slug spells s with a to z, 0 to 9 and single dashes in at most n bytes,
// neither starting nor ending with a dash. Diacritics are folded; letters of
// other scripts are dropped, also where they look like Latin ones, so two
// texts may share a slug. It is "" when nothing is left.
func Slug(s string, n int) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(norm.NFKD.String(s)) {
		text := latin[r]
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			text = string(r)
		case r == '\'' || r == '’':
		case unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r):
			dash = true
		}
		if text == "" {
			continue
		}
		if dash && b.Len() > 0 {
			b.WriteByte('-')
		}
		dash = false
		b.WriteString(text)
		if b.Len() >= n {
			break
		}
	}
	slug := b.String()
	return strings.TrimRight(slug[:min(len(slug), max(n, 0))], "-")
}
