// Package looktest helps to test what is sent to Discord. It reads texts the way Discord's clients do, so that a test
// sees what people see, and it holds payloads to the limits that Discord's published schema does not say.
package looktest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/bot"
)

// Mark is something in a text that Discord's clients do not show as it is written.
type Mark struct {
	Kind string // like bold, link or person
	Text string // what it is about: the words, the address, the id
}

// Plain is what people read of components, times in UTC: all texts, and the labels of inputs. Labels of buttons and
// menus are not among them.
func Plain(components []look.Component) string {
	var parts []string
	for c := range look.All(components) {
		switch c.Type {
		case look.TextDisplay:
			text, _ := Read(c.Content)
			parts = append(parts, text)
		case look.Label:
			parts = append(parts, strings.TrimSpace(c.Label+"\n"+c.Description))
		}
	}
	return strings.Join(parts, "\n")
}

// Marks are all marks in the texts of components.
func Marks(components []look.Component) []Mark {
	var marks []Mark
	for c := range look.All(components) {
		if c.Type == look.TextDisplay {
			_, found := Read(c.Content)
			marks = append(marks, found...)
		}
	}
	return marks
}

// Read is what people read of one text, and the marks in it. Where Discord's clients differ, or are not documented, it
// finds a mark.
func Read(content string) (text string, marks []Mark) {
	r := &reader{}
	lines := strings.Split(content, "\n")
	for i, line := range lines {
		lines[i] = r.line(line)
	}
	text = r.inline(strings.Join(lines, "\n"))
	return unseen.Replace(text), r.marks
}

// unseen are the isolates that keep text of both directions in order.
var unseen = strings.NewReplacer("\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

type reader struct{ marks []Mark }

func (r *reader) mark(kind, text string) { r.marks = append(r.marks, Mark{kind, text}) }

// lineMarks are what gives a whole line a look of its own.
var lineMarks = []struct {
	kind string
	mark *regexp.Regexp
}{
	{"quote", regexp.MustCompile(`^[\s\p{Cf}]*(>>>|>)[ ]?`)},
	{"small print", regexp.MustCompile(`^[\s\p{Cf}]*-#\s+`)},
	{"heading", regexp.MustCompile(`^[\s\p{Cf}]*#{1,6}\s+`)},
	{"list", regexp.MustCompile(`^[\s\p{Cf}]*[-*+]\s+`)},
	{"numbers", regexp.MustCompile(`^[\s\p{Cf}]*\d+[.)](\s+|$)`)},
	{"rule", regexp.MustCompile(`^[\s\p{Cf}]*(-{3,}|={2,}|\*{3,}|_{3,})\s*$`)},
}

// line takes the marks of a line off, one after the other.
func (r *reader) line(line string) string {
	for again := true; again; {
		again = false
		for _, m := range lineMarks {
			if found := m.mark.FindString(line); found != "" {
				line = line[len(found):]
				r.mark(m.kind, strings.TrimSpace(line))
				again = true
			}
		}
	}
	return line
}

// angles are what stands between < and >.
var angles = []struct {
	kind string
	mark *regexp.Regexp
	show func(what string) string
}{
	{"person", regexp.MustCompile(`^<@!?(\d+)>`), func(id string) string { return "@" + id }},
	{"role", regexp.MustCompile(`^<@&(\d+)>`), func(id string) string { return "@role " + id }},
	{"channel", regexp.MustCompile(`^<#(\d+)>`), func(id string) string { return "#" + id }},
	{"time", regexp.MustCompile(`^<t:(-?\d+)(?::[tTdDfFRsS])?>`), clock},
	{"emoji", regexp.MustCompile(`^<a?:(\w+):\d+>`), func(string) string { return "▫" }},
	{"command", regexp.MustCompile(`^<(/[^<>]+):\d+>`), func(words string) string { return words }},
	{"navigation", regexp.MustCompile(`^<id:(\w+)>`), func(to string) string { return "#" + to }},
	{"link", regexp.MustCompile(`^<(\w+://[^\s<>]+)>`), func(to string) string { return to }},
	{"mail", regexp.MustCompile(`^<(?:mailto:)?([^\s<>@]+@[^\s<>]+)>`), func(to string) string { return to }},
	{"phone", regexp.MustCompile(`^<(?:tel:)?(\+?\d[\d -]*)>`), func(to string) string { return to }},
}

func clock(unix string) string {
	n, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		return "<t:" + unix + ">"
	}
	return bot.FormatTime(time.Unix(n, 0), time.UTC)
}

var (
	masked    = regexp.MustCompile(`^\[([^\[\]\n]+)\]\(\s*<?([^\s()<>]+)>?(?:\s[^)]*)?\)`)
	bare      = regexp.MustCompile(`^(?:\w+://|mailto:|tel:)[^\s<]+`)
	shortcode = regexp.MustCompile(`^:[A-Za-z0-9_+\-]+:`)
	everybody = regexp.MustCompile(`^@(?:everyone|here)`)
	addressed = regexp.MustCompile(`\w+://\w`)
)

// pairs are the marks that stand on both sides of words, longer ones first.
var pairs = []struct{ mark, kind string }{
	{"**", "bold"}, {"__", "underline"}, {"~~", "strike"}, {"||", "spoiler"}, {"*", "italics"}, {"_", "italics"},
}

// inline reads what stands within lines.
func (r *reader) inline(s string) string {
	var b strings.Builder
	var before rune
	for s != "" {
		shown, size := r.next(s, before)
		b.WriteString(shown)
		before, _ = utf8.DecodeLastRuneInString(s[:size])
		s = s[size:]
	}
	return b.String()
}

// next reads what s begins with: how it is shown, and how long it is.
func (r *reader) next(s string, before rune) (shown string, size int) {
	first, width := utf8.DecodeRuneInString(s)
	switch first {
	case '\\':
		if next, n := utf8.DecodeRuneInString(s[1:]); n > 0 && escapable(next) {
			return s[1 : 1+n], 1 + n
		}
	case '`':
		if shown, size = r.code(s); size > 0 {
			return shown, size
		}
	case '<':
		for _, a := range angles {
			if m := a.mark.FindStringSubmatch(s); m != nil {
				r.mark(a.kind, m[1])
				return a.show(m[1]), len(m[0])
			}
		}
	case '@':
		if m := everybody.FindString(s); m != "" {
			r.mark("everybody", m)
			return m, len(m)
		}
	case '[':
		if m := masked.FindStringSubmatch(s); m != nil && linkable(m[1]) {
			r.mark("link", m[2])
			return m[1], len(m[0]) // a backslash in it is shown
		}
	case ':':
		if m := shortcode.FindString(s); m != "" {
			r.mark("emoji", m)
			return "▫", len(m)
		}
	}
	for _, p := range pairs {
		if inner, ok := between(s, p.mark); ok {
			r.mark(p.kind, inner)
			return r.inline(inner), len(inner) + 2*len(p.mark)
		}
	}
	if !unicode.IsLetter(before) && unicode.IsLetter(first) {
		if m := bare.FindString(s); m != "" {
			r.mark("link", m)
			return m, len(m)
		}
	}
	return s[:width], width
}

// escapable reports whether a backslash before a character is not shown.
func escapable(r rune) bool {
	return !unicode.IsSpace(r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}

// code reads code of one line or several.
func (r *reader) code(s string) (shown string, size int) {
	ticks := s[:len(s)-len(strings.TrimLeft(s, "`"))]
	kind := "code"
	if len(ticks) > 2 {
		ticks, kind = "```", "code of several lines"
	}
	inner, _, closed := strings.Cut(s[len(ticks):], ticks)
	if !closed || inner == "" {
		return "", 0
	}
	r.mark(kind, inner)
	return inner, len(inner) + 2*len(ticks)
}

// linkable reports whether Discord makes words the label of a link. It refuses emoji, addresses and mentions in it.
func linkable(label string) bool {
	return !addressed.MatchString(label) && !strings.ContainsFunc(label, func(r rune) bool {
		return unicode.Is(unicode.So, r) || r == '<' || r == '@'
	})
}

// between finds the words between a mark at the beginning of s and the next one.
func between(s, mark string) (inner string, ok bool) {
	rest, found := strings.CutPrefix(s, mark)
	if !found {
		return "", false
	}
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\':
			i++
		case i > 0 && strings.HasPrefix(rest[i:], mark):
			return rest[:i], true
		}
	}
	return "", false
}
