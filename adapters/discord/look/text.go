package look

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// The beginnings of lines.
const (
	quoted     = "> "
	smallPrint = "-# "
)

// flow is one Text Display while it is written.
type flow struct {
	w       *writer
	b       strings.Builder
	prefix  string // of each line
	pending string // what comes before the next words
	at      escaper
}

// display makes a Text Display of what fill writes: none when nothing of it can be seen, or when there is no room. what
// names it in the log.
func (w *writer) display(what string, fill func(*flow)) []Component {
	if w.full {
		return nil
	}
	if w.parts < 1 || w.bytes < displayBytes {
		w.close(what)
		return nil
	}
	f := &flow{w: w}
	w.bytes -= displayBytes
	fill(f)
	content := settled(f.b.String())
	if content == "" {
		w.bytes += displayBytes
		return nil
	}
	w.parts--
	return []Component{{Type: TextDisplay, Content: content}}
}

// settled takes away the lines of small print that are empty, for Discord would show their mark, and those at the end.
func settled(content string) string {
	lines := slices.DeleteFunc(strings.Split(content, "\n"), func(line string) bool {
		rest, small := strings.CutPrefix(line, strings.TrimSpace(smallPrint))
		return small && value.Blank(rest)
	})
	for len(lines) > 0 && value.Blank(strings.TrimPrefix(lines[len(lines)-1], strings.TrimSpace(quoted))) {
		lines = lines[:len(lines)-1]
	}
	content = strings.TrimSpace(strings.Join(lines, "\n"))
	if value.Blank(content) {
		return ""
	}
	return content
}

// line begins a line. Those that the words in it break begin alike.
func (f *flow) line(prefix string) {
	f.prefix, f.pending = prefix, prefix
	if f.b.Len() > 0 {
		f.pending = "\n" + prefix
	}
	f.at = escaper{start: true}
}

// laid is text with what its lines begin with.
func (f *flow) laid(text string) string {
	return f.pending + strings.ReplaceAll(text, "\n", "\n"+f.prefix)
}

// add writes text that holds marks already, if there is room for it.
func (f *flow) add(text string) bool {
	text = f.laid(text)
	if !f.w.take(text) {
		return false
	}
	f.b.WriteString(text)
	f.pending = ""
	return true
}

// mark writes something that is no text, like a mention, which cannot be cut.
func (f *flow) mark(text string) bool {
	if !f.add(text) {
		f.w.close("something in the text")
		return false
	}
	f.at.pass()
	return true
}

// words writes text as render does, or as much of it as there is room for.
func (f *flow) words(text string, render func(*escaper, string) string) {
	text = tidy(text)
	if f.w.full || text == "" {
		return
	}
	at := f.at
	if f.add(render(&at, text)) {
		f.at = at
		return
	}
	some := func(n int) string {
		at = f.at
		return render(&at, value.Cut(text, n))
	}
	n := sort.Search(max(f.w.chars, 0), func(n int) bool { return !f.w.fits(f.laid(some(n + 1))) })
	if n > 0 {
		f.add(some(n))
	}
	f.w.close("a part of the text")
}

// section writes a section: its text, and below it its fields, a line each.
func (f *flow) section(s bot.Section) {
	prefix := ""
	if s.Quote {
		prefix = quoted
	}
	if len(s.Text) > 0 {
		f.line(prefix)
		f.text(s.Text)
	}
	for _, field := range s.Fields {
		f.line(prefix)
		f.field(field)
	}
}

func (f *flow) field(field bot.Field) {
	if label := inLine(field.Label); !value.Blank(label) {
		f.words(label, func(e *escaper, label string) string {
			return "**" + e.escape(value.Isolate(label), false) + ":** "
		})
	}
	f.text(field.Value)
}

func (f *flow) text(t bot.Text) {
	for _, s := range merged(t) {
		f.span(s)
	}
}

// merged joins spans of one kind that follow each other: the marks between them would be read as others.
func merged(t bot.Text) bot.Text {
	var list bot.Text
	for _, s := range t {
		words := s.Kind == bot.PlainSpan || s.Kind == bot.BoldSpan || s.Kind == bot.CodeSpan
		switch last := len(list) - 1; {
		case words && s.Text == "":
		case words && last >= 0 && list[last].Kind == s.Kind:
			list[last].Text += s.Text
		default:
			list = append(list, s)
		}
	}
	return list
}

func (f *flow) span(s bot.Span) {
	switch {
	case s.Kind == bot.BoldSpan:
		f.words(s.Text, (*escaper).bold)
	case s.Kind == bot.CodeSpan:
		f.words(s.Text, (*escaper).code)
	case s.Kind == bot.LinkSpan:
		f.link(s)
	case s.Kind == bot.PersonSpan && snowflake(s.User):
		if f.mark("<@" + s.User + ">") {
			f.w.mention(s.User)
		}
	case s.Kind == bot.PersonSpan:
		f.words("@"+value.Isolate(s.Text), (*escaper).plain)
	case s.Kind == bot.ChannelSpan && ours(s.Channel) != "":
		f.mark("<#" + ours(s.Channel) + ">")
	case s.Kind == bot.ChannelSpan:
		f.words("#"+s.Text, (*escaper).plain)
	case s.Kind == bot.TimeSpan && s.Time != nil:
		f.mark(fmt.Sprintf("<t:%d:f>", s.Time.Unix()))
	default:
		f.words(s.Text, (*escaper).plain)
	}
}

// mention has somebody notified, once.
func (w *writer) mention(user string) {
	if len(w.users) < maxMentions && !slices.Contains(w.users, user) {
		w.users = append(w.users, user)
	}
}

// ours is the id of a channel or thread of Discord, "" for others.
func ours(c *bot.Conversation) string {
	if c == nil || c.Platform != platform {
		return ""
	}
	id := c.Channel
	if c.Thread != "" {
		id = c.Thread
	}
	if !snowflake(id) {
		return ""
	}
	return id
}

// snowflake reports whether s is an id of Discord's.
func snowflake(s string) bool {
	return s != "" && len(s) <= 20 && !strings.ContainsFunc(s, func(r rune) bool { return !digit(r) })
}

// link writes a link. Inside the label of one Discord knows no escapes, and takes neither emoji nor addresses. So words
// that need any of these stand before it.
func (f *flow) link(s bot.Span) {
	to, ok := address(s.Ref)
	label := inLine(s.Text)
	switch {
	case !ok:
		f.words(s.Text, (*escaper).plain)
	case label == s.Ref || value.Blank(label):
		f.mark("<" + to + ">")
	case isLabel(label):
		f.mark("[" + value.Isolate(label) + "](" + to + ")")
	default:
		f.words(label+" ", (*escaper).plain)
		f.mark("([link](" + to + "))")
	}
}

// isLabel reports whether words are the label of a link as they are.
func isLabel(words string) bool {
	const keycap = '\u20E3' // makes an emoji of a digit
	return !strings.ContainsFunc(words, func(r rune) bool {
		switch {
		case r == keycap, unicode.Is(unicode.Variation_Selector, r):
			return true
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			return false
		}
		return !strings.ContainsRune(" .,;!?'\"&%+-–—/…·", r)
	})
}

const maxAddress = 2000

// address is a link's address with everything percent-encoded that would end it. ok is false for what is no address of
// the web.
func address(ref string) (encoded string, ok bool) {
	u, err := url.Parse(ref)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(u.Host, "[") {
		return "", false
	}
	var b strings.Builder
	for _, r := range ref {
		if strings.ContainsRune("<>()[]\"'\\`", r) || !unicode.IsGraphic(r) || unicode.IsSpace(r) || value.Blank(string(r)) {
			b.WriteString(url.PathEscape(string(r)))
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() <= maxAddress
}
