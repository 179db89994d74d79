package markup

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Platform is the name of the web chat as a platform. Only its channels have pages to link to.
const Platform = "web"

// The most of one message that is shown. What is cut stays in the record that the message shows.
const (
	maxSections = 50
	maxText     = 12_000
	maxMore     = 25
)

// Message is a message as the template needs it. All of it is text: the template alone makes markup. File and Menu
// belong to the post that shows the message, so the caller fills them in.
type Message struct {
	Tone     bot.Tone
	Word     string // says the tone to those who do not see it
	Sign     bool   // show the tone's sign: the title has none of its own
	Bare     bool   // words only, without a frame
	Title    string
	Sections []Section
	Context  [][]Span
	Actions  []Action
	More     []bot.Action // of the menu More
	Menu     string       // its id in the page
	Cut      bool
	File     *Attachment
}

// Section is a part of a Message.
type Section struct {
	Quote   bool
	Text    []Span
	Fields  []Field
	Long    bool // the fields need a line each
	Columns bool // the text is a table or a log: letters of one width
}

// Field is one labelled value of a Section.
type Field struct {
	Label   string
	Command bool
	Value   []Span
}

// Span is a run of text of one kind: words, a link, a person, a time.
type Span struct {
	Kind  bot.SpanKind
	Text  string
	Href  string
	Title string
	Stamp string
	Me    bool
}

// Action is a button below a Message.
type Action struct {
	bot.Action
	Menu string // the choices as JSON
}

var toneWords = map[bot.Tone]string{
	bot.Info: "Information", bot.Good: "Success", bot.Warning: "Attention", bot.Critical: "Critical",
}

// writer renders one message for one person, within the limits.
type writer struct {
	viewer bot.PersonID
	zone   *time.Location
	day    string // of the post: times on other days show their date
	left   int
	cut    bool
}

func newWriter(who bot.Person, made time.Time) *writer {
	return &writer{viewer: who.ID, zone: who.Location(), day: dayOf(made, who.Location()), left: maxText}
}

// TextFor is a text as a person sees it, with the times in that person's zone; times on another day than now show their
// date.
func TextFor(who bot.Person, t bot.Text, now time.Time) []Span { return newWriter(who, now).text(t) }

// MessageFor is a message as a person sees it, with the times in that person's zone; times on another day than made
// show their date. MessageFor never fails: it cuts what is too much and says so.
func MessageFor(who bot.Person, m bot.Message, made time.Time) Message {
	w := newWriter(who, made)
	view := Message{Word: toneWords[m.Tone], Title: w.take(m.Title)}
	if view.Word != "" { // one we know
		view.Tone = m.Tone
	}
	view.Sign = view.Word != "" && !startsWithSign(m.Title)
	for i, s := range m.Sections {
		if i == maxSections || w.left == 0 {
			w.cut = true
			break
		}
		view.Sections = append(view.Sections, w.section(s))
	}
	for i, t := range m.Context {
		if i == maxSections || w.left == 0 {
			w.cut = true
			break
		}
		view.Context = append(view.Context, w.text(t))
	}
	buttons, more := m.Offer()
	for _, a := range buttons {
		view.Actions = append(view.Actions, w.action(a))
	}
	view.More = more[:min(len(more), maxMore)]
	w.cut = w.cut || len(more) > maxMore
	view.Cut = w.cut
	view.Bare = view.bare()
	return view
}

func (m Message) bare() bool {
	if m.Title != "" || m.Tone != bot.Neutral || len(m.Actions) > 0 || len(m.Context) > 0 {
		return false
	}
	for _, s := range m.Sections {
		if s.Quote || len(s.Fields) > 0 {
			return false
		}
	}
	return true
}

// startsWithSign reports whether a title brings its own emoji.
func startsWithSign(title string) bool {
	r, _ := utf8.DecodeRuneInString(title)
	return unicode.Is(unicode.So, r)
}

// take cuts s to what is left of the limit.
func (w *writer) take(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	n := utf8.RuneCountInString(s)
	if n <= w.left {
		w.left -= n
		return s
	}
	w.cut = true
	r := []rune(s)[:w.left]
	w.left = 0
	return string(r)
}

// A field longer than this does not fit beside others.
const (
	shortLabel = 22
	shortValue = 48
)

func (w *writer) section(s bot.Section) Section {
	view := Section{Quote: s.Quote, Text: w.text(s.Text)}
	view.Columns = columns(view.Text)
	for _, f := range s.Fields {
		if w.left == 0 {
			w.cut = true
			break
		}
		field := Field{Label: w.take(f.Label), Command: strings.HasPrefix(f.Label, "/"), Value: w.text(f.Value)}
		view.Long = view.Long || utf8.RuneCountInString(field.Label) > shortLabel || width(field.Value) > shortValue
		view.Fields = append(view.Fields, field)
	}
	return view
}

// columns reports whether a text looks as if it came from a terminal: several lines, with runs of blanks.
func columns(spans []Span) bool {
	lines, runs := false, false
	for _, s := range spans {
		lines = lines || strings.Contains(s.Text, "\n")
		runs = runs || strings.Contains(s.Text, "   ")
	}
	return lines && runs
}

func width(spans []Span) int {
	n := 0
	for _, s := range spans {
		n += utf8.RuneCountInString(s.Text)
	}
	return n
}

func (w *writer) text(t bot.Text) []Span {
	var spans []Span
	for _, s := range t {
		if w.left == 0 {
			w.cut = true
			break
		}
		spans = append(spans, w.span(s))
	}
	return spans
}

func (w *writer) span(s bot.Span) Span {
	view := Span{Kind: s.Kind}
	switch s.Kind {
	case bot.TimeSpan:
		if s.Time == nil {
			return Span{Text: w.take(s.Text)}
		}
		view.Text, view.Title, view.Stamp = w.clock(s)
		if s.Year {
			view.Text = s.Time.In(w.zone).Format("2 Jan 2006 15:04")
		}
		w.take(view.Text)
		return view
	case bot.LinkSpan:
		if !strings.HasPrefix(s.Ref, "https://") && !strings.HasPrefix(s.Ref, "http://") {
			return Span{Text: w.take(s.Text)}
		}
		view.Href = s.Ref
	case bot.PersonSpan:
		view.Me = s.Ref == string(w.viewer)
		view.Title = "@" + s.Ref
	case bot.ChannelSpan:
		if s.Channel != nil && s.Channel.Platform == Platform {
			view.Href = "/to/" + s.Channel.Channel
			if s.Channel.Thread != "" {
				view.Href += "/" + s.Channel.Thread
			}
		}
	case bot.BoldSpan, bot.CodeSpan:
	default:
		view.Kind = bot.PlainSpan
	}
	view.Text = w.take(s.Text)
	return view
}

// clock is a time in the viewer's zone: short, in full, and for machines.
func (w *writer) clock(s bot.Span) (short, full, stamp string) {
	local := s.Time.In(w.zone)
	short = local.Format("2 Jan 15:04")
	switch {
	case dayOf(*s.Time, w.zone) == w.day:
		short = local.Format("15:04")
	case s.Year:
		short = local.Format("2 Jan 2006 15:04")
	}
	return short, FullTime(local), s.Time.UTC().Format(time.RFC3339)
}

func dayOf(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// FullTime is a local time in full, with its day and zone, as titles show it.
func FullTime(local time.Time) string { return local.Format("Monday, 2 January 2006, 15:04:05 MST") }

func (w *writer) action(a bot.Action) Action {
	view := Action{Action: a}
	if a.People {
		view.Menu = "people"
		return view
	}
	if len(a.Options) > 0 {
		options := a.Options[:min(len(a.Options), bot.MaxOptions)]
		w.cut = w.cut || len(options) < len(a.Options)
		if data, err := json.Marshal(options); err == nil {
			view.Menu = string(data)
		}
	}
	return view
}

// rtl reports whether a text has letters that are written from right to left. Its paragraph then takes the direction of
// its first letter.
func rtl(spans []Span) bool {
	return slices.ContainsFunc(spans, func(s Span) bool { return value.RightToLeft(s.Text) })
}

// Attachment is the file of a Message.
type Attachment struct {
	bot.Attachment
	Href    string
	Picture bool
	Kind    string // how large it is, in words
}

// AttachmentAt is a file that browsers find at href. It returns nil if there is no file.
func AttachmentAt(href string, a *bot.Attachment) *Attachment {
	if a == nil {
		return nil
	}
	return &Attachment{Attachment: *a, Href: href, Picture: strings.HasPrefix(a.Type, "image/"), Kind: size(a.Size)}
}

func size(n int) string {
	if n < 1024 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.Itoa((n+1023)/1024) + " KB"
}
