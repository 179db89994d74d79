package bot

import (
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot/value"
)

// Tone is what a message is about at a glance. Platforms show it as colour, always beside words.
type Tone string

const (
	Neutral  Tone = ""
	Info     Tone = "info"
	Good     Tone = "good"
	Warning  Tone = "warning"
	Critical Tone = "critical"
)

// Message is what the bot says, by meaning and not by layout. Renderers never fail on its size: they cut and say so.
type Message struct {
	Title    string    `json:"title,omitempty"`
	Tone     Tone      `json:"tone,omitempty"`
	Sections []Section `json:"sections,omitempty"`
	Context  []Text    `json:"context,omitempty"` // small print, a line each
	Actions  []Action  `json:"actions,omitempty"`
	Fallback string    `json:"fallback,omitempty"` // one plain line for notifications; made from the rest when empty

	Attachment *Attachment `json:"attachment,omitempty"`
}

// Section is a paragraph, a list of labelled fields, or both.
type Section struct {
	Text   Text    `json:"text,omitempty"`
	Fields []Field `json:"fields,omitempty"`
	Quote  bool    `json:"quote,omitempty"` // words of a person, set apart from ours
}

// Field is a label with its value.
type Field struct {
	Label string `json:"label"`
	Value Text   `json:"value"`
}

// Style is how much a button draws the eye.
type Style string

const (
	Default Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Action is a button, or a menu when it has Options or Picks people. It stands for a command with some arguments given;
// what is chosen in a menu becomes the argument named Choose. A command that still lacks arguments opens its form.
type Action struct {
	Label   string            `json:"label"`
	Command string            `json:"command"`
	Args    map[string]string `json:"args,omitempty"`
	Style   Style             `json:"style,omitempty"`
	Confirm string            `json:"confirm,omitempty"` // a question to answer before it happens
	Choose  string            `json:"choose,omitempty"`
	Options []Option          `json:"options,omitempty"` // at most 25
	People  bool              `json:"people,omitempty"`  // the menu offers people instead of Options
	Form    bool              `json:"form,omitempty"`    // always open the form, even when nothing is missing
	Quote   *Quote            `json:"quote,omitempty"`   // the message that the command is about
	// what the form starts with: words already typed, so that none are lost
	Values map[string]string `json:"values,omitempty"`
	// when it stops to be valid, by its object; zero is never, seconds count
	Expires time.Time `json:"expires,omitzero"`
	// opaque, at most what the platform's TokenSizer says; filled in by the bot on the way out
	Token string `json:"token,omitempty"`
}

// Option is one choice of a menu.
type Option struct {
	Value string `json:"value"` // at most 75 bytes
	Label string `json:"label"` // at most 75 characters
	Also  string `json:"-"`     // other words that people may type for it, separated by spaces
}

// Say is a message of one paragraph.
func Say(parts ...any) Message { return Message{Sections: []Section{{Text: T(parts...)}}} }

// Para is a section of one paragraph.
func Para(parts ...any) Section { return Section{Text: T(parts...)} }

// Limits that forms and messages keep to; the command tree holds forms to them at start-up.
const (
	MaxInputs     = 40
	MaxFormTitle  = 24
	MaxInputLabel = 45
	MaxToken      = 100 // bytes; a TokenSizer may carry more
	MaxOptions    = 25
)

// Form asks a person for the arguments a command still lacks.
type Form struct {
	Token   string  `json:"token"`
	Command string  `json:"command"`
	Title   string  `json:"title"`
	Submit  string  `json:"submit"`
	Intro   Text    `json:"intro,omitempty"`
	Inputs  []Input `json:"inputs"`
}

// InputKind is how an input is asked.
type InputKind string

const (
	LineInput      InputKind = "line"
	ParagraphInput InputKind = "paragraph"
	ChoiceInput    InputKind = "choice"
	ChoicesInput   InputKind = "choices" // any number of the options, as values separated by commas
	PersonInput    InputKind = "person"
	TimeInput      InputKind = "time" // a point in time
	DayInput       InputKind = "day"  // a day, answered like 2026-09-22 or in words
	FileInput      InputKind = "file" // Max is its size in bytes; it never shows a value
)

// Input is one question of a form.
type Input struct {
	Name     string    `json:"name"`
	Label    string    `json:"label"`
	Help     string    `json:"help,omitempty"`
	Kind     InputKind `json:"kind"`
	Value    string    `json:"value,omitempty"`
	Time     time.Time `json:"time,omitzero"` // of a time: what Value stands for, zero when it is empty or no time
	Day      value.Day `json:"day,omitzero"`  // of a day: what Value stands for, zero when it is empty or no day
	Required bool      `json:"required,omitempty"`
	Max      int       `json:"max,omitempty"` // characters
	Options  []Option  `json:"options,omitempty"`
	Search   bool      `json:"search,omitempty"` // there are more options than these; Bot.Options finds them
	Error    string    `json:"error,omitempty"`  // why the last answer was refused
	// somebody else changed it meanwhile; sending the form again overwrites that
	Conflict bool `json:"conflict,omitempty"`
}

// WithYears marks the times of m that would be misread without their year. It returns a copy.
func (m Message) WithYears(now time.Time) Message {
	far := func(s Span) bool { return s.Kind == TimeSpan && s.Time != nil && value.NeedsYear(*s.Time, now) }
	if !m.any(far) {
		return m
	}
	return m.Mapped(func(t Text) Text {
		t = slices.Clone(t)
		for i := range t {
			t[i].Year = far(t[i])
		}
		return t
	})
}

// Mapped is a copy of a message with each of its texts replaced.
func (m Message) Mapped(by func(Text) Text) Message {
	m.Sections = slices.Clone(m.Sections)
	for i := range m.Sections {
		s := &m.Sections[i]
		s.Text = by(s.Text)
		s.Fields = slices.Clone(s.Fields)
		for j := range s.Fields {
			s.Fields[j].Value = by(s.Fields[j].Value)
		}
	}
	m.Context = slices.Clone(m.Context)
	for i := range m.Context {
		m.Context[i] = by(m.Context[i])
	}
	return m
}

// MentionsAnyone reports whether a message mentions a person.
func MentionsAnyone(m Message) bool { return m.any(func(s Span) bool { return s.Kind == PersonSpan }) }

// Mentions reports whether it mentions somebody.
func (m Message) Mentions(who PersonID) bool {
	return m.any(func(s Span) bool { return s.Kind == PersonSpan && s.Ref == string(who) })
}

// any reports whether some span of a message is such.
func (m Message) any(such func(Span) bool) bool {
	has := func(t Text) bool { return slices.ContainsFunc(t, such) }
	for _, s := range m.Sections {
		if has(s.Text) || slices.ContainsFunc(s.Fields, func(f Field) bool { return has(f.Value) }) {
			return true
		}
	}
	return slices.ContainsFunc(m.Context, has)
}
