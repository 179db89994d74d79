package ask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is one word of a typed line, or one quoted string, with its place.
type word struct {
	text       string // without quotation marks, and without the name in front of a value
	key        string // of key=value or key:value
	colon      bool   // it is key:value
	quoted     bool   // the word, or its value, stands in quotation marks
	start, end int    // its bytes in the line
}

// line is what somebody typed, as words.
type line struct {
	text  string
	words []word
}

var keyed = regexp.MustCompile(`^([A-Za-z][A-Za-z-]*)[=:]`)

// splitLine finds the words of a text. Quotation marks keep white space together; one that is never closed is an
// ordinary character.
func splitLine(s string) line {
	l := line{text: s}
	for i := 0; i < len(s); {
		if r, n := utf8.DecodeRuneInString(s[i:]); unicode.IsSpace(r) {
			i += n
			continue
		}
		w := word{start: i}
		if m := keyed.FindStringSubmatch(s[i:]); m != nil {
			w.key, w.colon = m[1], strings.HasSuffix(m[0], ":")
			i += len(m[0])
		}
		text, n := quoted(s[i:])
		if w.quoted = n > 0; !w.quoted {
			if n = strings.IndexFunc(s[i:], unicode.IsSpace); n < 0 {
				n = len(s) - i
			}
			text = s[i : i+n]
		}
		i += n
		w.text, w.end = text, i
		l.words = append(l.words, w)
	}
	return l
}

var quotes = map[string]string{`"`: `"`, "“": "”", "„": "“"}

// quoted returns the quoted string that s starts with and the bytes it takes. A backslash keeps a quotation mark
// inside.
func quoted(s string) (string, int) {
	for open, end := range quotes {
		if !strings.HasPrefix(s, open) {
			continue
		}
		var b strings.Builder
		for i := len(open); i < len(s); {
			switch {
			case strings.HasPrefix(s[i:], `\`+end):
				b.WriteString(end)
				i += 1 + len(end)
			case strings.HasPrefix(s[i:], end):
				i += len(end)
				if r, _ := utf8.DecodeRuneInString(s[i:]); i == len(s) || unicode.IsSpace(r) {
					return b.String(), i
				}
				return "", 0
			default:
				b.WriteByte(s[i])
				i++
			}
		}
	}
	return "", 0
}

// typed is the word with its name and quotation marks.
func (l line) typed(i int) string { return l.text[l.words[i].start:l.words[i].end] }

// span is what was typed from one word up to, but not including, another.
func (l line) span(from, to int) string {
	if from >= to {
		return ""
	}
	return l.text[l.words[from].start:l.words[to-1].end]
}

// plain is a word as it is compared: in lower case, without the punctuation around it. "" for what is quoted or has a
// name.
func (l line) plain(i int) string {
	if i < 0 || i >= len(l.words) || l.words[i].quoted {
		return ""
	}
	return strings.ToLower(strings.Trim(l.typed(i), ".,;:!?()"))
}

// merge makes one word, with one value, of a word and the ones after it.
func (l *line) merge(from, to int, value string) {
	l.words[from].text, l.words[from].end = value, l.words[to-1].end
	l.words = append(l.words[:from+1], l.words[to:]...)
}
