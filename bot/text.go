package bot

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Text is a run of spans. Only spans carry meaning: the text inside a plain span is shown as it is by every platform,
// so what people type can never become a mention, a link or formatting.
type Text []Span

// SpanKind says how a renderer shows a span.
type SpanKind string

const (
	PlainSpan   SpanKind = ""
	BoldSpan    SpanKind = "bold"
	CodeSpan    SpanKind = "code"
	LinkSpan    SpanKind = "link"    // Ref is the address
	PersonSpan  SpanKind = "person"  // Ref is the PersonID; Text and User are filled in by the bot on the way out
	ChannelSpan SpanKind = "channel" // Channel says where; Text is its name
	TimeSpan    SpanKind = "time"    // shown in the reader's own zone
)

// Span is one piece of a Text.
type Span struct {
	Kind    SpanKind      `json:"kind,omitempty"`
	Text    string        `json:"text,omitempty"`
	Ref     string        `json:"ref,omitempty"`
	User    string        `json:"user,omitempty"` // the person's account on the platform the message goes to, if any
	Channel *Conversation `json:"channel,omitempty"`
	Time    *time.Time    `json:"time,omitempty"`
	Year    bool          `json:"year,omitempty"` // of a time that would be misread without it; filled in on the way out
}

// Clock is a time span in a zone, as FormatTime writes it, with its year where that is needed.
func (s Span) Clock(loc *time.Location) string {
	if s.Year {
		return s.Time.In(loc).Format("2 Jan 2006 15:04 MST")
	}
	return FormatTime(*s.Time, loc)
}

// T puts a Text together: strings become plain spans, PersonIDs mentions, time.Times native times, Texts are inlined.
func T(parts ...any) Text {
	var t Text
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			if p != "" {
				t = append(t, Span{Text: p})
			}
		case Span:
			t = append(t, p)
		case Text:
			t = append(t, p...)
		case PersonID:
			t = append(t, Mention(p))
		case time.Time:
			t = append(t, At(p))
		default:
			t = append(t, Span{Text: fmt.Sprint(p)})
		}
	}
	return t
}

// Bold is s in bold.
func Bold(s string) Span { return Span{Kind: BoldSpan, Text: s} }

// Code is s in a fixed-width font.
func Code(s string) Span { return Span{Kind: CodeSpan, Text: s} }

// Link is a link with a label of our own. Only http and https addresses become links.
func Link(label, url string) Span {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return Span{Text: label}
	}
	return Span{Kind: LinkSpan, Text: label, Ref: url}
}

// By names who did something: a person, or the agent that did it for them.
func By(p PersonID, agent string) Text {
	if agent == "" {
		return T(p)
	}
	return T("agent "+agent+" for ", p)
}

// Mention names a person. Whether it notifies them is the platform's affair.
func Mention(p PersonID) Span { return Span{Kind: PersonSpan, Ref: string(p), Text: string(p)} }

// InChannel names a conversation; label is shown where the reader's platform is another one.
func InChannel(c Conversation, label string) Span {
	return Span{Kind: ChannelSpan, Text: label, Channel: &c}
}

// At is a point in time, shown in the reader's zone.
func At(t time.Time) Span { return Span{Kind: TimeSpan, Time: &t} }

// Plain is the text without any formatting, times in loc.
func (t Text) Plain(loc *time.Location) string {
	var b strings.Builder
	for _, s := range t {
		switch s.Kind {
		case PersonSpan:
			b.WriteString("@" + value.Isolate(s.Text))
		case ChannelSpan:
			b.WriteString("#" + s.Text)
		case TimeSpan:
			if s.Time != nil {
				b.WriteString(s.Clock(cmp.Or(loc, time.UTC)))
			}
		case LinkSpan:
			b.WriteString(value.Isolate(s.Text))
			if s.Ref != s.Text {
				b.WriteString(" (" + s.Ref + ")")
			}
		default:
			b.WriteString(value.IsolateLines(s.Text))
		}
	}
	return b.String()
}

// FormatTime writes t in loc with its zone, as "25 Nov 14:05 CET": the form used wherever a platform has no native one.
func FormatTime(t time.Time, loc *time.Location) string {
	if loc == nil {
		loc = time.UTC
	}
	return t.In(loc).Format("2 Jan 15:04 MST")
}
