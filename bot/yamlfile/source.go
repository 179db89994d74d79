package yamlfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of every file. They bound the work of the YAML library, which takes time with the square of either; a
// configuration with a thousand people needs about half of the lines and a fifth of the marks.
const (
	maxLines = 20_000
	maxMarks = 100_000
)

const marks = "[]{},:-?"

// ByteOrderMark is what some editors put in front of UTF-8. It is no part of the text (YAML 1.2, section 5.2).
const ByteOrderMark = "\uFEFF"

// source is a file as lines of text without line ends and without white space at their ends.
type source struct {
	name  string
	form  Form
	lines []string
}

// newSource refuses what is not a text file of reasonable size, and tabs where spaces belong.
func newSource(name string, data []byte, f Form) (*source, Problems) {
	s := &source{name: name, form: f}
	whole := func(text string) (*source, Problems) { return nil, Problems{{File: name, Text: text}} }
	switch {
	case len(data) > f.MaxBytes:
		return whole("the file is larger than " + size(f.MaxBytes) + ".")
	case isUTF16(data):
		return whole("the file is UTF-16 text. Save it as UTF-8.")
	}
	text := strings.TrimPrefix(string(data), ByteOrderMark)
	if strings.TrimSpace(text) == "" {
		return whole("the file is empty. " + f.Empty)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if strings.Count(text, "\n") > maxLines || countMarks(text) > maxMarks {
		return whole("the file holds too much: more than 20 000 lines, or more than 100 000 keys and values.")
	}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines = append(s.lines, strings.TrimRight(line, " \t"))
	}
	if problems := s.badCharacter(); problems != nil {
		return nil, problems
	}
	if problems := s.indents(); problems != nil {
		return nil, problems
	}
	return s, nil
}

// size writes a limit of bytes.
func size(bytes int) string {
	if mebi := 1 << 20; bytes >= mebi {
		return fmt.Sprintf("%d MiB", bytes/mebi)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// isUTF16 also knows text without a byte order mark by the zero half of its first character.
func isUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) ||
		len(data) >= 2 && (data[0] == 0) != (data[1] == 0)
}

func countMarks(text string) int {
	n := 0
	for i := range len(text) {
		if strings.IndexByte(marks, text[i]) >= 0 {
			n++
		}
	}
	return n
}

// badCharacter reports the first one only: where there is one, the file is probably no text at all.
func (s *source) badCharacter() Problems {
	for i, line := range s.lines {
		column := 0
		for at, r := range line {
			column++
			_, size := utf8.DecodeRuneInString(line[at:])
			switch {
			case r == utf8.RuneError && size == 1:
				return Problems{s.errorAt(Position{i + 1, column}, "this is not UTF-8 text. Save the file as UTF-8.")}
			case r == 0:
				return Problems{s.errorAt(Position{i + 1, column}, "there is a NUL byte. The file has to be text.")}
			case unicode.IsControl(r) && r != '\t':
				return Problems{s.errorAt(Position{i + 1, column}, "the control character %U is not allowed.", r)}
			}
		}
	}
	return nil
}

func (s *source) indents() Problems {
	t := tally{source: s}
	for i, line := range s.lines {
		unindented := strings.TrimLeft(line, " ")
		r, _ := utf8.DecodeRuneInString(unindented)
		at := Position{i + 1, len(line) - len(unindented) + 1}
		switch {
		case r == '\t':
			t.add(at, "a tab indents this line. Use spaces.")
		case unicode.IsSpace(r):
			t.add(at, "the character %U indents this line. Use spaces.", r)
		}
	}
	return t.sorted()
}

// text has a line end at the end of every line, without which the library loses a tag in the last one.
func (s *source) text() string { return strings.Join(s.lines, "\n") + "\n" }

func (s *source) errorAt(at Position, format string, args ...any) *Error {
	at.Line = min(max(at.Line, 1), len(s.lines))
	at.Column = min(max(at.Column, 1), utf8.RuneCountInString(s.lines[at.Line-1])+1)
	text := fmt.Sprintf(format, args...)
	return &Error{File: s.name, Line: at.Line, Column: at.Column, Text: text, Excerpt: s.excerpt(at)}
}

// excerpt is the line with a caret below the position, cut to what fits a terminal.
func (s *source) excerpt(at Position) string {
	const before, width = 60, 120
	line := []rune(s.lines[at.Line-1])
	column := at.Column - 1
	if len(line) > width {
		start := max(0, column-before)
		line, column = line[start:min(len(line), start+width)], column-start
	}
	caret := make([]rune, 0, column+1)
	for i, r := range line {
		if r != '\t' && !unicode.IsPrint(r) {
			line[i] = '\uFFFD' // no terminal obeys, or is turned around by, what stands in the file
		}
		if i < column {
			caret = append(caret, blank(r))
		}
	}
	return string(line) + "\n" + string(append(caret, '^'))
}

func blank(r rune) rune {
	if r == '\t' {
		return r
	}
	return ' '
}
