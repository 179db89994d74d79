package look

import (
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot/value"
)

// marks are the characters that Discord reads as marks wherever they stand: they begin formatting, code, spoilers,
// links, mentions, emoji and times, and they escape. A backslash before any character that is neither a letter, a digit
// nor white space makes it an ordinary one; Discord does not show that backslash.
const marks = "\\`*_~|<[]@"

// lineMarks are those that are marks at the beginning of a line only: headings, small print, quotes and lists.
const lineMarks = "#>-+="

// Escape writes words so that Discord reads no marks in them, wherever they are put.
func Escape(words string) string { return new(escaper{start: true}).plain(tidy(words)) }

// escaper writes words so that Discord reads no marks in them. It remembers of what is written before them what they
// could make a mark together with.
type escaper struct {
	start  bool // nothing is seen in this line so far
	number bool // this line begins with a number, which a dot would make a list
	before rune
}

// pass goes on behind something that is no text, like a mention.
func (e *escaper) pass() { *e = escaper{} }

// plain writes words as they are.
func (e *escaper) plain(words string) string { return e.escape(value.IsolateLines(words), false) }

// bold writes words in bold, each line by itself, with the white space around them outside of the marks.
func (e *escaper) bold(words string) string {
	lines := strings.Split(words, "\n")
	for i, line := range lines {
		if i > 0 {
			*e = escaper{start: true}
		}
		inner := strings.TrimSpace(line)
		if value.Blank(inner) {
			lines[i] = e.escape(line, false)
			continue
		}
		left, right, _ := strings.Cut(line, inner)
		lines[i] = left + "**" + e.escape(value.Isolate(inner), true) + "**" + right
		e.before = 0
	}
	return strings.Join(lines, "\n")
}

// code writes words in a fixed width. Code knows no escapes, so words that cannot be code are written as they are.
func (e *escaper) code(words string) string {
	if strings.ContainsAny(words, "`\n") || value.Blank(words) {
		return e.plain(words)
	}
	e.pass()
	return "`" + value.Isolate(words) + "`"
}

// escape is what all of them write words with. closed says that a mark of ours follows, so that a colon at the end
// begins nothing.
func (e *escaper) escape(words string, closed bool) string {
	var b strings.Builder
	b.Grow(len(words) + len(words)/8)
	for i, r := range words {
		if r == '\n' {
			*e = escaper{start: true}
			b.WriteByte('\n')
			continue
		}
		switch {
		case strings.ContainsRune(marks, r),
			e.start && strings.ContainsRune(lineMarks, r),
			e.number && (r == '.' || r == ')'),
			r == ':' && begins(e.before, words[i+1:], closed):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		e.number = digit(r) && (e.start || e.number)
		e.start = e.start && value.Blank(string(r))
		e.before = r
	}
	return b.String()
}

// begins reports whether a colon may begin an emoji like :fire:, or belong to an address like https://example.org:
// unless it ends a word, or stands in a clock time.
func begins(before rune, rest string, closed bool) bool {
	if rest == "" {
		return !closed // or else something may follow that makes it one
	}
	const longest = 16 // of a word that is looked at; none with a clock time is longer
	word := rest[:min(len(rest), longest)]
	end := strings.IndexFunc(word, unicode.IsSpace)
	if end < 0 {
		return true
	}
	word = word[:end]
	clock := word != "" && digit(before) && digit(rune(word[0])) && !strings.Contains(word, ":")
	return word != "" && !clock
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

var breaks = strings.NewReplacer(
	"\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n",
)

// tidy gives text one kind of line breaks and no other control characters than tabs.
func tidy(s string) string {
	s = breaks.Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// inLine is text in one line.
func inLine(s string) string { return strings.TrimSpace(strings.ReplaceAll(tidy(s), "\n", " ")) }
